// Encrypted key files (platform.md section 5): scrypt derives a key from the unlock secret, AES-256-GCM seals the seed.
// The file is readable by its owner only. A secret never appears in an error or a log.

import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bytesToHex, hexToBytes, tryHexToBytes } from "@bystack/utils/bytes";
import { walletError } from "./errors.ts";
import { writeFileDurably } from "./files.ts";

/** 0.38 s and 128 MiB for a passphrase that a person chose; 12 ms for 32 random bytes, which need no stretching. */
const SCRYPT_N = { passphrase: 1 << 17, random: 1 << 12 } as const;
const SCRYPT_R = 8;
/** No file may make us spend more memory than the largest cost above needs. */
export const SCRYPT_MEMORY_BYTES_MAX = 256 << 20;
/** Bytes of a seed: of an account root, of an Ed25519 key. */
export const SEED_BYTES = 32;

export type UnlockSecret =
  | { readonly kind: "passphrase"; readonly text: string }
  | { readonly kind: "random"; readonly bytes: Uint8Array };

type KeyStoreFile = {
  readonly format: 1;
  readonly kdf: {
    readonly name: "scrypt";
    readonly n: number;
    readonly r: number;
    readonly p: number;
    readonly salt: string;
  };
  readonly cipher: {
    readonly name: "aes-256-gcm";
    readonly nonce: string;
    readonly sealed: string;
    readonly tag: string;
  };
};

function deriveKey(secret: UnlockSecret, salt: Uint8Array, n: number): Buffer {
  const input = secret.kind === "passphrase" ? secret.text.normalize("NFKC") : secret.bytes;
  return scryptSync(input, salt, 32, { N: n, r: SCRYPT_R, p: 1, maxmem: SCRYPT_MEMORY_BYTES_MAX });
}

function seal(seed: Uint8Array, secret: UnlockSecret): KeyStoreFile {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const n = SCRYPT_N[secret.kind];
  const cipher = createCipheriv("aes-256-gcm", deriveKey(secret, salt, n), nonce);
  const sealed = Buffer.concat([cipher.update(seed), cipher.final()]);
  return {
    format: 1,
    kdf: { name: "scrypt", n, r: SCRYPT_R, p: 1, salt: bytesToHex(salt) },
    cipher: {
      name: "aes-256-gcm",
      nonce: bytesToHex(nonce),
      sealed: bytesToHex(sealed),
      tag: bytesToHex(cipher.getAuthTag()),
    },
  };
}

function isKeyStoreFile(value: unknown): value is KeyStoreFile {
  const file = value as KeyStoreFile | null;
  if (typeof file !== "object" || file === null || file.format !== 1) return false;
  const costs: readonly number[] = Object.values(SCRYPT_N);
  const texts = [file.kdf?.salt, file.cipher?.nonce, file.cipher?.sealed, file.cipher?.tag];
  return (
    costs.includes(file.kdf?.n) && texts.every((text) => typeof text === "string" && tryHexToBytes(text) !== undefined)
  );
}

/** Makes a key file with a fresh random seed and returns the seed. Refuses to overwrite one. */
export function createKeyFile(path: string, secret: UnlockSecret): Uint8Array {
  if (existsSync(path)) throw walletError("KEY_STORE_EXISTS");
  const seed = randomBytes(SEED_BYTES);
  writeFileDurably(path, `${JSON.stringify(seal(seed, secret), null, 2)}\n`);
  return seed;
}

/** The seed in a key file. @throws BystackError KEY_STORE_DAMAGED, KEY_STORE_LOCKED */
export function openKeyFile(path: string, secret: UnlockSecret): Uint8Array {
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw walletError("KEY_STORE_DAMAGED", { why: "it is missing or not JSON" });
  }
  if (!isKeyStoreFile(file)) throw walletError("KEY_STORE_DAMAGED", { why: "a field is missing or out of range" });
  const key = deriveKey(secret, hexToBytes(file.kdf.salt), file.kdf.n);
  const decipher = createDecipheriv("aes-256-gcm", key, hexToBytes(file.cipher.nonce));
  try {
    decipher.setAuthTag(hexToBytes(file.cipher.tag));
    return Buffer.concat([decipher.update(hexToBytes(file.cipher.sealed)), decipher.final()]);
  } catch {
    throw walletError("KEY_STORE_LOCKED");
  }
}

function hasKeyFiles(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.some((name) => readFileSync(join(folder, name), "utf8").includes('"scrypt"'));
}

/**
 * The unlock secret `file` of development networks: 32 random bytes beside the key files, readable by the owner only.
 * Made on first use. It keeps a copied key file alone useless; it does not protect against the owner's account.
 */
export function unlockSecretOfFolder(folder: string): UnlockSecret {
  const path = join(folder, "unlock");
  if (!existsSync(path) && hasKeyFiles(folder))
    // A new secret would open none of them, and hide that the right one is lost.
    throw walletError("KEY_STORE_LOCKED", { why: `${path} is missing; put it back from a backup of the folder` });
  if (!existsSync(path)) writeFileDurably(path, `${bytesToHex(randomBytes(32))}\n`);
  const bytes = tryHexToBytes(readFileSync(path, "utf8").trim());
  if (bytes === undefined || bytes.length !== 32)
    throw walletError("KEY_STORE_LOCKED", { why: "the unlock file is damaged" });
  return { kind: "random", bytes };
}
