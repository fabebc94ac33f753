// Where a refusal of the platform points to.

import assert from "node:assert/strict";
import { test } from "node:test";
import { networkNameOf, problemsOf } from "../src/view/definition.ts";

test("every rule that is broken has its line and its path", () => {
  const why =
    "the definition, line 14, sides.0.nodes.count: 4 validators at least, or no one may fail\n" +
    '       the definition, line 3, netwrk: unknown key; did you mean "network"?';
  assert.deepEqual(problemsOf(why), [
    { line: 14, path: "sides.0.nodes.count", rule: "4 validators at least, or no one may fail" },
    { line: 3, path: "netwrk", rule: 'unknown key; did you mean "network"?' },
  ]);
});

test("what YAML itself refuses has a line; what has none is still shown", () => {
  assert.deepEqual(problemsOf("the definition, line 7: All mapping items must start at the same column"), [
    { line: 7, path: "", rule: "All mapping items must start at the same column" },
  ]);
  assert.deepEqual(problemsOf("the definition is larger than 1048576 bytes"), [
    { line: null, path: "", rule: "the definition is larger than 1048576 bytes" },
  ]);
  assert.deepEqual(problemsOf(""), []);
});

test("the network's name is found in YAML and JSON, and not in a comment or a value", () => {
  assert.equal(networkNameOf("format: 1\nnetwork: acme # ours\npreset: dev\n"), "acme");
  assert.equal(networkNameOf('{\n"network": "acme",\n"format": 1}'), "acme");
  assert.equal(networkNameOf("# network: no\nformat: 1\n"), undefined);
  assert.equal(networkNameOf("network: Not A Name\n"), undefined);
});
