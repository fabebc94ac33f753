// Ed25519 for every user in Bystack: one verification rule (ed25519-exact.ts states it), on Node at the speed of node:crypto.
//
// node:crypto may only say yes. Node 24 (OpenSSL 3.5) accepts a strict subset of what the rule accepts: it also refuses
// small-order A and R. So its yes is final, and its no is final unless A or R is one of the few odd encodings; these are
// decided by the exact rule. A non-canonical R never matches, and S is checked or reduced before node:crypto sees it.
// The edge vectors pin this for each version of Node in use.

import { bigintToBytesLe, bytesToBigintLe, concatBytes } from "@bystack/utils/bytes";
import { ed25519Backend } from "#ed25519";
import { type Ed25519Item, type Ed25519Rule, verifyEd25519Exact } from "./ed25519-exact.ts";
import { GROUP_ORDER } from "./edwards.ts";
import { isCanonicalPoint, isSmallOrder } from "./public-key.ts";

export type { Ed25519Signer } from "./ed25519-backend.ts";
export { ED25519_KEYS_MAX } from "./ed25519-backend.ts";
export { type Ed25519Item, type Ed25519Rule, verifyEd25519Exact } from "./ed25519-exact.ts";
export { publicKeyOfScalar, signEd25519Expanded } from "./ed25519-expanded.ts";
export { createEd25519Signer, publicKeyFromSeed, signEd25519 } from "./ed25519-sign.ts";
export { isCanonicalPoint, isOnCurve, isSmallOrder, type PublicKeyFault, validatePublicKey } from "./public-key.ts";

/** The signature with S reduced modulo l; undefined when the rule refuses S. Most signatures come back as they are. */
function checkS(signature: Uint8Array, rule: Ed25519Rule): Uint8Array | undefined {
  const top = signature[63] ?? 0;
  if (top < 0x10) return signature; // S < 2^252 < l
  if (top >= 0x20) return undefined; // neither rule takes 254 bits or more
  const s = bytesToBigintLe(signature.subarray(32));
  if (s < GROUP_ORDER) return signature;
  if (rule === "strict-s") return undefined;
  return concatBytes(signature.subarray(0, 32), bigintToBytesLe(s - GROUP_ORDER, 32)); // S < 2^253 < 2l
}

/** Whether a signature is valid under the rule; the same verdict as {@link verifyEd25519Exact}. Never throws. */
export function verifyEd25519(item: Ed25519Item, rule: Ed25519Rule): boolean {
  const { publicKey, message } = item;
  if (publicKey.length !== 32 || item.signature.length !== 64) return false;
  const signature = checkS(item.signature, rule);
  if (signature === undefined) return false;
  const r = signature.subarray(0, 32);
  if (!isCanonicalPoint(r)) return false;
  if (isSmallOrder(r) || isSmallOrder(publicKey) || !isCanonicalPoint(publicKey)) return verifyEd25519Exact(item, rule);
  return ed25519Backend.verifyOrdinary({ publicKey, message, signature });
}

/** One exact verdict for each item, 1 or 0: not a batch equation, a bad signature says nothing about its neighbours. */
export function verifyEd25519Batch(items: readonly Ed25519Item[], rule: Ed25519Rule): Uint8Array {
  return Uint8Array.from(items, (item) => (verifyEd25519(item, rule) ? 1 : 0));
}
