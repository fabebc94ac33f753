// The simulator's test of itself: with one rule taken out, it must find a violation, and soon. Each mutation has the seed
// at which it was found first; the tests replay these.

import { MUTATIONS, type Mutation } from "@bystack/consensus/bbft/mutation";
import { type AttackName, attackOf } from "./attacks.ts";
import type { Outcome, ScheduleOptions } from "./outcome.ts";
import { runSchedule } from "./schedule.ts";

export type Mutant = {
  readonly mutation: Mutation;
  readonly nodes: number;
  readonly byzantine: number;
  /** For a rule that drawn faults come to once in many thousand schedules. */
  readonly attack: AttackName | undefined;
  /** First seed, counted from 1, that finds it. */
  readonly pinnedSeed: number;
};

/** A chain that stands still is seen to do so sooner: no schedule with the rules as they stand needs half of this. */
const LIVENESS_MS = 40_000;

/** Where the usual committee, four with one hostile, does not show it. */
const SETTINGS: Readonly<Partial<Record<Mutation, Partial<Omit<Mutant, "mutation" | "pinnedSeed">>>>> = {
  // A hostile leader would propose a last block again for all.
  repropose: { byzantine: 0 },
  // At four validators 2f + 1 is n - f.
  "quorum-2f": { nodes: 5 },
  // An old record counts as the one fault.
  unknown: { byzantine: 0 },
  floor: { byzantine: 0 },
  "long-skips": { byzantine: 0, attack: "no-clock" },
  justify: { attack: "last-blocks" },
  again: { attack: "poisoned-copy" },
};

const PINNED: Readonly<Partial<Record<Mutation, number>>> = {
  S1: 2,
  S2: 2,
  S3: 1,
  S4: 9,
  S5: 1,
  "S5-forget": 1,
  S6: 1,
  quorum: 1,
  "quorum-2f": 1,
  views: 1,
  "vote-epoch": 13,
  "certificate-epoch": 6,
  certificate: 1,
  carried: 1,
  named: 195,
  block: 304,
  again: 1325,
  sync: 107,
  proposer: 33,
  answer: 3,
  "long-skips": 1,
  skips: 1,
  epoch: 1,
  extend: 8,
  repropose: 2,
  justify: 887,
  committee: 38,
  "old-keys": 6,
  turn: 5,
  timestamp: 50,
  clock: 3,
  predicate: 4,
  propose: 1,
  durable: 95,
  "count-early": 2,
  "lost-block": 6,
  "lost-certificate": 1,
  seen: 1,
  ask: 1,
  bar: 1,
  floor: 58,
  late: 4,
  silence: 1,
  unknown: 10,
  evidence: 2,
  repeat: 66,
  fsync: 1,
};

export const MUTANTS: readonly Mutant[] = MUTATIONS.map((mutation) => ({
  mutation,
  nodes: 4,
  byzantine: 1,
  attack: undefined,
  ...SETTINGS[mutation],
  pinnedSeed: PINNED[mutation] ?? 0,
}));

/** How a mutant's schedules are run, without its mutation. */
export function settingsOf({ nodes, byzantine, attack }: Mutant): ScheduleOptions {
  return { nodes, byzantine, livenessMs: LIVENESS_MS, ...(attack === undefined ? {} : { attack: attackOf(attack) }) };
}

export function runMutant(mutant: Mutant, seed: number): Outcome {
  return runSchedule(seed, { ...settingsOf(mutant), mutation: mutant.mutation });
}

/** Looks for a mutant from seed 1 until it is found or `isOver` says stop. */
export function findMutant(mutant: Mutant, isOver: () => boolean): Outcome | undefined {
  for (let seed = 1; !isOver(); seed += 1) {
    const outcome = runMutant(mutant, seed);
    if (outcome.violations.length > 0) return outcome;
  }
  return undefined;
}
