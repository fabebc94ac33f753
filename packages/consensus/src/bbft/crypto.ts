// What the engine needs of a signature scheme. Production uses an Ed25519 list (./ed25519.ts); the simulator brings a
// keyed hash that nobody inside the simulator can forge. The engine never sees a secret: `sign` closes over it.

export type VoteCrypto = {
  /** 64 bytes over the message by this node's vote key. Deterministic: the same bytes give the same signature. */
  sign(bytes: Uint8Array): Uint8Array;
  verify(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean;
};
