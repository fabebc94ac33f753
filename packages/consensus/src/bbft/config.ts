// The parameters of one BBFT chain and where its epochs end (bbft.md sections 3 and 10).

import { COMMITTEE_SIZE_MAX } from "@bystack/protocol/side/certificate";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

export type BbftConfig = {
  readonly chainId: Hash;
  /** Vote keys of the first epoch's committee, in its order: the order of bitmaps and of the schedule. */
  readonly committee: readonly Uint8Array[];
  /** This node's vote key; undefined for an observer, which never votes whatever is elected. */
  readonly ownKey: Uint8Array | undefined;
  /** Consecutive views of one leader, 1 to 12. */
  readonly run: number;
  readonly epochBlocks: number;
  /** Least time between a block and its parent, in ms. */
  readonly blockMs: number;
  /** Assumed bound of the one-way delay, in ms. */
  readonly deltaMs: number;
  /** Hash and time of the block at height 0. */
  readonly genesis: { readonly hash: Hash; readonly timestampMs: number };
  /** Ask the `evaluatePredicate` effect before a vote; false where a chain has no vote-time predicate but the clock. */
  readonly predicates: boolean;
  /** Entries after which the record is rewritten; {@link RECORD_COMPACT_ENTRIES} when left out. Not a chain rule. */
  readonly recordCompactEntries?: number;
  /** Fewer than four validators tolerate no fault; a chain has to say that it means it. */
  readonly allowNoFaultTolerance?: boolean;
};

/** Checks the parameters once, at construction. @returns undefined, or what is wrong as a sentence. */
export function validateConfig(config: BbftConfig): string | undefined {
  const n = config.committee.length;
  const least = config.allowNoFaultTolerance === true ? 1 : 4;
  if (n < least || n > COMMITTEE_SIZE_MAX) return `committee size ${n} is outside ${least} to ${COMMITTEE_SIZE_MAX}`;
  if (new Set(config.committee.map(bytesToHex)).size !== n) return "two validators share a vote key";
  const isInteger = (value: number, from: number, to: number): boolean =>
    Number.isInteger(value) && value >= from && value <= to;
  if (!isInteger(config.run, 1, 12)) return "run is outside 1 to 12";
  if (!isInteger(config.epochBlocks, 1, 1_000_000)) return "epochBlocks is outside 1 to 1,000,000";
  if (!isInteger(config.blockMs, 1, 600_000)) return "blockMs is outside 1 to 600,000";
  if (!isInteger(config.deltaMs, 1, 60_000)) return "deltaMs is outside 1 to 60,000";
  return undefined;
}

/** Epoch of a height; genesis is epoch 0, epoch 1 starts at height 1. */
export function epochOfHeight(config: BbftConfig, height: number): number {
  return Math.ceil(height / config.epochBlocks);
}

export function isEpochEnd(config: BbftConfig, height: number): boolean {
  return height > 0 && height % config.epochBlocks === 0;
}
