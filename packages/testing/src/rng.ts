// Seeded randomness for tests: one 32-bit seed gives one stream (the SplitMix32 mixer over a counter). Every test that
// draws random cases prints its seed; BYSTACK_SEED repeats it. Not cryptographic, never used outside tests and simulations.

import type { Rng } from "@bystack/utils/ports";

/** A seeded source: bytes for the `Rng` port, and the small draws that tests need. */
export type SeededRng = Rng & {
  readonly seed: number;
  /** A 32-bit unsigned integer. */
  u32(): number;
  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One item of a list that is not empty. */
  pick<T>(items: readonly T[]): T;
  /** A new order of the items. */
  shuffle<T>(items: readonly T[]): T[];
};

function mix(state: number): number {
  let z = state;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** One stream for one seed; the same on every machine. */
export function createSeededRng(seed: number): SeededRng {
  let state = seed | 0;
  const u32 = (): number => {
    state = (state + 0x9e3779b9) | 0;
    return mix(state);
  };
  const below = (bound: number): number => Math.floor((u32() / 0x1_0000_0000) * bound);
  return {
    seed,
    u32,
    below,
    chance: (probability) => u32() / 0x1_0000_0000 < probability,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError("pick from an empty list");
      return items[below(items.length)] as T;
    },
    shuffle: <T>(items: readonly T[]): T[] => {
      const order = items.map((item) => ({ item, rank: u32() }));
      return order.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
    },
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i += 1) bytes[i] = u32() & 0xff;
      return bytes;
    },
  };
}

/** The seed of this run: BYSTACK_SEED if it is set, otherwise `fallback`. Print it with the test's diagnostics. */
export function testSeed(fallback: number): number {
  const text = process.env.BYSTACK_SEED;
  const seed = text === undefined ? Number.NaN : Number(text);
  return Number.isInteger(seed) ? seed : fallback;
}
