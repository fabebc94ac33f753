// The vault: scripts and addresses that hold what a side chain owes (federation.md section 3), the recipients that a
// deposit address names, and what spending from the vault costs on the main chain (F4). Pure: nobody's keys but public
// ones pass through here.

import { validatePublicKey } from "@bystack/crypto/ed25519";
import { sha3_256, sha3_256Parts } from "@bystack/crypto/hash";
import {
  compareBytes,
  concatBytes,
  equalBytes,
  type Hash,
  u32ToBytesLe,
  u64ToBytesLe,
  utf8ToBytes,
} from "@bystack/utils/bytes";
import { errorFactory } from "@bystack/utils/errors";
import { multisigScript, parseInstructions, pushNumber, scriptProgram } from "../program.ts";
import { ByteWriter } from "../wire.ts";
import { PEG_ERRORS } from "./errors.ts";

const fail = errorFactory(PEG_ERRORS);

/** Below this a federation cannot lose one member and still be honest (P32). */
export const VAULT_KEYS_MIN = 4;
/** One input of a larger multisig uses so much of the gas credit that two do not fit: it could never merge (F4). */
export const VAULT_KEYS_MAX = 13;

/** Gas that a main-chain transaction may use before it is known to be valid: what all its BTM inputs share. */
const MAIN_GAS_CREDIT = 30_000;

const OP_DROP = 0x75;
const OP_TXSIGHASH = 0xae;
const OP_CHECKMULTISIG = 0xad;
const OP_JUMP = 0x63;
const OP_JUMPIF = 0x64;
const OP_VERIFY = 0x69;
const OP_LESSTHAN = 0x9f;
const OP_BLOCKHEIGHT = 0xcd;

/** The keys of one vault epoch: ascending, distinct; `threshold` of them spend. */
export type VaultKeys = { readonly publicKeys: readonly Uint8Array[]; readonly threshold: number };

/** One epoch of the vault: deposits and change of different epochs have different addresses. */
export type VaultEpoch = { readonly epoch: number; readonly keys: VaultKeys };

/**
 * Orders the keys and refuses what must never hold money: fewer than 4 or more than 13 keys, a threshold that is not
 * above half of them, repeated keys, keys that are not canonical points of the prime-order group (privacy.md 2.3).
 * @throws BystackError VAULT_KEYS
 */
export function createVaultKeys(publicKeys: readonly Uint8Array[], threshold: number): VaultKeys {
  const sorted = [...publicKeys].sort(compareBytes);
  const count = sorted.length;
  if (count < VAULT_KEYS_MIN || count > VAULT_KEYS_MAX) throw fail("VAULT_KEYS", { why: `${count} keys` });
  if (!Number.isInteger(threshold) || threshold < 2 || threshold > count || threshold * 2 <= count) {
    throw fail("VAULT_KEYS", { why: `threshold ${threshold} of ${count}` });
  }
  sorted.forEach((key, i) => {
    const before = sorted[i - 1];
    if (before !== undefined && compareBytes(before, key) === 0) throw fail("VAULT_KEYS", { why: "repeated key" });
    const verdict = validatePublicKey(key);
    if (!verdict.ok) throw fail("VAULT_KEYS", { why: `key ${i}: ${verdict.error}` });
  });
  return { publicKeys: sorted, threshold };
}

function commitmentHead(commitment: Hash): Uint8Array {
  return concatBytes(Uint8Array.of(0x20), commitment, Uint8Array.of(OP_DROP));
}

/** script(e, c): c DROP TXSIGHASH keys k n CHECKMULTISIG. */
export function vaultScript(keys: VaultKeys, commitment: Hash): Uint8Array {
  return concatBytes(commitmentHead(commitment), multisigScript(keys.publicKeys, keys.threshold));
}

/** Whether bytes have the form of {@link vaultScript}, whatever the keys: how a payout shows on the main chain. */
export function isVaultScript(script: Uint8Array | undefined): boolean {
  const instructions = script === undefined ? undefined : parseInstructions(script, VAULT_KEYS_MAX + 7);
  const [commitment, drop, hash] = instructions ?? [];
  if (instructions === undefined || instructions.length < VAULT_KEYS_MIN + 6) return false;
  const isHead = commitment?.data.length === 32 && drop?.opcode === OP_DROP && hash?.opcode === OP_TXSIGHASH;
  return isHead && instructions.at(-1)?.opcode === OP_CHECKMULTISIG;
}

/** The recovery arm of a vault: `keys` spend above main-chain height `afterHeight`. */
export type VaultRecovery = { readonly keys: VaultKeys; readonly afterHeight: bigint };

/**
 * script(e, c) with an emergency arm: one more witness item below the script, empty for the normal arm, 01 for the other.
 * A codec only: chain specs with recovery are refused (FEATURE_OFF) until rotation and emergency exist.
 */
export function vaultScriptWithRecovery(keys: VaultKeys, recovery: VaultRecovery, commitment: Hash): Uint8Array {
  const normal = multisigScript(keys.publicKeys, keys.threshold);
  const guard = concatBytes(pushNumber(recovery.afterHeight), Uint8Array.of(OP_BLOCKHEIGHT, OP_LESSTHAN, OP_VERIFY));
  const emergency = multisigScript(recovery.keys.publicKeys, recovery.keys.threshold);
  const head = commitmentHead(commitment);
  const emergencyAt = head.length + 5 + normal.length + 5;
  const end = emergencyAt + guard.length + emergency.length;
  return concatBytes(
    head,
    Uint8Array.of(OP_JUMPIF),
    u32ToBytesLe(emergencyAt),
    normal,
    Uint8Array.of(OP_JUMP),
    u32ToBytesLe(end),
    guard,
    emergency,
  );
}

/** Control program of the vault for a commitment: P2WSH of the script. */
export function vaultProgram(keys: VaultKeys, commitment: Hash): Uint8Array {
  return scriptProgram(vaultScript(keys, commitment));
}

const PEG_IN_TAG = utf8ToBytes("bystack/peg-in/1");
const PAYOUT_TAG = utf8ToBytes("bystack/payout/1");

/** The recipient that tops up the fee float (and, for other assets, a deficit) instead of minting. */
export const FLOAT_RECIPIENT: Uint8Array = Uint8Array.of(0x6a);

/** A recipient form: a P2WPKH or P2WSH program on the side chain, or the float. */
export function isRecipient(recipient: Uint8Array): boolean {
  return isFloatRecipient(recipient) || isPayee(recipient);
}

export function isFloatRecipient(recipient: Uint8Array): boolean {
  return recipient.length === 1 && recipient[0] === 0x6a;
}

/** A deposit for this recipient feeds the reward pool of a chain with elections: `6a 04 "POOL"` (docs/adr/0007). */
export const POOL_RECIPIENT: Uint8Array = Uint8Array.of(0x6a, 0x04, 0x50, 0x4f, 0x4f, 0x4c);

export function isPoolRecipient(recipient: Uint8Array): boolean {
  return equalBytes(recipient, POOL_RECIPIENT);
}

/** The two program forms that a burn may name on the main chain: exactly `00 14 <20>` or `00 20 <32>`. */
export function isPayee(program: Uint8Array): boolean {
  if (program[0] !== 0) return false;
  return (program.length === 22 && program[1] === 0x14) || (program.length === 34 && program[1] === 0x20);
}

/** c of a deposit address: names chain and recipient, so a deposit fits one chain and one owner. */
export function pegInCommitment(chainId: Hash, recipient: Uint8Array): Hash {
  return sha3_256Parts(PEG_IN_TAG, chainId, new ByteWriter(40).varstr(recipient).finish());
}

/** Control program of the deposit address of a recipient: what wallets compute offline. */
export function depositProgram(options: {
  readonly keys: VaultKeys;
  readonly chainId: Hash;
  readonly recipient: Uint8Array;
}): Uint8Array {
  return vaultProgram(options.keys, pegInCommitment(options.chainId, options.recipient));
}

/** c of a payout's change: the main chain itself names the payout. */
export function payoutCommitment(chainId: Hash, payout: bigint, requestIds: readonly Hash[]): Hash {
  return sha3_256Parts(PAYOUT_TAG, chainId, u64ToBytesLe(payout), sha3_256(concatBytes(...requestIds)));
}

/** Gas that one vault input costs on the main chain (F4), the witness script included, storage not. */
export function vaultInputGas(keyCount: number): number {
  return 409 + 1058 * keyCount;
}

/** How many BTM inputs of the vault fit one main-chain transaction (F4). */
export function vaultBtmInputsMax(keyCount: number): number {
  return Math.floor(MAIN_GAS_CREDIT / vaultInputGas(keyCount));
}

/** A member's signatures on one input: the member's place in the ascending key order. */
export type VaultSignature = { readonly keyIndex: number; readonly signature: Uint8Array };

/**
 * Witness of a vault input: `threshold` signatures in key order, those of the lowest indices, then the script. Undefined
 * while there are fewer. The caller has verified the signatures.
 */
export function assembleVaultWitness(
  keys: VaultKeys,
  commitment: Hash,
  signatures: readonly VaultSignature[],
): Uint8Array[] | undefined {
  const byIndex = new Map(signatures.map((entry) => [entry.keyIndex, entry.signature]));
  const chosen: Uint8Array[] = [];
  for (let i = 0; i < keys.publicKeys.length && chosen.length < keys.threshold; i += 1) {
    const signature = byIndex.get(i);
    if (signature !== undefined) chosen.push(signature);
  }
  return chosen.length < keys.threshold ? undefined : [...chosen, vaultScript(keys, commitment)];
}

/** A witness of the right size and no authority: for computing sizes and fees. */
export function placeholderWitness(keys: VaultKeys, commitment: Hash): Uint8Array[] {
  const signatures = Array.from({ length: keys.threshold }, () => new Uint8Array(64));
  return [...signatures, vaultScript(keys, commitment)];
}

/**
 * Checks a witness as the main chain would judge the script: exactly `threshold` signatures in key order and this
 * script. `verifySignature` is Ed25519 over the 32-byte signature hash.
 */
export function verifyVaultWitness(options: {
  readonly keys: VaultKeys;
  readonly commitment: Hash;
  readonly witness: readonly Uint8Array[];
  readonly signatureHash: Hash;
  readonly verifySignature: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}): boolean {
  const { keys, witness } = options;
  if (witness.length !== keys.threshold + 1) return false;
  const script = witness[keys.threshold];
  if (script === undefined || compareBytes(script, vaultScript(keys, options.commitment)) !== 0) return false;
  let next = 0;
  for (const signature of witness.slice(0, keys.threshold)) {
    // Each signature must belong to a later key than the one before it.
    let found = false;
    while (!found && next < keys.publicKeys.length) {
      const key = keys.publicKeys[next];
      found = key !== undefined && options.verifySignature(key, options.signatureHash, signature);
      next += 1;
    }
    if (!found) return false;
  }
  return true;
}
