// The hash functions where there is no node:crypto: a browser's own are asynchronous and have no SHA-3. Never loaded on Node.

import { hmac } from "@noble/hashes/hmac.js";
import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { sha3_256, shake128 } from "@noble/hashes/sha3.js";
import type { HashBackend } from "./hash-backend.ts";

type Incremental = { update(data: Uint8Array): unknown; digest(): Uint8Array };

function digestOf(state: Incremental, parts: readonly Uint8Array[]): Uint8Array {
  for (const part of parts) state.update(part);
  return state.digest();
}

/** In JavaScript, the same everywhere. */
export const hashBackend: HashBackend = {
  sha3_256: (data) => sha3_256(data),
  sha3_256Parts: (...parts) => digestOf(sha3_256.create(), parts),
  sha256: (data) => sha256(data),
  sha512: (data) => sha512(data),
  sha512Parts: (...parts) => digestOf(sha512.create(), parts),
  ripemd160: (data) => ripemd160(data),
  shake128: (data, length) => shake128(data, { dkLen: length }),
  hmacSha512: (key, ...message) => digestOf(hmac.create(sha512, key), message),
};
