// Blocks that pile up while no FINALIZE vote arrives: all of them become final once the votes do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BLOCKS_MAX } from "@bystack/consensus/bbft/limits";
import { runUnfinal } from "../src/unfinal.ts";

test("five hundred notarized blocks without a final one become final within ten seconds of the healing", () => {
  const outcome = runUnfinal({ seed: 1, healMs: 250_000, endMs: 260_000 });
  assert.equal(outcome.healHeight, 0);
  assert.ok(outcome.blocks > 0.9 * BLOCKS_MAX && outcome.blocks < BLOCKS_MAX);
  assert.ok(outcome.endHeight > outcome.blocks);
});

test("more notarized blocks than the table holds: the chain still goes on once the network heals", () => {
  const outcome = runUnfinal({ seed: 1, healMs: 260_000, endMs: 280_000 });
  assert.ok(outcome.blocks >= BLOCKS_MAX);
  assert.ok(outcome.endHeight > outcome.blocks);
});
