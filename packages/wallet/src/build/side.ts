// The side chain's format for the transaction builder: spends, burns, votes, what leads a transaction of elections, gas at the
// chain's own price (sidechain.md §3).

import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import { createSideTransaction, type SideOutput, type SideTransaction } from "@bystack/protocol/side/transaction";
import { assertInvariant } from "@bystack/utils/errors";
import { withWitnesses } from "../sign.ts";
import type { ChainAdapter, InputToSign, Payment } from "./build.ts";
import type { Lead } from "./elections.ts";
import { SPEND_GAS, SPEND_WITNESS_BYTES, spendInput } from "./spend.ts";

/**
 * The limit of a program is exact here, and a program needs more at its peak than it costs in the end: a P2WPKH spend
 * holds its arguments and copies of them, about 400 gas, before it gives them back.
 */
const MARGIN_GAS = 600n;

const NO_LEAD: Lead = { inputs: [], outputs: [], gas: 0n };

function outputOf(payment: Payment): SideOutput {
  const { assetId, amount, program } = payment;
  if (payment.kind === "vote") return { kind: "vote", assetId, amount, program, vote: payment.vote };
  return { kind: payment.kind === "burn" ? "cross" : "intra", assetId, amount, program };
}

/** @param lead what stands before coins and payments: of a registration, a veto, a claim (`build/elections`) */
export function createSideAdapter(gasPriceNeu: bigint, lead: Lead = NO_LEAD): ChainAdapter<SideTransaction> {
  return {
    assemble: ({ coins, issues, payments }) => {
      assertInvariant(issues.length === 0, "assets are issued on the main chain only");
      return createSideTransaction({
        version: 1n,
        timeRange: 0n,
        inputs: [...lead.inputs, ...coins.map(spendInput)],
        outputs: [...lead.outputs, ...payments.map(outputOf)],
      });
    },
    feeNeu: (draft) => {
      const programs = BigInt(draft.inputs.filter(({ kind }) => kind !== "system").length);
      const gas = BigInt(draft.size) + MARGIN_GAS + lead.gas + programs * (SPEND_GAS + SPEND_WITNESS_BYTES);
      return gas * gasPriceNeu;
    },
    inputsToSign: (draft) => {
      const mapped = mapSideTransaction(draft);
      return draft.inputs.flatMap((input, index): InputToSign[] =>
        input.kind === "spend" || input.kind === "veto"
          ? [{ kind: "spend", index, signatureHash: sideSignatureHash(mapped, index), program: input.program }]
          : [],
      );
    },
    finish: (draft, witnesses) => ({
      raw: createSideTransaction({ ...draft, inputs: withWitnesses(draft.inputs, witnesses) }).raw,
      id: mapSideTransaction(draft).id,
    }),
  };
}
