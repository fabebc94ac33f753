// Reads the records of one segment one after the other and checks each; looks for marks behind a damaged place.
// What it reads is a file that may be damaged anywhere: lengths are compared with the cap and the file before use.

import { EMPTY_BYTES } from "@bystack/utils/bytes";
import type { DiskFile } from "./disk.ts";
import {
  isRecordSound,
  MARK_TYPE,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from "./log-format.ts";

const WINDOW_BYTES = 1 << 20;

export type LogRecord = { readonly seq: bigint; readonly type: number; readonly body: Uint8Array };

/** What the cursor met: a record and its place, the end of the segment, or bytes that are no sound record. */
export type CursorStep =
  | { readonly kind: "record"; readonly record: LogRecord; readonly offset: number }
  | { readonly kind: "end" }
  | { readonly kind: "damaged" };

export class LogCursor {
  readonly #file: DiskFile;
  readonly #header: SegmentHeader;
  readonly #size: number;
  readonly #bodyBytesMax: number;
  /** Where the next record starts; after `damaged`, where the damage starts. */
  offset: number;
  /** The sequence number that the next record must have. */
  nextSeq: bigint;
  #window: Uint8Array = EMPTY_BYTES;
  #windowStart = 0;

  constructor(
    file: DiskFile,
    header: SegmentHeader,
    options: { size: number; bodyBytesMax: number; offset?: number; seq?: bigint },
  ) {
    this.#file = file;
    this.#header = header;
    this.#size = options.size;
    this.#bodyBytesMax = options.bodyBytesMax;
    this.offset = options.offset ?? SEGMENT_HEADER_BYTES;
    this.nextSeq = options.seq ?? header.firstSeq;
  }

  /** The next record after any marks. */
  async next(): Promise<CursorStep> {
    for (;;) {
      if (this.offset >= this.#size) return { kind: "end" };
      const head = await this.#bytes(RECORD_HEADER_BYTES);
      if (head === undefined) return { kind: "damaged" };
      const length = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
      if (length > this.#bodyBytesMax || length > this.#size - this.offset - RECORD_HEADER_BYTES)
        return { kind: "damaged" };
      const bytes = await this.#bytes(RECORD_HEADER_BYTES + length);
      if (bytes === undefined || !isRecordSound(bytes, this.#header.seed)) return { kind: "damaged" };
      const seq = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(8, true);
      const type = bytes[16] ?? MARK_TYPE;
      if (type === MARK_TYPE) {
        if (length !== 0 || seq >= this.nextSeq) return { kind: "damaged" };
        this.offset += RECORD_HEADER_BYTES;
        continue;
      }
      if (seq !== this.nextSeq) return { kind: "damaged" };
      const offset = this.offset;
      this.offset += bytes.length;
      this.nextSeq += 1n;
      return { kind: "record", record: { seq, type, body: bytes.slice(RECORD_HEADER_BYTES) }, offset };
    }
  }

  /** After `damaged`: the seq of a sound mark behind this place that proves that the damaged record had been synced. */
  async findProofOfSync(): Promise<bigint | undefined> {
    for (let start = this.offset; start + RECORD_HEADER_BYTES <= this.#size; start += WINDOW_BYTES) {
      const bytes = await this.#file.read(start, Math.min(WINDOW_BYTES + RECORD_HEADER_BYTES - 1, this.#size - start));
      const found = this.#markIn(bytes);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #markIn(bytes: Uint8Array): bigint | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.length; at += 1) {
      if (bytes[at] !== 0 || bytes[at + 16] !== MARK_TYPE || view.getUint32(at, true) !== 0) continue;
      const seq = view.getBigUint64(at + 8, true);
      if (seq >= this.nextSeq && isRecordSound(bytes.subarray(at, at + RECORD_HEADER_BYTES), this.#header.seed))
        return seq;
    }
    return undefined;
  }

  /** `length` bytes at the current offset, or undefined when the file ends before. */
  async #bytes(length: number): Promise<Uint8Array | undefined> {
    if (this.offset + length > this.#size) return undefined;
    const inside = this.offset >= this.#windowStart && this.offset + length <= this.#windowStart + this.#window.length;
    if (!inside) {
      this.#window = await this.#file.read(
        this.offset,
        Math.min(Math.max(length, WINDOW_BYTES), this.#size - this.offset),
      );
      this.#windowStart = this.offset;
      if (this.#window.length < length) return undefined;
    }
    const at = this.offset - this.#windowStart;
    return this.#window.subarray(at, at + length);
  }
}
