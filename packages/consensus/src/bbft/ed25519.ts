// The production scheme of `bbft-flat`: Ed25519 votes, verified by the strict rule that all nodes agree on ("strict-s").

import { createEd25519Signer, verifyEd25519 } from "@bystack/crypto/ed25519";
import type { VoteCrypto } from "./crypto.ts";

/** @param seed the 32-byte seed of the vote key; it stays in this closure. Observers pass undefined and never sign. */
export function createEd25519VoteCrypto(seed: Uint8Array | undefined): VoteCrypto {
  const signer = seed === undefined ? undefined : createEd25519Signer(seed);
  return {
    sign(bytes) {
      if (signer === undefined) throw new Error("an observer has no vote key");
      return signer.sign(bytes);
    },
    verify: (key, bytes, signature) => verifyEd25519({ publicKey: key, message: bytes, signature }, "strict-s"),
  };
}
