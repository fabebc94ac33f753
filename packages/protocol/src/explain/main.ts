// What a transaction of the main chain is for. The main chain knows no side chain: a deposit is known by the hint that
// wallets add to it, a payout by the script of a vault in its witness; neither is proven by that.

import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type { MainResult, MappedMainTransaction } from "../main/entries.ts";
import { parseAnyDepositHint } from "../peg/hint.ts";
import { isVaultScript } from "../peg/vault.ts";
import { parseInstructions, witnessForm } from "../program.ts";
import { listed, partyOf, paymentsOf, retirementText, sumByAsset, toValue, type What } from "./what.ts";

function retirementData({ program }: MainResult): Uint8Array | undefined {
  return parseInstructions(program, 2)?.[1]?.data;
}

function depositOf(mapped: MappedMainTransaction): What | undefined {
  for (const { kind, program } of mapped.results) {
    const hint = kind === "retirement" ? parseAnyDepositHint(program) : undefined;
    if (hint === undefined) continue;
    // A vault has a script, a wallet's change has none.
    const paid = mapped.results.filter((result) => witnessForm(result.program)?.kind === "p2wsh");
    return {
      class: "deposit",
      chain: bytesToHex(hint.chainPrefix),
      recipient: bytesToHex(hint.recipient),
      ...listed(sumByAsset(paid.map(({ value }) => value)).map(toValue)),
    };
  }
  return undefined;
}

/** @param addressPrefix of the main chain */
export function whatOfMain(mapped: MappedMainTransaction, addressPrefix: string): What {
  const { sources, results } = mapped;
  const outputs = results.filter(({ kind }) => kind === "output");
  if (sources.some(({ kind }) => kind === "coinbase"))
    return { class: "coinbase", ...listed(paymentsOf(outputs, [], addressPrefix)) };
  const issued = sources.filter(({ kind }) => kind === "issuance");
  if (issued.length > 0)
    return { class: "issuance", ...listed(sumByAsset(issued.map(({ value }) => value)).map(toValue)) };
  const spends = sources.flatMap((source) => (source.kind === "spend" ? [source.input] : []));
  const [first] = spends;
  if (first === undefined) return { class: "other" };
  const payments = paymentsOf(
    outputs,
    spends.map(({ program }) => program),
    addressPrefix,
  );
  // The script is the last argument of a witness that spends a script's output.
  if (spends.every((input) => isVaultScript(input.arguments.at(-1)))) {
    const change = new Set(spends.map(({ program }) => bytesToHex(program)));
    const paid = outputs.filter(
      ({ program }) => !change.has(bytesToHex(program)) && !equalBytes(program, outputs.at(-1)?.program ?? program),
    );
    return { class: "payout", ...listed(paymentsOf(paid, [], addressPrefix)) };
  }
  const deposit = depositOf(mapped);
  if (deposit !== undefined) return deposit;
  const retired = results.filter(({ kind, value }) => kind === "retirement" && value.amount > 0n);
  if (retired.length > 0 && payments.length === 0) {
    const text = retired.map((result) => retirementText(retirementData(result))).find((found) => found !== null);
    return {
      class: "retirement",
      text: text ?? null,
      ...listed(sumByAsset(retired.map(({ value }) => value)).map(toValue)),
    };
  }
  return { class: "payment", from: partyOf(first.program, addressPrefix), ...listed(payments) };
}
