// What a transaction is for, as facts that fit into JSON: amounts are decimal strings, ids hexadecimal. Said from its bytes alone,
// without a state, so that an explorer's index, a mempool and a browser say the same. Lists are cut, so that one is small
// whatever the transaction holds. sentence.ts turns it into English.

import { bytesToHex } from "@bystack/utils/bytes";
import { addressOfProgram } from "../address.ts";
import type { AssetAmount } from "../entry.ts";

/** Items of a list that are told; `more` counts the others. */
export const WHAT_ITEMS_MAX = 4;
/** Bytes of a program, or of a retirement's text, that are told. */
const TOLD_BYTES_MAX = 64;

export type WhatValue = { readonly asset: string; readonly amount: string };
/** `to` is an address, or `program …` where there is none. */
export type WhatPayment = WhatValue & { readonly to: string };
/** The list is nobody else's. */
type Listed<T> = { readonly items: T[]; readonly more: number };

export type What =
  /** `from`: whose output the first input spends. Without items it only moves coins of its own. */
  | ({ readonly class: "payment"; readonly from: string | null } & Listed<WhatPayment>)
  | ({ readonly class: "coinbase" } & Listed<WhatPayment>)
  | ({ readonly class: "issuance" } & Listed<WhatValue>)
  | ({ readonly class: "retirement"; readonly text: string | null } & Listed<WhatValue>)
  /** Main chain: says of itself that it pays to the vault of a side chain. `chain`: the first 8 bytes of its id. */
  | ({ readonly class: "deposit"; readonly chain: string; readonly recipient: string } & Listed<WhatValue>)
  /** Main chain: a vault pays; or, without items, moves coins of its own. */
  | ({ readonly class: "payout" } & Listed<WhatPayment>)
  /** Side chain. `deposit`: the output on the main chain. `pool`: for the reward pool; `float`: for the federation's fees. */
  | ({ readonly class: "claim"; readonly deposit: string; readonly mainHeight: string | null } & WhatPayment)
  | ({ readonly class: "burn"; readonly from: string | null } & Listed<WhatPayment & { readonly request: string }>)
  | { readonly class: "headers"; readonly from: string; readonly to: string }
  | { readonly class: "completion"; readonly payout: string; readonly mainHeight: string; readonly failed: boolean }
  | { readonly class: "coin-proof"; readonly coin: string }
  | {
      readonly class: "governance";
      readonly action: "pause" | "resume" | "list";
      /** `automatic`, `in`, `out`, or an asset id. */
      readonly scope: string;
      readonly signatures: number;
    }
  | {
      readonly class: "registration";
      readonly candidate: string;
      readonly bond: string;
      readonly voterShare: number;
    }
  | { readonly class: "resignation"; readonly candidate: string }
  | ({ readonly class: "vote" } & Listed<{ readonly candidate: string; readonly amount: string }>)
  | ({ readonly class: "veto" } & Listed<{ readonly candidate: string; readonly amount: string }>)
  | { readonly class: "vote-claim"; readonly epoch: number; readonly outputs: number; readonly amount: string }
  | {
      readonly class: "evidence";
      readonly voteKey: string;
      readonly rule: "two-notarize" | "nullify-and-finalize" | "two-proposals";
      readonly epoch: number;
      readonly view: number;
    }
  /** A form that this version has no word for. */
  | { readonly class: "other" };

export type WhatClass = What["class"];

/** Every class; a test says a sentence for each. */
export const WHAT_CLASSES: readonly WhatClass[] = [
  "payment",
  "coinbase",
  "issuance",
  "retirement",
  "deposit",
  "payout",
  "claim",
  "burn",
  "headers",
  "completion",
  "coin-proof",
  "governance",
  "registration",
  "resignation",
  "vote",
  "veto",
  "vote-claim",
  "evidence",
  "other",
];

export function listed<T>(items: readonly T[]): Listed<T> {
  return { items: items.slice(0, WHAT_ITEMS_MAX), more: Math.max(0, items.length - WHAT_ITEMS_MAX) };
}

export function toValue({ assetId, amount }: AssetAmount): WhatValue {
  return { asset: bytesToHex(assetId), amount: amount.toString() };
}

/** How a program is named: by its address, or by its first bytes. */
export function partyOf(program: Uint8Array, addressPrefix: string): string {
  const address = addressOfProgram(program, addressPrefix);
  if (address !== undefined) return address.text;
  const cut = program.length > TOLD_BYTES_MAX ? "…" : "";
  return `program ${bytesToHex(program.subarray(0, TOLD_BYTES_MAX))}${cut}`;
}

/** Sums values of one asset; in the order in which the assets come. */
export function sumByAsset(values: readonly AssetAmount[]): AssetAmount[] {
  const sums = new Map<string, AssetAmount>();
  for (const { assetId, amount } of values) {
    const key = bytesToHex(assetId);
    sums.set(key, { assetId, amount: amount + (sums.get(key)?.amount ?? 0n) });
  }
  return [...sums.values()];
}

/** The outputs that do not go back to a program that paid. */
export function paymentsOf(
  results: readonly { readonly program: Uint8Array; readonly value: AssetAmount }[],
  payers: readonly Uint8Array[],
  addressPrefix: string,
): WhatPayment[] {
  const own = new Set(payers.map(bytesToHex));
  return results
    .filter(({ program }) => !own.has(bytesToHex(program)))
    .map(({ program, value }) => ({ ...toValue(value), to: partyOf(program, addressPrefix) }));
}

/** The readable text behind the FAIL of a retirement; null when there is none. */
export function retirementText(data: Uint8Array | undefined): string | null {
  if (data === undefined || data.length === 0) return null;
  const text = new TextDecoder().decode(data.subarray(0, TOLD_BYTES_MAX));
  return /^[\p{L}\p{N}\p{P}\p{S}\p{Zs}]+$/u.test(text) && !text.includes("\uFFFD") ? text : null;
}
