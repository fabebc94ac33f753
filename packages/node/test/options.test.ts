// node.json: defaults, and refusals that name the key and the nearest valid one. Options never reach validity, so nothing
// here is about a chain.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BystackError } from "@bystack/utils/errors";
import { exitCodeOf } from "../src/errors.ts";
import { loadNodeOptions, parseNodeOptions } from "../src/options.ts";

const folder = mkdtempSync(join(tmpdir(), "bystack-options-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const COMMON = { format: 1, id: "n1", network: "dev", chain: "demo", specFile: "spec.json" };
const SIDE = { ...COMMON, kind: "side" };
const PEER = { id: "n2", key: "ab".repeat(32), host: "127.0.0.1", port: 4000 };

function refusal(value: unknown): string {
  try {
    parseNodeOptions(value);
  } catch (error) {
    assert.ok(error instanceof BystackError, String(error));
    assert.equal(error.code, "OPTIONS_INVALID");
    assert.equal(exitCodeOf(error), 64);
    return error.why;
  }
  return assert.fail("the options were accepted");
}

test("what is left out has a default; everything listens on loopback", () => {
  const side = parseNodeOptions(SIDE);
  assert.ok(side.kind === "side");
  assert.deepEqual(
    [side.http, side.mesh, side.peers, side.store, side.backend, side.logLevel, side.tap],
    [{ host: "127.0.0.1", port: 0 }, { host: "127.0.0.1", port: 0 }, [], "lmdb", "auto", "info", false],
  );
  const main = parseNodeOptions({ ...COMMON, kind: "main", mine: { threads: 1, everyMs: 2000, program: "51" } });
  assert.ok(main.kind === "main");
  assert.deepEqual(main.mine?.program, Uint8Array.of(0x51));
});

test("keys and numbers come as bytes and numbers", () => {
  const options = parseNodeOptions({ ...SIDE, peers: [PEER], mainUrl: "http://127.0.0.1:1" });
  assert.ok(options.kind === "side");
  assert.deepEqual(options.peers, [{ ...PEER, key: new Uint8Array(32).fill(0xab) }]);
});

const refused: readonly [name: string, value: unknown, why: RegExp][] = [
  ["a misspelt key", { ...SIDE, peer: [] }, /unknown key "peer"; did you mean "peers"\?/],
  ["a misspelt key within", { ...SIDE, mesh: { prot: 1 } }, /unknown key "mesh\.prot"/],
  ["a key of the other kind of node", { ...SIDE, mine: {} }, /unknown key "mine"/],
  ["no kind", COMMON, /kind/],
  ["another kind", { ...COMMON, kind: "sidechain" }, /kind/],
  ["a newer format", { ...SIDE, format: 2 }, /^format: /],
  ["no id", { ...SIDE, id: undefined }, /^id: /],
  ["a port beyond 65535", { ...SIDE, http: { port: 65_536 } }, /^http\.port: /],
  ["a peer without a port", { ...SIDE, peers: [{ ...PEER, port: 0 }] }, /^peers\.0\.port: /],
  ["a peer's key of 31 bytes", { ...SIDE, peers: [{ ...PEER, key: "ab".repeat(31) }] }, /^peers\.0\.key: hexadecimal/],
  ["a peer's key that is no hexadecimal", { ...SIDE, peers: [{ ...PEER, key: "zz".repeat(32) }] }, /^peers\.0\.key: /],
  ["an unknown store", { ...SIDE, store: "redis" }, /^store: /],
  ["an address that is no URL", { ...SIDE, mainUrl: "main" }, /^mainUrl: /],
  ["too little memory", { ...SIDE, memoryMiB: 1 }, /^memoryMiB: /],
  ["no object at all", "node", /./],
];

for (const [name, value, why] of refused) {
  test(`refused: ${name}`, () => {
    assert.match(refusal(value), why);
  });
}

test("three problems are named at most", () => {
  const why = refusal({ ...SIDE, store: 1, logLevel: 1, backend: 1, memoryMiB: 1 });
  assert.equal(why.split("; ").length, 3);
});

test("a file that is missing or no JSON is an error of options", () => {
  const path = join(folder, "node.json");
  assert.throws(() => loadNodeOptions(path), { code: "OPTIONS_INVALID" });
  writeFileSync(path, "{");
  assert.throws(() => loadNodeOptions(path), { code: "OPTIONS_INVALID" });
  writeFileSync(path, JSON.stringify(SIDE));
  assert.equal(loadNodeOptions(path).id, "n1");
});
