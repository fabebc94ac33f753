// An account: one secret, made and kept on the caller's side, and the programs that its coins are paid to. The same paths as
// the wallet of a network (spec/bytom.md section 18), so that a secret means the same coins everywhere.

import { rootXprv, type Xprv, xpubOfXprv } from "@bystack/crypto/chainkd";
import { formatAddress } from "@bystack/protocol/address";
import { bytesToHex, tryHexToBytes } from "@bystack/utils/bytes";
import { type AccountProgram, programAt } from "@bystack/wallet/accounts";
import { sdkError } from "./errors.ts";

const SECRET_BYTES = 32;
/** Accounts of a wallet count from 1; a secret of this package has one. */
const ACCOUNT_INDEX = 1;

/** Whoever has the secret can spend. It stands in no text and no error of this package. */
export type Account = {
  /** 64 hexadecimal digits: keep them where nobody else reads them; nothing else brings the coins back. */
  readonly secret: string;
  /** Where others pay to, on a chain with this prefix (`chain.address` asks for it). */
  address(prefix: string): string;
};

/** What signs for an account; not to be seen from outside. */
export type AccountKeys = {
  readonly root: Xprv;
  readonly receive: AccountProgram;
  readonly change: AccountProgram;
};

const keysByAccount = new WeakMap<Account, AccountKeys>();

/** The keys of an account of this package. @throws BystackError SECRET_INVALID */
export function keysOf(account: Account): AccountKeys {
  const keys = keysByAccount.get(account);
  if (keys === undefined) throw sdkError("SECRET_INVALID", { why: "make accounts with createAccount or openAccount" });
  return keys;
}

function accountOf(seed: Uint8Array): Account {
  const root = rootXprv(seed);
  const xpub = xpubOfXprv(root);
  const receive = programAt(xpub, ACCOUNT_INDEX, false, 1);
  const change = programAt(xpub, ACCOUNT_INDEX, true, 1);
  const secret = bytesToHex(seed);
  // Not enumerable: a secret must not appear because somebody printed the account.
  const account = Object.defineProperty(
    { address: (prefix: string) => formatAddress(receive.program.subarray(2), prefix) },
    "secret",
    { value: secret },
  ) as Account;
  keysByAccount.set(account, { root, receive, change });
  return account;
}

/** A new account from 32 bytes of the machine's randomness. */
export function createAccount(): Account {
  return accountOf(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/** The account of a secret. @throws BystackError SECRET_INVALID */
export function openAccount(secret: string): Account {
  const seed = tryHexToBytes(secret);
  if (seed?.length !== SECRET_BYTES) throw sdkError("SECRET_INVALID");
  return accountOf(Uint8Array.from(seed));
}
