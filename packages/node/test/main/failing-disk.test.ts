// Nodes of both kinds on a disk that fills up, and on one whose fsync fails, as processes of the command line: they say why,
// end with exit code 68 (platform.md section 3), and once the disk is mended come back with every block that they announced.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type ChainSpec, formatChainSpec } from "@bystack/protocol/spec";
import { createDevSideSpec } from "@bystack/protocol/spec/presets";
import { hexToBytes } from "@bystack/utils/bytes";
import { initNode } from "../../src/process/keys.ts";
import { createSmallDisk, createUnsyncableDisk, type FailingDisk } from "./failing-disk.ts";
import { clientOf, createOwner, devSpec, followEvents, mining, nodeJson } from "./kit.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "..", "cli", "bin", "bystack.mjs");
const DISK_MIB = 8;

const owner = createOwner();
const children: ChildProcess[] = [];
const disks = { full: createSmallDisk(DISK_MIB), unsyncable: createUnsyncableDisk() };
after(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const disk of Object.values(disks)) if (typeof disk !== "string") disk.remove();
});

type Running = { readonly child: ChildProcess; readonly exit: Promise<number | string | null>; stderr(): string };

function run(disk: FailingDisk, folder: string): Running {
  const child = spawn(process.execPath, [PROGRAM, "node", "run", folder], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...disk.env },
  });
  children.push(child);
  let text = "";
  child.stderr?.on("data", (chunk) => {
    text += String(chunk);
  });
  const exit = new Promise<number | string | null>((resolve) =>
    child.once("close", (code, signal) => resolve(signal ?? code)),
  );
  return { child, exit, stderr: () => text };
}

/** The URL of a node, once it has written where it listens. */
async function urlOf(folder: string, running: Running): Promise<string> {
  const found = Promise.withResolvers<string>();
  const look = (): void => {
    try {
      const { pid, ports } = JSON.parse(readFileSync(join(folder, "instance.json"), "utf8"));
      if (pid === running.child.pid) found.resolve(`http://127.0.0.1:${ports.http}`);
    } catch {
      // Not written yet.
    }
  };
  const watcher = watch(folder, look);
  void running.exit.then((how) => found.reject(new Error(`the node ended with ${how}: ${running.stderr()}`)));
  look();
  try {
    return await found.promise;
  } finally {
    watcher.close();
  }
}

/** The disk fails under a running node, which ends; mended, it brings back what the node announced. */
async function endsAndComesBack(disk: FailingDisk, folder: string, says: RegExp): Promise<void> {
  const first = run(disk, folder);
  const events = await followEvents(await urlOf(folder, first));
  const announced = await events.until((event) => event.height >= 2);
  disk.fail();
  assert.equal(await first.exit, 68, first.stderr());
  assert.match(first.stderr(), says);
  assert.match(first.stderr(), /next: \w+/);

  disk.mend();
  const second = run(disk, folder);
  const client = clientOf(await urlOf(folder, second));
  for (const event of events.seen()) {
    const block = await client.call("block", { params: { ref: String(event.height) } });
    assert.equal(block.hash, event.hash);
  }
  const { height } = await client.call("info");
  assert.ok(height >= Math.max(announced.height, ...events.seen().map((event) => event.height)));
  second.child.kill("SIGTERM");
  assert.equal(await second.exit, 0, second.stderr());
}

function createNode(folder: string, spec: ChainSpec, options: Readonly<Record<string, unknown>>): void {
  mkdirSync(join(folder, "log"), { recursive: true });
  writeFileSync(join(folder, "spec.json"), formatChainSpec(spec));
  writeFileSync(join(folder, "node.json"), JSON.stringify(nodeJson(options)));
}

function createMain(disk: FailingDisk): string {
  const folder = join(disk.path, "main-1");
  createNode(folder, devSpec(owner), mining(owner));
  return folder;
}

/** A committee of one: it alone makes blocks. */
function createSide(disk: FailingDisk): string {
  const folder = join(disk.path, "side-1");
  const keys = initNode(folder);
  const spec = createDevSideSpec({
    name: "side",
    genesisTimeMs: Date.now(),
    committee: [{ id: "side-1", voteKey: hexToBytes(keys.vote), rewardProgram: owner.account.program }],
    federation: null,
    consensus: { blockMs: 100, deltaMs: 50 },
  });
  createNode(folder, spec, { id: "side-1", kind: "side", chain: "side" });
  return folder;
}

for (const { name, disk, says } of [
  { name: "a full disk", disk: disks.full, says: /DISK_FULL/ },
  { name: "a failed fsync", disk: disks.unsyncable, says: /DISK_IO|FSYNC_FAILED/ },
]) {
  const skip = typeof disk === "string" ? disk : false;
  for (const [kind, create] of [
    ["main node", createMain],
    ["validator", createSide],
  ] as const)
    test(`${name} ends a ${kind} with exit code 68 and a sentence; nothing announced is lost`, { skip }, async () => {
      assert.ok(typeof disk !== "string");
      await endsAndComesBack(disk, create(disk), says);
    });
}
