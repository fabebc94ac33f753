// The supply invariant and "paid once" under random lives of a pegged chain (federation.md section 12: supply, double-pay,
// reorg-1..D+2 together). Each run ends with honest miners; by then everything that is owed has been paid.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Life, type LifeCounts } from "./random.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 355];
const STEPS = 120;

function run(seed: number, reorgMax: number): LifeCounts {
  const life = new Life({ seed: BigInt(seed), steps: STEPS, reorgMax, loseDeposits: seed % 2 === 0 });
  try {
    life.run();
  } catch (error) {
    throw new Error(`seed ${seed}, reorgMax ${reorgMax}`, { cause: error });
  }
  return life.counts;
}

test(`random lives without reorganisations, seeds 1 and 2`, () => {
  for (const seed of [1, 2]) assert.equal(run(seed, 0)["pending at end"], 0, `seed ${seed}`);
});

test(`random lives with reorganisations up to D + 2, seeds ${SEEDS.join(", ")}`, () => {
  const total: Record<string, number> = {};
  for (const seed of SEEDS) {
    const counts = run(seed, 5);
    assert.equal(counts["pending at end"], 0, `seed ${seed}: everything owed is paid`);
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  // What never happened was not tested.
  for (const name of ["deep reorg", "shallow reorg", "gas-only", "payout mined", "paused", "submit CLAIM_SPENT"]) {
    assert.ok((total[name] ?? 0) > 3, `${name} happened`);
  }
});
