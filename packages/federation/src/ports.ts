// How a member sees the two chains: asynchronous questions to its own main node and its own side node, with plain data as
// answers (architecture.md section 3: the federation knows no node internals). What a member believes of the answers is
// decided in member/ and collector/, not here. HTTP drivers are in http-ports.ts; tests bring chains in memory.

import type { MainBlock } from "@bystack/protocol/main/block";
import type { VaultCoin } from "@bystack/protocol/peg/draft";
import type { PayoutView } from "@bystack/protocol/peg/payout";
import type { SideHeader } from "@bystack/protocol/side/header";
import type { EpochEnd, FinalityProof } from "@bystack/protocol/side/light-client";
import type { Hash } from "@bystack/utils/bytes";

/** Timers as a port: `run` is called once after the delay; the result cancels it. */
export type Timers = { after(delayMs: number, run: () => void): () => void };

export type BlockPoint = { readonly height: number; readonly hash: Hash };

/** A main-chain block on the best chain of the own node; `statusFail[i]`: transaction i is gas-only. */
export type MainBlockInfo = BlockPoint & { readonly block: MainBlock; readonly statusFail: readonly boolean[] };

/** Where a main-chain transaction stands; `block` is undefined while it waits in the mempool. */
export type MainTransactionInfo = { readonly block: BlockPoint | undefined; readonly gasOnly: boolean };

/** An unspent main-chain output. */
export type MainOutputInfo = { readonly id: Hash; readonly height: number };

/** The member's own main node. Every call rejects with a BystackError when the node cannot be asked. */
export type MainChainPort = {
  tip(): Promise<BlockPoint>;
  /** The block of the best chain at a height; undefined above the tip. */
  blockAt(height: number): Promise<MainBlockInfo | undefined>;
  /** Hands in a signed transaction. The same bytes again, and one that is in a block already, are a success. */
  submit(raw: Uint8Array): Promise<void>;
  transaction(id: Hash): Promise<MainTransactionInfo | undefined>;
  isUnspent(outputId: Hash): Promise<boolean>;
  /** Unspent outputs of up to 200 programs. */
  unspentOf(programs: readonly Uint8Array[]): Promise<readonly MainOutputInfo[]>;
};

export type PegPauses = {
  /** After a deep reorganisation or a rogue spend. */
  readonly automatic: boolean;
  readonly in: boolean;
  readonly out: boolean;
  readonly assets: readonly Hash[];
};

export type PegAsset = {
  readonly assetId: Hash;
  readonly listed: boolean;
  readonly minimum: bigint;
  /** 0: no cap. */
  readonly cap: bigint;
  readonly locked: bigint;
  readonly owed: bigint;
  readonly writtenOff: bigint;
};

/** The peg part of the side chain's final state. */
export type PegStatus = {
  readonly height: number;
  /** Newest vault epoch. */
  readonly epoch: number;
  /** The main-chain tip that the state knows. */
  readonly mainTip: BlockPoint;
  readonly pauses: PegPauses;
  /** Number that the next governance action must have. */
  readonly governanceNext: bigint;
  readonly floatNeu: bigint;
  readonly assets: readonly PegAsset[];
};

export type PayoutState = "open" | "done" | "failed" | "dead" | "unproven";

/** A payout as the ledger recorded it. */
export type PayoutRecord = {
  readonly payout: bigint;
  readonly transactionId: Hash;
  readonly state: PayoutState;
  /** Side block after which it was recorded. */
  readonly recordedHeight: number;
  /** The unsigned main-chain transaction. */
  readonly transaction: Uint8Array;
  /** In the order of the transaction. */
  readonly inputs: readonly VaultCoin[];
  /** In the order of the transaction; empty for a merge. */
  readonly requestIds: readonly Hash[];
};

/** A burn with the proof that it took effect in the block of `header`. */
export type BurnEvidence = {
  readonly raw: Uint8Array;
  readonly header: SideHeader;
  readonly path: { readonly siblings: readonly Hash[]; readonly directions: Uint8Array };
};

/** The claim that credited a deposit, and the side block that holds it. */
export type CreditedClaim = { readonly transactionId: Hash; readonly height: number };

/** A vault coin of the ledger's state that is not proven on the main chain it knows. */
export type UnprovenCoin = { readonly id: Hash; readonly program: Uint8Array };

/** The member's own side node; answers are about final state. Rejects with a BystackError when it cannot be asked. */
export type SideChainPort = {
  status(): Promise<PegStatus>;
  /** Payouts that may still have to be signed, mined or proven: open, unproven, dead. Newest first, at most 200. */
  livePayouts(): Promise<readonly PayoutRecord[]>;
  payout(number: bigint): Promise<PayoutRecord | undefined>;
  /** The burn behind a request. */
  burn(requestId: Hash): Promise<BurnEvidence | undefined>;
  /** The state from which the payouts of a block were derived, where the node can still tell. */
  payoutView?(recordedHeight: number): Promise<PayoutView | undefined>;
  finality(height: number): Promise<FinalityProof | undefined>;
  /** How epochs ended, from `from` on without a gap, at most 200; whoever asks verifies them. */
  epochEnds(from: number): Promise<readonly EpochEnd[]>;
  /** Those of up to 200 deposits that are credited: their claims, under the nullifier in hexadecimal. */
  claimed(nullifiers: readonly Hash[]): Promise<ReadonlyMap<string, CreditedClaim>>;
  unprovenCoins(): Promise<readonly UnprovenCoin[]>;
  submit(raw: Uint8Array): Promise<void>;
};
