// The search for a nonce, one hash at a time, so that whoever drives it can do something else in between.
// The block hash is the entry id of the header: SHA3("entryid:blockheader:", SHA3(body)), and the nonce is the last field
// of the body, 8 bytes little-endian (spec/bytom.md sections 3 and 4.1).

import { bytesToBigintLe, concatBytes, type Hash, u64ToBytesLe, utf8ToBytes } from "@bystack/utils/bytes";
import { sha3_256, sha3_256Parts } from "./hash.ts";
import type { Tensority } from "./tensority-kernel.ts";

const HEADER_ID_PREFIX = utf8ToBytes("entryid:blockheader:");

/** Nonces are written as 63-bit integers on the wire: none from here on can be serialised. */
export const NONCE_LIMIT = 1n << 63n;

/** What to search: all values are fixed but the nonce. */
export type MiningJob = {
  /** The body of the block header entry without its last field, the nonce. */
  readonly body: Uint8Array;
  readonly seed: Hash;
  /** The result, read as a little-endian integer, must not exceed this. */
  readonly target: bigint;
  readonly nonceStart: bigint;
  /** How many nonces to try; without it, until one is found, the search is aborted, or they run out. */
  readonly nonceCount?: number;
};

export type MiningOutcome =
  | {
      readonly status: "found";
      readonly nonce: bigint;
      readonly hash: Hash;
      readonly blockHash: Hash;
      readonly hashes: number;
    }
  | { readonly status: "exhausted"; readonly hashes: number }
  | { readonly status: "aborted"; readonly hashes: number };

/** Whether a Tensority result meets a target (5.6). */
export function meetsTarget(hash: Hash, target: bigint): boolean {
  return bytesToBigintLe(hash) <= target;
}

/** A search in progress: `step` computes one hash and returns the outcome once there is one. */
export function createMiner(
  tensority: Tensority,
  job: MiningJob,
): { readonly hashes: number; step(): MiningOutcome | undefined } {
  const bounded = job.nonceCount === undefined ? NONCE_LIMIT : job.nonceStart + BigInt(job.nonceCount);
  const end = bounded < NONCE_LIMIT ? bounded : NONCE_LIMIT;
  let nonce = job.nonceStart;
  let hashes = 0;
  return {
    get hashes() {
      return hashes;
    },
    step() {
      if (nonce >= end) return { status: "exhausted", hashes };
      const blockHash = sha3_256Parts(HEADER_ID_PREFIX, sha3_256(concatBytes(job.body, u64ToBytesLe(nonce))));
      const hash = tensority.hash(blockHash, job.seed);
      hashes += 1;
      if (meetsTarget(hash, job.target)) return { status: "found", nonce, hash, blockHash, hashes };
      nonce += 1n;
      return nonce >= end ? { status: "exhausted", hashes } : undefined;
    },
  };
}
