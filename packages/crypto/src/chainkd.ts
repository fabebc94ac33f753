// chainkd, Bytom's hierarchical Ed25519 keys (spec/bytom.md section 15.2). A private key (xprv) is 64 bytes, scalar and
// salt; a public key (xpub) is 64 bytes, point and salt. Text form: hexadecimal of these bytes.
//
// One non-hardened child xprv together with the parent xpub gives the parent xprv: child xprvs are never exported.

import { bigintToBytesLe, bytesToBigintLe, concatBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import { type Ed25519Rule, verifyEd25519 } from "./ed25519.ts";
import { publicKeyOfScalar, signEd25519Expanded } from "./ed25519-expanded.ts";
import { addPoints, decodePointLax, encodePoint, multiplyBase } from "./edwards.ts";
import { hmacSha512 } from "./hash.ts";

/** 64 bytes: scalar (32, little-endian, not reduced) and salt (32). Secret. */
export type Xprv = Uint8Array;
/** 64 bytes: encoded point (32) and salt (32). */
export type Xpub = Uint8Array;

const ROOT_KEY = utf8ToBytes("Root");
const EXPAND_KEY = utf8ToBytes("Expand");
const NORMAL = utf8ToBytes("N");
const HARDENED = utf8ToBytes("H");

function firstHalf(key: Uint8Array): Uint8Array {
  assertInvariant(key.length === 64, "a chainkd key has 64 bytes");
  return key.subarray(0, 32);
}

function saltOf(key: Uint8Array): Uint8Array {
  return key.subarray(32);
}

/** Makes the first half a root scalar: a multiple of 8 with bit 254 set and bits 253 and 255 clear. */
function pruneRoot(key: Uint8Array): Xprv {
  const pruned = Uint8Array.from(key);
  pruned[0] = (pruned[0] ?? 0) & 0xf8;
  pruned[31] = ((pruned[31] ?? 0) & 0x1f) | 0x40;
  return pruned;
}

/** What a non-hardened child adds to its parent: 230 bits, a multiple of 8, and the salt of the child. */
function normalStep(xpub: Xpub, selector: Uint8Array): { addend: bigint; salt: Uint8Array } {
  const mac = hmacSha512(saltOf(xpub), NORMAL, firstHalf(xpub), selector);
  const addend = Uint8Array.from(mac.subarray(0, 32));
  addend[0] = (addend[0] ?? 0) & 0xf8;
  addend[29] = (addend[29] ?? 0) & 1;
  addend[30] = 0;
  addend[31] = 0;
  return { addend: bytesToBigintLe(addend), salt: saltOf(mac) };
}

/** The root key of a seed of any length. */
export function rootXprv(seed: Uint8Array): Xprv {
  return pruneRoot(hmacSha512(ROOT_KEY, seed));
}

export function xpubOfXprv(xprv: Xprv): Xpub {
  return concatBytes(publicKeyOfScalar(firstHalf(xprv)), saltOf(xprv));
}

/** The non-hardened child for a selector of any length; its xpub is `childXpub` of the parent's. */
export function childXprv(xprv: Xprv, selector: Uint8Array): Xprv {
  const { addend, salt } = normalStep(xpubOfXprv(xprv), selector);
  // A sum of 256-bit integers, not reduced modulo the group order: a carry beyond 256 bits is lost, as it always was.
  return concatBytes(bigintToBytesLe(bytesToBigintLe(firstHalf(xprv)) + addend, 32), salt);
}

/** The hardened child: no public key leads to it. */
export function hardenedChildXprv(xprv: Xprv, selector: Uint8Array): Xprv {
  return pruneRoot(hmacSha512(saltOf(xprv), HARDENED, firstHalf(xprv), selector));
}

/** The public non-hardened child; undefined when the bytes are no xpub (64 bytes that begin with a point). */
export function childXpub(xpub: Xpub, selector: Uint8Array): Xpub | undefined {
  if (xpub.length !== 64) return undefined;
  const parent = decodePointLax(firstHalf(xpub));
  if (parent === undefined) return undefined;
  const { addend, salt } = normalStep(xpub, selector);
  return concatBytes(encodePoint(addPoints(parent, multiplyBase(addend))), salt);
}

/** Follows a path of non-hardened selectors. */
export function deriveXprv(xprv: Xprv, path: readonly Uint8Array[]): Xprv {
  return path.reduce(childXprv, xprv);
}

/** Follows a path of non-hardened selectors; undefined when the bytes are no xpub. */
export function deriveXpub(xpub: Xpub, path: readonly Uint8Array[]): Xpub | undefined {
  return path.reduce<Xpub | undefined>((parent, selector) => parent && childXpub(parent, selector), xpub);
}

/** Scalar and nonce prefix of 32 bytes each, as Ed25519 signing wants them. Secret. */
export function expandXprv(xprv: Xprv): Uint8Array {
  return concatBytes(firstHalf(xprv), saltOf(hmacSha512(EXPAND_KEY, xprv)));
}

/** The 64-byte Ed25519 signature of a message; deterministic. */
export function signWithXprv(xprv: Xprv, message: Uint8Array): Uint8Array {
  return signEd25519Expanded(expandXprv(xprv), message);
}

/** Verifies under the point of an xpub; false as well when the bytes are no xpub. */
export function verifyWithXpub(
  item: { readonly xpub: Xpub; readonly message: Uint8Array; readonly signature: Uint8Array },
  rule: Ed25519Rule,
): boolean {
  if (item.xpub.length !== 64) return false;
  return verifyEd25519({ publicKey: firstHalf(item.xpub), message: item.message, signature: item.signature }, rule);
}

/** The Ed25519 public key of an xpub: its first 32 bytes, as a view. */
export function publicKeyOfXpub(xpub: Xpub): Uint8Array {
  return firstHalf(xpub);
}
