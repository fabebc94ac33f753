// `bystack replay` as a command: the first blocks of the recorded chain with real proofs of work, and what it says about
// files and options that it cannot take.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const PROGRAM = join(ROOT, "packages", "cli", "bin", "bystack.mjs");
const VECTORS = join(ROOT, "vectors", "bytom");
const CHAIN = join(VECTORS, "blocks-solonet.json");
const REORGANISATION = join(VECTORS, "reorg-solonet.json");
const BLOCKS = 5;

const folder = mkdtempSync(join(tmpdir(), "bystack-replay-"));
after(() => rmSync(folder, { recursive: true, force: true }));

type Answer = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

function bystack(...args: readonly string[]): Answer {
  const env = { ...process.env, BYSTACK_HOME: folder };
  return spawnSync(process.execPath, [PROGRAM, ...args], { encoding: "utf8", env });
}

/** The one JSON document on stdout. */
function envelope({ stdout, stderr }: Answer) {
  assert.match(stdout, /^\{.*\}\n$/, stderr);
  return JSON.parse(stdout);
}

function saved(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("the first blocks give the recorded tip, as one JSON document", () => {
  const answer = bystack("--json", "replay", CHAIN, "--backend", "wasm", "--blocks", String(BLOCKS));
  assert.equal(answer.status, 0, answer.stderr);
  const { schemaVersion, ok, data } = envelope(answer);
  assert.deepEqual([schemaVersion, ok], [1, true]);
  const recorded = JSON.parse(readFileSync(CHAIN, "utf8")).blocks[BLOCKS];
  assert.deepEqual([data.height, data.tip, data.blocks], [BLOCKS, recorded.hash, BLOCKS]);
  assert.deepEqual([data.gasOnly, data.reorganisations, data.backend], [0, 0, "wasm"]);
  assert.ok(data.transactions >= BLOCKS);
  assert.ok(data.seconds > 0 && data.blocksPerSecond > 0 && data.workers >= 1);
  assert.match(answer.stderr, /replaying 5 blocks/);
});

test("a person reads height, tip and what was checked", () => {
  const answer = bystack("replay", CHAIN, "--backend", "wasm", "--blocks", "1");
  assert.equal(answer.status, 0, answer.stderr);
  assert.match(answer.stdout, /^height 1\ntip {4}[0-9a-f]{64}\nchecked 1 blocks with \d+ transactions/);
});

test("a file that is no recording is refused by name of the place", () => {
  const file = JSON.parse(readFileSync(CHAIN, "utf8"));
  file.blocks = file.blocks.slice(0, 2);
  file.blocks[1].raw = file.blocks[1].raw.slice(0, -2);
  const cases: [string, RegExp][] = [
    [join(folder, "missing.json"), /missing\.json cannot be read/],
    [saved("text.json", "{"), /JSON/],
    [saved("other.json", "{}"), /network is none of/],
    [saved("cut.json", JSON.stringify(file)), /blocks\[1\]\.raw/],
  ];
  for (const [path, why] of cases) {
    const answer = bystack("--json", "replay", path);
    assert.equal(answer.status, 1, answer.stderr);
    const { ok, error } = envelope(answer);
    assert.deepEqual([ok, error.code], [false, "REPLAY_FILE_INVALID"]);
    assert.match(error.why, why);
    assert.notEqual(error.next, "");
  }
});

test("a block that differs from the recording is named, and fails the command", () => {
  const file = JSON.parse(readFileSync(CHAIN, "utf8"));
  file.blocks = file.blocks.slice(0, 3);
  file.blocks[2].hash = "0".repeat(64);
  const answer = bystack("--json", "replay", saved("changed.json", JSON.stringify(file)), "--backend", "wasm");
  assert.notEqual(answer.status, 0);
  const { error } = envelope(answer);
  assert.equal(error.code, "REPLAY_DIFFERS");
  assert.match(error.why, /^block 2 /);
});

test("options that make no sense are refused before anything is replayed", () => {
  const cases = [
    ["--blocks", "0"],
    ["--blocks", "many"],
    ["--backend", "abacus"],
  ];
  for (const options of cases) {
    const answer = bystack("--json", "replay", CHAIN, ...options);
    assert.equal(envelope(answer).error.code, "REPLAY_OPTION_INVALID");
    assert.match(envelope(answer).error.why, new RegExp(options.join(" ")));
  }
  const part = bystack("--json", "replay", CHAIN, REORGANISATION, "--blocks", "1");
  assert.equal(envelope(part).error.code, "REPLAY_OPTION_INVALID");
});
