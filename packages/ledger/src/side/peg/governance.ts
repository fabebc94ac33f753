// Governance of the peg (federation.md section 7): pause by b members, resume and list by k, in sequence. It cannot mint,
// pay or name an output: nothing here touches a coin, a request or a counter.

import { type Governance, governanceMessage, type PauseScope } from "@bystack/protocol/peg/system";
import type { Hash } from "@bystack/utils/bytes";
import type { SideTransactionErrorCode } from "../errors.ts";
import type { PegRules, SignatureCheck } from "../rules.ts";
import type { AssetRecord } from "./records.ts";
import type { PauseFlags, PegState } from "./state.ts";
import { isCovered } from "./status.ts";

/** Assets on one side chain: each has a leaf of its own under the state root. */
export const ASSETS_MAX = 1_000;

/** A record for an asset that has no rules and no value yet. */
export function emptyAsset(assetId: Hash): AssetRecord {
  const rules = { listed: false, paused: false, depositMin: 0n, burnMin: 0n, cap: 0n, largeAmount: 0n };
  return { assetId, ...rules, minted: 0n, burned: 0n, retired: 0n, locked: 0n, pending: 0n, writtenOff: 0n };
}

function countSignatures(
  peg: PegRules,
  action: Governance,
  context: { readonly chainId: Hash; readonly verifySignature: SignatureCheck },
): number | undefined {
  const message = governanceMessage(context.chainId, peg.vault.epoch, action.body);
  for (const { member, signature } of action.signatures) {
    const key = peg.federation.members[member]?.identity;
    if (key === undefined || !context.verifySignature(key, message, signature)) return undefined;
  }
  return action.signatures.length;
}

function setScope(state: PegState, scope: PauseScope, paused: boolean): SideTransactionErrorCode | undefined {
  if (scope.kind === "asset") {
    const asset = state.asset(scope.assetId);
    if (asset === undefined) return "GOVERNANCE_ACTION";
    state.setAsset({ ...asset, paused });
    return undefined;
  }
  const flags: PauseFlags = state.control.paused;
  if (scope.kind === "automatic") {
    // Only events set it, and only while everything owed is covered it goes away.
    if (paused) return "GOVERNANCE_ACTION";
    if (state.assetRecords().some((asset) => !isCovered(state, asset))) return "GOVERNANCE_DEFICIT";
    state.control = { ...state.control, paused: { ...flags, reorg: false, deficit: false } };
    return undefined;
  }
  state.control = { ...state.control, paused: { ...flags, [scope.kind]: paused } };
  return undefined;
}

function list(
  state: PegState,
  act: { assetId: Hash; minimum: bigint; cap: bigint },
): SideTransactionErrorCode | undefined {
  const known = state.asset(act.assetId);
  if (act.minimum === 0n || (known === undefined && state.assetRecords().length >= ASSETS_MAX)) {
    return "GOVERNANCE_ACTION";
  }
  const asset = known ?? emptyAsset(act.assetId);
  state.setAsset({ ...asset, listed: true, depositMin: act.minimum, burnMin: act.minimum, cap: act.cap });
  return undefined;
}

/** Applies kind 4; undefined when it took effect. The state is not usable after a failure. */
export function applyGovernance(
  state: PegState,
  peg: PegRules,
  input: {
    readonly governance: Governance;
    readonly chainId: Hash;
    readonly verifySignature: SignatureCheck;
  },
): SideTransactionErrorCode | undefined {
  const { governance } = input;
  if (governance.seq !== state.control.governanceSeq + 1n) return "GOVERNANCE_SEQ";
  const needed = governance.act.action === "pause" ? peg.pausersMin : peg.signersMin;
  const signatures = countSignatures(peg, governance, input);
  if (signatures === undefined || signatures < needed) return "GOVERNANCE_SIGNATURES";
  state.control = { ...state.control, governanceSeq: governance.seq };
  const { act } = governance;
  return act.action === "list" ? list(state, act) : setScope(state, act.scope, act.action === "pause");
}
