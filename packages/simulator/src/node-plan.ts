// The nodes' part of a plan: where they die (the crash points of promises.md section 13), what becomes of their records,
// and how wrong their clocks are.

import type { Shape } from "./network-plan.ts";
import type { SimRng } from "./rng.ts";

/**
 * Where a node dies: at a time, or when it next comes to one of its points. `beforeWrite` CP1 · `beforeSync` CP2 ·
 * `beforeSend` CP3 · `afterSend` CP4 · `beforeStore` CP5 and CP6 (final in memory, not in the store) · `afterStore` CP12
 * (in the store, not durable) · `replace` CP8 (the record is being rewritten) · `epoch` CP11 (between two committees) ·
 * `diskFull` and `syncFails`: the node stops by itself (P18).
 */
export const CRASH_POINTS = [
  "time",
  "beforeWrite",
  "beforeSync",
  "beforeSend",
  "afterSend",
  "beforeStore",
  "afterStore",
  "replace",
  "epoch",
  "diskFull",
  "syncFails",
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

export type Crash = {
  readonly node: number;
  readonly atMs: number;
  readonly point: CrashPoint;
  readonly downMs: number;
};

/** A validator comes back with a record that is gone, damaged, or an older copy: also what a disk that lies leaves. */
export type Relapse = {
  readonly node: number;
  readonly atMs: number;
  readonly kind: "missing" | "flipped" | "old";
  readonly downMs: number;
  /** The store is as old as the record, as after the whole disk came from an image: empty when the record is gone. */
  readonly withStore: boolean;
  /** A second fall after the first, so that what the first one taught must have been written down. */
  readonly againMs: number | undefined;
};

export type Clock = {
  readonly skewMs: number;
  /** Of a second, for each second. */
  readonly drift: number;
  readonly jumps: readonly { readonly atMs: number; readonly byMs: number }[];
};

export function drawCrashes(rng: SimRng, { nodes, byzantine, healMs, faults }: Shape): Crash[] {
  if (!faults.has("crash")) return [];
  const crashes: Crash[] = [];
  const together = rng.chance(0.15);
  const atMs = rng.between(200, healMs);
  for (let node = 0; node < nodes; node += 1) {
    const count = together ? 1 : rng.below(3);
    for (let i = 0; i < count && !byzantine.includes(node); i += 1) {
      crashes.push({
        node,
        atMs: together ? atMs + rng.below(40) : rng.between(100, healMs),
        point: rng.chance(0.2) ? "time" : rng.pick(CRASH_POINTS),
        downMs: rng.between(10, rng.chance(0.2) ? 6000 : 800),
      });
    }
  }
  return crashes;
}

export function drawRelapse(rng: SimRng, shape: Shape & { readonly honest: readonly number[] }): Relapse | undefined {
  const kind = rng.chance(0.6) ? "old" : rng.pick(["missing", "flipped"] as const);
  const again = rng.chance(0.3);
  const withStore = rng.chance(0.5);
  const relapse: Relapse = {
    node: rng.pick(shape.honest),
    atMs: rng.between(500, shape.healMs - 200),
    kind,
    downMs: rng.between(50, 1500),
    withStore,
    againMs: again ? rng.between(100, 3000) : undefined,
  };
  return shape.faults.has("record") ? relapse : undefined;
}

/** Between two clocks that are apart, in ms: well beyond the tolerance of 500 ms and the longest wait for a slot. */
const APART_MS = 1300;

export function drawClocks(rng: SimRng, { nodes, healMs, faults }: Shape): Clock[] {
  return Array.from({ length: nodes }, (_, place) => {
    const skewMs = rng.between(-120, 120);
    // Nobody's clock agrees with anybody's: no block gets a vote but its leader's, and every view is nullified.
    const apart = faults.has("clocksApart") ? [{ atMs: 0, byMs: place * APART_MS }] : [];
    const drift = (rng.unit() - 0.5) * 0.04;
    // Half of them beyond the tolerance of 500 ms. A block from a clock far ahead keeps all others waiting, hence no more.
    const jumps = Array.from({ length: rng.below(3) }, () => ({
      atMs: rng.below(healMs),
      byMs: rng.chance(0.5) ? rng.between(-450, 450) : rng.between(-5000, 5000),
    }));
    return {
      skewMs: faults.has("skew") ? skewMs : 0,
      drift: faults.has("drift") ? drift : 0,
      jumps: faults.has("clockJump") ? [...apart, ...jumps] : apart,
    };
  });
}
