// Ed25519 signing with an expanded key (scalar and nonce prefix), for keys that have no seed, such as those of chainkd.
// Deterministic (RFC 8032, section 5.1.6). Bigint arithmetic, not constant in time: only where nobody can measure it finely.
//
// The public key is always recomputed from the secret: signing under a claimed one would leak the scalar.

import { bigintToBytesLe, bytesToBigintLe, concatBytes } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import { ed25519Challenge } from "./ed25519-exact.ts";
import { encodePoint, GROUP_ORDER, multiplyBase } from "./edwards.ts";
import { sha512Parts } from "./hash.ts";

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
