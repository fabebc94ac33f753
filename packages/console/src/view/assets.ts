// Names of assets and amounts as people type them. Pure.

import { shortHash } from "./formats.ts";

export const BTM_ID = "ff".repeat(32);
const BTM_DECIMALS = 8;

export type AssetName = {
  readonly id: string;
  /** Its name in the network, or the short id of one that has none there. */
  readonly name: string;
  readonly decimals: number;
  readonly isNamed: boolean;
};
export type NamedAsset = { readonly asset: string; readonly id: string; readonly decimals: number };

/** The name of an asset in a network; BTM has its own everywhere. */
export function assetNameIn(assets: readonly NamedAsset[], id: string): AssetName {
  if (id === BTM_ID) return { id, name: "BTM", decimals: BTM_DECIMALS, isNamed: true };
  const found = assets.find((asset) => asset.id === id);
  return found === undefined
    ? { id, name: shortHash(id), decimals: 0, isNamed: false }
    : { id, name: found.asset, decimals: found.decimals, isNamed: true };
}

const DECIMAL = /^(\d{1,30})(?:\.(\d+))?$/;

/** Smallest units of an amount that somebody typed; undefined when it is no number of that many decimals. */
export function unitsOf(text: string, decimals: number): bigint | undefined {
  const match = DECIMAL.exec(text.trim());
  if (match === null) return undefined;
  const [, whole = "", places = ""] = match;
  return places.length > decimals ? undefined : BigInt(whole + places.padEnd(decimals, "0"));
}

/** @param spendable in smallest units; null when it is not known */
export function amountProblem(
  text: string,
  { name, decimals }: Pick<AssetName, "name" | "decimals">,
  spendable: bigint | null,
): string | null {
  const units = unitsOf(text, decimals);
  if (units === undefined)
    return decimals === 0 ? `A whole number of ${name}.` : `A number with at most ${decimals} digits behind the point.`;
  if (units === 0n) return "More than nothing.";
  if (spendable !== null && units > spendable) return "More than this account may spend now.";
  return null;
}
