// What the side chain's state remembers about the peg (federation.md sections 4 to 6), and the bytes of each record: the
// state root commits to them, snapshots carry them. Facts only; what follows from facts (free, open, dead) is computed in
// status.ts, so that a reorganisation takes back exactly what it takes back.

import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { decodeMainTransaction, encodeMainTransaction } from "@bystack/protocol/main/transaction";
import type { DraftKind, PayoutDraft, VaultCoin } from "@bystack/protocol/peg/draft";
import type { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bigintToBytesLe, bytesToBigintLe, type Hash } from "@bystack/utils/bytes";
import { codec, type RecordCodec, readList, readOptional, writeOptional } from "../record-codec.ts";

/** A main-chain header in the tree. The anchor is one too; its roots are zero and prove nothing. */
export type HeaderRecord = {
  readonly hash: Hash;
  readonly previousHash: Hash;
  readonly height: bigint;
  readonly timestamp: bigint;
  readonly bits: bigint;
  readonly transactionsRoot: Hash;
  readonly statusRoot: Hash;
  /** Of the whole chain up to it. */
  readonly totalWork: bigint;
  /** Tensority seed of its own proof of work. */
  readonly seed: Hash;
  /** Timestamp of the block with which its retarget period began. */
  readonly periodStart: bigint;
};

/** A credited deposit, under its nullifier N. */
export type ClaimRecord = {
  readonly transactionId: Hash;
  readonly blockHeight: number;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly recipient: Uint8Array;
  readonly mainHeight: bigint;
  /** Who delivered the claim; empty when it was not signed. */
  readonly collector: Uint8Array;
};

/** The main-chain header in which something is proven. */
export type ProvenIn = { readonly headerHash: Hash; readonly height: bigint };

export type CoinRecord = VaultCoin & {
  /** The payout whose change it is; undefined for a deposit. */
  readonly fromPayout: bigint | undefined;
  /** Undefined after a reorganisation took its header back. */
  readonly provenIn: ProvenIn | undefined;
  /** The proven payout that spends it. */
  readonly spentBy: bigint | undefined;
  /** Payouts that have it as an input. */
  readonly payouts: readonly bigint[];
};

export type RequestRecord = {
  readonly id: Hash;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
  readonly transactionId: Hash;
  readonly burnHeight: number;
  /** Places of the transaction in its block (among all) and of the output in it. */
  readonly transactionIndex: number;
  readonly outputIndex: number;
  readonly releaseHeight: number;
  /** Every payout that was ever drafted for it. */
  readonly payouts: readonly bigint[];
  /** The proven payout that paid it. */
  readonly completedBy: bigint | undefined;
  /** The draft that left it behind; requests of one such draft are paid together. */
  readonly group: bigint | undefined;
};

export type PayoutOutcome = "done" | "failed";

export type PayoutRecord = {
  readonly draft: PayoutDraft;
  readonly recordedHeight: number;
  readonly proof: (ProvenIn & { readonly outcome: PayoutOutcome }) | undefined;
};

/** One asset: its rules as governance set them, and its counters. */
export type AssetRecord = {
  readonly assetId: Hash;
  readonly listed: boolean;
  readonly paused: boolean;
  readonly depositMin: bigint;
  readonly burnMin: bigint;
  /** Most that may be locked; 0 = no cap. */
  readonly cap: bigint;
  /** Deposits from here on need the large depth; 0 = none do. */
  readonly largeAmount: bigint;
  readonly minted: bigint;
  readonly burned: bigint;
  readonly retired: bigint;
  /** Sum of the proven vault coins that are not spent. */
  readonly locked: bigint;
  /** Sum of the requests that are not completed. */
  readonly pending: bigint;
  readonly writtenOff: bigint;
};

export const HEADER_CODEC: RecordCodec<HeaderRecord> = codec(
  (writer, record) => {
    writer.raw(record.hash).raw(record.previousHash).varint63(record.height).varint63(record.timestamp);
    writer.varint63(record.bits).raw(record.transactionsRoot).raw(record.statusRoot);
    writer.raw(bigintToBytesLe(record.totalWork, 40)).raw(record.seed).varint63(record.periodStart);
  },
  (reader) => ({
    hash: reader.hash(),
    previousHash: reader.hash(),
    height: reader.varint63(),
    timestamp: reader.varint63(),
    bits: reader.varint63(),
    transactionsRoot: reader.hash(),
    statusRoot: reader.hash(),
    totalWork: bytesToBigintLe(reader.take(40)),
    seed: reader.hash(),
    periodStart: reader.varint63(),
  }),
);

export const CLAIM_CODEC: RecordCodec<ClaimRecord> = codec(
  (writer, record) => {
    writer.raw(record.transactionId).varint63(BigInt(record.blockHeight)).raw(record.assetId).varint63(record.amount);
    writer.varstr(record.recipient).varint63(record.mainHeight).varstr(record.collector);
  },
  (reader) => ({
    transactionId: reader.hash(),
    blockHeight: reader.varint53(),
    assetId: reader.hash(),
    amount: reader.varint63(),
    recipient: reader.varstr(),
    mainHeight: reader.varint63(),
    collector: reader.varstr(),
  }),
);

function writeCoin(writer: ByteWriter, coin: VaultCoin): void {
  writer.raw(coin.id).raw(coin.muxId).varint63(coin.position).raw(coin.assetId).varint63(coin.amount);
  writer.varint31(coin.epoch).raw(coin.commitment);
}

function readCoin(reader: ByteReader): VaultCoin {
  return {
    id: reader.hash(),
    muxId: reader.hash(),
    position: reader.varint63(),
    assetId: reader.hash(),
    amount: reader.varint63(),
    epoch: reader.varint31(),
    commitment: reader.hash(),
  };
}

function writeProven(writer: ByteWriter, proven: ProvenIn): void {
  writer.raw(proven.headerHash).varint63(proven.height);
}

function readProven(reader: ByteReader): ProvenIn {
  return { headerHash: reader.hash(), height: reader.varint63() };
}

function writeNumbers(writer: ByteWriter, numbers: readonly bigint[]): void {
  writer.varint31(numbers.length);
  for (const number of numbers) writer.varint63(number);
}

export const COIN_CODEC: RecordCodec<CoinRecord> = codec(
  (writer, record) => {
    writeCoin(writer, record);
    writeOptional(writer, record.fromPayout, (payout) => writer.varint63(payout));
    writeOptional(writer, record.provenIn, (proven) => writeProven(writer, proven));
    writeOptional(writer, record.spentBy, (payout) => writer.varint63(payout));
    writeNumbers(writer, record.payouts);
  },
  (reader) => ({
    ...readCoin(reader),
    fromPayout: readOptional(reader, () => reader.varint63()),
    provenIn: readOptional(reader, () => readProven(reader)),
    spentBy: readOptional(reader, () => reader.varint63()),
    payouts: readList(reader, () => reader.varint63()),
  }),
);

export const REQUEST_CODEC: RecordCodec<RequestRecord> = codec(
  (writer, record) => {
    writer.raw(record.id).raw(record.assetId).varint63(record.amount).varstr(record.program);
    writer.raw(record.transactionId).varint63(BigInt(record.burnHeight)).varint31(record.transactionIndex);
    writer.varint31(record.outputIndex).varint63(BigInt(record.releaseHeight));
    writeNumbers(writer, record.payouts);
    writeOptional(writer, record.completedBy, (payout) => writer.varint63(payout));
    writeOptional(writer, record.group, (payout) => writer.varint63(payout));
  },
  (reader) => ({
    id: reader.hash(),
    assetId: reader.hash(),
    amount: reader.varint63(),
    program: reader.varstr(),
    transactionId: reader.hash(),
    burnHeight: reader.varint53(),
    transactionIndex: reader.varint31(),
    outputIndex: reader.varint31(),
    releaseHeight: reader.varint53(),
    payouts: readList(reader, () => reader.varint63()),
    completedBy: readOptional(reader, () => reader.varint63()),
    group: readOptional(reader, () => reader.varint63()),
  }),
);

function readDraft(reader: ByteReader): PayoutDraft | undefined {
  const payout = reader.varint63();
  const kind: DraftKind = reader.byte() === 0 ? "btm" : "asset";
  const inputs = readList(reader, () => readCoin(reader));
  const requestIds = readList(reader, () => reader.hash());
  const feeNeu = reader.varint63();
  const decoded = decodeMainTransaction(reader.varstr());
  const changes = readList(reader, () => readCoin(reader));
  if (reader.error !== undefined || !decoded.ok) return undefined;
  const { version, timeRange, inputs: txInputs, outputs } = decoded.value;
  const transaction = { version, timeRange, inputs: txInputs, outputs };
  const transactionId = mapMainTransaction(transaction).id;
  return { payout, kind, inputs, requestIds, feeNeu, transaction, transactionId, changes };
}

export const PAYOUT_CODEC: RecordCodec<PayoutRecord> = codec<PayoutRecord>(
  (writer, { draft, recordedHeight, proof }) => {
    writer
      .varint63(draft.payout)
      .byte(draft.kind === "btm" ? 0 : 1)
      .varint31(draft.inputs.length);
    for (const coin of draft.inputs) writeCoin(writer, coin);
    writer.varint31(draft.requestIds.length);
    for (const id of draft.requestIds) writer.raw(id);
    writer.varint63(draft.feeNeu).varstr(encodeMainTransaction(draft.transaction)).varint31(draft.changes.length);
    for (const coin of draft.changes) writeCoin(writer, coin);
    writer.varint63(BigInt(recordedHeight));
    writeOptional(writer, proof, (proven) => {
      writeProven(writer, proven);
      writer.byte(proven.outcome === "done" ? 0 : 1);
    });
  },
  (reader) => {
    const draft = readDraft(reader);
    const recordedHeight = reader.varint53();
    const proof = readOptional(reader, () => {
      const proven = readProven(reader);
      return { ...proven, outcome: reader.byte() === 0 ? ("done" as const) : ("failed" as const) };
    });
    return draft === undefined ? undefined : { draft, recordedHeight, proof };
  },
);

export const ASSET_CODEC: RecordCodec<AssetRecord> = codec(
  (writer, record) => {
    writer.raw(record.assetId).byte((record.listed ? 1 : 0) | (record.paused ? 2 : 0));
    for (const value of [record.depositMin, record.burnMin, record.cap, record.largeAmount]) writer.varint63(value);
    for (const value of [record.minted, record.burned, record.retired]) writer.u64le(value);
    for (const value of [record.locked, record.pending, record.writtenOff]) writer.u64le(value);
  },
  (reader) => {
    const assetId = reader.hash();
    const flags = reader.byte();
    const [depositMin, burnMin, cap, largeAmount] = [
      reader.varint63(),
      reader.varint63(),
      reader.varint63(),
      reader.varint63(),
    ];
    const u64 = (): bigint => bytesToBigintLe(reader.take(8));
    const [minted, burned, retired, locked, pending, writtenOff] = [u64(), u64(), u64(), u64(), u64(), u64()];
    const limits = { depositMin, burnMin, cap, largeAmount };
    const counters = { minted, burned, retired, locked, pending, writtenOff };
    return { assetId, listed: (flags & 1) !== 0, paused: (flags & 2) !== 0, ...limits, ...counters };
  },
);
