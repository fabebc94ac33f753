// What a spend of one key costs and looks like; both chains run the same program for it (spec/bytom.md section 8).

import type { Coin } from "../coins.ts";

/** Gas of running a P2WPKH program. */
export const SPEND_GAS = 1409n;
/** Bytes of a P2WPKH witness: two lengths, signature, public key. */
export const SPEND_WITNESS_BYTES = 98n;

/** A coin as an input that is not signed yet. */
export function spendInput(coin: Coin): {
  readonly kind: "spend";
  readonly sourceId: Uint8Array;
  readonly assetId: Uint8Array;
  readonly amount: bigint;
  readonly sourcePosition: bigint;
  readonly program: Uint8Array;
  readonly arguments: readonly Uint8Array[];
} {
  const { sourceId, assetId, amount, sourcePosition, program } = coin;
  return { kind: "spend", sourceId, assetId, amount, sourcePosition, program, arguments: [] };
}
