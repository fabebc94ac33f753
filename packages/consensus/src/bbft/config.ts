// The parameters of one BBFT chain and what follows from them: n, f, q, who leads a view, where epochs end
// (bbft.md section 3 and 10). The committee is fixed: elections change it between epochs when they are built.

import { COMMITTEE_SIZE_MAX, quorumSize } from "@bystack/protocol/side/certificate";
import { committeeRoot } from "@bystack/protocol/side/header";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

export type BbftConfig = {
  readonly chainId: Hash;
  /** Vote keys in committee order: the order of bitmaps and of the schedule. */
  readonly committee: readonly Uint8Array[];
  /** This node's place in the committee; -1 for an observer. */
  readonly ownIndex: number;
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

export type Derived = {
  readonly n: number;
  readonly f: number;
  readonly q: number;
  readonly committeeRoot: Hash;
};

/** Checks the parameters once, at construction. @returns undefined, or what is wrong as a sentence. */
export function validateConfig(config: BbftConfig): string | undefined {
  const n = config.committee.length;
  const least = config.allowNoFaultTolerance === true ? 1 : 4;
  if (n < least || n > COMMITTEE_SIZE_MAX) return `committee size ${n} is outside ${least} to ${COMMITTEE_SIZE_MAX}`;
  if (new Set(config.committee.map(bytesToHex)).size !== n) return "two validators share a vote key";
  const isInteger = (value: number, from: number, to: number): boolean =>
    Number.isInteger(value) && value >= from && value <= to;
  if (!isInteger(config.ownIndex, -1, n - 1)) return "ownIndex is no place in the committee";
  if (!isInteger(config.run, 1, 12)) return "run is outside 1 to 12";
  if (!isInteger(config.epochBlocks, 1, 1_000_000)) return "epochBlocks is outside 1 to 1,000,000";
  if (!isInteger(config.blockMs, 1, 600_000)) return "blockMs is outside 1 to 600,000";
  if (!isInteger(config.deltaMs, 1, 60_000)) return "deltaMs is outside 1 to 60,000";
  return undefined;
}

export function deriveConfig(config: BbftConfig): Derived {
  const n = config.committee.length;
  const f = Math.floor((n - 1) / 3);
  return { n, f, q: quorumSize(n), committeeRoot: committeeRoot(config.committee) };
}

/** Place in the committee of a view's leader. */
export function leaderOf(config: BbftConfig, view: number): number {
  return Math.floor(view / config.run) % config.committee.length;
}

/** Epoch of a height; genesis is epoch 0, epoch 1 starts at height 1. */
export function epochOfHeight(config: BbftConfig, height: number): number {
  return Math.ceil(height / config.epochBlocks);
}

export function isEpochEnd(config: BbftConfig, height: number): boolean {
  return height > 0 && height % config.epochBlocks === 0;
}
