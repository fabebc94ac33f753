// The process provider with a small real program in place of a node: start, adoption by a second provider, exit records,
// restart delays. Waits on events and on the provider's own polling, never on a guess.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createProcessProvider } from "@bystack/platform/provider/process";
import { explainExit, RESTART_EXITS_MAX, restartDelayMs } from "../src/provider/exit-codes.ts";
import { parseProcessEntry } from "../src/provider/process-table.ts";
import type { NodeExit } from "../src/provider/provider.ts";

const PROGRAM = `
import { readFileSync, renameSync, writeFileSync } from "node:fs";
const [, , , verb, folder] = process.argv;
if (verb === "init") { console.log(JSON.stringify({ voteKey: "aa" })); process.exit(0); }
const { crash, slow } = JSON.parse(readFileSync(folder + "/node.json", "utf8"));
console.log("one line of log");
if (crash !== undefined) process.exit(crash);
if (slow) await new Promise((resolve) => setTimeout(resolve, 60_000));
const stat = readFileSync("/proc/self/stat", "utf8");
const processStart = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
writeFileSync(folder + "/i.tmp", JSON.stringify({ pid: process.pid, instance: "x", ports: { http: 1 }, startedAtMs: 1, processStart }));
renameSync(folder + "/i.tmp", folder + "/instance.json");
process.on("SIGTERM", () => process.exit(0));
setInterval(() => {}, 1000);
`;

const folder = mkdtempSync(join(tmpdir(), "bystack-provider-"));
const program = join(folder, "program.mjs");
writeFileSync(program, PROGRAM);
const onLinux = process.platform === "linux" ? {} : { skip: "the test program reads /proc" };
after(() => rmSync(folder, { recursive: true, force: true }));

const create = () => createProcessProvider({ folder, program });

function nextExit(provider: ReturnType<typeof create>): Promise<{ id: string; exit: NodeExit }> {
  return new Promise((resolve) => provider.onExit((id, exit) => resolve({ id, exit })));
}

test("a node is made, started, found running, asked to stop", onLinux, async () => {
  const provider = create();
  assert.deepEqual(await provider.apply({ id: "a", config: {}, memoryMiB: 128 }), { voteKey: "aa" });
  assert.equal((await provider.status(["a"]))[0]?.phase, "created");
  const exited = nextExit(provider);
  const instance = await provider.start("a", 10_000);
  assert.deepEqual(await provider.start("a", 10_000), instance);
  const [status] = await provider.status(["a"]);
  assert.equal(status?.phase, "running");
  assert.ok((status?.rssBytes ?? 0) > 1_000_000);
  await assert.rejects(provider.remove("a"), { code: "PROVIDER_LOCKED" });
  await provider.stop("a");
  assert.deepEqual(
    { ...(await exited).exit, atMs: 0 },
    { code: 0, signal: null, atMs: 0, meaning: "ended as asked", tail: ["one line of log"] },
  );
  assert.equal((await provider.status(["a"]))[0]?.phase, "stopped");
});

test("a second provider adopts a running node and notices its end", onLinux, async () => {
  const first = create();
  await first.apply({ id: "b", config: {}, memoryMiB: 128 });
  const instance = await first.start("b", 10_000);
  const second = create();
  const exited = nextExit(second);
  assert.deepEqual(await second.start("b", 10_000), instance);
  await second.perturb("b", "kill");
  assert.equal((await exited).id, "b");
});

test("a node that was killed a moment ago is not taken for a running one", onLinux, async () => {
  const provider = create();
  await provider.apply({ id: "e", config: {}, memoryMiB: 128 });
  let { pid } = await provider.start("e", 10_000);
  for (let round = 0; round < 8; round += 1) {
    process.kill(pid, "SIGKILL");
    const again = await provider.start("e", 10_000);
    assert.notEqual(again.pid, pid);
    ({ pid } = again);
  }
  await provider.stop("e");
});

test("what the kernel says of a process: there, killed and not gone yet, a zombie", () => {
  const stat = (state: string, flags: number): string => {
    return `77 (a ) b) ${state} 1 77 77 0 -1 ${flags} 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0`;
  };
  const status = (own: string, shared: string): string => `Name:\ta\nSigPnd:\t${own}\nShdPnd:\t${shared}\nSigBlk:\t0\n`;
  const none = "0000000000000000";
  const kill = "0000000000000100";
  assert.deepEqual(parseProcessEntry(stat("S", 0x400000), status(none, none)), { start: "4711", isEnding: false });
  assert.deepEqual(parseProcessEntry(stat("D", 0x400000), status(kill, none)), { start: "4711", isEnding: true });
  assert.deepEqual(parseProcessEntry(stat("R", 0x400000), status(none, kill)), { start: "4711", isEnding: true });
  assert.deepEqual(parseProcessEntry(stat("R", 0x400004), status(none, none)), { start: "4711", isEnding: true });
  assert.equal(parseProcessEntry(stat("Z", 0x400004), status(none, none)), undefined);
});

test("a node that dies while starting is reported with its last line and what its code means", onLinux, async () => {
  const provider = create();
  await provider.apply({ id: "c", config: { crash: 67 }, memoryMiB: 128 });
  await assert.rejects(provider.start("c", 10_000), {
    code: "PROVIDER_NODE_DIED",
    why: /its data are damaged.*one line of log/,
  });
  await provider.apply({ id: "d", config: { crash: 73 }, memoryMiB: 128 });
  await assert.rejects(provider.start("d", 10_000), { code: "PROVIDER_PORT_IN_USE" });
  await assert.rejects(provider.start("nobody", 1), { code: "PROVIDER_NOT_FOUND" });
});

test("a node that has not said yet which process it is can be stopped", onLinux, async () => {
  const provider = create();
  await provider.apply({ id: "f", config: { slow: true }, memoryMiB: 128 });
  const starting = assert.rejects(provider.start("f", 10_000), { code: "PROVIDER_NODE_DIED" });
  let tail: string[] = [];
  while (tail.length === 0) tail = await provider.logs("f", 1);
  const exited = nextExit(provider);
  await provider.stop("f");
  assert.equal((await exited).exit.signal, "SIGTERM");
  await starting;
});

test("restarts wait longer each time and end after too many", () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((n) => restartDelayMs(n, 0.5)),
    [1000, 2000, 4000, 8000],
  );
  assert.equal(restartDelayMs(RESTART_EXITS_MAX, 0.5), undefined);
  assert.equal(explainExit(67, null).restart, "never");
  assert.equal(explainExit(null, "SIGKILL").restart, "backoff");
});
