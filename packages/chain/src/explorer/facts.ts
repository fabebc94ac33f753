// What a block did, as the explorer's index needs it: the same words for both chains. Made from a block alone
// (main-facts.ts, side-facts.ts), put into rows by apply.ts.

import type { AssetAmount } from "@bystack/protocol/entry";
import type { What } from "@bystack/protocol/explain/what";
import type { Hash } from "@bystack/utils/bytes";

export const OUTPUT_KINDS = ["normal", "coinbase", "vote"] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** An output with what balances need. */
export type ExplorerOutput = AssetAmount & { readonly id: Hash; readonly program: Uint8Array };

/** A transaction; what a gas-only one left without effect is not in it. */
export type ExplorerTransaction = {
  readonly id: Hash;
  /** In the body of its block. */
  readonly position: number;
  readonly sizeBytes: number;
  readonly feeNeu: bigint;
  readonly gasOnly: boolean;
  readonly what: What;
  readonly spends: readonly ExplorerOutput[];
  readonly creates: readonly (ExplorerOutput & { readonly kind: OutputKind })[];
  /** What came into being, an asset each: main chain new coins less fees, side chain deposits and genesis. */
  readonly issues: readonly AssetAmount[];
  readonly retires: readonly AssetAmount[];
  /** Side chain: left for the main chain. */
  readonly burns: readonly AssetAmount[];
  /** What assets say of themselves, where the transaction tells. */
  readonly definitions: readonly { readonly assetId: Hash; readonly definition: Uint8Array }[];
  /** Side chain: a deposit that can be claimed once. */
  readonly claims?: Hash;
  /** Side chain: the bond of a registration, by the key that votes in the consensus. */
  readonly bonds?: { readonly voteKey: Uint8Array; readonly output: ExplorerOutput };
  /** Side chain: evidence takes the bond of this key. */
  readonly seizes?: Uint8Array;
};

export type ExplorerBlock = {
  readonly hash: Hash;
  readonly previous: Hash;
  readonly height: number;
  readonly timestampMs: number;
  readonly sizeBytes: number;
  /**
   * Side chain: a body may hold transactions without effect, because an input is spent or a deposit claimed; so many have
   * one, and this is the root of their ids. Undefined: all have one.
   */
  readonly effective: { readonly count: number; readonly root: Hash } | undefined;
  /** In order; each is made when it is asked for. */
  readonly transactions: Iterable<ExplorerTransaction>;
};
