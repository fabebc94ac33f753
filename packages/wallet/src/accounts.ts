// Accounts and the paths of their keys (spec/bytom.md section 18, derive rule 1), as plain data that a folder saves.
// Every address of an account is P2WPKH of one derived key; the program is the same on every chain, the address text
// has the chain's own prefix.

import { childXpub, deriveXprv, deriveXpub, publicKeyOfXpub, type Xprv, type Xpub } from "@bystack/crypto/chainkd";
import { assetIdOf } from "@bystack/protocol/asset";
import { formatAssetDefinition } from "@bystack/protocol/asset-definition";
import { issuanceProgram, publicKeyProgram } from "@bystack/protocol/program";
import { bytesToHex, concatBytes, type Hash, hexToBytes, u32ToBytesLe, u64ToBytesLe } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import { walletError } from "./errors.ts";

export type Account = {
  readonly name: string;
  /** From 1, in the order of creation. */
  readonly index: number;
  /** Addresses handed out so far on each branch; indices start at 1. */
  readonly receiveCount: number;
  readonly changeCount: number;
};

export type IssuedAsset = {
  readonly name: string;
  readonly id: string;
  readonly decimals: number;
  readonly issuer: string;
  readonly keyIndex: number;
  readonly definition: string;
};

/** What the folder keeps beside the keys. */
export type WalletData = {
  readonly format: 1;
  readonly accounts: readonly Account[];
  readonly assets: readonly IssuedAsset[];
  /** Output ids that a sent transaction spends, until it is in a block or the time is over. */
  readonly reservations: Readonly<Record<string, { readonly untilMs: number; readonly transaction: string }>>;
};

export const EMPTY_WALLET: WalletData = { format: 1, accounts: [], assets: [], reservations: {} };

/** Addresses of one branch of one account: each costs a derivation whenever the wallet is opened. */
export const ADDRESSES_MAX = 10_000;

export type KeyPath = readonly Uint8Array[];
export type AccountProgram = { readonly program: Uint8Array; readonly publicKey: Uint8Array; readonly path: KeyPath };

const PURPOSE = hexToBytes("2c000000");
const COIN_TYPE = hexToBytes("99000000");
/** After receiving (0) and change (1). */
const CANDIDATE_BRANCH = 2;

export function addressPath(account: number, change: boolean, index: number): KeyPath {
  return [PURPOSE, COIN_TYPE, u32ToBytesLe(account), u32ToBytesLe(change ? 1 : 0), u32ToBytesLe(index)];
}

/**
 * The key with which an account stands for election with one vote key: on a branch of its own, so that no coin is ever paid
 * to it, and found again from the vote key alone, so that an account may stand with many nodes and nothing has to be kept.
 */
export function candidateKeyPath(account: number, voteKey: Uint8Array): KeyPath {
  return [PURPOSE, COIN_TYPE, u32ToBytesLe(account), u32ToBytesLe(CANDIDATE_BRANCH), voteKey];
}

function derivedPublicKey(root: Xpub, path: KeyPath): Uint8Array {
  const xpub = deriveXpub(root, path);
  assertInvariant(xpub !== undefined, "a root xpub of our own is a curve point, so are its children");
  return publicKeyOfXpub(xpub);
}

export function programAt(root: Xpub, account: number, change: boolean, index: number): AccountProgram {
  const path = addressPath(account, change, index);
  const publicKey = derivedPublicKey(root, path);
  return { program: publicKeyProgram(publicKey), publicKey, path };
}

/** Every program that the account has handed out. */
export function programsOf(root: Xpub, account: Account): AccountProgram[] {
  const programs: AccountProgram[] = [];
  for (let i = 1; i <= account.receiveCount; i += 1) programs.push(programAt(root, account.index, false, i));
  for (let i = 1; i <= account.changeCount; i += 1) programs.push(programAt(root, account.index, true, i));
  return programs;
}

export function findAccount(data: WalletData, name: string): Account {
  const account = data.accounts.find((candidate) => candidate.name === name);
  if (account === undefined)
    throw walletError("ACCOUNT_NOT_FOUND", {
      why: `${name}; there are: ${data.accounts.map((a) => a.name).join(", ") || "none"}`,
    });
  return account;
}

export function addAccount(data: WalletData, name: string): WalletData {
  if (data.accounts.some((account) => account.name === name)) throw walletError("ACCOUNT_EXISTS", { why: name });
  const account: Account = { name, index: data.accounts.length + 1, receiveCount: 1, changeCount: 1 };
  return { ...data, accounts: [...data.accounts, account] };
}

/** Asset keys live in key space 0: one selector 00 | u64le(key index) (spec/bytom.md section 17). */
export function assetKeyPath(keyIndex: number): KeyPath {
  return [concatBytes(Uint8Array.of(0), u64ToBytesLe(BigInt(keyIndex)))];
}

export type AssetKeys = { readonly program: Uint8Array; readonly id: Hash; readonly definition: Uint8Array };

/** What the definition of an own asset says. */
export function assetDefinition(name: string, decimals: number): Uint8Array {
  const definition = formatAssetDefinition(JSON.stringify({ decimals, description: {}, name, symbol: name }));
  assertInvariant(definition !== undefined, "a flat object of our own is a definition");
  return definition;
}

export function assetKeysOf(root: Xpub, keyIndex: number, definition: Uint8Array): AssetKeys {
  const xpub = childXpub(root, concatBytes(Uint8Array.of(0), u64ToBytesLe(BigInt(keyIndex))));
  assertInvariant(xpub !== undefined, "a root xpub of our own is a curve point, so are its children");
  const program = issuanceProgram([publicKeyOfXpub(xpub)], 1);
  return { program, id: assetIdOf({ vmVersion: 1n, program, definition }), definition };
}

/** The record of an asset that an account of this wallet issues under one of its asset keys. */
export function issuedAssetOf(
  root: Xpub,
  asset: Pick<IssuedAsset, "name" | "decimals" | "issuer" | "keyIndex">,
): IssuedAsset {
  const { id, definition } = assetKeysOf(root, asset.keyIndex, assetDefinition(asset.name, asset.decimals));
  return { ...asset, id: bytesToHex(id), definition: bytesToHex(definition) };
}

export function xprvAt(root: Xprv, path: KeyPath): Xprv {
  return deriveXprv(root, path);
}
