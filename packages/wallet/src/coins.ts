// Which coins pay for what. Largest first: few inputs, and on the main chain at most 21 BTM inputs fit into the gas that
// is credited before a transaction is known to be valid (spec/bytom.md section 8.3).

import { bytesToHex, compareBytes, type Hash } from "@bystack/utils/bytes";
import { walletError } from "./errors.ts";

/** An unspent output of our own with all that spending it needs. */
export type Coin = {
  readonly id: Hash;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
  readonly sourceId: Hash;
  readonly sourcePosition: bigint;
};

/** BTM inputs of one transaction: 30,000 gas of credit / 1,409 gas an input, one kept in hand. */
export const BTM_INPUTS_MAX = 20;
/** Other inputs are paid from the fee and only bounded by a transaction's gas. */
export const ASSET_INPUTS_MAX = 100;

/**
 * The fewest coins of one asset that reach the amount: largest first, ties by id so that a choice can be repeated.
 * @throws BystackError COINS_INSUFFICIENT, COINS_FRAGMENTED
 */
export function selectCoins(
  coins: readonly Coin[],
  amount: bigint,
  options: { inputsMax: number; what: string },
): Coin[] {
  const sorted = coins.toSorted((a, b) =>
    a.amount === b.amount ? compareBytes(a.id, b.id) : a.amount > b.amount ? -1 : 1,
  );
  const chosen: Coin[] = [];
  let sum = 0n;
  for (const coin of sorted) {
    if (sum >= amount) break;
    chosen.push(coin);
    sum += coin.amount;
  }
  if (sum < amount) throw walletError("COINS_INSUFFICIENT", { why: `${options.what}: ${sum} of ${amount}` });
  if (chosen.length > options.inputsMax)
    throw walletError("COINS_FRAGMENTED", { why: `${options.what}: ${chosen.length} coins, ${options.inputsMax} fit` });
  return chosen;
}

export function sumByAsset(items: readonly { assetId: Hash; amount: bigint }[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { assetId, amount } of items) {
    const key = bytesToHex(assetId);
    sums.set(key, (sums.get(key) ?? 0n) + amount);
  }
  return sums;
}
