// Search without asking anybody, and what is worth asking for; the changes of a definition behind the forms.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chainNameProblem, withObserver, withSide } from "../src/view/definition-edit.ts";
import { isForExplorers, localHits, remoteHit } from "../src/view/search.ts";

const SOURCES = {
  network: "dev",
  mainChain: "main",
  sides: ["demo", "acme"],
  nodes: ["main-1", "demo-1", "demo-2"],
  accounts: ["alice", "bob"],
  assets: [{ asset: "GOLD", id: "0a".repeat(32) }],
};
const hrefs = (text: string) => localHits(text, SOURCES).map(({ href }) => href);

test("names are found whatever their case, those that begin with the text first", () => {
  assert.deepEqual(hrefs("gold"), [`/n/dev/chains/demo/assets/${"0a".repeat(32)}`]);
  assert.deepEqual(hrefs("alice"), ["/n/dev/accounts"]);
  assert.deepEqual(hrefs("demo"), ["/n/dev/chains/demo", "/n/dev/nodes/demo-1", "/n/dev/nodes/demo-2"]);
  assert.deepEqual(hrefs("verify"), ["/n/dev/verify"]);
  assert.deepEqual(hrefs("xyzzy"), []);
  assert.deepEqual(hrefs(""), []);
});

test("explorers are asked for heights, addresses and six digits of an id, and for no word", () => {
  for (const text of ["0", "18300", "0a1b2c", "ab".repeat(32), "sm1q5p8mxx3vs7e23"])
    assert.equal(isForExplorers(text), true, text);
  for (const text of ["0a1b2", "alice", "demo-1", "GOLD", ""]) assert.equal(isForExplorers(text), false, text);
});

test("a hit leads to the page of its kind", () => {
  const at = "/n/dev/chains/demo";
  assert.equal(remoteHit({ type: "output", id: "a", transaction: "b" }, "demo", at).href, `${at}/transactions/b`);
  assert.equal(remoteHit({ type: "block", height: 7, hash: "h" }, "demo", at).href, `${at}/blocks/7`);
});

const TEXT = `network: dev
sides:
  - chain: demo
    nodes: { count: 4, parts: [validator, federation] }
    federation: { threshold: 3, assets: [BTM, GOLD] }

accounts:
  [{ account: alice }]
`;

test("a chain becomes a block behind the others, and no other line changes", () => {
  const changed = withSide(TEXT, { chain: "acme", validators: 7, observers: 1, assets: ["BTM", "GOLD"] });
  const added = `  - chain: acme
    nodes: { count: 7, observers: 1, parts: [validator, federation] }
    federation: { threshold: 5, assets: [BTM, GOLD] }
`;
  assert.equal(changed, TEXT.replace("\n\naccounts", `\n${added}\naccounts`));
  assert.equal(
    withSide("sides: [{ chain: demo }]\n", { chain: "acme", validators: 4, observers: 0, assets: [] }),
    undefined,
  );
});

test("one observer more changes one number of the chain that is meant", () => {
  const two = withSide(TEXT, { chain: "acme", validators: 4, observers: 1, assets: [] }) ?? "";
  assert.equal(withObserver(two, "acme"), two.replace("observers: 1", "observers: 2"));
  assert.equal(
    withObserver(two, "demo"),
    two.replace("count: 4, parts: [validator, f", "count: 4, observers: 1, parts: [validator, f"),
  );
  assert.equal(withObserver(two, "dem"), undefined);
});

test("a name that is taken or cannot be is refused before anything is sent", () => {
  assert.equal(chainNameProblem("acme", ["demo"]), null);
  assert.match(chainNameProblem("demo", ["demo"]) ?? "", /of this name/);
  for (const name of ["", "Acme", "1a", "a b", "a".repeat(32)])
    assert.match(chainNameProblem(name, []) ?? "", /small letter/);
});
