// The rows of the explorer's index and the keys under which they lie. A byte for the bucket, then ids; integers in keys are
// big-endian, so that the order of bytes is the order of numbers. Whoever changes a row or what is written into one raises
// the format: an index of another format is made anew.

import { sha3_256 } from "@bystack/crypto/hash";
import type { What } from "@bystack/protocol/explain/what";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bucketKey } from "@bystack/storage/kv";
import { type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { explorerError } from "./errors.ts";
import { OUTPUT_KINDS, type OutputKind } from "./facts.ts";

/** Raised with every change of rows, or of what transactions are said to be for. */
export const EXPLORER_FORMAT = 1;

/** Buckets; numbers are never used again. */
export const EXPLORER_BUCKET = {
  meta: 1,
  /** Height → block; block hash → height. */
  block: 2,
  blockHash: 3,
  /** Transaction id → what is told in lists; place → transaction id. */
  transaction: 4,
  place: 5,
  /** Program → how much it took part in; program and place → nothing; program and asset → balance. */
  program: 6,
  programTransaction: 7,
  balance: 8,
  /** Output id → output, spent or not. */
  output: 9,
  /** Asset → counters; asset → definition; asset, balance and program → nothing. */
  asset: 10,
  definition: 11,
  holder: 12,
  /** Side chain: claimed deposit → nothing; vote key → bond. */
  claimed: 13,
  bond: 14,
  /** Main chain: height and part → what the rows were before the block. */
  undo: 15,
} as const;

/** Definitions of assets that are kept; longer ones are told by their transaction alone. */
export const EXPLORER_DEFINITION_BYTES_MAX = 4096;
/** Bytes by which a program stands in keys: of its hash. */
export const PROGRAM_KEY_BYTES = 20;
const BALANCE_BYTES = 16;
export const PLACE_BYTES = 12;
/** Some drivers would not keep an empty value. */
export const PRESENT: Uint8Array = Uint8Array.of(1);

/** Where a transaction is. */
export type Place = { readonly height: number; readonly position: number };

export type CursorRow = {
  readonly height: number;
  readonly hash: Hash;
  readonly timestampMs: number;
  /** Of all blocks up to here. */
  readonly transactions: number;
};
export type BlockRow = {
  readonly hash: Hash;
  readonly timestampMs: number;
  readonly sizeBytes: number;
  readonly transactions: number;
};
export type TransactionRow = Place & {
  readonly gasOnly: boolean;
  readonly sizeBytes: number;
  readonly feeNeu: bigint;
  readonly what: What;
};
export type OutputRow = {
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
  readonly kind: OutputKind;
  readonly transactionId: Hash;
  readonly height: number;
  readonly spentBy: Hash | undefined;
};
export type ProgramRow = {
  readonly program: Uint8Array;
  readonly transactions: number;
  readonly firstHeight: number;
  readonly lastHeight: number;
};
export type AssetRow = {
  readonly firstHeight: number;
  readonly transactions: number;
  readonly holders: number;
  readonly issued: bigint;
  readonly retired: bigint;
  readonly burned: bigint;
  /** In unspent outputs. */
  readonly held: bigint;
};

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

export function placeBytes({ height, position }: Place): Uint8Array {
  const bytes = new Uint8Array(PLACE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(height));
  view.setUint32(8, position);
  return bytes;
}

export function readPlace(bytes: Uint8Array): Place {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { height: Number(view.getBigUint64(0)), position: view.getUint32(8) };
}

export function balanceBytes(amount: bigint): Uint8Array {
  const bytes = new Uint8Array(BALANCE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, amount >> 64n);
  view.setBigUint64(8, amount & 0xffff_ffff_ffff_ffffn);
  return bytes;
}

export function readBalance(bytes: Uint8Array): bigint {
  if (bytes.length !== BALANCE_BYTES) throw explorerError("EXPLORER_INCONSISTENT", { why: "a balance is damaged" });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}

const B = EXPLORER_BUCKET;

/** Programs have any length and keys have not: the hash stands for the program. */
export const programId = (program: Uint8Array): Uint8Array => sha3_256(program).subarray(0, PROGRAM_KEY_BYTES);

export const key = {
  format: bucketKey(B.meta, utf8ToBytes("format")),
  cursor: bucketKey(B.meta, utf8ToBytes("cursor")),
  block: (height: number): Uint8Array => bucketKey(B.block, u64(height)),
  blockHash: (hash: Hash): Uint8Array => bucketKey(B.blockHash, hash),
  transaction: (id: Hash): Uint8Array => bucketKey(B.transaction, id),
  place: (place: Place): Uint8Array => bucketKey(B.place, placeBytes(place)),
  program: (program: Uint8Array): Uint8Array => bucketKey(B.program, program),
  programTransaction: (program: Uint8Array, place: Place): Uint8Array =>
    bucketKey(B.programTransaction, program, placeBytes(place)),
  balance: (program: Uint8Array, assetId: Hash): Uint8Array => bucketKey(B.balance, program, assetId),
  output: (id: Hash): Uint8Array => bucketKey(B.output, id),
  asset: (id: Hash): Uint8Array => bucketKey(B.asset, id),
  definition: (id: Hash): Uint8Array => bucketKey(B.definition, id),
  holder: (assetId: Hash, amount: bigint, program: Uint8Array): Uint8Array =>
    bucketKey(B.holder, assetId, balanceBytes(amount), program),
  claimed: (deposit: Hash): Uint8Array => bucketKey(B.claimed, deposit),
  bond: (voteKey: Uint8Array): Uint8Array => bucketKey(B.bond, voteKey),
  undo: (height: number, part: number): Uint8Array => bucketKey(B.undo, u64(height), u64(part)),
  undoOf: (height: number): Uint8Array => bucketKey(B.undo, u64(height)),
} as const;

/** Bytes of a row and back; foreign bytes are EXPLORER_INCONSISTENT. */
export type RowCodec<T> = { encode(row: T): Uint8Array; decode(bytes: Uint8Array): T };

function rowCodec<T>(name: string, write: (writer: ByteWriter, row: T) => void, read: (reader: ByteReader) => T) {
  return {
    encode: (row: T): Uint8Array => {
      const writer = new ByteWriter(64);
      write(writer, row);
      return writer.finish();
    },
    decode: (bytes: Uint8Array): T => {
      const reader = new ByteReader(bytes);
      const row = read(reader);
      reader.finish();
      if (reader.error !== undefined)
        throw explorerError("EXPLORER_INCONSISTENT", { why: `a row of the kind ${name} is damaged` });
      return row;
    },
  } satisfies RowCodec<T>;
}

const writeCount = (writer: ByteWriter, count: number): ByteWriter => writer.varint63(BigInt(count));

export const CURSOR_ROW: RowCodec<CursorRow> = rowCodec(
  "cursor",
  (writer, { height, hash, timestampMs, transactions }) => {
    writeCount(writeCount(writeCount(writer.raw(hash), height), timestampMs), transactions);
  },
  (reader) => ({
    hash: reader.hash().slice(),
    height: reader.varint53(),
    timestampMs: reader.varint53(),
    transactions: reader.varint53(),
  }),
);

export const BLOCK_ROW: RowCodec<BlockRow> = rowCodec(
  "block",
  (writer, { hash, timestampMs, sizeBytes, transactions }) => {
    writeCount(writeCount(writeCount(writer.raw(hash), timestampMs), sizeBytes), transactions);
  },
  (reader) => ({
    hash: reader.hash().slice(),
    timestampMs: reader.varint53(),
    sizeBytes: reader.varint53(),
    transactions: reader.varint53(),
  }),
);

function parseWhat(reader: ByteReader): What {
  const text = new TextDecoder().decode(reader.varstr());
  try {
    return JSON.parse(text);
  } catch {
    reader.fail("INVALID");
    return { class: "other" };
  }
}

export const TRANSACTION_ROW: RowCodec<TransactionRow> = rowCodec(
  "transaction",
  (writer, { height, position, gasOnly, sizeBytes, feeNeu, what }) => {
    writeCount(writer.byte(gasOnly ? 1 : 0), height);
    writer
      .varint31(position)
      .varint31(sizeBytes)
      .varint63(feeNeu)
      .varstr(utf8ToBytes(JSON.stringify(what)));
  },
  (reader) => ({
    gasOnly: reader.byte() === 1,
    height: reader.varint53(),
    position: reader.varint31(),
    sizeBytes: reader.varint31(),
    feeNeu: reader.varint63(),
    what: parseWhat(reader),
  }),
);

function readKind(reader: ByteReader): OutputKind {
  const kind = OUTPUT_KINDS[reader.byte()];
  if (kind === undefined) reader.fail("INVALID");
  return kind ?? "normal";
}

export const OUTPUT_ROW: RowCodec<OutputRow> = rowCodec(
  "output",
  (writer, { assetId, amount, program, kind, transactionId, height, spentBy }) => {
    writer.raw(assetId).varint63(amount).varstr(program).byte(OUTPUT_KINDS.indexOf(kind)).raw(transactionId);
    writeCount(writer, height).byte(spentBy === undefined ? 0 : 1);
    if (spentBy !== undefined) writer.raw(spentBy);
  },
  (reader) => ({
    assetId: reader.hash().slice(),
    amount: reader.varint63(),
    program: reader.varstr().slice(),
    kind: readKind(reader),
    transactionId: reader.hash().slice(),
    height: reader.varint53(),
    spentBy: reader.byte() === 1 ? reader.hash().slice() : undefined,
  }),
);

export const PROGRAM_ROW: RowCodec<ProgramRow> = rowCodec(
  "program",
  (writer, { program, transactions, firstHeight, lastHeight }) => {
    writeCount(writeCount(writeCount(writer.varstr(program), transactions), firstHeight), lastHeight);
  },
  (reader) => ({
    program: reader.varstr().slice(),
    transactions: reader.varint53(),
    firstHeight: reader.varint53(),
    lastHeight: reader.varint53(),
  }),
);

export const ASSET_ROW: RowCodec<AssetRow> = rowCodec(
  "asset",
  (writer, row) => {
    writeCount(writeCount(writeCount(writer, row.firstHeight), row.transactions), row.holders);
    for (const amount of [row.issued, row.retired, row.burned, row.held]) writer.raw(balanceBytes(amount));
  },
  (reader) => ({
    firstHeight: reader.varint53(),
    transactions: reader.varint53(),
    holders: reader.varint53(),
    issued: readBalance(reader.take(BALANCE_BYTES)),
    retired: readBalance(reader.take(BALANCE_BYTES)),
    burned: readBalance(reader.take(BALANCE_BYTES)),
    held: readBalance(reader.take(BALANCE_BYTES)),
  }),
);
