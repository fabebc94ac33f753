// Frames on a connection: `length u32le | type u8 | body`, where length counts type and body. The decoder takes the bytes as
// they come and treats them as hostile: the cap of a type is compared before anything is kept, memory follows the bytes that
// really came (never the length that was declared), and an error ends the stream.

import { EMPTY_BYTES } from "@bystack/utils/bytes";

/** Largest body of any frame type: a block of the largest size; no type may declare a larger cap. */
export const FRAME_BODY_BYTES_MAX = 16_777_216;
/** Bytes before the body. */
export const FRAME_HEADER_BYTES = 5;
const FIRST_BUFFER_BYTES = 16_384;

export type FrameError = "FRAME_EMPTY" | "FRAME_TYPE" | "FRAME_TOO_LARGE";

/** Largest body of a frame type; undefined for a type that does not exist. */
export type FrameCaps = (type: number) => number | undefined;

/** Writes the header of a frame at `offset`; the body follows it. */
export function writeFrameHeader(
  target: Buffer,
  offset: number,
  frame: { readonly type: number; readonly bodyBytes: number },
): void {
  target.writeUInt32LE(frame.bodyBytes + 1, offset);
  target[offset + 4] = frame.type;
}

/** One whole frame. */
export function encodeFrame(type: number, body: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length);
  writeFrameHeader(bytes, 0, { type, bodyBytes: body.length });
  bytes.set(body, FRAME_HEADER_BYTES);
  return bytes;
}

export class FrameDecoder {
  readonly #caps: FrameCaps;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  /** Body bytes of the frame under way; known once its header is whole. */
  #need = 0;
  #buffer: Uint8Array = EMPTY_BYTES;
  #have = 0;
  #error: FrameError | undefined;

  constructor(caps: FrameCaps) {
    this.#caps = caps;
  }

  /** Bytes kept for the frame under way. */
  get bufferedBytes(): number {
    return this.#buffer.length;
  }

  /**
   * Takes the next bytes of the stream and gives out each frame that they complete, until `onFrame` returns false. Bodies
   * belong to the receiver. Returns the error that ended the stream; from then on every call does.
   */
  push(bytes: Uint8Array, onFrame: (type: number, body: Uint8Array) => boolean): FrameError | undefined {
    // A plain view: the slice of a Buffer would share its memory instead of copying it.
    const chunk = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (this.#error === undefined) {
      if (this.#headerBytes < FRAME_HEADER_BYTES) {
        const taken = Math.min(FRAME_HEADER_BYTES - this.#headerBytes, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + taken), this.#headerBytes);
        this.#headerBytes += taken;
        at += taken;
        // The length alone can already be refused, and the type too, before any byte of the body.
        if (this.#headerBytes < FRAME_HEADER_BYTES || !this.#readHeader()) break;
      }
      const missing = this.#need - this.#have;
      if (chunk.length - at < missing) {
        this.#keep(chunk.subarray(at));
        break;
      }
      const body = this.#complete(chunk, at, missing);
      at += missing;
      this.#headerBytes = 0;
      if (!onFrame(this.#header[4] ?? 0, body)) break;
    }
    return this.#error;
  }

  #readHeader(): boolean {
    const length = new DataView(this.#header.buffer).getUint32(0, true);
    const cap = this.#caps(this.#header[4] ?? 0);
    if (length === 0) this.#error = "FRAME_EMPTY";
    else if (cap === undefined) this.#error = "FRAME_TYPE";
    else if (length - 1 > cap) this.#error = "FRAME_TOO_LARGE";
    this.#need = length - 1;
    this.#have = 0;
    return this.#error === undefined;
  }

  #complete(chunk: Uint8Array, at: number, missing: number): Uint8Array {
    if (this.#have === 0) {
      // A copy, so that a small message that is kept does not hold the whole chunk in memory.
      return missing * 2 >= chunk.length ? chunk.subarray(at, at + missing) : chunk.slice(at, at + missing);
    }
    this.#keep(chunk.subarray(at, at + missing));
    const body = this.#buffer.length === this.#need ? this.#buffer : this.#buffer.slice(0, this.#need);
    this.#buffer = EMPTY_BYTES;
    return body;
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#have + bytes.length;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#need, Math.max(needed, this.#buffer.length * 2, FIRST_BUFFER_BYTES)));
      grown.set(this.#buffer.subarray(0, this.#have));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#have);
    this.#have = needed;
  }
}
