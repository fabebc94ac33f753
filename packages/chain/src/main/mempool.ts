// Transactions that wait for a block (spec/bytom.md section 12). They are judged against the tip, one block early, as in the
// reference. Stricter than it in three points, none of them consensus: a second transaction that spends the same output is
// refused at once, so is one whose coinbase is immature, and whatever a new block makes impossible is removed. Transactions
// whose inputs are not known yet wait apart. Every pool is bounded in number and in bytes.

import type { MainTransactionErrorCode } from "@bystack/ledger/main/errors";
import { isBtm, MAIN_VM_RULES, type MainLedgerRules } from "@bystack/ledger/main/rules";
import { createdOutputs, type MainUtxoLookup, spentOutputs } from "@bystack/ledger/main/utxo";
import { validateMainTransaction } from "@bystack/ledger/main/validate-transaction";
import type { MainHeader } from "@bystack/protocol/main/block";
import { type MappedMainTransaction, mapMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import type { MainMempoolErrorCode } from "./errors.ts";
import { OrphanTransactions } from "./orphan-transactions.ts";
import type { ProgramRules } from "./verified-signatures.ts";

/** As in the reference. */
export const MEMPOOL_TRANSACTIONS_MAX = 10_000;
/** A transaction may have 200,000 bytes, and 10,000 of those would not fit a small node. */
export const MEMPOOL_BYTES_MAX = 134_217_728;

/** Room for waiting transactions; tests use less. */
export type MempoolLimits = { readonly transactionsMax: number; readonly bytesMax: number };

export const MEMPOOL_LIMITS: MempoolLimits = {
  transactionsMax: MEMPOOL_TRANSACTIONS_MAX,
  bytesMax: MEMPOOL_BYTES_MAX,
};

export type MempoolEntry = {
  readonly id: Hash;
  readonly transaction: MainTransaction;
  readonly mapped: MappedMainTransaction;
  readonly statusFail: boolean;
  readonly feeNeu: bigint;
  readonly gasUsed: number;
};

/** `waiting`: kept apart until its inputs are known. */
export type MempoolVerdict = Result<
  { readonly status: "added" | "known" | "waiting" },
  MainMempoolErrorCode | MainTransactionErrorCode
>;

export type MempoolContext = {
  readonly tip: MainHeader;
  readonly nowMs: number;
  /** The stored outputs that the transaction spends. */
  readonly lookup: MainUtxoLookup;
};

export class MainMempool {
  readonly #rules: MainLedgerRules;
  readonly #limits: MempoolLimits;
  readonly #vmRules: ProgramRules;
  /** By id, in order of arrival. */
  readonly #entries = new Map<string, MempoolEntry>();
  /** Outputs that waiting transactions create, and outputs that they spend, with the id of the transaction. */
  readonly #created = new Map<string, string>();
  readonly #spent = new Map<string, string>();
  readonly #orphans = new OrphanTransactions();
  #bytes = 0;

  constructor(rules: MainLedgerRules, limits: MempoolLimits = MEMPOOL_LIMITS, vmRules: ProgramRules = MAIN_VM_RULES) {
    this.#rules = rules;
    this.#limits = limits;
    this.#vmRules = vmRules;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get orphanCount(): number {
    return this.#orphans.size;
  }

  get(id: Hash): MempoolEntry | undefined {
    return this.#entries.get(bytesToHex(id));
  }

  /** All waiting transactions in order of arrival. */
  entries(): readonly MempoolEntry[] {
    return [...this.#entries.values()];
  }

  /** Judges a transaction and keeps it. */
  submit(
    transaction: MainTransaction,
    context: MempoolContext,
    mapped = mapMainTransaction(transaction),
  ): MempoolVerdict {
    if (this.#entries.has(bytesToHex(mapped.id))) return ok({ status: "known" });
    if (isDust(mapped)) return err("ErrDustTx");
    const { version: blockVersion, height: blockHeight } = context.tip;
    const { gas, error } = validateMainTransaction(
      transaction,
      { blockVersion, blockHeight, isFirst: false, rules: this.#rules, vmRules: this.#vmRules },
      mapped,
    );
    if (!gas.gasValid) return err(error ?? "ErrGasCalculate");
    const entry: MempoolEntry = {
      id: mapped.id,
      transaction,
      mapped,
      statusFail: error !== undefined,
      feeNeu: gas.btmValue,
      gasUsed: gas.gasUsed,
    };
    const missing: Hash[] = [];
    for (const id of mapped.spentOutputIds) {
      const problem = this.#checkInput(id, context);
      if (problem === "missing") missing.push(id);
      else if (problem !== undefined) return err(problem);
    }
    if (missing.length > 0) {
      return this.#orphans.add({ id: mapped.id, transaction, mapped }, missing, context.nowMs)
        ? ok({ status: "waiting" })
        : err("ErrPoolIsFull");
    }
    return this.#add(entry);
  }

  #checkInput(id: Hash, context: MempoolContext): MainMempoolErrorCode | "missing" | undefined {
    const key = bytesToHex(id);
    if (this.#spent.has(key)) return "POOL_CONFLICT";
    if (this.#created.has(key)) return undefined;
    const utxo = context.lookup(id);
    if (utxo === undefined || utxo.spent) return "missing";
    const wait = utxo.height === 0n ? this.#rules.genesisMaturity : this.#rules.coinbaseMaturity;
    return utxo.coinbase && utxo.height + wait > context.tip.height + 1n ? "POOL_IMMATURE" : undefined;
  }

  #add(entry: MempoolEntry): MempoolVerdict {
    const bytes = this.#bytes + entry.transaction.size;
    const { transactionsMax, bytesMax } = this.#limits;
    if (this.#entries.size >= transactionsMax || bytes > bytesMax) return err("ErrPoolIsFull");
    const key = bytesToHex(entry.id);
    this.#entries.set(key, entry);
    this.#bytes = bytes;
    for (const id of createdOutputs(entry)) this.#created.set(bytesToHex(id), key);
    for (const id of spentOutputs(entry)) this.#spent.set(bytesToHex(id), key);
    return ok({ status: "added" });
  }

  #delete(key: string): MempoolEntry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#bytes -= entry.transaction.size;
    for (const id of createdOutputs(entry)) this.#created.delete(bytesToHex(id));
    for (const id of spentOutputs(entry)) this.#spent.delete(bytesToHex(id));
    return entry;
  }

  /** Removes a transaction that is in a block now; those that spend its outputs stay. */
  confirm(id: Hash): void {
    this.#delete(bytesToHex(id));
    this.#orphans.delete(bytesToHex(id));
  }

  /** Removes a transaction that can never be in a block, and all that spend its outputs. */
  drop(id: Hash): void {
    const doomed = [bytesToHex(id)];
    for (let key = doomed.pop(); key !== undefined; key = doomed.pop()) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      for (const created of createdOutputs(entry)) {
        const spender = this.#spent.get(bytesToHex(created));
        if (spender !== undefined) doomed.push(spender);
      }
      this.#delete(key);
    }
  }

  /** Empties the pool; what was in it comes back in order of arrival. */
  takeAll(): readonly MempoolEntry[] {
    const entries = this.entries();
    for (const { id } of entries) this.#delete(bytesToHex(id));
    return entries;
  }

  /** Removes whatever spends these outputs, because a block has spent them. */
  dropSpendersOf(ids: readonly Hash[]): void {
    for (const id of ids) {
      const entry = this.#entries.get(this.#spent.get(bytesToHex(id)) ?? "");
      if (entry !== undefined) this.drop(entry.id);
    }
  }

  /** Removes what may not be in the block at this height any more. */
  dropExpired(height: bigint): void {
    for (const { id, mapped } of this.entries()) {
      if (mapped.timeRange !== 0n && mapped.timeRange < height) this.drop(id);
    }
  }

  /** Takes out the transactions that waited for one of these outputs; the caller submits them again. */
  takeOrphansOf(outputs: readonly Hash[]): { transaction: MainTransaction; mapped: MappedMainTransaction }[] {
    return this.#orphans.takeWaitingFor(outputs);
  }

  /** Forgets waiting transactions that waited too long for their inputs. */
  sweep(nowMs: number): void {
    this.#orphans.sweep(nowMs);
  }
}

/** No BTM comes in, or something worth nothing goes out. */
function isDust({ sources, results }: MappedMainTransaction): boolean {
  return !sources.some(({ value }) => isBtm(value.assetId)) || results.some(({ value }) => value.amount === 0n);
}
