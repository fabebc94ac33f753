// The set of unspent outputs of the main chain (spec/bytom.md section 10): a view that reads through to a state, collects
// changes, and gives them out as one change set. The state is read only. Blocks are applied and undone; after an error the
// view is in between and has to be thrown away, unless the call says otherwise.

import type { MappedMainTransaction } from "@bystack/protocol/main/entries";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import type { MainUtxoErrorCode } from "./errors.ts";
import { isBtm, type MainLedgerRules } from "./rules.ts";

/** One output, by its id. Spent coinbase outputs are kept, so that undoing a block restores height and flag. */
export type MainUtxo = { readonly coinbase: boolean; readonly height: bigint; readonly spent: boolean };

/** The stored state: what it says about an output id, undefined for nothing. */
export type MainUtxoLookup = (outputId: Hash) => MainUtxo | undefined;

/** A transaction with the status its block records for it. */
export type AppliedMainTransaction = { readonly mapped: MappedMainTransaction; readonly statusFail: boolean };

export type MainUtxoMaturity = Pick<MainLedgerRules, "coinbaseMaturity" | "genesisMaturity">;

/** What to write: `undefined` deletes. Keys are output ids in hexadecimal. */
export type MainUtxoChanges = ReadonlyMap<string, MainUtxo | undefined>;

/** Outputs that a transaction takes from the set; a gas-only one takes BTM alone. */
export function spentOutputs({ mapped, statusFail }: AppliedMainTransaction): Hash[] {
  const ids: Hash[] = [];
  for (const source of mapped.sources) {
    if (source.kind !== "spend" || source.ordinal !== source.index) continue;
    if (!statusFail || isBtm(source.value.assetId)) ids.push(source.spentOutputId);
  }
  return ids;
}

/** Outputs that a transaction adds to the set; retirements never, and a gas-only one adds BTM alone. */
export function createdOutputs({ mapped, statusFail }: AppliedMainTransaction): Hash[] {
  const ids: Hash[] = [];
  for (const { kind, id, value } of mapped.results) {
    if (kind === "output" && (!statusFail || isBtm(value.assetId))) ids.push(id);
  }
  return ids;
}

export class MainUtxoView {
  readonly #lookup: MainUtxoLookup;
  readonly #maturity: MainUtxoMaturity;
  readonly #entries = new Map<string, MainUtxo>();

  constructor(lookup: MainUtxoLookup, maturity: MainUtxoMaturity) {
    this.#lookup = lookup;
    this.#maturity = maturity;
  }

  get(outputId: Hash): MainUtxo | undefined {
    return this.#entries.get(bytesToHex(outputId)) ?? this.#lookup(outputId);
  }

  #set(outputId: Hash, entry: MainUtxo): void {
    this.#entries.set(bytesToHex(outputId), entry);
  }

  #checkSpend(outputId: Hash, height: bigint): MainUtxoErrorCode | undefined {
    const entry = this.get(outputId);
    if (entry === undefined) return "UTXO_MISSING";
    if (entry.spent) return "UTXO_SPENT";
    const { coinbaseMaturity, genesisMaturity } = this.#maturity;
    const wait = entry.height === 0n ? genesisMaturity : coinbaseMaturity;
    return entry.coinbase && entry.height + wait > height ? "UTXO_IMMATURE" : undefined;
  }

  /**
   * Applies one transaction of the block at `height`; `isFirst` for transaction 0, whose outputs count as coinbase. After
   * an error the view is as before.
   */
  applyTransaction(
    applied: AppliedMainTransaction,
    block: { readonly height: bigint; readonly isFirst: boolean },
  ): MainUtxoErrorCode | undefined {
    const spent = spentOutputs(applied);
    for (const id of spent) {
      const error = this.#checkSpend(id, block.height);
      if (error !== undefined) return error;
    }
    for (const id of spent) {
      const entry = this.get(id);
      if (entry !== undefined) this.#set(id, { ...entry, spent: true });
    }
    const entry: MainUtxo = { coinbase: block.isFirst, height: block.height, spent: false };
    for (const id of createdOutputs(applied)) this.#set(id, entry);
    return undefined;
  }

  /** Applies a block's transactions in order. After an error, throw the view away. */
  applyBlock(height: bigint, transactions: readonly AppliedMainTransaction[]): MainUtxoErrorCode | undefined {
    for (const [index, applied] of transactions.entries()) {
      const error = this.applyTransaction(applied, { height, isFirst: index === 0 });
      if (error !== undefined) return error;
    }
    return undefined;
  }

  /**
   * Undoes a block. Its own outputs become spent ordinary entries, which are then deleted; what it spent comes back, from
   * nothing with height 0 when it had been deleted: only coinbase outputs, which are kept, need their height again.
   */
  detachBlock(transactions: readonly AppliedMainTransaction[]): MainUtxoErrorCode | undefined {
    for (const applied of transactions.toReversed()) {
      for (const id of spentOutputs(applied)) {
        const entry = this.get(id);
        if (entry !== undefined && !entry.spent) return "UTXO_NOT_SPENT";
        this.#set(id, entry === undefined ? { coinbase: false, height: 0n, spent: false } : { ...entry, spent: false });
      }
      for (const id of createdOutputs(applied)) this.#set(id, { coinbase: false, height: 0n, spent: true });
    }
    return undefined;
  }

  /** Everything the view touched, spent entries included. */
  entries(): ReadonlyMap<string, MainUtxo> {
    return this.#entries;
  }

  /** What a store has to write: spent ordinary entries are deleted, everything else is put. */
  changes(): MainUtxoChanges {
    const changes = new Map<string, MainUtxo | undefined>();
    for (const [id, entry] of this.#entries) changes.set(id, entry.spent && !entry.coinbase ? undefined : entry);
    return changes;
  }
}

/** Outputs that applying or undoing these transactions reads, each once: what a caller with a slow store fetches first. */
export function referencedOutputs(transactions: readonly AppliedMainTransaction[]): Hash[] {
  const ids = new Set<string>();
  for (const applied of transactions) for (const id of spentOutputs(applied)) ids.add(bytesToHex(id));
  return Array.from(ids, hexToBytes);
}
