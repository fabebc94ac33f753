// The header of a side-chain block, its hash, and the roots it commits to (design: sidechain.md section 2).
// One encoding per header: a decoder accepts only the bytes that the encoder would write, so equal hashes mean equal
// headers. Epochs, views, heights and times are numbers up to 2^53 - 1. Browser-safe, no rules of validity.

import { sha3_256, sha3_256Parts } from "@bystack/crypto/hash";
import { equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { merkleRoot } from "../merkle.ts";
import { type ByteReader, ByteWriter, VARINT31_MAX } from "../wire.ts";

export const SIDE_HEADER_VERSION = 1;

/** Longest encoding: seven 9-byte integers, one of 5 bytes and eight hashes, rounded up. */
export const SIDE_HEADER_BYTES_MAX = 336;

/** Most batches in one body. Until batches are spread separately a block has exactly one. */
export const SIDE_BATCHES_MAX = 256;

export type SideHeader = {
  readonly chainId: Hash;
  readonly epoch: number;
  readonly view: number;
  readonly height: number;
  readonly parentHash: Hash;
  /** View in which the parent was last notarized; 0 in an epoch's first block. */
  readonly parentView: number;
  readonly timestampMs: number;
  readonly bodyRoot: Hash;
  /** Number of transactions that took effect, and the root of their ids. */
  readonly transactionCount: number;
  readonly transactionRoot: Hash;
  readonly parentStateRoot: Hash;
  readonly skipRoot: Hash;
  /** Zero but at an epoch's last block. */
  readonly nextCommitteeRoot: Hash;
};

const BLOCK_DOMAIN = utf8ToBytes("bystack/block/1");

/** Appends a varint63 that is held as a number; the caller vouches that it is an integer from 0 to 2^53 - 1. */
export function writeVarint53(writer: ByteWriter, value: number): void {
  if (value <= VARINT31_MAX) writer.varint31(value);
  else writer.varint63(BigInt(value));
}

/** Canonical bytes of a header. @throws RangeError when a number is outside its range. */
export function encodeSideHeader(header: SideHeader): Uint8Array {
  const writer = new ByteWriter(SIDE_HEADER_BYTES_MAX);
  writer.byte(SIDE_HEADER_VERSION).raw(header.chainId);
  writeVarint53(writer, header.epoch);
  writeVarint53(writer, header.view);
  writeVarint53(writer, header.height);
  writer.raw(header.parentHash);
  writeVarint53(writer, header.parentView);
  writeVarint53(writer, header.timestampMs);
  writer.raw(header.bodyRoot).varint31(header.transactionCount).raw(header.transactionRoot);
  writer.raw(header.parentStateRoot).raw(header.skipRoot).raw(header.nextCommitteeRoot);
  return writer.finish();
}

/** Reads one header; a version other than 1 and a non-canonical encoding set the reader's error to INVALID. */
export function readSideHeader(reader: ByteReader): SideHeader {
  const start = reader.position;
  if (reader.varint53() !== SIDE_HEADER_VERSION) reader.fail("INVALID");
  const header: SideHeader = {
    chainId: reader.hash(),
    epoch: reader.varint53(),
    view: reader.varint53(),
    height: reader.varint53(),
    parentHash: reader.hash(),
    parentView: reader.varint53(),
    timestampMs: reader.varint53(),
    bodyRoot: reader.hash(),
    transactionCount: reader.varint31(),
    transactionRoot: reader.hash(),
    parentStateRoot: reader.hash(),
    skipRoot: reader.hash(),
    nextCommitteeRoot: reader.hash(),
  };
  if (
    reader.error === undefined &&
    !equalBytes(encodeSideHeader(header), reader.bytes.subarray(start, reader.position))
  ) {
    reader.fail("INVALID");
  }
  return header;
}

export function hashSideHeader(header: SideHeader): Hash {
  return sha3_256Parts(BLOCK_DOMAIN, encodeSideHeader(header));
}

/** Merkle root over the hashes of the exact bytes of each batch, witnesses included. */
export function sideBodyRoot(batches: readonly Uint8Array[]): Hash {
  return merkleRoot(batches.map((batch) => sha3_256(batch)));
}

/** Merkle root of `varstr voteKey` in committee order: what an epoch's last header promises about the next one. */
export function committeeRoot(voteKeys: readonly Uint8Array[]): Hash {
  return merkleRoot(voteKeys.map((key) => new ByteWriter(key.length + 5).varstr(key).finish()));
}

/** Bytes of one batch: its transactions, each as it was received. */
export function encodeSideBatch(transactions: readonly Uint8Array[]): Uint8Array {
  return new ByteWriter(1024).varstrList(transactions).finish();
}

/** The exact bytes of one batch, as a view; walks over the transactions without storing them. */
export function readSideBatch(reader: ByteReader): Uint8Array {
  const start = reader.position;
  const count = reader.varint31();
  for (let i = 0; i < count && reader.error === undefined; i += 1) reader.varstr();
  return reader.error === undefined ? reader.bytes.subarray(start, reader.position) : new Uint8Array(0);
}
