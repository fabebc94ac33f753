// The supply invariant (federation.md section 6): locked + writtenOff ≥ owed for every touched asset, and float ≥ 0, in
// every block. What a block's own claims, burns and drafts would break makes it invalid; what the main chain brings
// (headers, proofs) pauses the pegs. And the recount: the counters against the outputs themselves.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { unpaidFees } from "./fees.ts";
import type { PegState } from "./peg/state.ts";
import { circulating, isAutomaticallyPaused, isCovered } from "./peg/status.ts";
import type { SideState } from "./state.ts";

/** Checks what the block touched; sets the deficit pause where the main chain is the cause. */
export function supplyVerdict(peg: PegState, block: { readonly hadMainEvents: boolean }): "BLOCK_SUPPLY" | undefined {
  const touched = new Set([...peg.touched, bytesToHex(BTM_ASSET_ID)]);
  const uncovered = [...touched].some((key) => {
    const asset = peg.sections.assets.get(key);
    return asset !== undefined && !isCovered(peg, asset);
  });
  if (!uncovered || isAutomaticallyPaused(peg)) return undefined;
  if (!block.hadMainEvents) return "BLOCK_SUPPLY";
  peg.control = { ...peg.control, paused: { ...peg.control.paused, deficit: true } };
  return undefined;
}

export type RecountMismatch = { readonly assetId: Hash; readonly counted: bigint; readonly circulating: bigint };

/**
 * Recounts what circulates from the outputs and unpaid fees, and what is locked and pending from coins and requests. Looks
 * at everything: for audits, every 1,000 blocks, and after loading a snapshot. Empty when all agree.
 */
export function recountSupply(state: SideState): RecountMismatch[] {
  const { peg } = state;
  if (peg === undefined) return [];
  const outputs = new Map<string, bigint>([[bytesToHex(BTM_ASSET_ID), unpaidFees(state.fees, state.votes)]]);
  const add = (sums: Map<string, bigint>, assetId: Hash, amount: bigint): void => {
    const key = bytesToHex(assetId);
    sums.set(key, (sums.get(key) ?? 0n) + amount);
  };
  for (const [, utxo] of state.utxos.map.entries()) add(outputs, utxo.assetId, utxo.amount);
  const locked = new Map<string, bigint>();
  for (const [, coin] of peg.sections.coins.map.entries()) {
    if (coin.provenIn !== undefined && coin.spentBy === undefined) add(locked, coin.assetId, coin.amount);
  }
  const pending = new Map<string, bigint>();
  for (const [, request] of peg.sections.requests.map.entries()) {
    if (request.completedBy === undefined) add(pending, request.assetId, request.amount);
  }
  const mismatches: RecountMismatch[] = [];
  const keys = new Set([...outputs.keys(), ...locked.keys(), ...pending.keys()]);
  for (const asset of peg.assetRecords()) {
    const key = bytesToHex(asset.assetId);
    keys.delete(key);
    const pairs = [
      [outputs.get(key) ?? 0n, circulating(asset)],
      [locked.get(key) ?? 0n, asset.locked],
      [pending.get(key) ?? 0n, asset.pending],
    ] as const;
    for (const [counted, recorded] of pairs) {
      if (counted !== recorded) mismatches.push({ assetId: asset.assetId, counted, circulating: recorded });
    }
  }
  for (const key of keys) {
    const counted = outputs.get(key) ?? 0n;
    if (counted !== 0n) mismatches.push({ assetId: hexToBytes(key), counted, circulating: 0n });
  }
  return mismatches;
}
