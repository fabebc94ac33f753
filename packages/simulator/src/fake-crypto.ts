// Signatures for simulations: a keyed 64-bit hash in 64 bytes. Unforgeable inside a simulation, where everybody signs
// through `signerOf` with the place they were given; worth nothing outside.

import type { VoteCrypto } from "@bystack/consensus/bbft/crypto";

const SIGNATURE_BYTES = 64;

function mix(seed: number, bytes: Uint8Array): number {
  let h = seed | 0;
  for (let i = 0; i < bytes.length; i += 1) h = Math.imul(h ^ (bytes[i] ?? 0), 0x01000193);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

/** 32 bytes that look like a hash; for toy states and keys. */
export function fakeHash(seed: number, bytes: Uint8Array): Uint8Array {
  const hash = new Uint8Array(32);
  const view = new DataView(hash.buffer);
  for (let i = 0; i < 2; i += 1) view.setUint32(4 * i, mix(seed + 0x51ed27 * (i + 1), bytes));
  return hash;
}

function fakeSign(place: number, bytes: Uint8Array): Uint8Array {
  const signature = new Uint8Array(SIGNATURE_BYTES);
  const view = new DataView(signature.buffer);
  view.setUint32(0, mix(0x1234567 + place * 0x9e3779b1, bytes));
  view.setUint32(4, mix(0x7654321 + place * 0x85ebca6b, bytes));
  return signature;
}

export function fakeKey(place: number): Uint8Array {
  const key = new Uint8Array(32);
  key[0] = place + 1;
  key[31] = 0xfa;
  return key;
}

function verify(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  const expected = fakeSign((key[0] ?? 0) - 1, bytes);
  if (signature.length !== SIGNATURE_BYTES) return false;
  for (let i = 0; i < SIGNATURE_BYTES; i += 1) if (signature[i] !== expected[i]) return false;
  return true;
}

/** The scheme as one validator sees it. */
export function fakeCrypto(place: number): VoteCrypto {
  return { sign: (bytes) => fakeSign(place, bytes), verify };
}

/** Keys and signatures of a whole committee. */
export type Scheme = { key(place: number): Uint8Array; crypto(place: number): VoteCrypto };

export const fakeScheme: Scheme = { key: fakeKey, crypto: fakeCrypto };
