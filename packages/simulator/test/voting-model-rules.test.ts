// The search's test of itself: with one rule taken out it finds what breaks, by a shortest way that a person can read. The
// one rule whose removal breaks nothing is named, too.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RULES, type RuleName } from "../src/model/rules.ts";
import { type SearchResult, search } from "../src/model/search.ts";
import type { Model } from "../src/model/state.ts";
import { allBroken, chartOf } from "../src/model/text.ts";

const FAR = 100;

function without(rule: RuleName, changes: Partial<Model> = {}): Model {
  return { n: 4, hostile: 1, views: 3, lastHeight: FAR, removed: new Set([rule]), ...changes };
}

function found(model: Model, only?: string): SearchResult {
  const result = search(model, { order: "by view", ...(only === undefined ? {} : { only: [only] }) });
  assert.equal(result.isComplete, false);
  return result;
}

/** What breaks first, after how many steps, with the last block of the epoch at which height. */
const FIRST: readonly [RuleName, string, number, number][] = [
  ["enter", "DEADLOCK", 1, FAR],
  ["S1", "I4", 4, FAR],
  ["S2", "I6", 4, FAR],
  ["parent", "I1", 8, FAR],
  ["skips", "I1", 7, FAR],
  ["ended", "EPOCH", 8, 1],
  ["again", "I1", 13, 1],
  ["certificate", "I5", 2, FAR],
  ["quorum", "I4", 2, FAR],
  ["timeout", "DEADLOCK", 1, FAR],
  ["hold", "DEADLOCK", 3, FAR],
  ["repropose", "DEADLOCK", 4, 1],
];

for (const [rule, invariant, steps, lastHeight] of FIRST) {
  test(`without ${rule}: ${invariant} after ${steps} steps`, () => {
    const result = found(without(rule, { lastHeight }));
    assert.equal(result.broken?.invariant, invariant);
    assert.equal(result.trace.length, steps);
  });
}

for (const [rule, steps] of [
  ["S1", 7],
  ["S2", 9],
  ["certificate", 5],
  ["quorum", 4],
] as const) {
  test(`without ${rule} it comes to a fork in ${steps} steps`, () => {
    const model = without(rule);
    const result = found(model, "I1");
    assert.equal(result.trace.length, steps);
    assert.ok(allBroken(model, result.trace).some(({ invariant }) => invariant === "I1"));
  });
}

test("one hostile validator more than is tolerated can fork the chain", () => {
  const model: Model = { n: 4, hostile: 2, views: 2, lastHeight: FAR, removed: new Set() };
  assert.equal(found(model, "I1").broken?.invariant, "I1");
});

test("five validators take four signers: with 2f + 1 of them there is a fork", () => {
  assert.equal(found(without("quorum", { n: 5 }), "I1").broken?.invariant, "I1");
});

test("without view: certificates that nobody passes on, when votes come from those who are not in their view", () => {
  // Each view's votes then come in any order: the order by views leaves some out.
  const result = search(without("view", { views: 2 }), { order: "every order" });
  assert.equal(result.broken?.invariant, "DEADLOCK");
});

test("without late nothing breaks: that rule saves work and keeps nobody safe", () => {
  assert.deepEqual(
    RULES.filter((rule) => !FIRST.some(([name]) => name === rule)),
    ["view", "late"],
  );
  const result = search(without("late", { views: 2 }), { order: "every order" });
  assert.deepEqual([result.broken, result.isComplete], [undefined, true]);
});

test("the way to what is broken is printed as a chart", () => {
  const model = without("repropose", { lastHeight: 1 });
  const { trace, broken } = found(model);
  assert.ok(broken !== undefined);
  assert.deepEqual(chartOf(model, trace, broken), [
    "hostile: n3, whose votes for everything are with everybody",
    "n0 NOTARIZE(view 1, 1a on the base)",
    "n0 NULLIFY(view 1)",
    "n1 NOTARIZE(view 1, 1a on the base)",
    "n0 enters view 2 on the NOTARIZE certificate of 1a in view 1",
    "=> DEADLOCK: the last block is not final and cannot be extended",
  ]);
});
