// Ed25519 where there is no node:crypto: the exact rule itself, about a millisecond each. Not constant in time, as all signing
// with keys of chainkd: for a wallet in a page, where nobody measures it finely. Never loaded on Node.

import type { Ed25519Backend } from "./ed25519-backend.ts";
import { verifyEd25519Exact } from "./ed25519-exact.ts";
import { publicKeyOfScalar, signEd25519Expanded } from "./ed25519-expanded.ts";
import { sha512 } from "./hash.ts";

/** Scalar and nonce prefix of a seed (RFC 8032, section 5.1.5). */
function expand(seed: Uint8Array): Uint8Array {
  const expanded = sha512(seed);
  expanded[0] = (expanded[0] ?? 0) & 0xf8;
  expanded[31] = ((expanded[31] ?? 0) & 0x7f) | 0x40;
  return expanded;
}

/** In JavaScript, the same everywhere. */
export const ed25519Backend: Ed25519Backend = {
  verifyOrdinary: (item) => verifyEd25519Exact(item, "strict-s"),
  createSigner: (seed) => {
    const expanded = expand(seed);
    return {
      publicKey: publicKeyOfScalar(expanded.subarray(0, 32)),
      sign: (message) => signEd25519Expanded(expanded, message),
    };
  },
};
