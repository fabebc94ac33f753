// How the command line speaks, part by part: exit codes, the list of steps, the table of a network, the daemon's file, and
// the lock on the wallet.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { DEV_DEFINITION, DEV_ELECTIONS_DEFINITION } from "@bystack/platform/definition/dev";
import { layoutOf, makeFolders } from "@bystack/platform/network/layout";
import type { NetworkStatus, NodeRow, SideStatus } from "@bystack/platform/network/status";
import { BystackError, type ErrorKind } from "@bystack/utils/errors";
import { definitionOf } from "../src/commands/up.ts";
import { formatStatus } from "../src/network/table.ts";
import { exitCodeOf, type Output } from "../src/output.ts";
import { createTaskRunner } from "../src/tasks.ts";
import { withWallet } from "../src/wallet/access.ts";

const home = mkdtempSync(join(tmpdir(), "bystack-cli-"));
after(() => rmSync(home, { recursive: true, force: true }));

function errorOf(kind: ErrorKind, code = "SOME_CODE"): BystackError {
  return new BystackError(code, { kind, fault: "none", message: "a test", next: "nothing" });
}

test("exit codes by kind, and those that have one of their own", () => {
  const codes = (["invalid", "not-found", "conflict", "limit", "unavailable", "forbidden", "internal"] as const).map(
    (kind) => exitCodeOf(errorOf(kind)),
  );
  assert.deepEqual(codes, [1, 4, 5, 1, 8, 9, 1]);
  assert.equal(exitCodeOf(errorOf("unavailable", "WAIT_TIMEOUT")), 7);
  assert.equal(exitCodeOf(errorOf("unavailable", "PROVIDER_START_TIMEOUT")), 7);
  assert.equal(exitCodeOf(errorOf("internal", "PROOF_FAILED")), 10);
  assert.equal(exitCodeOf(new TypeError("a defect")), 1);
  assert.equal(exitCodeOf("a text"), 1);
});

suite("steps", () => {
  function recorder(): { output: Output; lines: string[] } {
    const lines: string[] = [];
    return { output: { json: true, progress: (line) => lines.push(line), result: () => {} }, lines };
  }
  const timeless = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/\d+\.\d s$/, "T"));

  test("a step is shown with what it noted last, a failed one as failed and passed on", async () => {
    const { output, lines } = recorder();
    const tasks = createTaskRunner(output);
    const value = await tasks.run("Counting", async (task) => {
      task.note("one");
      task.note("two");
      return 2;
    });
    assert.equal(value, 2);
    await assert.rejects(
      tasks.run("Failing", async () => {
        throw errorOf("internal");
      }),
      { code: "SOME_CODE" },
    );
    const shown = timeless(lines);
    assert.equal(shown.at(-2), "✔ Counting: two  T");
    assert.equal(shown.at(-1), "✖ Failing  T");
  });
});

suite("the table", () => {
  const row = (part: Partial<NodeRow>): NodeRow => ({
    id: "demo-1",
    chain: "demo",
    kind: "side",
    phase: "running",
    url: "http://127.0.0.1:40001",
    height: 12,
    finalHeight: 12,
    ready: true,
    why: null,
    hasSeat: true,
    voting: true,
    view: 3,
    peers: 3,
    mempool: 0,
    startedAtMs: 1,
    rssBytes: 110 << 20,
    ...part,
  });
  const side = (part: Partial<SideStatus> = {}): SideStatus => ({
    chain: "demo",
    height: 12,
    intervalMs: 503.4,
    voting: 4,
    validators: 4,
    quorum: 3,
    survives: 1,
    finalAgeMs: 100,
    state: "running",
    desired: "running",
    deletableFromMs: null,
    federation: { threshold: 3, members: 4, running: 4, paused: [] },
    ...part,
  });
  const status = (part: Partial<NetworkStatus> = {}): NetworkStatus => ({
    network: "dev",
    running: true,
    healthy: true,
    main: { chain: "main", height: 7, intervalMs: 2000, finalAgeMs: 900, state: "running" },
    sides: [side()],
    nodes: [
      row({}),
      row({ id: "demo-2", ready: false, why: "not voting: observe through epoch 3, view 2" }),
      row({ id: "demo-3", hasSeat: false }),
    ],
    rssBytes: 300 << 20,
    accounts: ["alice", "bob"],
    folder: "/a/folder",
    ...part,
  });

  test("chains, federation, nodes under each other, memory, accounts, folder", () => {
    const lines = formatStatus(status()).split("\n");
    assert.match(lines[0] ?? "", /^main {2}main {5}height 7 .*a block every 2\.00 s$/);
    assert.match(lines[1] ?? "", /^side {2}demo .*final {2}12 .*every 0\.50 s; 4 of 4 voting, survives 1$/);
    assert.match(lines[2] ?? "", /^peg {3}demo .*4 of 4 members, 3 sign;/);
    const nodes = lines.filter((line) => line.startsWith("  demo-"));
    assert.equal(nodes.length, 3);
    assert.equal(new Set(nodes.map((line) => line.indexOf("height"))).size, 1);
    assert.match(nodes[0] ?? "", /110 MiB {2}ready$/);
    assert.match(nodes[1] ?? "", /not voting: observe through epoch 3, view 2$/);
    assert.match(nodes[2] ?? "", /ready, follows without a seat$/);
    assert.deepEqual(lines.slice(-3), ["memory of all processes: 300 MiB", "accounts: alice, bob", "data: /a/folder"]);
  });

  test("what is not known is a dash, and a pause cannot be overlooked", () => {
    const stopped = row({
      phase: "stopped",
      url: null,
      height: null,
      ready: false,
      why: "killed from outside",
      rssBytes: null,
    });
    const text = formatStatus(
      status({
        main: { chain: "main", height: null, intervalMs: null, finalAgeMs: null, state: "stopped" },
        sides: [side({ federation: { threshold: 3, members: 4, running: 2, paused: ["deficit", "out"] } })],
        nodes: [stopped],
        accounts: [],
      }),
    );
    assert.match(text, /main {5}height - .*a block every -/);
    assert.match(text, /PAUSED: deficit, out/);
    assert.match(text, /demo-1 .*height - .*killed from outside/);
    assert.doesNotMatch(text, /accounts:|null|undefined|NaN/);
    assert.doesNotMatch(formatStatus(status({ sides: [side({ federation: null })] })), /^peg/m);
  });
});

test("without a file the dev network is raised as it was made, else by the default", () => {
  const { text } = definitionOf({}, home);
  assert.equal(text, DEV_DEFINITION);
  assert.equal(definitionOf({ elections: true }, home).text, DEV_ELECTIONS_DEFINITION);
  const dev = layoutOf(home, "dev");
  makeFolders(dev);
  writeFileSync(dev.definition, DEV_ELECTIONS_DEFINITION);
  assert.equal(definitionOf({}, home).text, DEV_DEFINITION, "a network that was made half is made again");
  writeFileSync(dev.state, "{}");
  assert.equal(definitionOf({}, home).text, DEV_ELECTIONS_DEFINITION);
  assert.throws(() => definitionOf({ file: join(home, "none.yaml") }, home), { code: "DEFINITION_UNREADABLE" });
  assert.throws(() => definitionOf({ file: "net.yaml", elections: true }, home), { code: "DEFINITION_INVALID" });
});

test("a wallet that a command uses is closed to others, and open again after a failure", async () => {
  const layout = layoutOf(home, "locked");
  makeFolders(layout);
  await withWallet(layout, async (wallet) => {
    wallet.ensureAccount("alice");
    await assert.rejects(
      withWallet(layout, async () => {}),
      { code: "FOLDER_IN_USE" },
    );
  });
  await assert.rejects(
    withWallet(layout, async () => {
      throw errorOf("internal");
    }),
    { code: "SOME_CODE" },
  );
  const names = await withWallet(layout, async (wallet) => wallet.data.accounts.map(({ name }) => name));
  assert.deepEqual(names, ["alice"]);
});
