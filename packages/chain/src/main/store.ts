// The port through which the main chain keeps its blocks and its state. The store is asynchronous, the ledger is not: the
// chain fetches what a change needs, computes, and hands over one commit that is applied as a whole or not at all.

import type { MainUtxo, MainUtxoChanges } from "@bystack/ledger/main/utxo";
import type { MainBlock, MainHeader } from "@bystack/protocol/main/block";
import type { MappedMainTransaction } from "@bystack/protocol/main/entries";
import type { Hash } from "@bystack/utils/bytes";

/** A validated block with the status of each transaction; true = gas-only. */
export type StoredMainBlock = {
  readonly hash: Hash;
  readonly block: MainBlock;
  readonly statusFail: readonly boolean[];
};

/** A block to be stored. `mapped` saves whoever indexes the block the work of mapping its transactions; it is not kept. */
export type FreshMainBlock = StoredMainBlock & { readonly mapped?: readonly MappedMainTransaction[] };

/** A change of the main chain: the heights from `fromHeight` on now belong to `attached`, and nothing is above them. */
export type MainTipCommit = {
  readonly tip: Hash;
  readonly height: bigint;
  readonly fromHeight: bigint;
  readonly attached: readonly Hash[];
  /** By output id in hexadecimal; undefined deletes. */
  readonly utxos: MainUtxoChanges;
};

export type MainStoreCommit = {
  readonly blocks: readonly FreshMainBlock[];
  /** Absent when the blocks did not change the main chain. */
  readonly tip?: MainTipCommit;
};

export type MainChainStore = {
  /** Hash and height of the main chain's tip; undefined for an empty store. */
  best(): Promise<{ readonly hash: Hash; readonly height: bigint } | undefined>;
  /** Headers of all stored blocks up to a height, parents before children, each with its hash. */
  headers(maxHeight: bigint): AsyncIterable<{ readonly hash: Hash; readonly header: MainHeader }>;
  block(hash: Hash): Promise<StoredMainBlock | undefined>;
  /** One answer for each id, in order. */
  utxos(ids: readonly Hash[]): Promise<readonly (MainUtxo | undefined)[]>;
  /** Durable and atomic. After a failure the chain stops: it cannot know what was written. */
  commit(commit: MainStoreCommit): Promise<void>;
};
