// Validity of one main-chain block (spec/bytom.md section 9): header against its parent, transactions, the amount of the
// coinbase, and both Merkle roots. Pure: the time, what the difficulty rule requires and the verdict on the proof of work
// come in, because Tensority is slow and belongs to a worker. Outputs are looked up elsewhere (utxo.ts).

import type { MainBlock, MainHeader } from "@bystack/protocol/main/block";
import { statusRoot, transactionsRoot } from "@bystack/protocol/main/block";
import { type MappedMainTransaction, mapMainTransaction } from "@bystack/protocol/main/entries";
import { blockSubsidy } from "@bystack/protocol/pow";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import type { VmRules } from "@bystack/vm/context";
import type { MainBlockErrorCode } from "./errors.ts";
import type { MainLedgerRules } from "./rules.ts";
import { validateMainTransaction } from "./validate-transaction.ts";

const BLOCK_VERSION = 1n;

export type MainHeaderContext = {
  readonly parentHash: Hash;
  readonly parentHeight: bigint;
  /** From the retarget rule. */
  readonly requiredBits: bigint;
  /** Median of the last timestamps ending with the parent. */
  readonly medianTime: bigint;
  readonly nowSeconds: bigint;
  readonly futureSecondsMax: bigint;
  /** Whether the header's Tensority hash reaches its bits; `assume-valid` for tests and for what was checked before. */
  readonly proofOfWork: boolean | "assume-valid";
};

/** What applying a valid block needs. */
export type ValidMainBlock = {
  readonly transactions: readonly MappedMainTransaction[];
  /** Per transaction; true = gas-only. */
  readonly statusFail: readonly boolean[];
  readonly gasUsed: number;
  readonly feesNeu: bigint;
};

/** Where the fault is: `transaction` is an index when one transaction alone is to blame. */
export type MainBlockFault = { readonly code: MainBlockErrorCode; readonly transaction?: number };

/** Checks a header against its parent, in the reference's order; undefined when it is valid. */
export function validateMainHeader(header: MainHeader, context: MainHeaderContext): MainBlockErrorCode | undefined {
  if (header.version !== BLOCK_VERSION) return "errVersionRegression";
  if (header.height !== context.parentHeight + 1n) return "errMisorderedBlockHeight";
  if (header.bits !== context.requiredBits) return "errBadBits";
  if (!equalBytes(header.previousHash, context.parentHash)) return "errMismatchedBlock";
  if (header.timestamp > context.nowSeconds + context.futureSecondsMax) return "errBadTimestamp";
  if (header.timestamp <= context.medianTime) return "errBadTimestamp";
  return context.proofOfWork === false ? "errWorkProof" : undefined;
}

/** Checks a block's transactions, coinbase amount and roots. */
export function validateMainBody(
  block: MainBlock,
  rules: MainLedgerRules,
  vmRules?: VmRules,
): Result<ValidMainBlock, MainBlockFault> {
  const { header } = block;
  const transactions: MappedMainTransaction[] = [];
  const statusFail: boolean[] = [];
  let gasUsed = 0;
  let feesNeu = 0n;
  for (const [index, transaction] of block.transactions.entries()) {
    const mapped = mapMainTransaction(transaction);
    const { gas, error } = validateMainTransaction(
      transaction,
      {
        blockVersion: header.version,
        blockHeight: header.height,
        isFirst: index === 0,
        rules,
        ...(vmRules === undefined ? {} : { vmRules }),
      },
      mapped,
    );
    // Gas that is not valid always comes with an error; the fallback keeps a contradiction from passing.
    if (!gas.gasValid) return err({ code: error ?? "ErrGasCalculate", transaction: index });
    transactions.push(mapped);
    statusFail.push(error !== undefined);
    gasUsed += gas.gasUsed;
    feesNeu += gas.btmValue;
    if (gasUsed > rules.blockGasMax) return err({ code: "errOverBlockLimit", transaction: index });
  }
  const fault = validateCoinbaseAmount(transactions[0], blockSubsidy(header.height, rules.subsidy) + feesNeu);
  if (fault !== undefined) return err({ code: fault });
  const sameTransactions = equalBytes(transactionsRoot(transactions.map(({ id }) => id)), header.transactionsRoot);
  if (!sameTransactions || !equalBytes(statusRoot(statusFail), header.statusRoot)) {
    return err({ code: "errMismatchedMerkleRoot" });
  }
  return ok({ transactions, statusFail, gasUsed, feesNeu });
}

/**
 * Transaction 0 must pay exactly what the block creates, to one output. That it has a coinbase input is not required: an
 * ordinary transaction of the right amount passes, as in the reference.
 */
function validateCoinbaseAmount(
  first: MappedMainTransaction | undefined,
  amount: bigint,
): MainBlockErrorCode | undefined {
  const [result, ...others] = first?.results ?? [];
  if (result === undefined || others.length > 0) return "ErrWrongCoinbaseTransaction";
  if (result.kind === "retirement") return "ErrEntryType";
  return result.value.amount === amount ? undefined : "ErrWrongCoinbaseTransaction";
}

/** Checks a whole block: header first, then what it commits to. */
export function validateMainBlock(
  block: MainBlock,
  context: MainHeaderContext & { readonly rules: MainLedgerRules; readonly vmRules?: VmRules },
): Result<ValidMainBlock, MainBlockFault> {
  const code = validateMainHeader(block.header, context);
  return code === undefined ? validateMainBody(block, context.rules, context.vmRules) : err({ code });
}
