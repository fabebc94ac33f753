// The records of the main chain's indexes, and the keys under which they lie: what the API asks for beside blocks. A byte
// for the bucket, then ids; integers in keys are big-endian, so that the order of bytes is the order of numbers. Buckets
// 1 to 15 belong to the block store (main/kv-store.ts), 16 to 31 to the indexes.

import { sha3_256 } from "@bystack/crypto/hash";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bucketKey } from "@bystack/storage/kv";
import type { Hash } from "@bystack/utils/bytes";

/** Transaction id → where it is. Output id → unspent output. Program and output id → nothing. Output id → its spender. */
export const MAIN_INDEX_BUCKET = { transaction: 16, output: 17, program: 18, spent: 19 } as const;

/** Where a transaction of the main chain is. */
export type TransactionRecord = {
  readonly blockHash: Hash;
  readonly height: number;
  readonly position: number;
  /** Gas-only: the block records `status_fail` for it. */
  readonly statusFail: boolean;
};

/** An output with all that a spend of it needs. */
export type OutputRecord = {
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
  /** Id of the mux that made it, and its place there. */
  readonly sourceId: Hash;
  readonly sourcePosition: number;
  readonly height: number;
  readonly coinbase: boolean;
};

/** Who spent an output, and the output as it was: undoing the spend brings it back. */
export type SpentRecord = { readonly transactionId: Hash; readonly height: number; readonly output: OutputRecord };

export const transactionKey = (id: Hash): Uint8Array => bucketKey(MAIN_INDEX_BUCKET.transaction, id);
export const outputKey = (id: Hash): Uint8Array => bucketKey(MAIN_INDEX_BUCKET.output, id);
export const spentKey = (id: Hash): Uint8Array => bucketKey(MAIN_INDEX_BUCKET.spent, id);

/** Programs have any length and keys have not: the hash stands for the program. */
export function programKey(program: Uint8Array, outputId: Hash): Uint8Array {
  return bucketKey(MAIN_INDEX_BUCKET.program, sha3_256(program), outputId);
}

/** Start of all keys of one program. */
export function programPrefix(program: Uint8Array): Uint8Array {
  return bucketKey(MAIN_INDEX_BUCKET.program, sha3_256(program));
}

export function encodeTransactionRecord(record: TransactionRecord): Uint8Array {
  const writer = new ByteWriter(48).raw(record.blockHash).varint63(BigInt(record.height)).varint31(record.position);
  return writer.byte(record.statusFail ? 1 : 0).finish();
}

/** Undefined for bytes that this version did not write. */
export function decodeTransactionRecord(bytes: Uint8Array): TransactionRecord | undefined {
  const reader = new ByteReader(bytes);
  const blockHash = reader.hash();
  const height = Number(reader.varint63());
  const position = reader.varint31();
  const statusFail = reader.byte() === 1;
  reader.finish();
  return reader.error === undefined ? { blockHash, height, position, statusFail } : undefined;
}

function writeOutput(writer: ByteWriter, record: OutputRecord): ByteWriter {
  writer.raw(record.assetId).varint63(record.amount).varstr(record.program).raw(record.sourceId);
  return writer
    .varint31(record.sourcePosition)
    .varint63(BigInt(record.height))
    .byte(record.coinbase ? 1 : 0);
}

function readOutput(reader: ByteReader): OutputRecord {
  const assetId = reader.hash();
  const amount = reader.varint63();
  const program = reader.varstr();
  const sourceId = reader.hash();
  const sourcePosition = reader.varint31();
  const height = Number(reader.varint63());
  return { assetId, amount, program, sourceId, sourcePosition, height, coinbase: reader.byte() === 1 };
}

export function encodeOutputRecord(record: OutputRecord): Uint8Array {
  return writeOutput(new ByteWriter(128), record).finish();
}

/** Undefined for bytes that this version did not write. */
export function decodeOutputRecord(bytes: Uint8Array): OutputRecord | undefined {
  const reader = new ByteReader(bytes);
  const record = readOutput(reader);
  reader.finish();
  return reader.error === undefined ? record : undefined;
}

export function encodeSpentRecord(record: SpentRecord): Uint8Array {
  const writer = new ByteWriter(176).raw(record.transactionId).varint63(BigInt(record.height));
  return writeOutput(writer, record.output).finish();
}

/** Undefined for bytes that this version did not write. */
export function decodeSpentRecord(bytes: Uint8Array): SpentRecord | undefined {
  const reader = new ByteReader(bytes);
  const transactionId = reader.hash();
  const height = Number(reader.varint63());
  const output = readOutput(reader);
  reader.finish();
  return reader.error === undefined ? { transactionId, height, output } : undefined;
}
