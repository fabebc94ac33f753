// What every Tensority backend shares: the seed expansion, the matrix choice and the last hash (spec/bytom.md sections
// 5.2, 5.4 and 5.5), and the cache of seeds. A kernel does the heavy part in between: scrypt tables and matrix products.

import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import { sha3_256 } from "./hash.ts";

export const TENSORITY_BACKENDS = ["ts", "wasm", "native"] as const;
export type TensorityBackend = (typeof TENSORITY_BACKENDS)[number];

/** 256 matrices of 65,536 bytes for every seed that is kept. */
export const TENSORITY_SEED_BYTES = 16_777_216;

/** The proof-of-work function of the main chain. Not for the event loop: a hash takes 0.1 s (`wasm`) to 1 s (`ts`). */
export type Tensority = {
  readonly backend: TensorityBackend;
  /** The 32-byte result for a block header hash and a seed, 32 bytes each. Byte 0 is the least significant one. */
  hash(headerHash: Hash, seed: Hash): Hash;
};

/** The heavy part of a backend. Slots are numbered from 0; each holds the cache of one seed. */
export type TensorityKernel = {
  readonly backend: TensorityBackend;
  /** Fills a slot from the 128 bytes of the extended seed (5.2). */
  fillSlot(slot: number, extendedSeed: Uint8Array): void;
  /** Four chains of products for 4 x 32 matrix numbers, summed and folded: the 256 bytes of row 0 (5.4, 5.5). */
  multiply(slot: number, indexes: Uint8Array): Uint8Array;
};

/** seed, SHA3(seed), SHA3(SHA3(seed)), ... : four links, 128 bytes. */
export function extendSeed(seed: Hash): Uint8Array {
  const extended = new Uint8Array(128);
  let link = seed;
  for (let offset = 0; offset < 128; offset += 32) {
    extended.set(link, offset);
    link = sha3_256(link);
  }
  return extended;
}

/** 32 matrix numbers for each of the four chains: SHA3 of each 8-byte quarter of the header hash. */
export function matrixIndexes(headerHash: Hash): Uint8Array {
  const indexes = new Uint8Array(128);
  for (let quarter = 0; quarter < 4; quarter += 1) {
    indexes.set(sha3_256(headerHash.subarray(8 * quarter, 8 * quarter + 8)), 32 * quarter);
  }
  return indexes;
}

/** A Tensority out of a kernel, with the caches of the last `maxSeeds` seeds (16 MiB each, least recently used first out). */
export function tensorityOfKernel(kernel: TensorityKernel, maxSeeds: number): Tensority {
  assertInvariant(Number.isInteger(maxSeeds) && maxSeeds >= 1, "a Tensority keeps at least one seed");
  const slots = new Map<string, number>(); // in order of use: the first entry is the one to replace
  const free = Array.from({ length: maxSeeds }, (_, index) => maxSeeds - 1 - index);

  function slotFor(seed: Hash): number {
    const key = bytesToHex(seed);
    const known = slots.get(key);
    if (known !== undefined) {
      slots.delete(key);
      slots.set(key, known);
      return known;
    }
    if (free.length === 0) {
      const [oldest] = slots;
      assertInvariant(oldest !== undefined, "a full seed cache has an oldest seed");
      slots.delete(oldest[0]);
      free.push(oldest[1]);
    }
    const slot = free.at(-1) ?? 0;
    kernel.fillSlot(slot, extendSeed(seed));
    free.pop(); // only now: a slot whose filling failed stays free
    slots.set(key, slot);
    return slot;
  }

  return {
    backend: kernel.backend,
    hash(headerHash, seed) {
      assertInvariant(headerHash.length === 32 && seed.length === 32, "header hash and seed have 32 bytes");
      return sha3_256(kernel.multiply(slotFor(seed), matrixIndexes(headerHash)));
    },
  };
}
