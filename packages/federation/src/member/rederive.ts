// M2 of federation.md section 5: the member makes the draft again and compares bytes (P30). Two ways, both by the functions
// that the ledger uses:
// * always: from burns that are proven to be in final blocks and coins that are the vault's own, by `createDraft`. The two
//   facts that the payout does not show (earlier failures, whether few coins were free) have eight cases; the bytes must
//   be those of one of them. So no output, no change and no fee outside the rule can get a signature;
// * where the own node still has the state of that block: `derivePayout` must give this very draft.

import { sha3_256 } from "@bystack/crypto/hash";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { mainOutputId } from "@bystack/protocol/main/entries";
import { encodeMainTransaction } from "@bystack/protocol/main/transaction";
import { merklePathRoot } from "@bystack/protocol/merkle";
import {
  createDraft,
  type DraftContext,
  encodeDraft,
  PAYOUT_FULL_GAS_FAILURES,
  PAYOUT_SPLIT_BELOW_COINS,
  type PayoutDraft,
  type PayoutRequest,
  type VaultCoin,
} from "@bystack/protocol/peg/draft";
import { derivePayout, PAYOUT_REQUESTS_MAX, type PayoutView } from "@bystack/protocol/peg/payout";
import { isPayee, type VaultKeys, vaultProgram } from "@bystack/protocol/peg/vault";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { PAYOUT_INPUTS_MAX } from "../limits.ts";
import type { BurnEvidence, PayoutRecord } from "../ports.ts";

/** Why a recorded payout is not what the rules allow; any of these is an alarm. */
export type DraftFault = "BURN" | "BURN_REPEATED" | "COIN" | "SIZE" | "BYTES" | "DERIVATION";

/**
 * The request that a burn makes, when the evidence shows the burn in the block of its header; undefined otherwise. Whether
 * that block is final is for the caller (M1).
 */
export function requestOfBurn(requestId: Hash, evidence: BurnEvidence): PayoutRequest | undefined {
  const decoded = decodeSideTransaction(evidence.raw);
  if (!decoded.ok) return undefined;
  const mapped = mapSideTransaction(decoded.value);
  if (!equalBytes(merklePathRoot(mapped.id, evidence.path), evidence.header.transactionRoot)) return undefined;
  const result = mapped.results.find(({ kind, id }) => kind === "cross" && equalBytes(id, requestId));
  if (result === undefined || !isPayee(result.program)) return undefined;
  return { id: requestId, assetId: result.value.assetId, amount: result.value.amount, program: result.program };
}

/** A coin whose id follows from its fields and the vault's keys: only the main chain can say that it is unspent. */
export function isOwnCoin(coin: VaultCoin, keys: VaultKeys): boolean {
  const source = { ref: coin.muxId, value: { assetId: coin.assetId, amount: coin.amount }, position: coin.position };
  return equalBytes(mainOutputId(source, { vmVersion: 1n, code: vaultProgram(keys, coin.commitment) }), coin.id);
}

export type RederiveContext = { readonly chainId: Hash; readonly epoch: number; readonly vaultKeys: VaultKeys };

function draftContext(context: RederiveContext): DraftContext {
  const { chainId, epoch, vaultKeys } = context;
  return { chainId, vaultKeys: () => vaultKeys, newest: { epoch, keys: vaultKeys } };
}

function isUnique(ids: readonly Hash[]): boolean {
  return new Set(ids.map(bytesToHex)).size === ids.length;
}

/** The draft whose bytes the record has; BYTES when the rule gives no such draft. */
function matchingDraft(
  record: PayoutRecord,
  requests: readonly PayoutRequest[],
  context: RederiveContext,
): Result<PayoutDraft, DraftFault> {
  const isBtm = (assetId: Hash): boolean => equalBytes(assetId, BTM_ASSET_ID);
  const kind = record.inputs.every(({ assetId }) => isBtm(assetId)) ? "btm" : "asset";
  // BTM requests and assets never share a payout (F2).
  if (requests.some(({ assetId }) => isBtm(assetId) !== (kind === "btm"))) return err("BYTES");
  for (let failures = 0; failures <= PAYOUT_FULL_GAS_FAILURES; failures += 1) {
    for (const freeBtmCoins of [0, PAYOUT_SPLIT_BELOW_COINS]) {
      const plan = { payout: record.payout, kind, inputs: record.inputs, requests, failures, freeBtmCoins } as const;
      const draft = createDraft(plan, draftContext(context));
      if (typeof draft === "string") continue;
      const same = equalBytes(encodeMainTransaction(draft.transaction), record.transaction);
      if (same && equalBytes(draft.transactionId, record.transactionId)) return ok(draft);
    }
  }
  return err("BYTES");
}

/**
 * Makes the draft of a recorded payout again. `requests` are those of the record, in its order, each from a final burn;
 * `view` is the state of the recording block, where the own node has it.
 */
export function rederiveDraft(
  record: PayoutRecord,
  requests: readonly PayoutRequest[],
  context: RederiveContext & { readonly view?: PayoutView | undefined },
): Result<PayoutDraft, DraftFault> {
  const { inputs, requestIds } = record;
  if (inputs.length === 0 || inputs.length > PAYOUT_INPUTS_MAX || requestIds.length > PAYOUT_REQUESTS_MAX) {
    return err("SIZE");
  }
  const ordered =
    requests.length === requestIds.length && requests.every((r, i) => equalBytes(r.id, requestIds[i] ?? r.program));
  if (!ordered) return err("BURN");
  if (!isUnique(requestIds)) return err("BURN_REPEATED");
  if (!isUnique(inputs.map(({ id }) => id)) || !inputs.every((coin) => isOwnCoin(coin, context.vaultKeys))) {
    return err("COIN");
  }
  const draft = matchingDraft(record, requests, context);
  if (!draft.ok || context.view === undefined) return draft;
  const own = derivePayout(context.view).drafts.find(({ payout }) => payout === record.payout);
  if (own === undefined || !equalBytes(encodeDraft(own), encodeDraft(draft.value))) return err("DERIVATION");
  return draft;
}

/** Name of a draft in logs and caches. */
export function draftKey(record: Pick<PayoutRecord, "payout" | "transactionId">): string {
  return `${record.payout}:${bytesToHex(record.transactionId)}`;
}

/** Hash of the certificate that the journal names in an intent. */
export function certificateHash(encoded: Uint8Array): Hash {
  return sha3_256(encoded);
}
