// What never changes while a member runs: chain, keys, thresholds, its own place. Built from the chain spec, and checked
// against the keys that the process holds: a member with the wrong folder stops at once.

import { createEd25519Signer, type Ed25519Signer } from "@bystack/crypto/ed25519";
import { createVaultKeys, type VaultKeys } from "@bystack/protocol/peg/vault";
import { chainIdOf, type FederationSpec, type SideChainSpec } from "@bystack/protocol/spec";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import type { Clock, Logger } from "@bystack/utils/ports";
import { federationError } from "../errors.ts";

/** Seeds of a member's three keys, 32 bytes each (wallet/key-store opens them). Never logged, never sent. */
export type MemberSeeds = { readonly identity: Uint8Array; readonly vault: Uint8Array; readonly collector: Uint8Array };

/** Named points at which a test may end the process: CP16 to CP19 of promises.md section 13. */
export type CrashPoint = "CP16" | "CP17" | "CP18" | "CP19";

export type MemberContext = {
  readonly chainId: Hash;
  readonly federation: FederationSpec;
  /** The chain has elections, and with them a reward pool that deposits may feed. */
  readonly hasRewardPool: boolean;
  /** This member's place in the spec. */
  readonly index: number;
  readonly members: number;
  /** k: signatures under a payout, and under most governance. */
  readonly threshold: number;
  /** b = n - k + 1: signatures under a pause. */
  readonly pauseThreshold: number;
  readonly vaultKeys: VaultKeys;
  /** Place of each member's key in the vault's ascending order. */
  readonly keyIndexes: readonly number[];
  readonly identity: Ed25519Signer;
  readonly vault: Ed25519Signer;
  readonly collector: Ed25519Signer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly crashPoint: (name: CrashPoint) => void;
};

function checkedSigner(seed: Uint8Array, expected: Uint8Array | undefined, use: string): Ed25519Signer {
  const signer = createEd25519Signer(seed);
  if (expected === undefined || !equalBytes(signer.publicKey, expected)) {
    throw federationError("MEMBER_KEYS", { why: `the ${use} key is another one` });
  }
  return signer;
}

/** @throws BystackError MEMBER_KEYS, VAULT_KEYS */
export function createMemberContext(options: {
  readonly spec: SideChainSpec;
  readonly index: number;
  readonly seeds: MemberSeeds;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly crashPoint?: (name: CrashPoint) => void;
}): MemberContext {
  const { spec, index, seeds } = options;
  const { federation } = spec;
  const member = federation?.members[index];
  if (federation === null || member === undefined) {
    throw federationError("MEMBER_KEYS", { why: `the chain spec has no member ${index}` });
  }
  const vaultKeys = createVaultKeys(
    federation.members.map(({ vault }) => vault),
    federation.t,
  );
  return {
    chainId: chainIdOf(spec),
    federation,
    hasRewardPool: spec.votes !== undefined,
    index,
    members: federation.members.length,
    threshold: federation.t,
    pauseThreshold: federation.members.length - federation.t + 1,
    vaultKeys,
    keyIndexes: federation.members.map(({ vault }) => vaultKeys.publicKeys.findIndex((key) => equalBytes(key, vault))),
    identity: checkedSigner(seeds.identity, member.identity, "identity"),
    vault: checkedSigner(seeds.vault, member.vault, "vault"),
    collector: checkedSigner(seeds.collector, member.collector, "collector"),
    clock: options.clock,
    logger: options.logger,
    crashPoint: options.crashPoint ?? (() => {}),
  };
}
