// The recipient's key of backups, as a file outside of the platform: the secret half in the wallet's key format under a
// passphrase, or in the clear for whoever keeps the file itself safe. Readable by its owner alone; never written over.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createRecipientSecret, recipientOf } from "@bystack/platform/backup/crypto";
import { platformError } from "@bystack/platform/errors";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { createKeyFile, openKeyFile } from "@bystack/wallet/key-store";

const KIND = "bystack-backup-key";
const SECRET = /^[0-9a-f]{64}$/;

function plainSecret(path: string): Uint8Array | undefined {
  try {
    const { kind, secret } = JSON.parse(readFileSync(path, "utf8")) as { kind?: unknown; secret?: unknown };
    return kind === KIND && typeof secret === "string" && SECRET.test(secret) ? hexToBytes(secret) : undefined;
  } catch {
    return undefined;
  }
}

/** Makes a key file. @returns the public half @throws BystackError BACKUP_PLACE_TAKEN */
export function createBackupKey(path: string, passphrase: string | undefined): string {
  if (existsSync(path)) throw platformError("BACKUP_PLACE_TAKEN", { why: path });
  if (passphrase !== undefined) return recipientOf(createKeyFile(path, { kind: "passphrase", text: passphrase }));
  const secret = createRecipientSecret();
  const recipient = recipientOf(secret);
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, `${JSON.stringify({ kind: KIND, recipient, secret: bytesToHex(secret) }, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return recipient;
}

/** @throws BystackError BACKUP_KEY_INVALID; KEY_STORE_LOCKED and KEY_STORE_DAMAGED for a file under a passphrase */
export function loadBackupKey(path: string, passphrase: string | undefined): Uint8Array {
  if (!existsSync(path)) throw platformError("BACKUP_KEY_INVALID", { why: `there is no file ${path}` });
  const plain = plainSecret(path);
  if (plain !== undefined) return plain;
  if (passphrase === undefined)
    throw platformError("BACKUP_KEY_INVALID", { why: "it is under a passphrase, or no key of backups" });
  return openKeyFile(path, { kind: "passphrase", text: passphrase });
}
