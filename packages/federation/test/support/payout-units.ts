// What the next payout of the fake side chain may use: coins that are free, and burns that wait.

import { isBtm } from "@bystack/protocol/peg/claim";
import type { PayoutDraft, PayoutRequest, VaultCoin } from "@bystack/protocol/peg/draft";
import type { PayoutUnit, PayoutView } from "@bystack/protocol/peg/payout";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import type { PayoutState } from "../../src/ports.ts";

/** A coin of the vault with where it stands. */
export type CoinState = VaultCoin & {
  provenHeight: number | undefined;
  provenHash: Hash;
  spent: boolean;
  fromPayout: boolean;
};
/** A recorded payout. */
export type Payout = { draft: PayoutDraft; recordedHeight: number; state: PayoutState; view: PayoutView };
/** What was burned and is to be paid out. */
export type Burn = PayoutRequest & {
  readonly raw: Uint8Array;
  readonly transactionId: Hash;
  height: number;
  completed: boolean;
  failed: bigint[];
};

export function isFree(coin: CoinState, payouts: ReadonlyMap<bigint, Payout>): boolean {
  const inOpen = [...payouts.values()].some(
    ({ state, draft }) => state === "open" && draft.inputs.some(({ id }) => equalBytes(id, coin.id)),
  );
  return !coin.spent && coin.provenHeight !== undefined && !inOpen;
}

export function unitsOf(payouts: ReadonlyMap<bigint, Payout>, burns: ReadonlyMap<string, Burn>): PayoutUnit[] {
  const drafted = new Set(
    [...payouts.values()].flatMap(({ state, draft }) => (state === "open" ? draft.requestIds.map(bytesToHex) : [])),
  );
  const waiting = [...burns.values()].filter(({ id, completed }) => !completed && !drafted.has(bytesToHex(id)));
  return waiting.map((burn) => ({
    requests: [burn],
    past: burn.failed.map((number) => ({
      failed: true,
      conflicts: (payouts.get(number)?.draft.inputs ?? []).filter(({ assetId }) => !isBtm(assetId)).map(({ id }) => id),
    })),
  }));
}
