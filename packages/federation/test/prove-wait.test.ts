// The proof believes a side-chain transaction to be final, and a deposit to be credited, only when two nodes say so.

import assert from "node:assert/strict";
import { test } from "node:test";
import { awaitClaims, finalOnSide, type ProofContext } from "../src/prove/round-trip.ts";

type Status = "pending" | "final";

/** Nodes that give these answers one after the other, the last one for ever. */
function contextOf(answers: readonly (readonly Status[])[]): { context: ProofContext; asked: () => number } {
  let asked = 0;
  let nowMs = 0;
  const sides = answers.map((statuses) => {
    let next = 0;
    return {
      call: async (route: string) => {
        if (route === "deposit") return { state: "open", confirmations: 1, confirmationsNeeded: 2 };
        asked += 1;
        const status = statuses[Math.min(next, statuses.length - 1)];
        next += 1;
        const claimed = status === "final" ? [{ transaction: "cd", height: 7 }] : [];
        return { status, blockHeight: status === "final" ? 7 : null, claimed };
      },
    };
  });
  const waiter = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  return {
    context: { sides, waiter, onWait: () => {}, onStep: () => {} } as unknown as ProofContext,
    asked: () => asked,
  };
}

test("final on the one and not yet on the other is not final", async () => {
  for (const [first, second] of [
    [["final"], ["pending", "pending", "final"]],
    [["pending", "pending", "final"], ["final"]],
  ] as const) {
    const { context, asked } = contextOf([first, second]);
    assert.equal(await finalOnSide(context, "ab"), 7);
    assert.equal(asked(), 6, "three rounds of two questions");
  }
});

test("on one node alone it never becomes final", async () => {
  const { context } = contextOf([["final"], ["pending"]]);
  await assert.rejects(finalOnSide(context, "ab"), { code: "PROOF_TIMEOUT" });
});

test("a deposit counts as credited when the node that the next step uses knows it too", async () => {
  for (const [first, second] of [
    [["final"], ["pending", "final"]],
    [["pending", "final"], ["final"]],
  ] as const) {
    const { context, asked } = contextOf([first, second]);
    await awaitClaims(context, [], [new Uint8Array(32)]);
    assert.equal(asked(), 4, "two rounds of two questions");
  }
});
