// What every transaction must look like before any program runs (spec/bytom.md sections 2.3 and 7.3). These rules are part
// of consensus here, not a policy of the mempool.

import type { MappedMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { isStandardProgram } from "@bystack/protocol/program";
import { isZeroBytes } from "@bystack/utils/bytes";
import type { MainTransactionErrorCode } from "./errors.ts";
import { isBtm, type MainLedgerRules } from "./rules.ts";

/** Rule AA: no repeated input from a certain height on. */
function hasEmptyInputId(mapped: MappedMainTransaction): boolean {
  return mapped.inputIds.some(isZeroBytes);
}

/** BTM may come from and go to standard programs alone; retirements and other assets are free. */
function hasNonStandardBtm(mapped: MappedMainTransaction): boolean {
  const spendsOther = mapped.sources.some(
    (source) => source.kind === "spend" && isBtm(source.value.assetId) && !isStandardProgram(source.input.program),
  );
  if (spendsOther) return true;
  return mapped.results.some(
    ({ kind, value, program }) => kind === "output" && isBtm(value.assetId) && !isStandardProgram(program),
  );
}

/** The order of these checks decides which code a transaction with several faults gets. */
export function validateMainStandard(
  transaction: MainTransaction,
  mapped: MappedMainTransaction,
  options: { readonly blockHeight: bigint; readonly rules: MainLedgerRules },
): MainTransactionErrorCode | undefined {
  if (options.blockHeight >= options.rules.repeatedInputHeight && hasEmptyInputId(mapped)) return "ErrEmptyInputIDs";
  const { inputs, outputs } = transaction;
  // The reference crashes on the following; a decoder that refuses them never lets them come here.
  if (inputs.some(({ kind }) => kind === "opaque") || outputs.some(({ kind }) => kind === "opaque")) {
    return "ErrUnsupportedAssetVersion";
  }
  if (inputs.filter(({ kind }) => kind === "coinbase").length > 1) return "ErrManyCoinbases";
  if (inputs.some(({ kind }) => kind === "coinbase") && outputs.length === 0) return "ErrEmptyResults";
  return hasNonStandardBtm(mapped) ? "ErrNotStandardTx" : undefined;
}
