// The chain specs that come with Bystack: the three Bytom networks as recorded, and the dev chains with the parameters of
// federation.md section 13 and sidechain.md section 2. The only place where these defaults stand.

import { hexToBytes } from "@bystack/utils/bytes";
import { ADDRESS_PREFIX } from "../address.ts";
import { BTM_ASSET_ID } from "../entry.ts";
import { genesisAnchor } from "../main/genesis.ts";
import { SIDE_DECODE_LIMITS } from "../side/transaction.ts";
import { chainSpecHash } from "../spec.ts";
import type { MainChainSpec } from "./main.ts";
import type { FederationSpec, SideChainSpec } from "./side.ts";
import type { VotesSpec } from "./votes.ts";

const BYTOM_GENESIS = {
  nonce: 9_253_507_043_297n,
  arbitrary: "Information is power. -- Jan/11/2013. Computing is power. -- Apr/24/2018.",
  outputs: [
    { program: hexToBytes("00148c9d063ff74ee6d9ffa88d83aeb038068366c4c4"), amountNeu: 140_700_041_250_000_000n },
  ],
  maturityBlocks: 100,
};

const BYTOM_RULES = {
  subsidy: { initialNeu: 41_250_000_000n, halvingBlocks: 840_000 },
  gas: { priceNeu: 200n, storagePerByte: 1, maxBlock: 10_000_000, maxTransaction: 200_000, credit: 30_000 },
};

function bytomSpec(network: {
  readonly name: string;
  readonly networkId: string;
  readonly prefix: string;
  readonly timeSeconds: number;
  readonly bits: bigint;
}): MainChainSpec {
  return {
    kind: "main",
    name: network.name,
    networkId: network.networkId,
    addressPrefix: network.prefix,
    genesis: { ...BYTOM_GENESIS, timeSeconds: network.timeSeconds, bits: network.bits },
    pow: { blocksPerRetarget: 2016, targetSeconds: 150, targetMaxBits: null, futureSecondsMax: 3600 },
    ...BYTOM_RULES,
    rules: { coinbaseMaturityBlocks: 100, coinbaseArbitraryBytesMax: 128, emptyInputIdHeight: 142_500 },
  };
}

/** Wisdom and solonet share their genesis; only ids and prefixes keep them apart. */
const TEST_GENESIS = { timeSeconds: 1_528_945_000, bits: 2_305_843_009_214_532_812n };

export const MAINNET_SPEC: MainChainSpec = bytomSpec({
  name: "mainnet",
  networkId: "mainnet",
  prefix: ADDRESS_PREFIX.mainnet,
  timeSeconds: 1_524_549_600,
  bits: 2_161_727_821_137_910_632n,
});

export const TESTNET_SPEC: MainChainSpec = bytomSpec({
  name: "testnet",
  networkId: "wisdom",
  prefix: ADDRESS_PREFIX.wisdom,
  ...TEST_GENESIS,
});

export const SOLONET_SPEC: MainChainSpec = bytomSpec({
  name: "solonet",
  networkId: "solonet",
  prefix: ADDRESS_PREFIX.solonet,
  ...TEST_GENESIS,
});

/** Target just under 2^255: two hashes a block on average, and bits that a retarget writes back unchanged. */
export const DEV_GENESIS_BITS = 0x20_0000_0000_7f_ffffn;

/** Creates the spec of a dev main chain: Bytom's rules with its own genesis, pace and a floor under the difficulty. */
export function createDevMainSpec(options: {
  readonly name?: string;
  readonly genesisTimeSeconds: number;
  readonly outputs: readonly { readonly program: Uint8Array; readonly amountNeu: bigint }[];
  /** 2; 15 where Tensority runs in plain TypeScript. */
  readonly targetSeconds?: number;
  readonly blocksPerRetarget?: number;
}): MainChainSpec {
  const name = options.name ?? "main";
  return {
    kind: "main",
    name,
    networkId: name,
    addressPrefix: ADDRESS_PREFIX.solonet,
    genesis: {
      timeSeconds: options.genesisTimeSeconds,
      bits: DEV_GENESIS_BITS,
      nonce: 0n,
      arbitrary: "bystack dev",
      outputs: options.outputs,
      maturityBlocks: 0,
    },
    pow: {
      blocksPerRetarget: options.blocksPerRetarget ?? 2016,
      targetSeconds: options.targetSeconds ?? 2,
      targetMaxBits: DEV_GENESIS_BITS,
      futureSecondsMax: 3600,
    },
    ...BYTOM_RULES,
    rules: { coinbaseMaturityBlocks: 100, coinbaseArbitraryBytesMax: 128, emptyInputIdHeight: 0 },
  };
}

/** What the dev federation needs to know; k = n - f of the members sign. */
export type DevFederationOptions = {
  readonly mainSpec: MainChainSpec;
  readonly members: FederationSpec["members"];
  readonly threshold?: number;
  readonly confirmations?: number;
  readonly assets?: FederationSpec["assets"];
};

const BTM_DEV = {
  assetId: BTM_ASSET_ID,
  depositMin: 100_000_000n,
  burnMin: 100_000_000n,
  cap: null,
  largeAmount: null,
};

export function createDevFederation(options: DevFederationOptions): FederationSpec {
  const n = options.members.length;
  const confirmations = options.confirmations ?? 6;
  return {
    scheme: "checkmultisig",
    n,
    t: options.threshold ?? n - Math.floor((n - 1) / 3),
    members: options.members,
    custody: "validators",
    mainSpec: chainSpecHash(options.mainSpec),
    mainAnchor: genesisAnchor(options.mainSpec),
    confirmations: { base: confirmations, large: confirmations },
    headerLag: 0,
    batchBlocks: 4,
    pegOutFeeNeu: 10_000_000n,
    assets: options.assets ?? [BTM_DEV],
    limits: [],
    delays: [],
    recovery: null,
  };
}

/** How long a bond stays locked: 20 days. */
const UNBONDING_MS = 1_728_000_000;

/** Vapor's election parameters (spec/vapor.md section 4) with what bbft.md section 10 adds. */
export const DEFAULT_VOTES: VotesSpec = {
  outputMinNeu: 100_000_000n,
  thresholdNeu: 100_000_000_000_000n,
  bondMinNeu: 10_000_000_000_000n,
  committeeMin: 4,
  committeeMax: 10,
  seatChangeDivisor: 3,
  standbysMax: 10,
  candidatesMax: 1000,
  missedMax: 60,
  // 20 days of blocks of 0.5 s, as long as a vote is locked; light clients trust for 14 days.
  unbondingBlocks: 3_456_000,
  trustingMs: 1_209_600_000,
  producersBps: 9000,
  poolReleaseNeu: 0n,
};

/** The chain's coin in neu. */
const BTM_NEU = 100_000_000n;

/**
 * Election parameters for a network on one machine, where one person plays everybody: what a candidate needs is a handful of
 * BTM that were pegged in by hand. All other values are {@link DEFAULT_VOTES}, in the proportions of the chain's own pace.
 */
export function createDevVotes(chain: {
  readonly validators: number;
  readonly epochBlocks: number;
  readonly blockMs: number;
}): VotesSpec {
  const { validators, epochBlocks, blockMs } = chain;
  return {
    ...DEFAULT_VOTES,
    thresholdNeu: 100n * BTM_NEU,
    bondMinNeu: 100n * BTM_NEU,
    committeeMin: Math.min(DEFAULT_VOTES.committeeMin, validators),
    committeeMax: Math.max(DEFAULT_VOTES.committeeMax, validators),
    // 60 missed views in the 1,200 blocks of an epoch; in a short epoch the same share of it.
    missedMax: Math.max(1, Math.floor((DEFAULT_VOTES.missedMax * epochBlocks) / 1200)),
    // 20 days, however long a block takes, and never less than two epochs.
    unbondingBlocks: Math.max(Math.ceil(UNBONDING_MS / blockMs), 2 * epochBlocks),
  };
}

/** A vote on a dev chain is locked for two epochs, the least that the rules allow: the committee that it elects. */
export function devVoteLock(epochBlocks: number): number {
  return 2 * epochBlocks;
}

/** Creates the spec of a dev side chain: sidechain.md's defaults, short epochs, development mode. */
export function createDevSideSpec(options: {
  readonly name: string;
  readonly genesisTimeMs: number;
  readonly committee: SideChainSpec["committee"];
  readonly federation: FederationSpec | null;
  readonly genesisOutputs?: SideChainSpec["genesis"]["outputs"];
  readonly consensus?: Partial<SideChainSpec["consensus"]>;
  /** Turns elections on. */
  readonly votes?: VotesSpec;
}): SideChainSpec {
  return {
    kind: "side",
    name: options.name,
    networkId: options.name,
    addressPrefix: ADDRESS_PREFIX.vaporSolonet,
    developmentMode: true,
    protocol: [{ version: 1, height: 0 }],
    genesis: { timeMs: options.genesisTimeMs, outputs: options.genesisOutputs ?? [] },
    committee: options.committee,
    consensus: {
      kind: "bbft-flat",
      blockMs: 500,
      run: 4,
      epochBlocks: 60,
      deltaMs: 150,
      timerMaxMs: 2000,
      clockToleranceMs: 500,
      ...options.consensus,
    },
    gas: { priceNeu: 200n, maxBlock: 10_000_000, maxTransaction: 640_000 },
    limits: { blockBytesMax: 4_000_000, ...SIDE_DECODE_LIMITS, systemTransactionsMax: 64, claimsMax: 200 },
    features: { programs: "any", votes: options.votes !== undefined, privacy: "transparent" },
    locks: { coinbaseBlocks: 7200, voteBlocks: 3_456_000 },
    subsidyNeu: 0n,
    federation: options.federation,
    ...(options.votes === undefined ? {} : { votes: options.votes }),
  };
}
