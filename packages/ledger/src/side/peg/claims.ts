// Crediting deposits (federation.md section 4): asks protocol/peg's rules against this state, and the effect in one
// transition: nullifier, vault coin, counters. A deposit to the float mints nothing.

import type { Claim } from "@bystack/protocol/peg/claim";
import { type ClaimContext, type MainChainView, validateClaim } from "@bystack/protocol/peg/claim-rules";
import type { PegErrorCode } from "@bystack/protocol/peg/errors";
import { isFloatRecipient, pegInCommitment } from "@bystack/protocol/peg/vault";
import { bytesToHex, EMPTY_BYTES, type Hash } from "@bystack/utils/bytes";
import type { PegRules, SideRules, SignatureCheck } from "../rules.ts";
import type { PegState } from "./state.ts";
import { isPausedIn } from "./status.ts";

/** The main chain as claims and proofs may use it: the anchor itself proves nothing. */
export function mainChainView(state: PegState, peg: PegRules): MainChainView {
  const { base, large } = peg.federation.confirmations;
  return {
    headerAt: (height) => (height > BigInt(peg.federation.mainAnchor.height) ? state.headerAt(height) : undefined),
    tipHeight: state.tip().height,
    confirmations: (assetId, amount) => {
      const largeAmount = state.asset(assetId)?.largeAmount ?? 0n;
      return BigInt(largeAmount !== 0n && amount >= largeAmount ? large : base);
    },
  };
}

function claimContext(
  state: PegState,
  rules: { readonly side: SideRules; readonly peg: PegRules; readonly verifySignature: SignatureCheck },
): ClaimContext {
  const { side, peg, verifySignature } = rules;
  return {
    ...mainChainView(state, peg),
    chainId: side.chainId,
    vaultKeys: (epoch) => (epoch === BigInt(peg.vault.epoch) ? peg.vault.keys : undefined),
    asset: (assetId) => {
      const asset = state.asset(assetId);
      return asset?.listed === true ? { minimum: asset.depositMin, cap: asset.cap } : undefined;
    },
    locked: (assetId) => state.asset(assetId)?.locked ?? 0n,
    isClaimed: (nullifier) => isClaimed(state, nullifier),
    isPaused: (assetId) => isPausedIn(state, assetId),
    verifySignature,
    hasRewardPool: side.spec.votes !== undefined,
  };
}

export function isClaimed(state: PegState, nullifier: Hash): boolean {
  return state.sections.claimed.has(bytesToHex(nullifier));
}

/** The rules C2 to C10 for a claim against this state; undefined when it stands. */
export function judgeClaim(
  state: PegState,
  claim: Claim,
  rules: { readonly side: SideRules; readonly peg: PegRules; readonly verifySignature: SignatureCheck },
): PegErrorCode | undefined {
  return validateClaim(claim, claimContext(state, rules));
}

/** Records a claim that stands. The output it creates is the caller's to add. */
export function creditClaim(
  state: PegState,
  claim: Claim,
  context: { readonly side: SideRules; readonly height: number },
): void {
  const { nullifier, amount, proof } = claim;
  // Copies: the fields of a decoded claim are views of the whole block's bytes, and its records are kept for ever.
  const assetId = claim.assetId.slice();
  const recipient = claim.recipient.slice();
  const header = state.headerAt(proof.headerHeight);
  if (header === undefined) throw new Error("invariant broken: a claim was judged against another state");
  state.sections.claimed.set(bytesToHex(nullifier), {
    transactionId: claim.transactionId,
    blockHeight: context.height,
    assetId,
    amount,
    recipient,
    mainHeight: proof.headerHeight,
    collector: claim.collector?.publicKey.slice() ?? EMPTY_BYTES,
  });
  state.setCoin({
    id: nullifier,
    muxId: claim.muxId.slice(),
    position: claim.position,
    assetId,
    amount,
    epoch: Number(proof.vaultEpoch),
    commitment: pegInCommitment(context.side.chainId, recipient),
    fromPayout: undefined,
    provenIn: { headerHash: header.hash, height: header.height },
    spentBy: undefined,
    payouts: [],
  });
  if (!isFloatRecipient(recipient)) state.count(assetId, { minted: amount });
}

/** Depth that a payout's proof needs: D of its largest amount among the vault's large amounts, else the base. */
export function proofDepth(
  state: PegState,
  peg: PegRules,
  values: readonly { assetId: Hash; amount: bigint }[],
): bigint {
  const view = mainChainView(state, peg);
  return values.reduce((depth, value) => {
    const own = view.confirmations(value.assetId, value.amount);
    return own > depth ? own : depth;
  }, BigInt(peg.federation.confirmations.base));
}
