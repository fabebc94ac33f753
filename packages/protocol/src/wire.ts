// The wire primitives of Bytom and Vapor (spec/bytom.md section 1): unsigned LEB128 integers with limits, byte strings
// with a length before them, lists, and "extensible strings". The reader treats its input as hostile: it never throws,
// never reads past the end, and never allocates before the length has been compared with what is left.

import { EMPTY_BYTES, type Hash } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";

/** The largest length or count on the wire: the reference refuses more. */
export const VARINT31_MAX = 0x7fff_ffff;
/** The largest number on the wire: a signed 64-bit integer never turns negative. */
export const VARINT63_MAX = (1n << 63n) - 1n;

/**
 * Why a decoder stopped: the codes of `errors.ts`. The reader keeps the first one; all later reads give empty values.
 * The first line is about primitives, the rest about the structure that was read.
 */
export type WireError =
  | ("SHORT" | "VARINT_OVERFLOW" | "VARINT31_RANGE" | "VARINT63_RANGE" | "LENGTH_RANGE" | "TRAILING" | "INVALID")
  | ("FLAGS" | "INPUT_TYPE" | "OUTPUT_TYPE" | "ASSET_VERSION" | "VM_VERSION" | "ASSET_ID" | "COINBASE_FORM")
  | ("NOT_CANONICAL" | "SIZE_LIMIT" | "HEX");

/** A refused encoding: why, and the offset of the byte at which the reader stopped. */
export type DecodeError = { readonly code: WireError; readonly at: number };

/**
 * A cursor over bytes. After the first failure every read returns a zero value and `error` stays set, so a decoder reads
 * a whole structure and looks at `error` once, at the end, before it believes any of it.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;
  error: WireError | undefined = undefined;
  /** Where the first failure happened, as an offset into `bytes`. */
  errorAt = 0;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  fail(error: WireError, at: number = this.position): void {
    if (this.error === undefined) {
      this.error = error;
      this.errorAt = at;
    }
    this.position = this.end;
  }

  byte(): number {
    if (this.position >= this.end) {
      this.fail("SHORT");
      return 0;
    }
    const value = this.bytes[this.position] ?? 0;
    this.position += 1;
    return value;
  }

  /** A view of the next `length` bytes; copies nothing. */
  take(length: number): Uint8Array {
    if (length > this.remaining) {
      this.fail("SHORT");
      return EMPTY_BYTES;
    }
    const value = this.bytes.subarray(this.position, this.position + length);
    this.position += length;
    return value;
  }

  hash(): Hash {
    const value = this.take(32);
    return this.error === undefined ? value : new Uint8Array(32);
  }

  /** Unsigned LEB128 of up to 64 bits. Non-minimal encodings are accepted; more than 64 bits are not. */
  #varint(): bigint {
    // Nearly all values fit four groups of seven bits: stay in small integers for these.
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      if (shift === 63n && byte > 1) {
        this.fail("VARINT_OVERFLOW");
        return 0n;
      }
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    this.fail("VARINT_OVERFLOW");
    return 0n;
  }

  varint31(): number {
    const value = this.#varint();
    if (value > VARINT31_MAX) {
      this.fail("VARINT31_RANGE");
      return 0;
    }
    return Number(value);
  }

  varint63(): bigint {
    const value = this.#varint();
    if (value > VARINT63_MAX) {
      this.fail("VARINT63_RANGE");
      return 0n;
    }
    return value;
  }

  /** A varint63 that the caller needs as a number; more than 2^53 - 1 is a range error. */
  varint53(): number {
    const value = this.varint63();
    if (value > Number.MAX_SAFE_INTEGER) {
      this.fail("VARINT63_RANGE");
      return 0;
    }
    return Number(value);
  }

  /** A view of a byte string; every empty one is the same object, so a list of many empty strings stays small. */
  varstr(): Uint8Array {
    const length = this.varint31();
    if (length > this.remaining) {
      this.fail("SHORT");
      return EMPTY_BYTES;
    }
    return length === 0 ? EMPTY_BYTES : this.take(length);
  }

  /** A list of byte strings. Each takes at least one byte, so a count beyond what is left is refused at once. */
  varstrList(): Uint8Array[] {
    const count = this.varint31();
    if (count > this.remaining) {
      this.fail("LENGTH_RANGE");
      return [];
    }
    const items: Uint8Array[] = [];
    for (let i = 0; i < count && this.error === undefined; i += 1) items.push(this.varstr());
    return items;
  }

  /**
   * An extensible string: `parse` reads from its content; what it leaves is the suffix. An error inside becomes an
   * error of this reader.
   */
  extensible<T>(parse: (content: ByteReader) => T): { value: T; suffix: Uint8Array } {
    const length = this.varint31();
    if (length > this.remaining) this.fail("SHORT");
    const start = this.position;
    const inner = new ByteReader(this.bytes, start, this.error === undefined ? start + length : start);
    const value = parse(inner);
    if (inner.error !== undefined) this.fail(inner.error, inner.errorAt);
    if (this.error !== undefined) return { value, suffix: EMPTY_BYTES };
    this.position = inner.end;
    return {
      value,
      suffix: inner.position === inner.end ? EMPTY_BYTES : this.bytes.subarray(inner.position, inner.end),
    };
  }

  /** What a decoder returns at its end: the value when nothing failed. */
  result<T>(value: T): Result<T, DecodeError> {
    return this.error === undefined ? ok(value) : err({ code: this.error, at: this.errorAt });
  }

  /** The structure must end here. */
  finish(): void {
    if (this.error === undefined && this.position !== this.end) this.fail("TRAILING");
  }
}

const INITIAL_CAPACITY = 256;

/** Grows as needed. Writing a value outside its range is a programmer's error and throws. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number = INITIAL_CAPACITY) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  varint31(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > VARINT31_MAX) throw new RangeError(`varint31: ${value}`);
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  varint63(value: bigint): this {
    if (value < 0n || value > VARINT63_MAX) throw new RangeError(`varint63: ${value}`);
    let rest = value;
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    return this.byte(Number(rest));
  }

  u64le(value: bigint): this {
    this.#reserve(8);
    new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#length, 8).setBigUint64(0, value, true);
    this.#length += 8;
    return this;
  }

  varstr(bytes: Uint8Array): this {
    return this.varint31(bytes.length).raw(bytes);
  }

  varstrList(items: readonly Uint8Array[]): this {
    this.varint31(items.length);
    for (const item of items) this.varstr(item);
    return this;
  }

  /** An extensible string around what `write` writes to the writer it is given, followed by a suffix. */
  extensible(write: (content: ByteWriter) => void, suffix?: Uint8Array): this {
    // The content goes directly behind one byte of length; most contents are shorter than 128, the others move up.
    const start = this.#length;
    this.byte(0);
    write(this);
    if (suffix !== undefined) this.raw(suffix);
    const end = this.#length;
    const length = end - start - 1;
    let lengthBytes = 1;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) lengthBytes += 1;
    if (lengthBytes > 1) {
      this.#reserve(lengthBytes - 1);
      this.#bytes.copyWithin(start + lengthBytes, start + 1, end);
    }
    this.#length = start;
    this.varint31(length);
    this.#length = end + lengthBytes - 1;
    return this;
  }

  /** The bytes written so far, as a copy of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
