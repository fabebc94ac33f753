// M3 and M4 of federation.md section 5 as pure verdicts: the vault coins are really there, nothing is paused, the brake is
// off, the headers in the side chain's state are on the own main node's best chain, and no asset owes more than is locked.
// A refusal here is for now, not for ever: the member asks again at its next step.

import type { VaultCoin } from "@bystack/protocol/peg/draft";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type { PegStatus } from "../ports.ts";

/** Why a member does not sign now. */
export type SignRefusal = "brake" | "paused" | "asset-paused" | "main-chain-disagrees" | "supply" | "input-spent";

export type SignView = {
  readonly status: PegStatus;
  /** The operator's own brake. */
  readonly brake: boolean;
  /** The tip that the side chain's state knows is on the best chain of the own main node. */
  readonly mainAgrees: boolean;
  /** Ids of inputs that the own main node calls unspent, as hexadecimal. */
  readonly unspent: ReadonlySet<string>;
};

/** Assets of which more is owed than the vault holds (P28); the ledger never allows it, so this is an alarm. */
export function uncoveredAssets(status: PegStatus): string[] {
  return status.assets
    .filter(({ locked, writtenOff, owed }) => locked + writtenOff < owed)
    .map(({ assetId }) => bytesToHex(assetId));
}

/** The first reason against signing for these inputs; undefined when there is none. */
export function signRefusal(inputs: readonly VaultCoin[], view: SignView): SignRefusal | undefined {
  const { pauses } = view.status;
  if (view.brake) return "brake";
  if (pauses.automatic || pauses.out) return "paused";
  if (inputs.some((coin) => pauses.assets.some((asset) => equalBytes(asset, coin.assetId)))) return "asset-paused";
  if (!view.mainAgrees) return "main-chain-disagrees";
  if (uncoveredAssets(view.status).length > 0) return "supply";
  if (inputs.some((coin) => !view.unspent.has(bytesToHex(coin.id)))) return "input-spent";
  return undefined;
}

/** A refusal in words for people. */
export const REFUSAL_TEXT: Readonly<Record<SignRefusal, string>> = {
  brake: "this member's brake is on",
  paused: "payouts are paused",
  "asset-paused": "payouts of an asset are paused",
  "main-chain-disagrees": "this member's main node does not have the main-chain tip that the side chain knows",
  supply: "an asset owes more than the vault holds",
  "input-spent": "a vault coin of the payout is not unspent on this member's main node",
};
