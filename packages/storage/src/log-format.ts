// The bytes of an append-only log: little-endian, one folder of segment files named by their first sequence number.
//
//   segment   magic 8 | version u32 | firstSeq u64 | salt 8 | crc32c u32 of all before            (32 bytes), then records
//   record    len u32 | crc32c u32 | seq u64 | type u8 | body of len bytes                        (17 bytes before the body)
//
// The checksum covers len, seq, type and body and starts from the segment's random salt, so that nobody outside can prepare
// a body that contains a valid record. Type 0 is a mark, without a body: all records up to its seq were synced before it was
// written. A mark takes no number of its own. Marks tell recovery which damage cannot be a torn tail.

import { utf8ToBytes } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { crc32c } from "./crc32c.ts";

export const SEGMENT_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 17;
export const MARK_TYPE = 0;

const MAGIC = utf8ToBytes("BYSLOG\r\n");
const VERSION = 1;

export type SegmentHeader = { readonly firstSeq: bigint; readonly seed: number };

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function encodeSegmentHeader(firstSeq: bigint, salt: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  bytes.set(MAGIC, 0);
  view(bytes).setUint32(8, VERSION, true);
  view(bytes).setBigUint64(12, firstSeq, true);
  bytes.set(salt.subarray(0, 8), 20);
  view(bytes).setUint32(28, crc32c(bytes.subarray(0, 28)), true);
  return bytes;
}

export function decodeSegmentHeader(bytes: Uint8Array): Result<SegmentHeader, string> {
  if (bytes.length < SEGMENT_HEADER_BYTES) return err("the file is shorter than its header");
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) return err("the file does not start as a log segment");
  if (view(bytes).getUint32(28, true) !== crc32c(bytes.subarray(0, 28)))
    return err("the checksum of the header is wrong");
  if (view(bytes).getUint32(8, true) !== VERSION) return err("the segment has an unknown version");
  return ok({ firstSeq: view(bytes).getBigUint64(12, true), seed: crc32c(bytes.subarray(20, 28)) });
}

/** A record with an empty checksum: it depends on the segment, which is known when the record is written. */
export function encodeRecord(seq: bigint, type: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES + body.length);
  view(bytes).setUint32(0, body.length, true);
  view(bytes).setBigUint64(8, seq, true);
  bytes[16] = type;
  bytes.set(body, RECORD_HEADER_BYTES);
  return bytes;
}

function checksumOf(record: Uint8Array, seed: number): number {
  return crc32c(record.subarray(8), crc32c(record.subarray(0, 4), seed));
}

/** Fills in the checksum of an encoded record. */
export function sealRecord(record: Uint8Array, seed: number): void {
  view(record).setUint32(4, checksumOf(record, seed), true);
}

export function isRecordSound(record: Uint8Array, seed: number): boolean {
  return view(record).getUint32(4, true) === checksumOf(record, seed);
}

export function segmentName(firstSeq: bigint): string {
  return `${firstSeq.toString(16).padStart(16, "0")}.log`;
}

/** The first sequence number in a segment's name; undefined for any other name. */
export function parseSegmentName(name: string): bigint | undefined {
  return /^[0-9a-f]{16}\.log$/.test(name) ? BigInt(`0x${name.slice(0, 16)}`) : undefined;
}
