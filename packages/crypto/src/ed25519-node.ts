// Ed25519 on Node, by node:crypto (OpenSSL). Imported public keys are kept for a while.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { concatBytes } from "@bystack/utils/bytes";
import { ED25519_KEYS_MAX, type Ed25519Backend } from "./ed25519-backend.ts";

const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

const keys = new Map<string, KeyObject>(); // in order of use

function importKey(publicKey: Uint8Array): KeyObject {
  const id = Buffer.from(publicKey.buffer, publicKey.byteOffset, 32).toString("latin1");
  let key = keys.get(id);
  if (key === undefined) {
    key = createPublicKey({ key: Buffer.from(concatBytes(SPKI_PREFIX, publicKey)), format: "der", type: "spki" });
    if (keys.size >= ED25519_KEYS_MAX) {
      const [oldest = ""] = keys.keys();
      keys.delete(oldest);
    }
  } else {
    keys.delete(id);
  }
  keys.set(id, key);
  return key;
}

const PKCS8_PREFIX = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
);

function importSeed(seed: Uint8Array): KeyObject {
  const key = Buffer.from(concatBytes(PKCS8_PREFIX, seed));
  const secret = createPrivateKey({ key, format: "der", type: "pkcs8" });
  key.fill(0);
  return secret;
}

function publicKeyOf(secret: KeyObject): Uint8Array {
  const encoded = createPublicKey(secret).export({ format: "der", type: "spki" });
  return new Uint8Array(encoded.subarray(encoded.length - 32));
}

function signWith(secret: KeyObject, message: Uint8Array): Uint8Array {
  return Uint8Array.from(sign(null, message, secret)); // a plain array, no Buffer: see hash.ts
}

/** Node's own. */
export const ed25519Backend: Ed25519Backend = {
  verifyOrdinary: ({ publicKey, message, signature }) => verify(null, message, importKey(publicKey), signature),
  createSigner: (seed) => {
    const secret = importSeed(seed);
    return { publicKey: publicKeyOf(secret), sign: (message) => signWith(secret, message) };
  },
};
