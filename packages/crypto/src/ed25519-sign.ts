// Ed25519 signing from a 32-byte seed; deterministic (RFC 8032, section 5.1.6). Keys without a seed: `ed25519-expanded.ts`.

import { assertInvariant } from "@bystack/utils/errors";
import { ed25519Backend } from "#ed25519";
import type { Ed25519Signer } from "./ed25519-backend.ts";

/** A signer for a 32-byte seed. */
export function createEd25519Signer(seed: Uint8Array): Ed25519Signer {
  assertInvariant(seed.length === 32, "an Ed25519 seed has 32 bytes");
  return ed25519Backend.createSigner(seed);
}

/** The 64-byte signature of a message under a 32-byte seed. */
export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return createEd25519Signer(seed).sign(message);
}

/** The 32-byte public key of a 32-byte seed. */
export function publicKeyFromSeed(seed: Uint8Array): Uint8Array {
  return createEd25519Signer(seed).publicKey;
}
