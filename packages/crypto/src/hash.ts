// Hash functions by their real names. "SHA3" in the Bytom and Bystack documents is sha3_256 (FIPS 202, not Keccak).
// One-shot node:crypto: 1.1 us for 98 bytes, measured; batches go through the native backend when there is one.
//
// Results are plain Uint8Arrays, never Buffers (for about 0.06 us each): the `slice` of a Buffer is a view, not a copy,
// and a Buffer is not deeply equal to the same bytes.

import { createHash, createHmac, hash } from "node:crypto";

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

export function sha3_256(data: Uint8Array): Uint8Array {
  return plain(hash("sha3-256", data, "buffer"));
}

/** SHA3-256 of several byte strings one after the other, without joining them first. */
export function sha3_256Parts(...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash("sha3-256");
  for (const part of parts) state.update(part);
  return plain(state.digest());
}

/** Real SHA-256 (a VM opcode); the Bytom sources call SHA3-256 by this name, we do not. */
export function sha256(data: Uint8Array): Uint8Array {
  return plain(hash("sha256", data, "buffer"));
}

export function sha512(data: Uint8Array): Uint8Array {
  return plain(hash("sha512", data, "buffer"));
}

export function sha512Parts(...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash("sha512");
  for (const part of parts) state.update(part);
  return plain(state.digest());
}

/** RIPEMD-160 of the bytes directly (no SHA-256 before it): Bytom's public key hash. */
export function ripemd160(data: Uint8Array): Uint8Array {
  return plain(hash("ripemd160", data, "buffer"));
}

/** SHAKE128 with an output of `length` bytes. */
export function shake128(data: Uint8Array, length: number): Uint8Array {
  return plain(hash("shake128", data, { outputEncoding: "buffer", outputLength: length }));
}

export function hmacSha512(key: Uint8Array, ...message: readonly Uint8Array[]): Uint8Array {
  const state = createHmac("sha512", key);
  for (const part of message) state.update(part);
  return plain(state.digest());
}
