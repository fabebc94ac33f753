// The Tensority kernel in plain TypeScript: the oracle of the other backends (spec/bytom.md sections 5.2 to 5.5).
//
// Two products are made by one multiplication of doubles: rows 2j and 2j+1 of B are joined as low + high * 2^24. A sum
// of 256 products of signed bytes stays within 2^22, so both sums stay apart and below 2^53: exact, like integers.

import { TENSORITY_SEED_BYTES, type TensorityKernel } from "./tensority-kernel.ts";
import { fillSeedCache } from "./tensority-scrypt.ts";

const ORDER = 256;
const CELLS = ORDER * ORDER;
const HIGH = 2 ** 24;
const FOLD_PRIME = 0x0100_0193;

/** R of section 5.4: the two low bytes added, kept as a signed byte. */
function reduce(sum: number): number {
  return ((sum + (sum >> 8)) << 24) >> 24;
}

/** Where row `row` of matrix `index` begins in a cache; its second half of 128 bytes follows 256 bytes further (5.3). */
function rowOffset(index: number, row: number): number {
  return (index >> 1) * 131_072 + (4 * row + (index & 1)) * 128;
}

/** The first product of a chain, identity x B^T: a transposition with R. */
function firstProduct(cache: Int8Array, index: number, target: Float64Array): void {
  for (let row = 0; row < ORDER; row += 1) {
    const from = rowOffset(index, row);
    for (let column = 0; column < ORDER; column += 1) {
      target[column * ORDER + row] = reduce(cache[from + column + (column & 128)] ?? 0);
    }
  }
}

/** Joins rows 2j and 2j+1 of a matrix into row j of `packed`. */
function packRows(cache: Int8Array, index: number, packed: Float64Array): void {
  for (let pair = 0; pair < ORDER / 2; pair += 1) {
    const low = rowOffset(index, 2 * pair);
    const high = rowOffset(index, 2 * pair + 1);
    for (let column = 0; column < ORDER; column += 1) {
      const at = column + (column & 128);
      packed[pair * ORDER + column] = (cache[low + at] ?? 0) + (cache[high + at] ?? 0) * HIGH;
    }
  }
}

/** Takes a joined sum apart and stores both reduced results side by side. */
function storePair(target: Float64Array, place: number, joined: number): void {
  const high = Math.round(joined / HIGH);
  target[place] = reduce(joined - high * HIGH);
  target[place + 1] = reduce(high);
}

/** target = R(source x B^T), in tiles of four rows and two joined columns: eight sums, within the sixteen registers. */
function product(source: Float64Array, packed: Float64Array, target: Float64Array): void {
  for (let row = 0; row < CELLS; row += 4 * ORDER) {
    for (let column = 0; column < ORDER; column += 4) {
      const b = (column >> 1) * ORDER;
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      let s20 = 0;
      let s21 = 0;
      let s30 = 0;
      let s31 = 0;
      for (let k = 0; k < ORDER; k += 1) {
        const left = packed[b + k] as number;
        const right = packed[b + ORDER + k] as number;
        const m0 = source[row + k] as number;
        const m1 = source[row + ORDER + k] as number;
        const m2 = source[row + 2 * ORDER + k] as number;
        const m3 = source[row + 3 * ORDER + k] as number;
        s00 += m0 * left;
        s01 += m0 * right;
        s10 += m1 * left;
        s11 += m1 * right;
        s20 += m2 * left;
        s21 += m2 * right;
        s30 += m3 * left;
        s31 += m3 * right;
      }
      const place = row + column;
      storePair(target, place, s00);
      storePair(target, place + 2, s01);
      storePair(target, place + ORDER, s10);
      storePair(target, place + ORDER + 2, s11);
      storePair(target, place + 2 * ORDER, s20);
      storePair(target, place + 2 * ORDER + 2, s21);
      storePair(target, place + 3 * ORDER, s30);
      storePair(target, place + 3 * ORDER + 2, s31);
    }
  }
}

/** Section 5.5: 256 rows of 64 words, folded in halves; the 256 bytes of row 0. */
function fold(sum: Uint8Array): Uint8Array {
  const words = new Int32Array(ORDER * 64);
  for (let place = 0; place < words.length; place += 1) {
    const from = (place >> 6) * ORDER + (place & 63);
    for (let byte = 0; byte < 4; byte += 1)
      words[place] = (words[place] ?? 0) | ((sum[from + 64 * byte] ?? 0) << (8 * byte));
  }
  for (let half = words.length / 2; half >= 64; half /= 2) {
    for (let i = 0; i < half; i += 1) words[i] = Math.imul(words[i] ?? 0, FOLD_PRIME) ^ (words[i + half] ?? 0);
  }
  const folded = new Uint8Array(256);
  const view = new DataView(folded.buffer);
  for (let i = 0; i < 64; i += 1) view.setInt32(4 * i, words[i] ?? 0, true);
  return folded;
}

/** The plain kernel; the two views beyond {@link TensorityKernel} are for tests of intermediate values. */
export type ScalarKernel = TensorityKernel & {
  /** The cache of a slot in the order of the specification. */
  cache(slot: number): Uint8Array;
  /** The 256 x 256 bytes of the sum of the four chains of the last multiplication. */
  sum(): Uint8Array;
};

export function createScalarKernel(): ScalarKernel {
  const caches: Uint8Array[] = [];
  const sum = new Uint8Array(CELLS);
  const packed = new Float64Array(CELLS / 2);
  let source = new Float64Array(CELLS);
  let target = new Float64Array(CELLS);

  function cacheOf(slot: number): Uint8Array {
    caches[slot] ??= new Uint8Array(TENSORITY_SEED_BYTES);
    return caches[slot];
  }

  return {
    backend: "ts",
    fillSlot: (slot, extendedSeed) => fillSeedCache(extendedSeed, cacheOf(slot)),
    multiply(slot, indexes) {
      const cache = new Int8Array(cacheOf(slot).buffer);
      sum.fill(0);
      for (let chain = 0; chain < 4; chain += 1) {
        firstProduct(cache, indexes[32 * chain] ?? 0, source);
        for (let step = 1; step < 64; step += 1) {
          packRows(cache, indexes[32 * chain + (step & 31)] ?? 0, packed);
          product(source, packed, target);
          [source, target] = [target, source];
        }
        for (let i = 0; i < CELLS; i += 1) sum[i] = (sum[i] ?? 0) + (source[i] ?? 0);
      }
      return fold(sum);
    },
    cache: cacheOf,
    sum: () => sum.slice(),
  };
}
