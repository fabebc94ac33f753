// Proof of work as arithmetic: compact bits, target, work, retarget, median time, seed rule and subsidy
// (spec/bytom.md sections 5.1 and 6). The hash function itself is Tensority, in `crypto`. Parameters come from the chain
// spec; main-chain rules have no clamp, no floor and no maximum, and a dev chain may cap the target (`targetMax`).

import { bytesToBigintLe, type Hash, hexToBytes } from "@bystack/utils/bytes";

/** Parameters of the retarget rule. */
export type RetargetRules = {
  readonly blocksPerRetarget: bigint;
  readonly targetSeconds: bigint;
  /** Every retarget result above this is cut to it. Only dev chains have one; it changes no bits on recorded chains. */
  readonly targetMax?: bigint;
};

export type SubsidyRules = {
  readonly genesisNeu: bigint;
  readonly initialNeu: bigint;
  readonly halvingBlocks: bigint;
};

export const BYTOM_RETARGET: RetargetRules = { blocksPerRetarget: 2016n, targetSeconds: 150n };
export const BYTOM_SUBSIDY: SubsidyRules = {
  genesisNeu: 140_700_041_250_000_000n,
  initialNeu: 41_250_000_000n,
  halvingBlocks: 840_000n,
};

/** Blocks that share one Tensority seed. */
export const BLOCKS_PER_SEED = 256n;
/** The median past time looks at this many blocks. */
export const MEDIAN_WINDOW = 11;
/** A block may be ahead of the local clock by this much. */
export const FUTURE_SECONDS_MAX = 3600n;

/** Seed of the blocks 1 to 256: SHA3 of 32 zero bytes. Treat it as read-only. */
export const INITIAL_SEED: Hash = hexToBytes("9e6291970cb44dd94008c79bcaf9d86f18b4b49ba5b2a04781db7199ed3b9e4e");

const SIGN_BIT = 1n << 55n;
const MANTISSA_MASK = SIGN_BIT - 1n;
const WORK_NUMERATOR = 1n << 256n;

/** The number that compact bits stand for; may be 0, negative or beyond 2^256. */
export function targetOfBits(bits: bigint): bigint {
  const exponent = bits >> 56n;
  const mantissa = bits & MANTISSA_MASK;
  const size = exponent <= 3n ? mantissa >> (8n * (3n - exponent)) : mantissa << (8n * (exponent - 3n));
  return (bits & SIGN_BIT) === 0n ? size : -size;
}

function byteLength(value: bigint): bigint {
  let length = 0n;
  for (let rest = value; rest > 0n; rest >>= 8n) length += 1n;
  return length;
}

/** Compact bits of a number: keeps its top three bytes only. */
export function bitsOfTarget(target: bigint): bigint {
  if (target === 0n) return 0n;
  const size = target < 0n ? -target : target;
  const exponent = byteLength(size);
  let mantissa = size << (8n * (3n - exponent));
  if (exponent > 3n) {
    // The shift is arithmetic, so the magnitude of a negative number rounds up.
    const shifted = target >> (8n * (exponent - 3n));
    mantissa = shifted < 0n ? -shifted : shifted;
  }
  return (exponent << 56n) | mantissa | (target < 0n ? SIGN_BIT : 0n);
}

/** Expected number of hashes for a block with these bits; 0 for impossible and for meaningless targets. */
export function workOfBits(bits: bigint): bigint {
  const target = targetOfBits(bits);
  return target <= 0n ? 0n : WORK_NUMERATOR / (target + 1n);
}

/** True when a proof-of-work hash (read as a little-endian number) meets the target of `bits`. */
export function isHashWithinBits(hash: Hash, bits: bigint): boolean {
  return bytesToBigintLe(hash) <= targetOfBits(bits);
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/** True when the child of a block at `parentHeight` gets new bits. */
export function isRetargetParent(parentHeight: bigint, rules: RetargetRules = BYTOM_RETARGET): boolean {
  return parentHeight !== 0n && parentHeight % rules.blocksPerRetarget === 0n;
}

/**
 * Bits that the child of `parent` must carry. `periodStart` is the timestamp of the block `blocksPerRetarget` below the
 * parent; it is looked at only where {@link isRetargetParent} says so. The elapsed time may be negative,
 * and so may the target then be.
 */
export function nextBits(
  parent: { readonly height: bigint; readonly timestamp: bigint; readonly bits: bigint },
  periodStart: bigint,
  rules: RetargetRules = BYTOM_RETARGET,
): bigint {
  if (!isRetargetParent(parent.height, rules)) return parent.bits;
  const elapsed = parent.timestamp - periodStart;
  const target = floorDivide(targetOfBits(parent.bits) * elapsed, rules.blocksPerRetarget * rules.targetSeconds);
  return bitsOfTarget(rules.targetMax !== undefined && target > rules.targetMax ? rules.targetMax : target);
}

/**
 * Median of the timestamps of the last blocks, the parent's among them, in any order; at most {@link MEDIAN_WINDOW} are
 * given. For an even number it is the upper middle. 0 for none.
 */
export function medianTime(timestamps: readonly bigint[]): bigint {
  const sorted = [...timestamps].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[Math.floor(sorted.length / 2)] ?? 0n;
}

/** Seed of the child of `parent`, given the seed that the parent itself used. */
export function nextSeed(parent: { readonly height: bigint; readonly hash: Hash }, parentSeed: Hash): Hash {
  if (parent.height === 0n) return INITIAL_SEED;
  return parent.height % BLOCKS_PER_SEED === 0n ? parent.hash : parentSeed;
}

/** Height of the block whose hash seeds the block at `height` (from 1); 0 stands for {@link INITIAL_SEED}. */
export function seedHeight(height: bigint): bigint {
  return ((height - 1n) / BLOCKS_PER_SEED) * BLOCKS_PER_SEED;
}

/** Newly created neu of the block at `height`. */
export function blockSubsidy(height: bigint, rules: SubsidyRules = BYTOM_SUBSIDY): bigint {
  if (height === 0n) return rules.genesisNeu;
  return rules.initialNeu >> (height / rules.halvingBlocks);
}
