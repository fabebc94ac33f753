// Checks of encoded Ed25519 points: which encodings are odd, and which keys a person, a committee or a federation may use
// (privacy.md section 2.3). Consensus rules accept odd keys in scripts; these checks keep them out of everything else.

import { err, ok, type Result } from "@bystack/utils/result";
import { decodePointLax, GROUP_ORDER, isIdentity, multiplyPoint } from "./edwards.ts";

/** Why a public key may not be used. */
export type PublicKeyFault = "length" | "not-canonical" | "not-on-curve" | "small-order" | "torsion";

// The y coordinates of the eight points whose order divides 8, least significant byte first: 0, 1, -1 and the two of
// order 8. Each but 1 and -1 belongs to two points, told apart by the sign bit on top.
const Y8 = [
  0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac,
  0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];
const SMALL_ORDER_Y: readonly (readonly number[])[] = [
  Array.from({ length: 32 }, () => 0),
  Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)),
  Array.from({ length: 32 }, (_, i) => (i === 0 ? 0xec : i === 31 ? 0x7f : 0xff)),
  Y8,
  Y8.map((byte, i) => (i === 0 ? 0xed : i === 31 ? 0x7f : 0xff) - byte),
];

function hasY(bytes: Uint8Array, y: readonly number[]): boolean {
  for (let i = 0; i < 31; i += 1) if (bytes[i] !== y[i]) return false;
  return ((bytes[31] ?? 0) & 0x7f) === y[31];
}

/** Whether y is p or more, in 32 bytes without their top bit. */
function isYBeyondField(bytes: Uint8Array): boolean {
  if ((bytes[0] ?? 0) < 0xed || ((bytes[31] ?? 0) & 0x7f) !== 0x7f) return false;
  for (let i = 1; i < 31; i += 1) if (bytes[i] !== 0xff) return false;
  return true;
}

/**
 * Whether 32 bytes are a canonical encoding: y below p, and no sign bit where x = 0. Says nothing about whether there is
 * such a point ({@link isOnCurve}).
 */
export function isCanonicalPoint(bytes: Uint8Array): boolean {
  if (bytes.length !== 32 || isYBeyondField(bytes)) return false;
  if (((bytes[31] ?? 0) & 0x80) === 0) return true;
  return !SMALL_ORDER_Y.slice(1, 3).some((y) => hasY(bytes, y)); // x = 0 belongs to y = 1 and y = -1
}

/** Whether canonical or odd bytes with y below p name one of the eight points whose order divides 8, sign ignored. */
export function isSmallOrder(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  for (const y of SMALL_ORDER_Y) if (hasY(bytes, y)) return true;
  // y = p and y = p + 1 are 0 and 1 written differently.
  return isYBeyondField(bytes) && (bytes[0] ?? 0) <= 0xee;
}

/** Whether 32 bytes decode to a point under the lax rule of verification (non-canonical encodings included). */
export function isOnCurve(bytes: Uint8Array): boolean {
  return decodePointLax(bytes) !== undefined;
}

/**
 * Whether a public key may be used for votes, in a federation, in a multisig or by a wallet: canonical, on the curve, not
 * of small order, in the group of prime order. About a millisecond. Duplicates are the caller's to find.
 */
export function validatePublicKey(key: Uint8Array): Result<Uint8Array, PublicKeyFault> {
  if (key.length !== 32) return err("length");
  if (!isCanonicalPoint(key)) return err("not-canonical");
  if (isSmallOrder(key)) return err("small-order");
  const point = decodePointLax(key);
  if (point === undefined) return err("not-on-curve");
  if (!isIdentity(multiplyPoint(point, GROUP_ORDER))) return err("torsion");
  return ok(key);
}
