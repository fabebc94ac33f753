// Rules of one ordinary side-chain transaction (sidechain.md sections 1 and 3): those that need no state (form, programs,
// balance, fee), judged once, and the run of its programs with one gas account. Transfers and burns; claims, system
// transactions and coinbases have rules of their own; registrations and claims of voters (kinds 6 and 7) are both.

import { BTM_ASSET_ID, isRetirementProgram, signatureHash } from "@bystack/protocol/entry";
import { isBtm } from "@bystack/protocol/peg/claim";
import { isPayee } from "@bystack/protocol/peg/vault";
import { executedProgram, witnessForm } from "@bystack/protocol/program";
import { CANDIDATE_KEY_BYTES, isCandidateInput } from "@bystack/protocol/side/candidate";
import { type MappedSideTransaction, mapSideTransaction, type SideSource } from "@bystack/protocol/side/entries";
import type { SideOutput, SideTransaction } from "@bystack/protocol/side/transaction";
import { isVoteClaimInput } from "@bystack/protocol/side/vote-claim";
import { VARINT63_MAX } from "@bystack/protocol/wire";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import type { OutputQuery, VmContext } from "@bystack/vm/context";
import type { VmErrorCode } from "@bystack/vm/errors";
import { runProgram } from "@bystack/vm/interpreter";
import type { SideTransactionErrorCode } from "./errors.ts";
import type { SideRules, SignatureCheck } from "./rules.ts";
import { CANDIDATE_GAS } from "./votes/candidates.ts";

/** An ordinary transaction that satisfies every rule without state. */
export type CheckedTransaction = {
  readonly transaction: SideTransaction;
  readonly mapped: MappedSideTransaction;
  readonly feeNeu: bigint;
  /** Gas for all its programs together. */
  readonly vmGas: number;
};

export type CheckResult =
  | { readonly ok: true; readonly value: CheckedTransaction }
  | { readonly ok: false; readonly code: SideTransactionErrorCode };

/** A system input beside which a spend input pays: kinds 6 and 7. */
function isPaidSystemInput(input: SideTransaction["inputs"][number] | undefined): boolean {
  return isCandidateInput(input) || isVoteClaimInput(input);
}

/** Spends go in, and on a chain with elections vetos and, first, the system input of a candidate or a voters' claim. */
function validateKinds(transaction: SideTransaction, rules: SideRules): SideTransactionErrorCode | undefined {
  if (transaction.version !== 1n) return "TX_VERSION";
  if (transaction.inputs.length === 0 || transaction.outputs.length === 0) return "TX_FORM";
  for (const [index, input] of transaction.inputs.entries()) {
    if (input.kind === "veto" && rules.spec.votes === undefined) return "FEATURE_OFF";
    const isPaidSystem = index === 0 && rules.spec.votes !== undefined && isPaidSystemInput(input);
    if (input.kind !== "veto" && input.kind !== "spend" && !isPaidSystem) return "TX_FORM";
  }
  return undefined;
}

function validateVote(output: SideOutput & { readonly kind: "vote" }, rules: SideRules): boolean {
  const { votes } = rules.spec;
  if (votes === undefined || !isBtm(output.assetId)) return false;
  return output.amount >= votes.outputMinNeu && output.vote.length === CANDIDATE_KEY_BYTES;
}

function validateOutput(output: SideOutput, rules: SideRules): SideTransactionErrorCode | undefined {
  if (output.amount === 0n) return "TX_ZERO_AMOUNT";
  if (isRetirementProgram(output.program)) {
    // No id covers the type of a retirement, so only one type is accepted: one encoding for one id.
    return output.kind === "intra" ? undefined : "TX_FORM";
  }
  if (output.kind === "vote") {
    if (rules.spec.votes === undefined) return "FEATURE_OFF";
    if (!validateVote(output, rules)) return "VOTE_OUTPUT";
  }
  if (output.kind === "cross") {
    if (rules.peg === undefined) return "FEATURE_OFF";
    return isPayee(output.program) ? undefined : "BURN_PROGRAM";
  }
  if (rules.spec.features.programs === "any") return undefined;
  return witnessForm(output.program)?.versionOpcode === 0 ? undefined : "TX_PROGRAM";
}

/** Balance per asset, with what voters are paid; the surplus of BTM is the fee. */
function balance(mapped: MappedSideTransaction, creditNeu: bigint): bigint | SideTransactionErrorCode {
  const sums = new Map<string, { in: bigint; out: bigint; assetId: Hash }>();
  if (creditNeu > 0n) sums.set(bytesToHex(BTM_ASSET_ID), { in: creditNeu, out: 0n, assetId: BTM_ASSET_ID });
  for (const { value } of mapped.sources) {
    const key = bytesToHex(value.assetId);
    const sum = sums.get(key) ?? { in: 0n, out: 0n, assetId: value.assetId };
    sum.in += value.amount;
    if (sum.in > VARINT63_MAX) return "TX_OVERFLOW";
    sums.set(key, sum);
  }
  for (const { value } of mapped.results) {
    const sum = sums.get(bytesToHex(value.assetId));
    if (sum === undefined) return "TX_UNBALANCED";
    sum.out += value.amount;
    if (sum.out > VARINT63_MAX) return "TX_OVERFLOW";
  }
  let fee = 0n;
  for (const sum of sums.values()) {
    if (isBtm(sum.assetId) && sum.in >= sum.out) fee = sum.in - sum.out;
    else if (sum.in !== sum.out) return "TX_UNBALANCED";
  }
  return fee;
}

/** VM gas = min(⌊fee / price⌋, the most of a transaction) − bytes; undefined when it is negative. */
function vmGas(feeNeu: bigint, sizeBytes: number, rules: SideRules): number | undefined {
  const { priceNeu, maxTransaction } = rules.spec.gas;
  const paid = priceNeu === 0n ? BigInt(maxTransaction) : feeNeu / priceNeu;
  const gas = Number(paid < BigInt(maxTransaction) ? paid : BigInt(maxTransaction)) - sizeBytes;
  return gas < 0 ? undefined : gas;
}

/** Everything about an ordinary transaction that does not depend on state. `creditNeu`: payments of a voters' share. */
export function checkTransaction(
  transaction: SideTransaction,
  rules: SideRules,
  at: { readonly height: number; readonly creditNeu: bigint },
): CheckResult {
  const kinds = validateKinds(transaction, rules);
  if (kinds !== undefined) return { ok: false, code: kinds };
  if (transaction.timeRange !== 0n && transaction.timeRange < BigInt(at.height))
    return { ok: false, code: "TX_TIME_RANGE" };
  // The first output of a system transaction is the empty retirement.
  const hasRetirement = isPaidSystemInput(transaction.inputs[0]);
  for (const output of hasRetirement ? transaction.outputs.slice(1) : transaction.outputs) {
    const code = validateOutput(output, rules);
    if (code !== undefined) return { ok: false, code };
  }
  const mapped = mapSideTransaction(transaction);
  if (mapped.sources.some((source) => source.ordinal !== source.index))
    return { ok: false, code: "TX_DUPLICATE_INPUT" };
  const feeNeu = balance(mapped, at.creditNeu);
  if (typeof feeNeu === "string") return { ok: false, code: feeNeu };
  const gas = vmGas(feeNeu, transaction.size, rules);
  if (gas === undefined) return { ok: false, code: "TX_FEE" };
  const burns = burnFeeProblem(mapped, rules);
  if (burns !== undefined) return { ok: false, code: burns };
  return { ok: true, value: { transaction, mapped, feeNeu, vmGas: gas } };
}

/** For each burn the peg-out fee is retired beside it, so that the payee gets what was burned. */
function burnFeeProblem(mapped: MappedSideTransaction, rules: SideRules): SideTransactionErrorCode | undefined {
  let burns = 0n;
  let retiredBtm = 0n;
  for (const result of mapped.results) {
    if (result.kind === "cross") burns += 1n;
    if (result.kind === "retirement" && isBtm(result.value.assetId)) retiredBtm += result.value.amount;
  }
  const fee = rules.peg?.federation.pegOutFeeNeu ?? 0n;
  return retiredBtm < burns * fee ? "BURN_FEE" : undefined;
}

/** CHECKOUTPUT: sees ordinary outputs, votes and retirements; a burn has no answer (spec/vapor.md section 2.4). */
function answerOutputQuery(mapped: MappedSideTransaction, query: OutputQuery): boolean | VmErrorCode {
  const result = query.index < mapped.results.length ? mapped.results[Number(query.index)] : undefined;
  if (result === undefined) return "ErrBadValue";
  if (result.kind === "cross") return "ErrContext";
  if (result.value.amount !== query.amount || !equalBytes(result.value.assetId, query.assetId)) return false;
  if (result.kind === "retirement") {
    return query.vmVersion === 0n && (query.expansionReserved || query.code.length === 0);
  }
  return query.vmVersion === 1n && equalBytes(result.program, query.code);
}

function programContext(
  mapped: MappedSideTransaction,
  source: SideSource & { readonly kind: "spend" | "veto" },
  height: number,
): VmContext {
  return {
    txVersion: mapped.version,
    blockHeight: BigInt(height),
    entryId: source.entryId,
    assetId: source.value.assetId,
    amount: source.value.amount,
    destinationPosition: BigInt(source.index),
    spentOutputId: source.spentOutputId,
    txSigHash: () => signatureHash(source.entryId, mapped.id),
    checkOutput: (query) => answerOutputQuery(mapped, query),
  };
}

export type ProgramVerdict =
  | { readonly ok: true; readonly gasUsed: number }
  | { readonly ok: false; readonly input: number; readonly error: VmErrorCode };

/**
 * Runs the programs of all inputs in their order, each with the gas that the earlier ones left. `gasUsed` includes the
 * transaction's bytes, and what a candidate's signatures and keys cost.
 */
export function runPrograms(checked: CheckedTransaction, height: number, checkSig: SignatureCheck): ProgramVerdict {
  const { transaction, mapped } = checked;
  let gasLeft = checked.vmGas;
  for (const source of mapped.sources) {
    if (source.kind === "system") {
      if (isCandidateInput(source.input)) gasLeft -= CANDIDATE_GAS;
      if (gasLeft < 0) return { ok: false, input: source.index, error: "ErrRunLimitExceeded" };
      continue;
    }
    if (source.kind !== "spend" && source.kind !== "veto") {
      return { ok: false, input: source.index, error: "ErrContext" };
    }
    const run = runProgram({
      vmVersion: 1n,
      code: executedProgram(source.input.program),
      args: source.input.arguments,
      context: programContext(mapped, source, height),
      limit: gasLeft,
      rules: { mulFraction: true, checkSig },
    });
    if (!run.ok) return { ok: false, input: source.index, error: run.error };
    gasLeft = run.gasLeft;
  }
  return { ok: true, gasUsed: transaction.size + checked.vmGas - gasLeft };
}
