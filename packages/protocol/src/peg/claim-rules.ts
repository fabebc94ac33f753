// The rules C2 to C10 of a claim (federation.md section 4), as one pure function over what a ledger state answers. The
// first failing check is the code, in the order C1–C8, C10, C9. No script authorises a claim: the proof does.

import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { assetIdOf } from "../asset.ts";
import { transactionEntryId } from "../entry.ts";
import { type Claim, type ClaimedOutput, type ClaimProof, claimNullifier, collectorMessage, isBtm } from "./claim.ts";
import type { PegErrorCode } from "./errors.ts";
import { type HeaderRoots, isBeyondFirstLeaf, verifyStatusPath, verifyTransactionPath } from "./inclusion.ts";
import { depositProgram, isFloatRecipient, isPoolRecipient, isRecipient, type VaultKeys } from "./vault.ts";

/** What the rules ask about the main chain as the side chain's state knows it. */
export type MainChainView = {
  /** Roots of the header at this height of the best chain; undefined when there is none. */
  readonly headerAt: (height: bigint) => HeaderRoots | undefined;
  readonly tipHeight: bigint;
  /** D(asset, amount). */
  readonly confirmations: (assetId: Hash, amount: bigint) => bigint;
};

export type ClaimAsset = {
  readonly minimum: bigint;
  /** 0 = no cap. */
  readonly cap: bigint;
};

export type ClaimContext = MainChainView & {
  readonly chainId: Hash;
  /** Keys of an open vault epoch. */
  readonly vaultKeys: (epoch: bigint) => VaultKeys | undefined;
  /** Undefined for an asset that is not listed. */
  readonly asset: (assetId: Hash) => ClaimAsset | undefined;
  readonly locked: (assetId: Hash) => bigint;
  readonly isClaimed: (nullifier: Hash) => boolean;
  /** Whether claims of this asset are paused. */
  readonly isPaused: (assetId: Hash) => boolean;
  readonly verifySignature: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
  /** Whether BTM may be deposited for the reward pool; only on chains with elections. */
  readonly hasRewardPool?: boolean;
};

/** C2 to C6: the output is real, deep enough, not from a first transaction, and its value really moved. */
export function validateDepositProof(
  output: ClaimedOutput,
  proof: ClaimProof,
  view: MainChainView,
): PegErrorCode | undefined {
  const roots = view.headerAt(proof.headerHeight);
  if (roots === undefined) return "CLAIM_HEADER";
  const depth = view.tipHeight - proof.headerHeight + 1n;
  if (depth < view.confirmations(output.assetId, output.amount)) return "CLAIM_DEPTH";
  const result = output.position < proof.resultIds.length ? proof.resultIds[Number(output.position)] : undefined;
  if (result === undefined || !equalBytes(result, claimNullifier(output))) return "CLAIM_OUTPUT";
  const transactionId = transactionEntryId({
    version: proof.transactionVersion,
    timeRange: proof.timeRange,
    resultIds: proof.resultIds,
  });
  if (!verifyTransactionPath(transactionId, proof.paths, roots)) return "CLAIM_PATH";
  if (!isBeyondFirstLeaf(proof.paths)) return "CLAIM_COINBASE";
  if (!isBtm(output.assetId) && !verifyStatusPath(false, proof.paths, roots)) return "CLAIM_STATUS";
  return undefined;
}

/** C7: the program is the deposit address of the credited recipient, in an open epoch. */
function validateProgram(claim: Claim, context: ClaimContext): PegErrorCode | undefined {
  const keys = context.vaultKeys(claim.proof.vaultEpoch);
  if (keys === undefined) return "CLAIM_EPOCH";
  const isPool = context.hasRewardPool === true && isPoolRecipient(claim.recipient) && isBtm(claim.assetId);
  if (!isPool && !isRecipient(claim.recipient)) return "CLAIM_PROGRAM";
  const expected = depositProgram({ keys, chainId: context.chainId, recipient: claim.recipient });
  return equalBytes(expected, claim.program) ? undefined : "CLAIM_PROGRAM";
}

/** C8, first half: the asset id is bound to definition and issuance program (BTM: both empty). */
function isAssetBound(claim: Claim): boolean {
  if (isBtm(claim.assetId)) {
    return claim.issuanceVmVersion === 1n && claim.definition.length === 0 && claim.issuanceProgram.length === 0;
  }
  const { issuanceVmVersion: vmVersion, issuanceProgram: program, definition } = claim;
  return equalBytes(assetIdOf({ vmVersion, program, definition }), claim.assetId);
}

/** C8. */
function validateAsset(claim: Claim, context: ClaimContext): PegErrorCode | undefined {
  if (!isAssetBound(claim)) return "CLAIM_ASSET";
  const asset = context.asset(claim.assetId);
  if (asset === undefined) return "CLAIM_NOT_LISTED";
  if (claim.amount < asset.minimum) return "CLAIM_MINIMUM";
  if (asset.cap !== 0n && context.locked(claim.assetId) + claim.amount > asset.cap) return "CLAIM_CAP";
  return undefined;
}

function validateCollector(claim: Claim, context: ClaimContext): PegErrorCode | undefined {
  if (claim.collector === undefined) return undefined;
  const message = collectorMessage(context.chainId, claim.transactionId);
  const { publicKey, signature } = claim.collector;
  return context.verifySignature(publicKey, message, signature) ? undefined : "CLAIM_COLLECTOR";
}

/** C9: not credited before, and claims are not paused (float deposits go on). */
function validateFresh(claim: Claim, context: ClaimContext): PegErrorCode | undefined {
  if (context.isClaimed(claim.nullifier)) return "CLAIM_SPENT";
  if (!isFloatRecipient(claim.recipient) && context.isPaused(claim.assetId)) return "CLAIM_PAUSED";
  return undefined;
}

/** All rules after C1; undefined when the claim stands. */
export function validateClaim(claim: Claim, context: ClaimContext): PegErrorCode | undefined {
  return (
    validateDepositProof(claim, claim.proof, context) ??
    validateProgram(claim, context) ??
    validateAsset(claim, context) ??
    validateCollector(claim, context) ??
    validateFresh(claim, context)
  );
}
