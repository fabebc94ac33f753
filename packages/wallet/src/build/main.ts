// The main chain's format for the transaction builder: inputs, issuances, gas (spec/bytom.md sections 2, 8, 19.5).

import { mainSignatureHash, mapMainTransaction } from "@bystack/protocol/main/entries";
import { createMainTransaction, type MainInput, type MainTransaction } from "@bystack/protocol/main/transaction";
import { withWitnesses } from "../sign.ts";
import type { ChainAdapter, InputToSign } from "./build.ts";
import { SPEND_GAS, SPEND_WITNESS_BYTES, spendInput } from "./spend.ts";

/** neu per gas, and the most gas a transaction may use. */
const GAS_PRICE_NEU = 200n;
/** Gas of a one-key issuance program, and bytes of its witness. */
const ISSUE_GAS = 1453n;
const ISSUE_WITNESS_BYTES = 65n;
/** Overpaid on purpose, in gas: a transaction that runs out of gas loses its fee and its assets stay where they are. */
const MARGIN_GAS = 400n;

export const MAIN_ADAPTER: ChainAdapter<MainTransaction> = {
  assemble: ({ coins, issues, payments }) => {
    const issuances = issues.map((issue): MainInput => ({ kind: "issuance", ...issue, vmVersion: 1n, arguments: [] }));
    return createMainTransaction({
      version: 1n,
      timeRange: 0n,
      inputs: [...coins.map(spendInput), ...issuances],
      outputs: payments.map(({ assetId, amount, program }) => ({ kind: "output", assetId, amount, program })),
    });
  },
  feeNeu: (draft) => {
    let gas = BigInt(draft.size) + MARGIN_GAS;
    for (const input of draft.inputs)
      gas += input.kind === "spend" ? SPEND_GAS + SPEND_WITNESS_BYTES : ISSUE_GAS + ISSUE_WITNESS_BYTES;
    return gas * GAS_PRICE_NEU;
  },
  inputsToSign: (draft) => {
    const mapped = mapMainTransaction(draft);
    return draft.inputs.flatMap((input, index): InputToSign[] => {
      const signatureHash = mainSignatureHash(mapped, index);
      if (input.kind === "spend") return [{ kind: "spend", index, signatureHash, program: input.program }];
      if (input.kind === "issuance") return [{ kind: "issue", index, signatureHash, assetId: input.assetId }];
      return [];
    });
  },
  finish: (draft, witnesses) => ({
    raw: createMainTransaction({ ...draft, inputs: withWitnesses(draft.inputs, witnesses) }).raw,
    id: mapMainTransaction(draft).id,
  }),
};
