// Burns become requests (federation.md sections 5 and 7): one for each cross-chain output, under its entry id, with the
// height from which it may be paid fixed at once, from its share of what is locked.

import type { MappedSideTransaction } from "@bystack/protocol/side/entries";
import type { PegRules } from "../rules.ts";
import type { AssetRecord, RequestRecord } from "./records.ts";
import type { PegState } from "./state.ts";

const BPS = 10_000n;

/** The longest delay whose share of the locked value this amount reaches. */
function delayBlocks(peg: PegRules, asset: AssetRecord, amount: bigint): number {
  const reached = peg.federation.delays.filter(({ shareBps }) => amount * BPS >= asset.locked * BigInt(shareBps));
  return Math.max(0, ...reached.map((delay) => delay.blocks));
}

/** Counts the burns of a transaction and records their requests. */
export function recordBurns(
  state: PegState,
  peg: PegRules,
  burn: { readonly mapped: MappedSideTransaction; readonly height: number; readonly transactionIndex: number },
): RequestRecord[] {
  const requests: RequestRecord[] = [];
  for (const result of burn.mapped.results) {
    if (result.kind !== "cross") continue;
    const { amount } = result.value;
    // Copies: the fields of a decoded transaction are views of the whole block's bytes, and a request is kept for ever.
    const assetId = result.value.assetId.slice();
    const asset = state.asset(assetId);
    if (asset === undefined) throw new Error("invariant broken: a burn of an asset that is not known");
    const request: RequestRecord = {
      id: result.id,
      assetId,
      amount,
      program: result.program.slice(),
      transactionId: burn.mapped.id,
      burnHeight: burn.height,
      transactionIndex: burn.transactionIndex,
      outputIndex: result.position,
      releaseHeight: burn.height + delayBlocks(peg, asset, amount),
      payouts: [],
      completedBy: undefined,
      group: undefined,
    };
    state.count(assetId, { burned: amount });
    state.setRequest(request);
    requests.push(request);
  }
  return requests;
}
