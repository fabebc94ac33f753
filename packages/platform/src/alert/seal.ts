// Secrets at rest: AES-256-GCM under a key that lies in the platform's folder (0600) and nowhere else. A backup of the store
// holds what is sealed and not the key. A sealed text is bound to the row that it is of.

import { createCipheriv, createDecipheriv } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Rng } from "@bystack/utils/ports";
import { platformError } from "../errors.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The key of this folder; made when there is none. @throws BystackError SEAL_BROKEN for a file that is no key */
export function loadSealKey(path: string, rng: Rng): Uint8Array {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path))
    writeFileSync(path, Buffer.from(rng.bytes(KEY_BYTES)).toString("hex"), { mode: 0o600, flag: "wx" });
  const text = readFileSync(path, "utf8").trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw platformError("SEAL_BROKEN", { why: `${path} holds no key` });
  return Buffer.from(text, "hex");
}

export type Seal = {
  seal(row: string, text: string): string;
  /** @throws BystackError SEAL_BROKEN for what another key, or for another row, was sealed */
  open(row: string, sealed: string): string;
};

export function createSeal(key: Uint8Array, rng: Rng): Seal {
  return {
    seal: (row, text) => {
      const nonce = rng.bytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(row));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
    },
    open: (row, sealed) => {
      const bytes = Buffer.from(sealed, "base64");
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(Buffer.from(row)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString(
          "utf8",
        );
      } catch {
        throw platformError("SEAL_BROKEN", { why: `${row} was not sealed with the key of this folder` });
      }
    },
  };
}
