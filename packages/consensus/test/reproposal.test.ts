// ADR 0004: the last block of an epoch is proposed again only after Δ, unless the view before it failed.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { BbftState } from "../src/bbft/state.ts";
import { reproposalMs } from "../src/bbft/views.ts";

function at(notarized: readonly number[]): BbftState {
  const known = { view: 5, enteredMs: 1000, nowMs: 1010, config: { deltaMs: 150 } };
  return { ...known, notarized: new Map(notarized.map((view) => [view, {}])) } as unknown as BbftState;
}

test("after a NOTARIZE certificate of the view before, the next leader waits for FINALIZE votes that are on their way", () => {
  assert.equal(reproposalMs(at([4])), 1150);
});

test("after a failed view nobody waits", () => {
  assert.equal(reproposalMs(at([3])), 1000);
});
