// Validity and gas of one main-chain transaction (spec/bytom.md section 8): a pure function of the transaction and the
// block around it; outputs are looked up elsewhere (utxo.ts). The pair of gas state and error decides whether the
// transaction is good, gas-only (a block may hold it, marked as failed) or invalid. Every step's order is consensus.

import { type MainSource, type MappedMainTransaction, mapMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { executedProgram } from "@bystack/protocol/program";
import { bytesToHex } from "@bystack/utils/bytes";
import type { VmRules } from "@bystack/vm/context";
import { runProgram } from "@bystack/vm/interpreter";
import { mainBtmSurplus } from "./balance.ts";
import type { MainTransactionErrorCode } from "./errors.ts";
import { GasAccount, type GasState } from "./gas.ts";
import { mainProgramContext } from "./program-context.ts";
import { isBtm, MAIN_VM_RULES, type MainLedgerRules } from "./rules.ts";
import { validateMainStandard } from "./standard.ts";

export type { GasState } from "./gas.ts";

export type MainTransactionContext = {
  readonly blockVersion: bigint;
  readonly blockHeight: bigint;
  /** True only for transaction 0 of a block: a coinbase is valid nowhere else. */
  readonly isFirst: boolean;
  readonly rules: MainLedgerRules;
  /** For a caller that has verified the signatures before; the default verifies each one when its program asks. */
  readonly vmRules?: VmRules;
};

export type MainTransactionVerdict = { readonly gas: GasState; readonly error: MainTransactionErrorCode | undefined };

type Outcome = MainTransactionErrorCode | undefined;

/** True when a block may hold the transaction: good, or gas-only. */
export function isIncludable(verdict: MainTransactionVerdict): boolean {
  return verdict.gas.gasValid;
}

/** The status a block records for an includable transaction: true = gas-only, only its BTM effects apply. */
export function isStatusFail(verdict: MainTransactionVerdict): boolean {
  return verdict.error !== undefined;
}

/** Validates a transaction. `mapped` saves the mapping when the caller has it. Never throws. */
export function validateMainTransaction(
  transaction: MainTransaction,
  context: MainTransactionContext,
  mapped: MappedMainTransaction = mapMainTransaction(transaction),
): MainTransactionVerdict {
  const gas = new GasAccount(context.rules);
  const error =
    validateSurroundings(transaction, mapped, context) ?? new MuxValidation(transaction, mapped, context, gas).run();
  return { gas: gas.state(), error };
}

/** Section 8.1: nothing here touches the gas, so a failure is always an invalid transaction. */
function validateSurroundings(
  transaction: MainTransaction,
  mapped: MappedMainTransaction,
  context: MainTransactionContext,
): Outcome {
  const { blockVersion, blockHeight, rules } = context;
  if (blockVersion === 1n && transaction.version !== 1n) return "ErrTxVersion";
  if (transaction.size === 0) return "ErrWrongTransactionSize";
  if (transaction.timeRange !== 0n && transaction.timeRange < blockHeight) return "ErrBadTimeRange";
  // The reference reaches this rule last and leaves other versions alone; without outputs there is no mux to pay gas for.
  const standard = validateMainStandard(transaction, mapped, { blockHeight, rules });
  return standard ?? (mapped.results.length === 0 ? "ErrEmptyResults" : undefined);
}

/** Section 8.2. Entries are validated once each; their outcome is remembered by id. */
class MuxValidation {
  readonly #transaction: MainTransaction;
  readonly #mapped: MappedMainTransaction;
  readonly #context: MainTransactionContext;
  readonly #gas: GasAccount;
  readonly #outcomes = new Map<string, Outcome>();

  constructor(
    transaction: MainTransaction,
    mapped: MappedMainTransaction,
    context: MainTransactionContext,
    gas: GasAccount,
  ) {
    this.#transaction = transaction;
    this.#mapped = mapped;
    this.#context = context;
    this.#gas = gas;
  }

  run(): Outcome {
    const surplus = mainBtmSurplus(this.#mapped);
    if (!surplus.ok) return surplus.error;
    // Without any BTM there is no gas at all, and none is asked for the bytes either.
    const fee = surplus.value === undefined ? undefined : this.#gas.setFee(surplus.value, this.#transaction.size);
    return fee ?? this.#validateGasInputs() ?? this.#gas.proveFee() ?? this.#validateSources();
  }

  /** The inputs that bring BTM, before the fee counts as proven. The coinbase goes first: it waives the storage gas. */
  #validateGasInputs(): Outcome {
    const { sources } = this.#mapped;
    for (const source of sources) {
      if (source.kind !== "coinbase") continue;
      const error = source.index === 0 ? this.#validateEntry(source) : "ErrMismatchedPosition";
      if (error !== undefined) return error;
    }
    for (const source of sources) {
      if (source.kind !== "spend" || source.ordinal !== source.index || !isBtm(source.value.assetId)) continue;
      const error = this.#validateEntry(source);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  /** All sources in order; errors from here on make a gas-only transaction. */
  #validateSources(): Outcome {
    for (const source of this.#mapped.sources) {
      const error = this.#validateEntry(source);
      if (error !== undefined) return error;
      if (source.ordinal !== source.index) return "ErrMismatchedPosition";
    }
    return undefined;
  }

  #validateEntry(source: MainSource): Outcome {
    const key = bytesToHex(source.entryId);
    if (this.#outcomes.has(key)) return this.#outcomes.get(key);
    // A repeated entry exists once and carries what its last input brought.
    const entry = source.ordinal === source.index ? source : this.#sourceAt(source.ordinal);
    const outcome = entry.kind === "coinbase" ? this.#validateCoinbase(entry) : this.#runSource(entry);
    this.#outcomes.set(key, outcome);
    return outcome;
  }

  #sourceAt(index: number): MainSource {
    const source = this.#mapped.sources.find((candidate) => candidate.index === index);
    if (source === undefined) throw new Error(`invariant broken: no source at input ${index}`);
    return source;
  }

  #validateCoinbase(source: Extract<MainSource, { kind: "coinbase" }>): Outcome {
    if (!this.#context.isFirst) return "ErrWrongCoinbaseTransaction";
    if (!isBtm(source.value.assetId)) return "ErrWrongCoinbaseAsset";
    if (source.input.arbitrary.length > this.#context.rules.coinbaseArbitraryBytesMax) {
      return "ErrCoinbaseArbitraryOversize";
    }
    this.#gas.storageGas = 0;
    return undefined;
  }

  #runSource(source: Exclude<MainSource, { kind: "coinbase" }>): Outcome {
    const { input } = source;
    const outcome = runProgram({
      // Spent outputs of other VM versions do not decode; an issuance may name any.
      vmVersion: input.kind === "issuance" ? input.vmVersion : 1n,
      code: executedProgram(input.program),
      args: input.arguments,
      context: mainProgramContext(this.#mapped, source, this.#context.blockHeight),
      limit: this.#gas.gasLeft,
      rules: this.#context.vmRules ?? MAIN_VM_RULES,
    });
    return outcome.ok ? this.#gas.setGasLeft(outcome.gasLeft) : outcome.error;
  }
}
