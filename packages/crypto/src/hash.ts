// Hash functions by their real names. "SHA3" in the Bytom and Bystack documents is sha3_256 (FIPS 202, not Keccak). Who
// computes them depends on the platform (`hash-backend.ts`); what comes out does not.

import { hashBackend } from "#hash";

/** SHA3-256 (FIPS 202). */
export const sha3_256 = hashBackend.sha3_256;

/** SHA3-256 of several byte strings one after the other, without joining them first. */
export const sha3_256Parts = hashBackend.sha3_256Parts;

/** Real SHA-256 (a VM opcode); the Bytom sources call SHA3-256 by this name, we do not. */
export const sha256 = hashBackend.sha256;

/** SHA-512. */
export const sha512 = hashBackend.sha512;

/** SHA-512 of several byte strings one after the other. */
export const sha512Parts = hashBackend.sha512Parts;

/** RIPEMD-160 of the bytes directly (no SHA-256 before it): Bytom's public key hash. */
export const ripemd160 = hashBackend.ripemd160;

/** SHAKE128 with an output of `length` bytes. */
export const shake128 = hashBackend.shake128;

/** HMAC-SHA-512 of several byte strings one after the other. */
export const hmacSha512 = hashBackend.hmacSha512;
