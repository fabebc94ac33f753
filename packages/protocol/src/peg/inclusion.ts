// Proofs that a transaction is in a main-chain block and what became of it there (federation.md section 4, F3): two
// Merkle paths of one shape, over transaction ids and over statuses. Shared by claims and by completion proofs.

import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { statusItem } from "../main/block.ts";
import { merklePath, merklePathRoot } from "../merkle.ts";
import type { ByteReader, ByteWriter } from "../wire.ts";

/** Deeper trees than 2^32 leaves do not exist. */
export const INCLUSION_DEPTH_MAX = 32;

/** Siblings leaf first; bit i of `directions` set = sibling i stands on the left. Spare bits are zero. */
export type InclusionPaths = {
  readonly directions: Uint8Array;
  readonly transactionSiblings: readonly Hash[];
  /** Empty where the status does not matter (BTM deposits). */
  readonly statusSiblings: readonly Hash[];
};

/** The roots of a main-chain header that proofs lead to. */
export type HeaderRoots = { readonly transactionsRoot: Hash; readonly statusRoot: Hash };

function readHashes(reader: ByteReader, count: number): Hash[] {
  const hashes: Hash[] = [];
  for (let i = 0; i < count && reader.error === undefined; i += 1) hashes.push(reader.hash());
  return hashes;
}

/** Reads depth u8 | directions | transaction siblings | status siblings (when `withStatus`). */
export function readInclusionPaths(reader: ByteReader, withStatus: boolean): InclusionPaths {
  const at = reader.position;
  const depth = reader.byte();
  if (depth > INCLUSION_DEPTH_MAX) reader.fail("LENGTH_RANGE", at);
  const directions = reader.take(Math.ceil(depth / 8));
  const spare = (directions[directions.length - 1] ?? 0) >> (depth % 8 || 8);
  if (spare !== 0) reader.fail("NOT_CANONICAL", at);
  const transactionSiblings = readHashes(reader, depth);
  return { directions, transactionSiblings, statusSiblings: withStatus ? readHashes(reader, depth) : [] };
}

export function writeInclusionPaths(writer: ByteWriter, paths: InclusionPaths): void {
  writer.byte(paths.transactionSiblings.length).raw(paths.directions);
  for (const sibling of paths.transactionSiblings) writer.raw(sibling);
  for (const sibling of paths.statusSiblings) writer.raw(sibling);
}

/** C4: the transaction is a leaf of the block's tree. */
export function verifyTransactionPath(transactionId: Hash, paths: InclusionPaths, roots: HeaderRoots): boolean {
  const path = { siblings: paths.transactionSiblings, directions: paths.directions };
  return equalBytes(merklePathRoot(transactionId, path), roots.transactionsRoot);
}

/** C5: some sibling stands on the left, so the transaction is not number 0 of its block (F8). */
export function isBeyondFirstLeaf(paths: InclusionPaths): boolean {
  return paths.directions.some((byte) => byte !== 0);
}

/** C6: the transaction's status, by the same directions, is this one. */
export function verifyStatusPath(statusFail: boolean, paths: InclusionPaths, roots: HeaderRoots): boolean {
  if (paths.statusSiblings.length !== paths.transactionSiblings.length) return false;
  const path = { siblings: paths.statusSiblings, directions: paths.directions };
  return equalBytes(merklePathRoot(statusItem(statusFail), path), roots.statusRoot);
}

/** Paths of the transaction at `index` of a block. */
export function createInclusionPaths(options: {
  readonly transactionIds: readonly Hash[];
  readonly statusFail: readonly boolean[];
  readonly index: number;
  readonly withStatus: boolean;
}): InclusionPaths {
  const { siblings, directions } = merklePath(options.transactionIds, options.index);
  const status = options.withStatus ? merklePath(options.statusFail.map(statusItem), options.index).siblings : [];
  return { directions, transactionSiblings: siblings, statusSiblings: status };
}
