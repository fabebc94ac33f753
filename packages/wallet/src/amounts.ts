// Amounts as people write them, decimal and with a point, and as transactions hold them, whole units in a bigint.

import { walletError } from "./errors.ts";

/** Decimal places of BTM; its unit is the neu. */
export const BTM_DECIMALS = 8;

/**
 * Parses a person's amount ("12.5") into units of an asset with so many decimal places.
 * @throws BystackError AMOUNT_INVALID
 */
export function parseAmount(text: string, decimals: number): bigint {
  const match = /^(\d{1,19})(?:\.(\d+))?$/.exec(text);
  const places = match?.[2] ?? "";
  if (match === null || places.length > decimals)
    throw walletError("AMOUNT_INVALID", { why: `${text}, with ${decimals} places at most` });
  const amount = BigInt(`${match[1]}${places.padEnd(decimals, "0")}`);
  if (amount <= 0n || amount >= 1n << 63n) throw walletError("AMOUNT_INVALID", { why: text });
  return amount;
}

/** Units of an asset with so many decimal places as people read them, all places shown. */
export function formatAmount(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? "-" : "";
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0");
  return decimals === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
