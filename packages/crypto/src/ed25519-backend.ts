// What a platform has to bring so that `ed25519.ts` works there: Node its own (`ed25519-node.ts`), everything else bigint
// arithmetic (`ed25519-pure.ts`); `imports` in package.json chooses.

import type { Ed25519Item } from "./ed25519-exact.ts";

/** Imported keys that are kept: importing costs a quarter of a verification. About 1 KiB each; least recently used out. */
export const ED25519_KEYS_MAX = 4_096;

/** A secret key ready to sign many messages: importing the seed costs more than a signature. */
export type Ed25519Signer = {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
};

export type Ed25519Backend = {
  /** The verdict on an item whose S is below the group order and whose A and R are canonical and not of small order. */
  verifyOrdinary(item: Ed25519Item): boolean;
  /** A signer for a seed of 32 bytes. */
  createSigner(seed: Uint8Array): Ed25519Signer;
};
