// The search of the voting rules (promise P7): nothing is broken in any state within the bound, the number of states is
// what it was when they were last looked at, and the short cut by views reaches what every order of events reaches.
// `npm run simulate -- --model` goes through all four views.

import assert from "node:assert/strict";
import { test } from "node:test";
import { keyByView } from "../src/model/keys.ts";
import { search } from "../src/model/search.ts";
import type { Model } from "../src/model/state.ts";

/** Beyond the bound: no last block in sight. */
const FAR = 100;

function model(changes: Partial<Model> = {}): Model {
  return { n: 4, hostile: 1, views: 3, lastHeight: FAR, removed: new Set(), ...changes };
}

const STATES: readonly [lastHeight: number, states: number, steps: number][] = [
  [1, 10_958, 32_925],
  [2, 16_298, 48_252],
  [3, 17_997, 52_715],
  [FAR, 17_997, 52_715],
];

for (const [lastHeight, states, steps] of STATES) {
  test(`three views, last block at height ${lastHeight}: nothing broken in ${states} states`, () => {
    const result = search(model({ lastHeight }), { order: "by view" });
    assert.equal(result.broken, undefined);
    assert.ok(result.isComplete);
    assert.deepEqual([result.states, result.steps, result.depth], [states, steps, 21]);
  });
}

for (const [lastHeight, states] of [
  [1, 27_125],
  [FAR, 33_621],
] as const) {
  test(`two views, last block at height ${lastHeight}: every order of events reaches what the order by views does`, () => {
    const two = model({ views: 2, lastHeight });
    const keys = (order: "by view" | "every order"): Set<string> => {
      const found = new Set<string>();
      const result = search(two, { order, onState: (state) => found.add(keyByView(two, state)) });
      assert.equal(result.broken, undefined);
      assert.ok(result.isComplete);
      assert.equal(result.states, order === "by view" ? found.size : states);
      return found;
    };
    assert.deepEqual([...keys("by view")].sort(), [...keys("every order")].sort());
  });
}

test("four and five honest validators: nothing broken", () => {
  for (const [n, hostile, states] of [
    [4, 0, 1909],
    [5, 1, 3225],
  ] as const) {
    const result = search(model({ n, hostile, views: 2 }), { order: "by view" });
    assert.equal(result.broken, undefined);
    assert.equal(result.states, states);
  }
});

test("a search that is stopped does not say that it is complete", () => {
  const result = search(model(), { order: "by view", statesMax: 1000 });
  assert.deepEqual([result.isComplete, result.broken, result.states], [false, undefined, 1000]);
});
