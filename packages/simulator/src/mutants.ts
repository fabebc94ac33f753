// The simulator's test of itself: with one rule taken out, it must find a violation, and soon. Each mutation has the seed
// at which it was found first; the tests replay these.

import { MUTATIONS, type Mutation } from "@bystack/consensus/bbft/mutation";
import type { Outcome } from "./outcome.ts";
import { runSchedule } from "./schedule.ts";

export type Mutant = {
  readonly mutation: Mutation;
  readonly nodes: number;
  readonly byzantine: number;
  /** First seed, counted from 1, that finds it. */
  readonly pinnedSeed: number;
};

/** A Byzantine leader would propose a last block again for all: that mutant shows itself among honest nodes only. */
const WITHOUT_BYZANTINE: readonly Mutation[] = ["repropose"];

/** A chain that stands still is seen to do so sooner: no schedule with the rules as they stand needs half of this. */
const LIVENESS_MS = 40_000;

const PINNED: Readonly<Partial<Record<Mutation, number>>> = {
  S1: 10,
  S2: 1,
  S3: 114,
  S4: 6,
  S5: 1,
  "S5-forget": 1,
  epoch: 1,
  extend: 4,
  repropose: 20,
  quorum: 1,
};

export const MUTANTS: readonly Mutant[] = MUTATIONS.map((mutation) => ({
  mutation,
  nodes: 4,
  byzantine: WITHOUT_BYZANTINE.includes(mutation) ? 0 : 1,
  pinnedSeed: PINNED[mutation] ?? 0,
}));

export function runMutant(mutant: Mutant, seed: number): Outcome {
  const { nodes, byzantine, mutation } = mutant;
  return runSchedule(seed, { nodes, byzantine, mutation, livenessMs: LIVENESS_MS });
}

/** Looks for a mutant from seed 1 until it is found or `isOver` says stop. */
export function findMutant(mutant: Mutant, isOver: () => boolean): Outcome | undefined {
  for (let seed = 1; !isOver(); seed += 1) {
    const outcome = runMutant(mutant, seed);
    if (outcome.violations.length > 0) return outcome;
  }
  return undefined;
}
