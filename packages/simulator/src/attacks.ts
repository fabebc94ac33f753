// Known attacks by name (promises.md section 10): exactly the faults that each takes, with the hostile validators as keen
// as can be, and the rule that keeps it from working. Without that rule it works: the tests show both.

import type { Mutation } from "@bystack/consensus/bbft/mutation";
import type { Attack } from "./plan.ts";

export type NamedAttack = Attack & {
  readonly nodes: number;
  readonly byzantine: number;
  /** The rule that this attack is stopped by. */
  readonly rule: Mutation;
  /** First seed, counted from 1, with which it works when the rule is taken out. */
  readonly pinnedSeed: number;
};

export const ATTACKS = {
  /** Votes, forgets them with an old copy of the record, and is asked to vote again. */
  amnesia: {
    nodes: 4,
    byzantine: 0,
    faults: ["record", "crash", "torn", "partition", "loss", "jitter"],
    rule: "unknown",
    pinnedSeed: 1,
  },
  /** A leader builds on an older certified block than it has to, with made-up certificates for the views between. */
  "stale-lock": {
    nodes: 4,
    byzantine: 1,
    faults: ["fork", "doubleVote", "delay", "loss"],
    rule: "skips",
    pinnedSeed: 13,
  },
  /** One honest node alone is shown a NOTARIZE certificate and votes FINALIZE; the others give the view up. */
  "hidden-lock": {
    nodes: 4,
    byzantine: 1,
    faults: ["withhold", "subset", "doubleVote", "delay", "slow", "jitter"],
    rule: "S2",
    pinnedSeed: 4,
  },
  /** The next leader builds beside the newest block instead of on it. */
  "tail-fork": {
    nodes: 7,
    byzantine: 2,
    faults: ["fork", "doubleVote", "slow", "loss"],
    rule: "S3",
    pinnedSeed: 24,
    run: 1,
  },
  /** Certificates and votes are kept back, and the views of the silent pass with nothing. */
  withholding: {
    nodes: 4,
    byzantine: 1,
    faults: ["withhold", "silent", "crash", "loss", "slowDisk", "partition"],
    rule: "repeat",
    pinnedSeed: 2,
  },
  /** What was said in one epoch is played again in the next, in the same views. */
  "epoch-boundary": {
    nodes: 4,
    byzantine: 1,
    faults: ["boundary", "stale", "doubleVote", "loss", "slow", "rotation"],
    rule: "vote-epoch",
    pinnedSeed: 2,
    epochBlocks: 2,
  },
  /** Two last blocks are notarized in one epoch, and the older one is proposed again. */
  "last-blocks": {
    nodes: 4,
    byzantine: 1,
    faults: ["fork", "withhold", "doubleVote", "subset", "slow", "jitter", "loss"],
    rule: "justify",
    pinnedSeed: 887,
    epochBlocks: 1,
  },
  /** An epoch's last block is proposed again to whoever lacks it, with something else for its parent's certificate. */
  "poisoned-copy": {
    nodes: 4,
    byzantine: 1,
    faults: ["mutate", "subset", "withhold", "doubleVote", "slow", "jitter", "loss"],
    rule: "again",
    pinnedSeed: 1325,
    epochBlocks: 2,
  },
  /** A validator behaves until it is voted out, and then signs whatever its old seats would let it. */
  removed: {
    nodes: 4,
    byzantine: 1,
    faults: ["sleeper", "rotation", "boundary", "forge", "doubleVote", "equivocate", "stale", "loss"],
    rule: "old-keys",
    pinnedSeed: 25,
    epochBlocks: 1,
  },
  /** One key on two machines, each talking to its own half. */
  twins: {
    nodes: 4,
    byzantine: 1,
    faults: ["twins", "partition", "doubleVote", "equivocate", "slow"],
    rule: "S1",
    pinnedSeed: 5,
  },
  /** No view brings anything for minutes: the next block carries more skipped views than there is room for in it. */
  "no-clock": { nodes: 4, byzantine: 0, faults: ["clocksApart"], rule: "long-skips", pinnedSeed: 1, healMs: 170_000 },
  /** Blocks from the past and from the future. */
  "wrong-time": {
    nodes: 4,
    byzantine: 1,
    faults: ["header", "skew", "drift", "slow"],
    rule: "timestamp",
    pinnedSeed: 2,
  },
} as const satisfies Readonly<Record<string, NamedAttack>>;

export type AttackName = keyof typeof ATTACKS;

export const ATTACK_NAMES = Object.keys(ATTACKS) as readonly AttackName[];

export function attackOf(name: AttackName): NamedAttack {
  return ATTACKS[name];
}
