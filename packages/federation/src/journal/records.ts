// Records of the member's journal as bytes (federation.md section 8). The log frames and checks them (length, CRC, sequence,
// type); here are the bodies. A body that does not decode although its checksum is right was written by something else:
// the journal then stops signing.

import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import type { Hash } from "@bystack/utils/bytes";

export const RECORD_TYPE = {
  intent: 1,
  governance: 2,
  sent: 3,
  complete: 4,
  submitted: 5,
  claim: 6,
  brake: 7,
  beat: 8,
} as const;

/** What a member is about to sign: synced before the signature exists anywhere else. */
export type Intent = {
  readonly payout: bigint;
  readonly transactionId: Hash;
  readonly inputs: readonly Hash[];
  readonly requestIds: readonly Hash[];
  /** Side block that recorded the payout, and the hash of the certificate that made it final. */
  readonly sideHeight: number;
  readonly certificateHash: Hash;
};

export type JournalRecord =
  | ({ readonly type: "intent" } & Intent)
  | { readonly type: "governance"; readonly seq: bigint; readonly bodyHash: Hash }
  | { readonly type: "sent"; readonly payout: bigint; readonly transactionId: Hash }
  | { readonly type: "complete"; readonly payout: bigint; readonly raw: Uint8Array }
  | { readonly type: "submitted"; readonly payout: bigint; readonly mainHeight: number }
  | { readonly type: "claim"; readonly nullifier: Hash; readonly transactionId: Hash }
  | { readonly type: "brake"; readonly on: boolean }
  /** Message numbers below `sequence` may have been used. */
  | { readonly type: "beat"; readonly sequence: bigint };

function writeHashes(writer: ByteWriter, hashes: readonly Hash[]): void {
  writer.varint31(hashes.length);
  for (const hash of hashes) writer.raw(hash);
}

function readHashes(reader: ByteReader): Hash[] {
  const count = reader.varint31();
  if (count * 32 > reader.remaining) {
    reader.fail("LENGTH_RANGE");
    return [];
  }
  return Array.from({ length: count }, () => reader.hash().slice());
}

/** Body of a record; its type number is {@link RECORD_TYPE}. */
export function encodeRecordBody(record: JournalRecord): Uint8Array {
  const writer = new ByteWriter(256);
  switch (record.type) {
    case "intent":
      writer.varint63(record.payout).raw(record.transactionId).varint63(BigInt(record.sideHeight));
      writer.raw(record.certificateHash);
      writeHashes(writer, record.inputs);
      writeHashes(writer, record.requestIds);
      return writer.finish();
    case "governance":
      return writer.u64le(record.seq).raw(record.bodyHash).finish();
    case "sent":
      return writer.varint63(record.payout).raw(record.transactionId).finish();
    case "complete":
      return writer.varint63(record.payout).varstr(record.raw).finish();
    case "submitted":
      return writer.varint63(record.payout).varint63(BigInt(record.mainHeight)).finish();
    case "claim":
      return writer.raw(record.nullifier).raw(record.transactionId).finish();
    case "brake":
      return writer.byte(record.on ? 1 : 0).finish();
    case "beat":
      return writer.varint63(record.sequence).finish();
  }
}

function readU64(reader: ByteReader): bigint {
  const bytes = reader.take(8);
  return bytes.length === 8 ? new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) : 0n;
}

function readRecord(type: number, reader: ByteReader): JournalRecord | undefined {
  switch (type) {
    case RECORD_TYPE.intent: {
      const payout = reader.varint63();
      const transactionId = reader.hash().slice();
      const sideHeight = reader.varint53();
      const certificateHash = reader.hash().slice();
      const inputs = readHashes(reader);
      const requestIds = readHashes(reader);
      return { type: "intent", payout, transactionId, sideHeight, certificateHash, inputs, requestIds };
    }
    case RECORD_TYPE.governance:
      return { type: "governance", seq: readU64(reader), bodyHash: reader.hash().slice() };
    case RECORD_TYPE.sent:
      return { type: "sent", payout: reader.varint63(), transactionId: reader.hash().slice() };
    case RECORD_TYPE.complete:
      return { type: "complete", payout: reader.varint63(), raw: reader.varstr().slice() };
    case RECORD_TYPE.submitted:
      return { type: "submitted", payout: reader.varint63(), mainHeight: reader.varint53() };
    case RECORD_TYPE.claim:
      return { type: "claim", nullifier: reader.hash().slice(), transactionId: reader.hash().slice() };
    case RECORD_TYPE.brake:
      return { type: "brake", on: reader.byte() === 1 };
    case RECORD_TYPE.beat:
      return { type: "beat", sequence: reader.varint63() };
    default:
      return undefined;
  }
}

/** Decodes a body; undefined for an unknown type or a body that is not exactly one record of it. */
export function decodeRecordBody(type: number, body: Uint8Array): JournalRecord | undefined {
  const reader = new ByteReader(body);
  const record = readRecord(type, reader);
  reader.finish();
  return reader.error === undefined ? record : undefined;
}
