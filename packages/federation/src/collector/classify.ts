// Where a deposit stands, as a pure function of what was found and of the side chain's final state: the order in which a
// claim would be judged (federation.md sections 4 and 9). Every refusal says what its owner can do.

import { isFloatRecipient } from "@bystack/protocol/peg/vault";
import type { FederationSpec } from "@bystack/protocol/spec";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { depthOf, type StepView } from "../member/view.ts";
import type { PegAsset } from "../ports.ts";
import type { Deposit, DepositFlaw } from "./deposits.ts";

export type DepositState = "seen" | "claiming" | "credited" | "refused";

export type DepositVerdict = {
  readonly state: DepositState;
  readonly confirmations: number;
  readonly confirmationsNeeded: number;
  readonly reason: string | null;
  /** A claim would be accepted now. */
  readonly claimable: boolean;
};

const FLAW_REASON: Readonly<Record<DepositFlaw, string>> = {
  "first-transaction":
    "It is in the first transaction of its block, which cannot be claimed. The vault cannot spend it for you; " +
    "ask the federation, and deposit with an ordinary transaction.",
  "gas-only":
    "Its transaction was recorded as gas-only: the asset never left its owner. Send it again with enough gas.",
  unreadable:
    "No recipient can be read for it: it has no hint, or a hint that does not fit its address. It is not minted for " +
    "anybody. Announce the side-chain program whose deposit address was paid; if the address was no deposit address of " +
    "this chain, ask the federation.",
};

const NOT_LISTED =
  "The asset is not listed on this side chain, so nothing is minted. Ask the federation to list it: the deposit stays " +
  "claimable and is then credited by itself.";

/** D(asset, amount) in main-chain blocks. */
export function confirmationsNeeded(federation: FederationSpec, value: { assetId: Hash; amount: bigint }): number {
  const entry = federation.assets.find(({ assetId }) => equalBytes(assetId, value.assetId));
  const large = entry?.largeAmount;
  const isLarge = large !== undefined && large !== null && value.amount >= large;
  return isLarge ? federation.confirmations.large : federation.confirmations.base;
}

/** Why a deposit that is deep enough cannot be claimed now, apart from what makes it refused. */
function waitReason(deposit: Deposit, asset: PegAsset, view: StepView): string | undefined {
  const { pauses } = view.status;
  const isFloat = deposit.recipient !== undefined && isFloatRecipient(deposit.recipient);
  const assetPaused = pauses.assets.some((id) => equalBytes(id, deposit.assetId));
  if (!isFloat && (pauses.automatic || pauses.in || assetPaused)) {
    return "Peg-ins are paused; it is credited when the federation resumes.";
  }
  if (asset.cap !== 0n && asset.locked + deposit.amount > asset.cap) {
    return "It would exceed the cap on locked value of its asset; it waits until value has left or the cap is raised.";
  }
  return undefined;
}

function refusal(deposit: Deposit, asset: PegAsset | undefined): string | undefined {
  if (deposit.flaw !== undefined) return FLAW_REASON[deposit.flaw];
  if (asset === undefined || !asset.listed) return NOT_LISTED;
  if (deposit.amount < asset.minimum) {
    return `It is below the minimum of ${asset.minimum} for its asset. It waits until the minimum is lowered.`;
  }
  return undefined;
}

/** The verdict over one deposit. `hasOrigin`: the collector knows definition and issuance program (always so for BTM). */
export function classifyDeposit(
  deposit: Deposit,
  context: { readonly federation: FederationSpec; readonly view: StepView; readonly hasOrigin: boolean },
): DepositVerdict {
  const { view, federation } = context;
  const needed = confirmationsNeeded(federation, deposit);
  const depth = view.mainAgrees ? depthOf(deposit.mainHeight, view.status) : 0;
  const counts = { confirmations: Math.min(depth, needed), confirmationsNeeded: needed };
  const verdict = (state: DepositState, reason: string | null = null, claimable = false): DepositVerdict => ({
    state,
    ...counts,
    reason,
    claimable,
  });
  if (deposit.credited) return { ...verdict("credited"), confirmations: needed };
  const asset = view.status.assets.find(({ assetId }) => equalBytes(assetId, deposit.assetId));
  const refused = refusal(deposit, asset);
  if (refused !== undefined || asset === undefined) return verdict("refused", refused ?? NOT_LISTED);
  if (!view.mainAgrees) return verdict("seen", "The main chain was reorganised or is being caught up; counting again.");
  if (depth < needed) return verdict("seen");
  const waits = waitReason(deposit, asset, view);
  if (waits !== undefined) return verdict("seen", waits);
  if (!context.hasOrigin) {
    return verdict(
      "seen",
      "This collector has not seen where the asset was issued; another one, or its owner, can claim.",
    );
  }
  return verdict("claiming", null, true);
}
