// The definition file: the dev network parses, and each kind of mistake names line, key and rule.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DEV_DEFINITION, DEV_ELECTIONS_DEFINITION } from "@bystack/platform/definition/dev";
import { composeVotes, ELECTIONS } from "@bystack/platform/definition/elections";
import { parseDefinition } from "@bystack/platform/definition/parse";
import { BystackError } from "@bystack/utils/errors";

function refusal(text: string): string {
  try {
    parseDefinition(text, "net.yaml");
  } catch (error) {
    assert.ok(error instanceof BystackError, String(error));
    return `${error.code} ${error.why}`;
  }
  return assert.fail("the definition was accepted");
}

test("the dev definition parses to the documented network", () => {
  const definition = parseDefinition(DEV_DEFINITION, "dev");
  assert.equal(definition.sides[0]?.nodes.count, 4);
  assert.equal(definition.sides[0]?.federation?.threshold, 3);
  assert.equal(definition.limits.memoryMiB, 512);
});

test("a misspelt key is refused with its line and the nearest valid key", () => {
  const why = refusal(DEV_DEFINITION.replace("threshold: 3", "treshold: 3"));
  assert.match(
    why,
    /INVALID net\.yaml, line 17, sides\.0\.federation\.treshold: unknown key; did you mean "threshold"/,
  );
});

const TWIN = (chain: string): string => `  - chain: ${chain}\n    nodes: { count: 4 }\n`;

const refused: [name: string, from: string, to: string, expected: RegExp][] = [
  [
    "three validators without the development mode",
    "count: 4",
    "count: 3",
    /line 16, sides\.0\.nodes\.count: 4 validators at least/,
  ],
  ["threshold 0", "threshold: 3", "threshold: 0", /sides\.0\.federation\.threshold/],
  ["a threshold above the members", "threshold: 3", "threshold: 5", /at most the number of members, 4/],
  ["half of the members", "threshold: 3", "threshold: 2", /more than half of the 4 members/],
  ["an asset nobody issues", "[BTM, GOLD]", "[BTM, GULD]", /an asset of this file \(BTM, GOLD\)/],
  ["an unknown engine", "kind: bbft-flat", "kind: raft", /sides\.0\.engine\.kind: must be one of: bbft-flat/],
  ["an epoch of 0", "epochBlocks: 60", "epochBlocks: 0", /sides\.0\.engine\.epochBlocks/],
  ["an issuer without an account", "issuer: issuer", "issuer: carol", /assets\.0\.issuer: an account of this file/],
  ["a key twice", "network: dev", "network: dev\nnetwork: dev", /DEFINITION_UNREADABLE/],
  ["an alias", "network: dev", "network: &a dev\n$schema: *a", /aliases are not used here/],
  ["a newer format", "format: 1", "format: 2", /format: must be one of: 1/],
  ["two chains of one name", "accounts:", `${TWIN("demo")}accounts:`, /sides\.1\.chain: another chain is called demo/],
  ["a side chain called like the main chain", "chain: demo", "chain: main", /sides\.0\.chain: another chain is called/],
  [
    "two nodes of one name",
    "node: main-1",
    "node: demo-2",
    /sides\.0\.chain: its node demo-2 would have the name of a node of another chain/,
  ],
  ["a second chain without what a proof needs", "accounts:", `${TWIN("acme")}accounts:`, /side chain acme needs a fed/],
];

for (const [name, from, to, expected] of refused) {
  test(`refused: ${name}`, () => {
    assert.ok(DEV_DEFINITION.includes(from));
    assert.match(refusal(DEV_DEFINITION.replace(from, to)), expected);
  });
}

test("elections: by the defaults, and with every key", () => {
  const [side] = parseDefinition(DEV_ELECTIONS_DEFINITION, "dev").sides;
  assert.deepEqual([side?.elections, side?.nodes.count, side?.nodes.observers], [{}, 4, 1]);
  assert.equal(parseDefinition(DEV_DEFINITION, "dev").sides[0]?.elections, undefined);
  const keys = `{ outputMin: "2", threshold: "50.5", bondMin: "75", committeeMin: 4, committeeMax: 7, seatChangeDivisor: 4,
      standbysMax: 3, candidatesMax: 50, missedMax: 9, unbondingBlocks: 500, trustingMs: 200000, producersBps: 8000,
      poolRelease: "0.5", voteLockBlocks: 300 }`;
  const [whole] = parseDefinition(DEV_ELECTIONS_DEFINITION.replace("elections: {}", `elections: ${keys}`), "dev").sides;
  assert.equal(Object.keys(whole?.elections ?? {}).length, 14);
});

const weak: [name: string, elections: string, expected: RegExp][] = [
  ["a committee of three", "{ committeeMin: 3 }", /committeeMin: must be at least 4: fewer tolerate no fault/],
  [
    "a committee smaller than the first",
    "{ committeeMax: 3, committeeMin: 3 }",
    /committeeMax: is below the 4 validators/,
  ],
  ["half of the seats at once", "{ seatChangeDivisor: 2 }", /seatChangeDivisor: must be at least 3/],
  [
    "trust for as long as the stake is locked",
    "{ unbondingBlocks: 200, trustingMs: 100000 }",
    /trustingMs: must be shorter/,
  ],
  [
    "a stake free after one epoch",
    "{ unbondingBlocks: 60, trustingMs: 1 }",
    /unbondingBlocks: must be at least two epochs/,
  ],
  ["votes free after one epoch", "{ voteLockBlocks: 60 }", /voteLockBlocks: must be at least two epochs/],
  ["a threshold below a vote", '{ outputMin: "5", threshold: "1" }', /threshold: is below votes\.outputMinNeu/],
  ["a bond below a vote", '{ outputMin: "500", threshold: "500" }', /bondMin: is below votes\.outputMinNeu/],
  ["room for fewer candidates than seats", "{ candidatesMax: 4 }", /candidatesMax: is below votes\.committeeMax/],
  ["an amount that is no text", "{ bondMin: 5 }", /bondMin: /],
  ["nine places", '{ bondMin: "0.123456789" }', /bondMin: BTM in quotes, with 8 places at most/],
  ["a misspelt key", '{ bond: "5" }', /elections\.bond: unknown key; did you mean "bondMin"/],
];

for (const [name, elections, expected] of weak) {
  test(`refused elections: ${name}`, () => {
    const why = refusal(DEV_ELECTIONS_DEFINITION.replace("elections: {}", `elections: ${elections}`));
    assert.match(why, expected);
    assert.match(why, /^DEFINITION_INVALID net\.yaml, line 17, sides\.0\.elections/);
  });
}

test("three validators elect one another only in the development mode", () => {
  const three = DEV_ELECTIONS_DEFINITION.replace("count: 4", "count: 3");
  assert.match(refusal(three), /line 16, sides\.0\.nodes\.count: 4 validators at least/);
  const meant = three
    .replace("store: lmdb", "store: lmdb\n    developmentMode: true")
    .replace("threshold: 3", "threshold: 2");
  assert.match(refusal(meant), /sides\.0\.federation: needs 4 validators, here are 3: fewer members survive neither/);
  const alone = meant.replace(/^ {4}federation:.*\n/m, "").replace(/^prove:.*\n/m, "prove: []\n");
  assert.equal(parseDefinition(alone, "dev").sides[0]?.nodes.count, 3);
});

test("the guide names every key of elections with its default", () => {
  const guide = readFileSync(new URL("../../../docs/elections.md", import.meta.url), "utf8");
  const rows = new Map([...guide.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, key, value]) => [key, value]));
  assert.deepEqual([...rows.keys()].sort(), Object.keys(ELECTIONS.shape).sort());
  const { votes } = composeVotes({
    elections: {},
    validators: 4,
    engine: { epochBlocks: 60, blockMs: 500 },
    developmentMode: false,
  });
  const inBtm = {
    outputMin: "outputMinNeu",
    threshold: "thresholdNeu",
    bondMin: "bondMinNeu",
    poolRelease: "poolReleaseNeu",
  };
  for (const [key, name] of Object.entries(inBtm) as [string, keyof typeof votes][])
    assert.equal(rows.get(key), `\`"${Number(votes[name]) / 1e8}"\``, key);
  for (const key of ["seatChangeDivisor", "standbysMax", "candidatesMax", "producersBps"] as const)
    assert.equal(rows.get(key), String(votes[key]), key);
  assert.deepEqual(
    [votes.missedMax, votes.unbondingBlocks * 500, votes.trustingMs, votes.committeeMin, votes.committeeMax],
    [60 / 20, 20 * 86_400_000, 1_209_600_000, 4, 10],
  );
});
