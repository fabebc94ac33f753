// The definition file: the dev network parses, and each kind of mistake names line, key and rule.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
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
];

for (const [name, from, to, expected] of refused) {
  test(`refused: ${name}`, () => {
    assert.ok(DEV_DEFINITION.includes(from));
    assert.match(refusal(DEV_DEFINITION.replace(from, to)), expected);
  });
}
