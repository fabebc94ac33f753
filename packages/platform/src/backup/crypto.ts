// Sealing for somebody who is not here: an ephemeral X25519 key agrees with the recipient's public one, HKDF-SHA256 makes the
// key of this backup alone, and AES-256-GCM seals each chunk under its number (RFC 7748, RFC 5869, SP 800-38D). The key is
// used for one backup, so a number is never used twice as a nonce. Bound to each chunk are how many there are and the hash of
// the manifest: none can be left out, moved, or taken from another backup.

import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  randomBytes,
} from "node:crypto";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";

const INFO = "bystack/backup/1";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
/** Bytes that sealing adds to a chunk. */
export const TAG_BYTES = 16;
/** DER around a raw X25519 key (RFC 8410). */
const PKCS8_PREFIX = hexToBytes("302e020100300506032b656e04220420");
const SPKI_PREFIX = hexToBytes("302a300506032b656e032100");

function privateKeyOf(secret: Uint8Array) {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secret]), format: "der", type: "pkcs8" });
}

function publicKeyOf(publicKey: Uint8Array) {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: "der", type: "spki" });
}

/** The public half of a recipient's key, in hexadecimal. @param secret 32 random bytes */
export function recipientOf(secret: Uint8Array): string {
  const der = createPublicKey(privateKeyOf(secret)).export({ format: "der", type: "spki" });
  return bytesToHex(Uint8Array.from(der.subarray(SPKI_PREFIX.length)));
}

/** A fresh recipient's key; whoever has it opens what is sealed to its public half. */
export function createRecipientSecret(): Uint8Array {
  return Uint8Array.from(randomBytes(KEY_BYTES));
}

export type SealScope = { readonly recipient: string; readonly ephemeral: string };

function keyFor(shared: Uint8Array, { recipient, ephemeral }: SealScope): Uint8Array {
  const salt = Buffer.concat([hexToBytes(ephemeral), hexToBytes(recipient)]);
  return new Uint8Array(hkdfSync("sha256", shared, salt, utf8ToBytes(INFO), KEY_BYTES));
}

/** A key for one backup to a recipient, and the public half by which the recipient finds it. Throws for a bad public key. */
export function keyToRecipient(recipient: string): { readonly key: Uint8Array; readonly ephemeral: string } {
  const secret = createRecipientSecret();
  const ephemeral = recipientOf(secret);
  const shared = diffieHellman({ privateKey: privateKeyOf(secret), publicKey: publicKeyOf(hexToBytes(recipient)) });
  return { key: keyFor(shared, { recipient, ephemeral }), ephemeral };
}

/** The same key on the recipient's side. */
export function keyOfRecipient(secret: Uint8Array, scope: SealScope): Uint8Array {
  const publicKey = publicKeyOf(hexToBytes(scope.ephemeral));
  return keyFor(diffieHellman({ privateKey: privateKeyOf(secret), publicKey }), scope);
}

/** What a chunk is bound to. */
export type ChunkPlace = { readonly manifestHash: string; readonly number: number; readonly count: number };

function nonceOf({ number }: ChunkPlace): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setUint32(NONCE_BYTES - 4, number);
  return nonce;
}

function boundTo({ manifestHash, number, count }: ChunkPlace): Uint8Array {
  const bound = new Uint8Array(8);
  const view = new DataView(bound.buffer);
  view.setUint32(0, number);
  view.setUint32(4, count);
  return Buffer.concat([utf8ToBytes(INFO), hexToBytes(manifestHash), bound]);
}

export function sealChunk(key: Uint8Array, place: ChunkPlace, bytes: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, nonceOf(place)).setAAD(boundTo(place));
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined for a chunk that is not the one of this place. */
export function openChunk(key: Uint8Array, place: ChunkPlace, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const end = sealed.length - TAG_BYTES;
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(place), options).setAAD(boundTo(place));
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
  } catch {
    return undefined;
  }
}
