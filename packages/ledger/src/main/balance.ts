// The mux: what comes in of every asset goes out again, but for BTM, whose surplus is the fee (spec/bytom.md section 8.2,
// mux steps 1 to 3). Sums are signed 64-bit numbers in the reference, so an overflow is an error and not a wrap.

import type { MappedMainTransaction } from "@bystack/protocol/main/entries";
import { bytesToHex } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { INT64_MAX, INT64_MIN } from "@bystack/vm/numbers";
import type { MainTransactionErrorCode } from "./errors.ts";
import { isBtm } from "./rules.ts";

const BTM = "btm";

function assetKey(assetId: Uint8Array): string {
  return isBtm(assetId) ? BTM : bytesToHex(assetId);
}

/**
 * The BTM surplus (which may be negative), or undefined when no input brings BTM; an error when another asset does not
 * balance.
 */
export function mainBtmSurplus(mapped: MappedMainTransaction): Result<bigint | undefined, MainTransactionErrorCode> {
  const totals = new Map<string, bigint>();
  for (const { value } of mapped.sources) {
    const key = assetKey(value.assetId);
    const total = (totals.get(key) ?? 0n) + value.amount;
    if (value.amount > INT64_MAX || total > INT64_MAX) return err("ErrOverflow");
    totals.set(key, total);
  }
  for (const { value } of mapped.results) {
    const key = assetKey(value.assetId);
    const before = totals.get(key);
    if (before === undefined) return err("ErrNoSource");
    const total = before - value.amount;
    if (value.amount > INT64_MAX || total < INT64_MIN) return err("ErrOverflow");
    totals.set(key, total);
  }
  const surplus = totals.get(BTM);
  totals.delete(BTM);
  for (const total of totals.values()) if (total !== 0n) return err("ErrUnbalanced");
  return ok(surplus);
}
