// Changes of a definition's text: what was asked for is there, the rest says what it said before, comments and all.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
import { withObservers, withoutSide, withSide } from "@bystack/platform/definition/edit";
import { parseDefinition } from "@bystack/platform/definition/parse";

const acme = { chain: "acme", validators: 4, observers: 1, assets: ["GOLD"] };

test("a side chain stands behind the others, with a federation of its validators", () => {
  const text = withSide(DEV_DEFINITION, acme);
  const [demo, added] = parseDefinition(text, "changed").sides;
  assert.deepEqual(demo, parseDefinition(DEV_DEFINITION, "dev").sides[0]);
  assert.deepEqual(
    [added?.chain, added?.nodes.count, added?.nodes.observers, added?.nodes.parts, added?.federation?.threshold],
    ["acme", 4, 1, ["validator", "federation"], 3],
  );
  assert.deepEqual(added?.federation?.assets, ["BTM", "GOLD"]);
  const seven = parseDefinition(withSide(DEV_DEFINITION, { ...acme, validators: 7 }), "seven").sides[1];
  assert.equal(seven?.federation?.threshold, 5);
});

test("not a character of what was there changes", () => {
  const text = withSide(DEV_DEFINITION, acme);
  const at = text.indexOf("  - chain: acme");
  const added = text.slice(at, at + text.length - DEV_DEFINITION.length);
  assert.equal(text.replace(added, ""), DEV_DEFINITION);
  assert.equal(
    added,
    `  - chain: acme
    nodes: { count: 4, observers: 1, parts: [validator, federation] }
    federation: { threshold: 3, assets: [BTM, GOLD] }
`,
  );
  const more = withObservers(DEV_DEFINITION, "demo", 2);
  assert.equal(more, DEV_DEFINITION.replace("count: 4,", "count: 4, observers: 2,"));
  assert.equal(withObservers(more, "demo", 0), DEV_DEFINITION.replace("count: 4,", "count: 4, observers: 0,"));
});

test("nodes in lines of their own, a file without a last newline, side chains at its end", () => {
  const [head, tail] = DEV_DEFINITION.split("sides:\n");
  const body = tail?.slice(0, tail.indexOf("accounts:")) ?? "";
  const rest = tail?.slice(tail.indexOf("accounts:")) ?? "";
  const last = `${head}${rest}sides:\n${body.trimEnd()}`;
  assert.equal(parseDefinition(withSide(last, acme), "last").sides.length, 2);
  const block = DEV_DEFINITION.replace(
    "    nodes: { count: 4, parts: [validator, federation] }\n",
    "    nodes:\n      count: 4 # for now\n      parts: [validator, federation]\n",
  );
  const more = withObservers(block, "demo", 3);
  assert.equal(parseDefinition(more, "block").sides[0]?.nodes.observers, 3);
  assert.match(more, /count: 4 # for now\n {6}observers: 3\n {6}parts/);
});

test("a file in one line is left to its author", () => {
  const json = JSON.stringify({ ...parseDefinition(DEV_DEFINITION, "dev"), prove: [] });
  assert.throws(() => withSide(json, acme), { code: "DEFINITION_NOT_EDITABLE" });
  assert.equal(parseDefinition(withObservers(json, "demo", 2), "json").sides[0]?.nodes.observers, 2);
});

test("what cannot be is refused like a definition that somebody wrote", () => {
  assert.throws(() => withSide(DEV_DEFINITION, { ...acme, chain: "demo" }), { code: "DEFINITION_INVALID" });
  assert.throws(() => withSide(DEV_DEFINITION, { ...acme, chain: "Not A Name" }), { code: "DEFINITION_INVALID" });
  assert.throws(() => withSide(DEV_DEFINITION, { ...acme, validators: 3 }), { code: "DEFINITION_INVALID" });
  // The definition wants every side chain proven.
  assert.throws(() => withSide(DEV_DEFINITION, { ...acme, assets: undefined }), { code: "DEFINITION_INVALID" });
  assert.throws(() => withObservers(DEV_DEFINITION, "acme", 1), { code: "CHAIN_NOT_FOUND" });
  assert.throws(() => withObservers(DEV_DEFINITION, "demo", 97), { code: "DEFINITION_INVALID" });
});

test("observers of one chain are counted anew, those of another are not", () => {
  const two = withObservers(withSide(DEV_DEFINITION, acme), "demo", 2);
  assert.deepEqual(
    parseDefinition(two, "two").sides.map(({ nodes }) => nodes.observers),
    [2, 1],
  );
  assert.deepEqual(
    parseDefinition(withObservers(two, "demo", 0), "none").sides.map(({ nodes }) => nodes.observers),
    [0, 1],
  );
});

describe("a side chain that goes", () => {
  test("takes its lines with it and no character else", () => {
    const two = withSide(DEV_DEFINITION, { chain: "acme", validators: 4, observers: 1, assets: ["GOLD"] });
    const three = withSide(two, { chain: "last", validators: 4, observers: 0, assets: ["GOLD"] });
    assert.equal(withoutSide(three, "last"), two);
    assert.equal(withoutSide(two, "acme"), DEV_DEFINITION);
    const middle = withoutSide(three, "acme");
    assert.equal(withoutSide(middle, "last"), DEV_DEFINITION);
    assert.deepEqual(
      parseDefinition(middle, "x").sides.map(({ chain }) => chain),
      ["demo", "last"],
    );
    assert.equal(withoutSide(DEV_DEFINITION, "none"), DEV_DEFINITION);
  });

  test("is not the last one", () => {
    assert.throws(() => withoutSide(DEV_DEFINITION, "demo"), { code: "DEFINITION_INVALID" });
  });
});
