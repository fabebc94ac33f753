// `bystack why` as a person has it: words, exit codes and JSON, on a network whose nodes are down.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { whyReport } from "@bystack/api/why-schema";
import type { NodeExit } from "@bystack/platform/provider";
import { envelopeOf, Home } from "./kit.ts";

const NOW_MS = 1_700_000_000_000;

function ended(part: Partial<NodeExit>): NodeExit {
  return { code: 0, signal: null, atMs: NOW_MS - 5_000, meaning: "ended as asked", tail: [], ...part };
}

suite("the command", () => {
  const home = new Home();
  after(() => home.remove());

  const root = join(home.path, "dev");
  const folderOf = (id: string): string => join(root, "nodes", id);
  const write = (path: string, value: unknown): void => writeFileSync(path, JSON.stringify(value));

  for (const id of ["demo-1", "demo-2"]) {
    mkdirSync(folderOf(id), { recursive: true });
    write(join(folderOf(id), "node.json"), { id });
  }
  write(
    join(folderOf("demo-1"), "exit.json"),
    ended({ code: 67, meaning: "its data are damaged", tail: ["LOG_DAMAGED: x"] }),
  );
  // A damaged exit.json is no answer, and no crash either.
  write(join(folderOf("demo-2"), "exit.json"), null);
  const node = (id: string, index: number) => ({ id, chain: "demo", kind: "side", index });
  write(join(root, "network.json"), {
    format: 2,
    network: "dev",
    createdAtMs: NOW_MS,
    mainChain: "main",
    mainSpecHash: "",
    sides: [{ chain: "demo", chainId: "", createdAtMs: NOW_MS, roundTrip: null, proven: true }],
    nodes: [node("demo-1", 0), node("demo-2", 1)],
    accounts: [],
  });

  test("says for people what was found, causes first, with exit code 10", async () => {
    const ran = await home.run("why", "demo");
    assert.equal(ran.code, 10, ran.err);
    assert.match(
      ran.out,
      /^demo: demo has stopped\nSTOP 1\. demo has stopped: none of 2 validators votes and 2 are needed;/,
    );
    assert.match(ran.out, /seen: LOG_DAMAGED: x\n {10}try: {2}bystack logs demo-1/);
    assert.match(
      ran.out,
      /STOP 2\. demo has stopped: .*demo-1 and demo-2 are away\. Start them: bystack node start demo-1, bystack node start demo-2/,
    );
    assert.match(ran.out, /from: data-damaged demo-1/);
  });

  test("says the same to programs, of the whole network, in the shape of the schema", async () => {
    const ran = await home.run("--json", "why");
    assert.equal(ran.code, 10);
    const { ok, data } = envelopeOf(ran);
    assert.ok(ok);
    const report = whyReport.parse(data);
    assert.deepEqual([report.healthy, report.halted, report.subject], [false, ["demo"], null]);
    assert.deepEqual(
      report.findings.map(({ id, subject }) => `${id} ${subject}`),
      ["data-damaged demo-1", "quorum-lost demo"],
    );
    assert.deepEqual(report.findings[1]?.causes, ["data-damaged demo-1"]);
  });

  test("says of one node what concerns it, and what stopped its chain", async () => {
    const { data } = envelopeOf(await home.run("--json", "why", "demo-2"));
    const report = whyReport.parse(data);
    assert.deepEqual(report.findings.at(-1)?.id, "quorum-lost");
    assert.match(report.findings.at(-1)?.evidence.join() ?? "", /demo-2: was not started/);
  });

  test("says that nobody answered about a transaction", async () => {
    const ran = await home.run("--json", "why", "ab".repeat(32));
    const report = whyReport.parse(envelopeOf(ran).data);
    assert.equal(ran.code, 10);
    assert.deepEqual(
      report.findings.map(({ id }) => id),
      ["tx-unknown"],
    );
  });

  test("a name that is not there: exit code 4, naming those that are", async () => {
    const ran = await home.run("--json", "why", "demo-9");
    assert.equal(ran.code, 4);
    assert.match(envelopeOf(ran).error?.why ?? "", /demo-9; there are: chains main, demo; nodes demo-1, demo-2;/);
  });
});
