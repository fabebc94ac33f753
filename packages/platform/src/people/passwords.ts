// Passwords: scrypt with N = 2^17, r = 8, p = 1 (128 MB and 0.4 s each), so one at a time in the whole process and a short queue
// before it. A name that is not known costs the same work as one that is.

import { scrypt } from "node:crypto";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import type { Rng } from "@bystack/utils/ports";
import { platformError } from "../errors.ts";
import { normalizePassword } from "./names.ts";
import { isSameHash } from "./secrets.ts";
import type { PasswordRow } from "./tables.ts";

/** Derivations that wait for the one under way: 6 s of work, and nobody waits longer at a sign-in. */
export const PASSWORDS_WAITING_MAX = 16;
export const SCRYPT_COST = 2 ** 17;

const BLOCK = 8;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** What is compared with when there is no such person: its key is the hash of nothing. */
const NOBODY: PasswordRow = { salt: "0".repeat(32), key: "0".repeat(64), cost: SCRYPT_COST };

export type DeriveKey = (password: string, salt: Uint8Array, cost: number) => Promise<Uint8Array>;

/** scrypt on a thread of the pool (RFC 7914). */
export const deriveByScrypt: DeriveKey = (password, salt, cost) =>
  new Promise((resolve, reject) => {
    // The limit is twice what the derivation needs: OpenSSL counts a little above 128 * N * r.
    const options = { N: cost, r: BLOCK, p: 1, maxmem: 256 * cost * BLOCK };
    scrypt(password, salt, KEY_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });

export class Passwords {
  readonly #derive: DeriveKey;
  readonly #rng: Rng;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly derive: DeriveKey; readonly rng: Rng }) {
    this.#derive = options.derive;
    this.#rng = options.rng;
  }

  /** @throws BystackError LOGIN_BUSY */
  async #inTurn(password: string, { salt, cost }: Pick<PasswordRow, "salt" | "cost">): Promise<string> {
    // One under way and the queue behind it.
    if (this.#waiting > PASSWORDS_WAITING_MAX)
      throw platformError("LOGIN_BUSY", { why: `${this.#waiting} passwords are being checked` });
    this.#waiting += 1;
    const run = this.#last.then(() => this.#derive(normalizePassword(password), hexToBytes(salt), cost));
    this.#last = run.catch(() => {});
    try {
      return bytesToHex(await run);
    } finally {
      this.#waiting -= 1;
    }
  }

  async hash(password: string): Promise<PasswordRow> {
    const salt = bytesToHex(this.#rng.bytes(SALT_BYTES));
    return { salt, cost: SCRYPT_COST, key: await this.#inTurn(password, { salt, cost: SCRYPT_COST }) };
  }

  /** @param row null for nobody, or for somebody without a password: the work is done all the same */
  async verify(password: string, row: PasswordRow | null): Promise<boolean> {
    const { salt, cost, key } = row ?? NOBODY;
    const found = await this.#inTurn(password, { salt, cost });
    const isSame = isSameHash(found, key);
    return isSame && row !== null;
  }
}
