// The keys of a node, made on its own side (platform.md section 5). No key has two uses; only public halves leave.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createEd25519Signer, type Ed25519Signer } from "@bystack/crypto/ed25519";
import { bytesToHex } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { walletError } from "@bystack/wallet/errors";
import { createKeyFile, openKeyFile, unlockSecretOfFolder } from "@bystack/wallet/key-store";

/** peer: TLS · vote: BBFT · reward: fees · identity, vault, collector: the federation member (federation.md section 2). */
export const KEY_USES = ["peer", "vote", "reward", "identity", "vault", "collector"] as const;
export type KeyUse = (typeof KEY_USES)[number];

export type NodeKeys = { readonly [use in KeyUse]: Ed25519Signer & { readonly seed: Uint8Array } };

const keysFolder = (folder: string): string => join(folder, "keys");
const freshMarker = (folder: string): string => join(folder, "keys", "never-voted");

function syncFolder(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Makes the keys of a new node and marks durably that its vote key has never signed: only this mark lets the first start
 * begin an empty record (bbft.md S5); without it a missing record means a lost one.
 * @returns the public keys by use, in hexadecimal
 */
export function initNode(folder: string): Record<KeyUse, string> {
  mkdirSync(keysFolder(folder), { recursive: true, mode: 0o700 });
  const unlock = unlockSecretOfFolder(keysFolder(folder));
  const isNew = !existsSync(join(keysFolder(folder), "vote.json"));
  if (isNew) {
    closeSync(openSync(freshMarker(folder), "w", 0o600));
    syncFolder(keysFolder(folder));
  }
  const publicKeys = {} as Record<KeyUse, string>;
  for (const use of KEY_USES) {
    const path = join(keysFolder(folder), `${use}.json`);
    const seed = existsSync(path) ? openKeyFile(path, unlock) : createKeyFile(path, unlock);
    publicKeys[use] = bytesToHex(createEd25519Signer(seed).publicKey);
  }
  return publicKeys;
}

const NEXT = "Put the folder keys/ back from this node's backup: a new vote key would have no seat in the committee.";

/** Names the file in what the key store says: which one it was, its reader cannot know. */
function naming<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof BystackError)) throw cause;
    const { code, kind, fault, message } = cause;
    const why = `keys/${file}: ${cause.why || cause.message}`;
    throw new BystackError(code, { kind, fault, message, next: NEXT }, { why, cause });
  }
}

/** @throws BystackError KEY_STORE_DAMAGED, KEY_STORE_LOCKED */
export function openNodeKeys(folder: string): NodeKeys {
  const unlock = naming("unlock", () => {
    // A node that starts has keys already: where all of them are gone nothing new may be made.
    if (!existsSync(join(keysFolder(folder), "unlock")))
      throw walletError("KEY_STORE_LOCKED", { why: "it is missing" });
    return unlockSecretOfFolder(keysFolder(folder));
  });
  const entries = KEY_USES.map((use) => {
    const file = `${use}.json`;
    const seed = naming(file, () => openKeyFile(join(keysFolder(folder), file), unlock));
    return [use, { ...createEd25519Signer(seed), seed }] as const;
  });
  return Object.fromEntries(entries) as NodeKeys;
}

export function hasNeverVoted(folder: string): boolean {
  return existsSync(freshMarker(folder));
}

/** Called once the empty record is durable, before the first vote. */
export function forgetNeverVoted(folder: string): void {
  rmSync(freshMarker(folder), { force: true });
  syncFolder(keysFolder(folder));
}
