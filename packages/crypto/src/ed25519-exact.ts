// The Ed25519 rules themselves, step by step on bigint: the oracle of every faster verifier, and what decides the cases
// in which node:crypto is stricter than the rule (spec/bytom.md section 15.1).
//
// One rule everywhere, as in Go's crypto/ed25519: recompute R' = [S]B - [k]A without a cofactor and compare bytes. A
// non-canonical or small-order A is accepted, a non-canonical R can never match.

import { bytesToBigintLe, equalBytes } from "@bystack/utils/bytes";
import {
  addPoints,
  decodePointLax,
  encodePoint,
  GROUP_ORDER,
  multiplyBase,
  multiplyPoint,
  negatePoint,
} from "./edwards.ts";
import { sha512Parts } from "./hash.ts";

/**
 * How S is checked. `strict-s`: S < l, for side chains, the federation and votes. `bytom`: the main chain's CHECKSIG,
 * where any S below 2^253 counts as S modulo l.
 */
export type Ed25519Rule = "strict-s" | "bytom";

export type Ed25519Item = {
  /** 32 bytes; any other length is refused. */
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  /** 64 bytes, R and S; any other length is refused. */
  readonly signature: Uint8Array;
};

/** The challenge k = SHA-512(R, A, M) modulo l, over the bytes as given. */
export function ed25519Challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return bytesToBigintLe(sha512Parts(r, publicKey, message)) % GROUP_ORDER;
}

/** The exact verdict, in about a millisecond. Use `verifyEd25519`, which agrees with it and is some ten times faster. */
export function verifyEd25519Exact(item: Ed25519Item, rule: Ed25519Rule): boolean {
  const { publicKey, message, signature } = item;
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  if (((signature[63] ?? 0) & 0xe0) !== 0) return false;
  const s = bytesToBigintLe(signature.subarray(32));
  if (rule === "strict-s" && s >= GROUP_ORDER) return false;
  const a = decodePointLax(publicKey);
  if (a === undefined) return false;
  const r = signature.subarray(0, 32);
  const k = ed25519Challenge(r, publicKey, message);
  const expected = addPoints(multiplyBase(s), multiplyPoint(negatePoint(a), k));
  return equalBytes(encodePoint(expected), r);
}
