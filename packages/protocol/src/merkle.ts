// Merkle trees of Bytom, Vapor and Bystack (spec/bytom.md sections 4.2 and 4.3): the shape of RFC 6962 over SHA3-256.
// leaf = H(00 | item), interior = H(01 | left | right), empty tree = H("").
// A proof for some items is a pre-order walk: flag 1 = descend, 2 = wanted leaf, 0 = subtree without wanted leaves; flags
// 0 and 2 come with a hash. Single paths (leaf first, bit = sibling on the left) are what peg claims carry.

import { sha3_256 } from "@bystack/crypto/hash";
import { EMPTY_BYTES, equalBytes, type Hash } from "@bystack/utils/bytes";

export function merkleLeaf(item: Uint8Array): Hash {
  const bytes = new Uint8Array(1 + item.length);
  bytes.set(item, 1);
  return sha3_256(bytes);
}

export function merkleInterior(left: Hash, right: Hash): Hash {
  const bytes = new Uint8Array(65);
  bytes[0] = 0x01;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return sha3_256(bytes);
}

/** The largest power of two strictly below `count`; the caller vouches that 2 <= count <= 2^31. */
export function merkleSplit(count: number): number {
  return 2 ** (31 - Math.clz32(count - 1));
}

function rootOfLeaves(leaves: readonly Hash[], from: number, to: number): Hash {
  const count = to - from;
  const only = leaves[from];
  if (count === 1 && only !== undefined) return only;
  const middle = from + merkleSplit(count);
  return merkleInterior(rootOfLeaves(leaves, from, middle), rootOfLeaves(leaves, middle, to));
}

/** Root over the items in their order. */
export function merkleRoot(items: readonly Uint8Array[]): Hash {
  if (items.length === 0) return sha3_256(EMPTY_BYTES);
  const leaves = items.map(merkleLeaf);
  return rootOfLeaves(leaves, 0, leaves.length);
}

/** Flags of a proof: one byte a visited node. */
export const PROOF_FLAG = { skipped: 0, descend: 1, wanted: 2 } as const;

export type MerkleProof = { readonly hashes: readonly Hash[]; readonly flags: Uint8Array };

/** Proof that the items at `wanted` (ascending or not, repeats ignored) are in the tree over `items`. */
export function merkleProof(items: readonly Uint8Array[], wanted: readonly number[]): MerkleProof {
  const leaves = items.map(merkleLeaf);
  const indexes = [...new Set(wanted)].filter((i) => i >= 0 && i < items.length).sort((a, b) => a - b);
  const hashes: Hash[] = [];
  const flags: number[] = [];
  // `first..last` are the wanted indexes of this subtree, as positions in `indexes`.
  const walk = (from: number, to: number, first: number, last: number): void => {
    if (first === last) {
      flags.push(PROOF_FLAG.skipped);
      hashes.push(to === from ? sha3_256(EMPTY_BYTES) : rootOfLeaves(leaves, from, to));
      return;
    }
    if (to - from === 1) {
      flags.push(PROOF_FLAG.wanted);
      hashes.push(leaves[from] ?? EMPTY_BYTES);
      return;
    }
    flags.push(PROOF_FLAG.descend);
    const middle = from + merkleSplit(to - from);
    let split = first;
    while (split < last && (indexes[split] ?? 0) < middle) split += 1;
    walk(from, middle, first, split);
    walk(middle, to, split, last);
  };
  walk(0, leaves.length, 0, indexes.length);
  return { hashes, flags: Uint8Array.from(flags) };
}

/** A tree over 2^31 leaves is 31 deep; a deeper proof is nonsense and would only exhaust the stack. */
const PROOF_DEPTH_MAX = 64;

/**
 * Checks a proof for `items`, the wanted items in tree order, against a root. Surplus hashes are ignored, as the
 * reference does; surplus flags are not looked at either.
 */
export function verifyMerkleProof(proof: MerkleProof, items: readonly Uint8Array[], root: Hash): boolean {
  let nextHash = 0;
  let nextFlag = 0;
  let nextItem = 0;
  const rebuild = (depth: number): Hash | undefined => {
    const flag = proof.flags[nextFlag];
    nextFlag += 1;
    if (flag === PROOF_FLAG.descend && depth < PROOF_DEPTH_MAX) {
      const left = rebuild(depth + 1);
      const right = left && rebuild(depth + 1);
      return right && merkleInterior(left, right);
    }
    if (flag !== PROOF_FLAG.skipped && flag !== PROOF_FLAG.wanted) return undefined;
    const hash = proof.hashes[nextHash];
    nextHash += 1;
    if (flag === PROOF_FLAG.skipped || hash === undefined) return hash;
    const item = items[nextItem];
    nextItem += 1;
    return item !== undefined && equalBytes(merkleLeaf(item), hash) ? hash : undefined;
  };
  const rebuilt = rebuild(0);
  return rebuilt !== undefined && nextItem === items.length && equalBytes(rebuilt, root);
}

/** One leaf's way to the root: siblings leaf first; bit i of `directions` (byte i >> 3) set = sibling i on the left. */
export type MerklePath = { readonly siblings: readonly Hash[]; readonly directions: Uint8Array };

/** Path of the item at `index`; the caller vouches that it exists. */
export function merklePath(items: readonly Uint8Array[], index: number): MerklePath {
  const leaves = items.map(merkleLeaf);
  const siblings: Hash[] = [];
  const lefts: boolean[] = [];
  const walk = (from: number, to: number): void => {
    if (to - from <= 1) return;
    const middle = from + merkleSplit(to - from);
    const onRight = index >= middle;
    if (onRight) walk(middle, to);
    else walk(from, middle);
    siblings.push(onRight ? rootOfLeaves(leaves, from, middle) : rootOfLeaves(leaves, middle, to));
    lefts.push(onRight);
  };
  walk(0, leaves.length);
  const directions = new Uint8Array(Math.ceil(lefts.length / 8));
  lefts.forEach((left, i) => {
    if (left) directions[i >> 3] = (directions[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return { siblings, directions };
}

/** The root to which an item and its path lead. The caller vouches for the length of `directions`. */
export function merklePathRoot(item: Uint8Array, path: MerklePath): Hash {
  let hash = merkleLeaf(item);
  path.siblings.forEach((sibling, i) => {
    const left = ((path.directions[i >> 3] ?? 0) >> (i & 7)) & 1;
    hash = left === 1 ? merkleInterior(sibling, hash) : merkleInterior(hash, sibling);
  });
  return hash;
}
