// The rules of one side chain as the ledger uses them: taken from its chain spec once, checked, and then passed around.
// What the first build does not know yet is refused here, aloud, instead of being ignored.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { PEG_ERRORS } from "@bystack/protocol/peg/errors";
import { createVaultKeys, type VaultEpoch } from "@bystack/protocol/peg/vault";
import type { RetargetRules } from "@bystack/protocol/pow";
import { committeeRoot } from "@bystack/protocol/side/header";
import { chainIdOf, chainSpecHash } from "@bystack/protocol/spec";
import { type MainChainSpec, retargetRulesOf } from "@bystack/protocol/spec/main";
import type { FederationSpec, SideChainSpec } from "@bystack/protocol/spec/side";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { errorFactory } from "@bystack/utils/errors";

const fail = errorFactory(PEG_ERRORS);

/** The number of the first vault epoch. */
export const FIRST_VAULT_EPOCH = 1;
/** A main-chain header's parent may be at most this far below the best tip (federation.md section 4). */
export const MAIN_REORG_MAX = 400n;

export type SignatureCheck = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** The one signature rule of side chains: S below the group order. */
export const verifyStrictS: SignatureCheck = (publicKey, message, signature) =>
  verifyEd25519({ publicKey, message, signature }, "strict-s");

export type PegRules = {
  readonly federation: FederationSpec;
  readonly vault: VaultEpoch;
  /** k, and b = n - k + 1: how many members can stop things. */
  readonly signersMin: number;
  readonly pausersMin: number;
  readonly retarget: RetargetRules;
};

export type SideRules = {
  readonly chainId: Hash;
  readonly spec: SideChainSpec;
  /** Root of the spec's committee: every epoch's without elections. */
  readonly nextCommitteeRoot: Hash;
  /** Undefined on a chain without pegs. */
  readonly peg: PegRules | undefined;
};

function pegRules(federation: FederationSpec, mainSpec: MainChainSpec): PegRules {
  if (federation.recovery !== null) throw fail("FEATURE_OFF", { why: "federation.recovery: emergency spends" });
  if (federation.limits.length > 0) throw fail("FEATURE_OFF", { why: "federation.limits: paid value per window" });
  const publicKeys = federation.members.map((member) => member.vault);
  return {
    federation,
    vault: { epoch: FIRST_VAULT_EPOCH, keys: createVaultKeys(publicKeys, federation.t) },
    signersMin: federation.t,
    pausersMin: federation.n - federation.t + 1,
    retarget: retargetRulesOf(mainSpec),
  };
}

/**
 * The rules of a side chain; its id is computed here. A pegged chain needs the spec of the main chain that it names.
 * @throws BystackError FEATURE_OFF or VAULT_KEYS when the specs ask for what this version does not do.
 */
export function createSideRules(spec: SideChainSpec, mainSpec?: MainChainSpec): SideRules {
  if (spec.features.votes !== (spec.votes !== undefined)) throw fail("FEATURE_OFF", { why: "features.votes" });
  if (spec.subsidyNeu !== 0n && spec.votes === undefined) throw fail("FEATURE_OFF", { why: "subsidyNeu" });
  const { federation } = spec;
  const isNamed = mainSpec !== undefined && federation !== null;
  if (federation !== null && (!isNamed || !equalBytes(chainSpecHash(mainSpec), federation.mainSpec))) {
    throw fail("FEATURE_OFF", { why: "federation.mainSpec: not the main chain that was given" });
  }
  return {
    chainId: chainIdOf(spec),
    spec,
    nextCommitteeRoot: committeeRoot(spec.committee.map((validator) => validator.voteKey)),
    peg: isNamed ? pegRules(federation, mainSpec) : undefined,
  };
}

/** Epoch of the block at `height`; epoch 1 begins at height 1. */
export function epochOfHeight(height: number, epochBlocks: number): number {
  return height === 0 ? 0 : Math.floor((height - 1) / epochBlocks) + 1;
}
