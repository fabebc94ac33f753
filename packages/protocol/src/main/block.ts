// Blocks and headers of the main chain: wire form, hash and Merkle roots (spec/bytom.md section 4).
// On the wire the nonce stands before bits, in the hash after it; both are below 2^63.

import { equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import type { Result } from "@bystack/utils/result";
import { entryId } from "../entry.ts";
import { merkleRoot } from "../merkle.ts";
import { ByteReader, ByteWriter, type DecodeError } from "../wire.ts";
import { type MainDecodeOptions, type MainTransaction, readMainTransaction } from "./transaction.ts";

const FLAGS_HEADER = 1;
const FLAGS_BLOCK = 3;

export type MainHeader = {
  readonly version: bigint;
  readonly height: bigint;
  readonly previousHash: Hash;
  /** Seconds since the Unix epoch. */
  readonly timestamp: bigint;
  readonly transactionsRoot: Hash;
  readonly statusRoot: Hash;
  readonly nonce: bigint;
  /** Compact form of the target (`pow`). */
  readonly bits: bigint;
};

export type MainBlock = { readonly header: MainHeader; readonly transactions: readonly MainTransaction[] };

function readHeader(reader: ByteReader): { header: MainHeader; flags: number } {
  const at = reader.position;
  const flags = reader.byte();
  if (flags !== FLAGS_HEADER && flags !== FLAGS_BLOCK) reader.fail("FLAGS", at);
  const version = reader.varint63();
  const height = reader.varint63();
  const previousHash = reader.hash();
  const timestamp = reader.varint63();
  const { value: roots } = reader.extensible((content) => ({
    transactionsRoot: content.hash(),
    statusRoot: content.hash(),
  }));
  const nonce = reader.varint63();
  const bits = reader.varint63();
  return { header: { version, height, previousHash, timestamp, ...roots, nonce, bits }, flags };
}

/**
 * Decodes a header and ignores what follows it, so that a whole block is an acceptable header text (section 4.1): the
 * cheap way to check a block's proof of work before its transactions are touched.
 */
export function decodeMainHeader(bytes: Uint8Array): Result<MainHeader, DecodeError> {
  const reader = new ByteReader(bytes);
  const { header } = readHeader(reader);
  return reader.result(header);
}

/** Decodes a block; flags 1 give a block without transactions. Nothing may follow. Shares memory with `bytes`. */
export function decodeMainBlock(bytes: Uint8Array, options: MainDecodeOptions = {}): Result<MainBlock, DecodeError> {
  const reader = new ByteReader(bytes);
  const { header, flags } = readHeader(reader);
  const transactions: MainTransaction[] = [];
  const count = flags === FLAGS_BLOCK ? reader.varint31() : 0;
  for (let i = 0; i < count && reader.error === undefined; i += 1) {
    transactions.push(readMainTransaction(reader, options));
  }
  reader.finish();
  return reader.result({ header, transactions });
}

function writeHeader(writer: ByteWriter, header: MainHeader, flags: number): ByteWriter {
  writer.byte(flags).varint63(header.version).varint63(header.height).raw(header.previousHash);
  writer.varint63(header.timestamp);
  writer.extensible((content) => content.raw(header.transactionsRoot).raw(header.statusRoot));
  return writer.varint63(header.nonce).varint63(header.bits);
}

/** Encodes a header with flags 1. @throws RangeError when a field is 2^63 or more. */
export function encodeMainHeader(header: MainHeader): Uint8Array {
  return writeHeader(new ByteWriter(160), header, FLAGS_HEADER).finish();
}

/** Encodes a block with flags 3. Transactions go out with the bytes they came in (`raw`), so their sizes stay. */
export function encodeMainBlock(block: MainBlock): Uint8Array {
  const size = block.transactions.reduce((sum, transaction) => sum + transaction.size, 192);
  const writer = writeHeader(new ByteWriter(size), block.header, FLAGS_BLOCK);
  writer.varint31(block.transactions.length);
  for (const transaction of block.transactions) writer.raw(transaction.raw);
  return writer.finish();
}

/** The body of the `blockheader` entry, whose id is the block hash. */
export function mainHeaderBody(header: MainHeader): Uint8Array {
  return new ByteWriter(160)
    .u64le(header.version)
    .u64le(header.height)
    .raw(header.previousHash)
    .u64le(header.timestamp)
    .raw(header.transactionsRoot)
    .raw(header.statusRoot)
    .u64le(header.bits)
    .u64le(header.nonce)
    .finish();
}

/** Block hash: the id of the `blockheader` entry. */
export function mainBlockHash(header: MainHeader): Hash {
  return entryId("blockheader", mainHeaderBody(header));
}

const STATUS_OK = utf8ToBytes("{}");
const STATUS_FAIL = utf8ToBytes('{"status_fail":true}');

/** The Merkle item of a transaction's status: its JSON text. */
export function statusItem(statusFail: boolean): Uint8Array {
  return statusFail ? STATUS_FAIL : STATUS_OK;
}

/** Merkle root over transaction ids in block order. */
export function transactionsRoot(ids: readonly Hash[]): Hash {
  return merkleRoot(ids);
}

/** Merkle root over statuses in block order; true = gas-only. */
export function statusRoot(statusFail: readonly boolean[]): Hash {
  return merkleRoot(statusFail.map(statusItem));
}

/** True when two headers are the same in every field. */
export function isSameMainHeader(a: MainHeader, b: MainHeader): boolean {
  return equalBytes(mainHeaderBody(a), mainHeaderBody(b));
}
