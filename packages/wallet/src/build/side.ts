// The side chain's format for the transaction builder: spends, burns, gas at the chain's own price (sidechain.md §3).

import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import { createSideTransaction, type SideInput, type SideTransaction } from "@bystack/protocol/side/transaction";
import { assertInvariant } from "@bystack/utils/errors";
import { withWitnesses } from "../sign.ts";
import type { ChainAdapter, InputToSign } from "./build.ts";

const SPEND_GAS = 1409n;
const SPEND_WITNESS_BYTES = 98n;
/**
 * The limit of a program is exact here, and a program needs more at its peak than it costs in the end: a P2WPKH spend
 * holds its arguments and copies of them, about 400 gas, before it gives them back.
 */
const MARGIN_GAS = 600n;

export function createSideAdapter(gasPriceNeu: bigint): ChainAdapter<SideTransaction> {
  return {
    assemble: ({ coins, issues, payments }) => {
      assertInvariant(issues.length === 0, "assets are issued on the main chain only");
      const inputs = coins.map(
        (coin): SideInput => ({
          kind: "spend",
          sourceId: coin.sourceId,
          assetId: coin.assetId,
          amount: coin.amount,
          sourcePosition: coin.sourcePosition,
          program: coin.program,
          arguments: [],
        }),
      );
      return createSideTransaction({
        version: 1n,
        timeRange: 0n,
        inputs,
        outputs: payments.map(({ kind, assetId, amount, program }) => ({ kind: kind === "burn" ? "cross" : "intra", assetId, amount, program })),
      });
    },
    feeNeu: (draft) => (BigInt(draft.size) + MARGIN_GAS + BigInt(draft.inputs.length) * (SPEND_GAS + SPEND_WITNESS_BYTES)) * gasPriceNeu,
    inputsToSign: (draft) => {
      const mapped = mapSideTransaction(draft);
      return draft.inputs.flatMap((input, index): InputToSign[] =>
        input.kind === "spend" ? [{ kind: "spend", index, signatureHash: sideSignatureHash(mapped, index), program: input.program }] : [],
      );
    },
    finish: (draft, witnesses) => ({
      raw: createSideTransaction({ ...draft, inputs: withWitnesses(draft.inputs, witnesses) }).raw,
      id: mapSideTransaction(draft).id,
    }),
  };
}
