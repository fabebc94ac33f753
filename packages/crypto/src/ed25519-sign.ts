// Ed25519 signing: from a 32-byte seed through node:crypto, and from an expanded key (scalar and nonce prefix) for keys
// that have no seed, such as those of chainkd. Deterministic (RFC 8032, section 5.1.6).
//
// The expanded form is bigint arithmetic and not constant in time: sign with it only where nobody can measure it finely.
// The public key is always recomputed from the secret: signing under a claimed one would leak the scalar.

import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { bigintToBytesLe, bytesToBigintLe, concatBytes } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import { ed25519Challenge } from "./ed25519-exact.ts";
import { encodePoint, GROUP_ORDER, multiplyBase } from "./edwards.ts";
import { sha512Parts } from "./hash.ts";

const PKCS8_PREFIX = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
);

/** A secret key ready to sign many messages: importing the seed costs more than a signature. */
export type Ed25519Signer = {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
};

function importSeed(seed: Uint8Array): KeyObject {
  assertInvariant(seed.length === 32, "an Ed25519 seed has 32 bytes");
  const key = Buffer.from(concatBytes(PKCS8_PREFIX, seed));
  const secret = createPrivateKey({ key, format: "der", type: "pkcs8" });
  key.fill(0);
  return secret;
}

function publicKeyOf(secret: KeyObject): Uint8Array {
  const encoded = createPublicKey(secret).export({ format: "der", type: "spki" });
  return new Uint8Array(encoded.subarray(encoded.length - 32));
}

function signWith(secret: KeyObject, message: Uint8Array): Uint8Array {
  return Uint8Array.from(sign(null, message, secret)); // a plain array, no Buffer: see hash.ts
}

/** A signer for a 32-byte seed. */
export function createEd25519Signer(seed: Uint8Array): Ed25519Signer {
  const secret = importSeed(seed);
  return { publicKey: publicKeyOf(secret), sign: (message) => signWith(secret, message) };
}

/** The 64-byte signature of a message under a 32-byte seed. */
export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return signWith(importSeed(seed), message);
}

/** The 32-byte public key of a 32-byte seed. */
export function publicKeyFromSeed(seed: Uint8Array): Uint8Array {
  return publicKeyOf(importSeed(seed));
}

/** The 32-byte public key of a 32-byte little-endian scalar, which need not be reduced. */
export function publicKeyOfScalar(scalar: Uint8Array): Uint8Array {
  assertInvariant(scalar.length === 32, "an Ed25519 scalar has 32 bytes");
  return encodePoint(multiplyBase(bytesToBigintLe(scalar)));
}

/** Signs with an expanded key of 64 bytes: a little-endian scalar, not necessarily reduced, and the nonce prefix. */
export function signEd25519Expanded(expanded: Uint8Array, message: Uint8Array): Uint8Array {
  assertInvariant(expanded.length === 64, "an expanded Ed25519 key has 64 bytes");
  const scalar = bytesToBigintLe(expanded.subarray(0, 32));
  const nonce = bytesToBigintLe(sha512Parts(expanded.subarray(32), message)) % GROUP_ORDER;
  const r = encodePoint(multiplyBase(nonce));
  const publicKey = publicKeyOfScalar(expanded.subarray(0, 32));
  const s = (nonce + ed25519Challenge(r, publicKey, message) * scalar) % GROUP_ORDER;
  return concatBytes(r, bigintToBytesLe(s, 32));
}
