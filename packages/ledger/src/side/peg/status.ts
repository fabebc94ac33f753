// What follows from the peg's records (federation.md sections 5 and 6). A payout is done or failed while its proof stands,
// dead while something proven spends one of its inputs, and open otherwise. A coin is free when it is proven, unspent and
// in no open payout; a request may be drafted when it is not completed and in no open payout.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { isBtm } from "@bystack/protocol/peg/claim";
import type { Hash } from "@bystack/utils/bytes";
import type { AssetRecord, CoinRecord, PayoutRecord, RequestRecord } from "./records.ts";
import { isLocked, type PegState } from "./state.ts";

export type PayoutStatus = "open" | "done" | "failed" | "dead";

/** The proven payout that spends an input of this one, if it is dead. */
export function killerOf(state: PegState, payout: PayoutRecord): bigint | undefined {
  for (const input of payout.draft.inputs) {
    const spentBy = state.coin(input.id)?.spentBy;
    if (spentBy !== undefined && spentBy !== payout.draft.payout) return spentBy;
  }
  return undefined;
}

export function payoutStatus(state: PegState, payout: PayoutRecord): PayoutStatus {
  if (payout.proof !== undefined) return payout.proof.outcome;
  return killerOf(state, payout) === undefined ? "open" : "dead";
}

function isOpen(state: PegState, number: bigint): boolean {
  const payout = state.payout(number);
  return payout !== undefined && payoutStatus(state, payout) === "open";
}

export function isFreeCoin(state: PegState, coin: CoinRecord): boolean {
  return isLocked(coin) && !coin.payouts.some((number) => isOpen(state, number));
}

export function isDraftable(state: PegState, request: RequestRecord): boolean {
  return request.completedBy === undefined && !request.payouts.some((number) => isOpen(state, number));
}

export function openPayouts(state: PegState): PayoutRecord[] {
  return state.unprovenPayouts().filter((payout) => payoutStatus(state, payout) === "open");
}

/** Minted and still on the side chain, as outputs or as fees not yet paid out. */
export function circulating(asset: AssetRecord): bigint {
  return asset.minted - asset.burned - asset.retired;
}

/** What the vault owes in this asset: to holders on the side chain and to burns not yet paid. */
export function owed(asset: AssetRecord): bigint {
  return circulating(asset) + asset.pending;
}

/** BTM of the vault that nobody has a claim on and no open payout will pay as its fee. May be negative in a deficit. */
export function floatNeu(state: PegState): bigint {
  const btm = state.asset(BTM_ASSET_ID);
  if (btm === undefined) return 0n;
  const fees = openPayouts(state).reduce((sum, payout) => sum + payout.draft.feeNeu, 0n);
  return btm.locked - owed(btm) - fees;
}

/** True when the vault holds what it owes: of this asset, and for BTM also the fees of open payouts. */
export function isCovered(state: PegState, asset: AssetRecord): boolean {
  if (asset.locked + asset.writtenOff < owed(asset)) return false;
  return !isBtm(asset.assetId) || floatNeu(state) + asset.writtenOff >= 0n;
}

export function isAutomaticallyPaused(state: PegState): boolean {
  return state.control.paused.reorg || state.control.paused.deficit;
}

/** Whether claims of this asset are stopped (C9). */
export function isPausedIn(state: PegState, assetId: Hash): boolean {
  return isAutomaticallyPaused(state) || state.control.paused.in || state.asset(assetId)?.paused === true;
}

/** Whether payouts of this asset are stopped. */
export function isPausedOut(state: PegState, assetId: Hash): boolean {
  return isAutomaticallyPaused(state) || state.control.paused.out || state.asset(assetId)?.paused === true;
}
