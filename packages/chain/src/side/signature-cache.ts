// Signatures that were valid once are not computed again: a transaction is checked for the mempool, when a block is built
// and when it is executed. The key is everything that decides the verdict, so a hit cannot be wrong. Only successes are
// kept; refused ones cost their sender a score instead.

import type { SignatureCheck } from "@bystack/ledger/side/rules";
import { bytesToHex, concatBytes } from "@bystack/utils/bytes";

/** Verified signatures remembered: some blocks' worth, about 300 bytes each. */
export const VERIFIED_SIGNATURES_CAP = 50_000;

export function createCachedSignatureCheck(verify: SignatureCheck): SignatureCheck {
  const verified = new Set<string>();
  return (publicKey, message, signature) => {
    const key = bytesToHex(concatBytes(publicKey, signature, message));
    if (verified.has(key)) return true;
    if (!verify(publicKey, message, signature)) return false;
    if (verified.size >= VERIFIED_SIGNATURES_CAP) {
      const [oldest] = verified;
      if (oldest !== undefined) verified.delete(oldest);
    }
    verified.add(key);
    return true;
  };
}
