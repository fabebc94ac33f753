// What nodes, federation members and people read from a state: outputs, deposits, coins, requests, payouts, counters, and
// the proof of one section under the state root. Plain values with their status worked out; nothing here is consensus.

import { type MerklePath, merklePath } from "@bystack/protocol/merkle";
import { isBtm } from "@bystack/protocol/peg/claim";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { parametersRoot } from "./fees.ts";
import type { AssetRecord, ClaimRecord, CoinRecord, HeaderRecord, PayoutRecord, RequestRecord } from "./peg/records.ts";
import type { PauseFlags, PegState } from "./peg/state.ts";
import { circulating, floatNeu, isFreeCoin, openPayouts, owed, type PayoutStatus, payoutStatus } from "./peg/status.ts";
import type { SideState } from "./state.ts";

export type ClaimView = ClaimRecord & { readonly nullifier: string };

export function claimView(peg: PegState, nullifier: Hash): ClaimView | undefined {
  const key = bytesToHex(nullifier);
  const record = peg.sections.claimed.get(key);
  return record === undefined ? undefined : { ...record, nullifier: key };
}

export type CoinView = CoinRecord & { readonly status: "free" | "reserved" | "spent" | "unproven" };

export function coinViews(peg: PegState): CoinView[] {
  return peg.unspentCoins().map((coin) => ({ ...coin, status: coinStatus(peg, coin) }));
}

function coinStatus(peg: PegState, coin: CoinRecord): CoinView["status"] {
  if (coin.spentBy !== undefined) return "spent";
  if (coin.provenIn === undefined) return "unproven";
  return isFreeCoin(peg, coin) ? "free" : "reserved";
}

export type RequestView = RequestRecord & {
  readonly status: "queued" | "paying" | "completed";
  /** The payout that pays or paid it. */
  readonly payout: bigint | undefined;
};

export function requestView(peg: PegState, id: Hash): RequestView | undefined {
  const request = peg.request(id);
  return request === undefined ? undefined : describeRequest(peg, request);
}

function describeRequest(peg: PegState, request: RequestRecord): RequestView {
  if (request.completedBy !== undefined) return { ...request, status: "completed", payout: request.completedBy };
  const open = request.payouts.find((number) => {
    const payout = peg.payout(number);
    return payout !== undefined && payoutStatus(peg, payout) === "open";
  });
  return { ...request, status: open === undefined ? "queued" : "paying", payout: open };
}

export function pendingRequestViews(peg: PegState): RequestView[] {
  return peg.pendingRequests().map((request) => describeRequest(peg, request));
}

export type PayoutView = PayoutRecord & { readonly status: PayoutStatus };

export function payoutView(peg: PegState, number: bigint): PayoutView | undefined {
  const payout = peg.payout(number);
  return payout === undefined ? undefined : { ...payout, status: payoutStatus(peg, payout) };
}

/** What members sign and collectors watch: payouts that are neither proven nor dead, by number. */
export function openPayoutViews(peg: PegState): PayoutView[] {
  return openPayouts(peg).map((payout) => ({ ...payout, status: "open" }));
}

export type ReserveView = AssetRecord & {
  readonly circulating: bigint;
  readonly owed: bigint;
  /** Of BTM: what may be used for fees. */
  readonly float: bigint | undefined;
};

export function reserveViews(peg: PegState): ReserveView[] {
  return peg.assetRecords().map((asset) => ({
    ...asset,
    circulating: circulating(asset),
    owed: owed(asset),
    float: isBtm(asset.assetId) ? floatNeu(peg) : undefined,
  }));
}

export type PegStatusView = {
  readonly paused: PauseFlags;
  readonly waitsForFloat: boolean;
  readonly governanceSeq: bigint;
  readonly nextPayout: bigint;
  readonly mainTip: HeaderRecord;
};

export function pegStatusView(peg: PegState): PegStatusView {
  const { paused, waitsForFloat, governanceSeq, nextPayout } = peg.control;
  return { paused, waitsForFloat, governanceSeq, nextPayout, mainTip: peg.tip() };
}

/** Proof of one named section: with the other three parts it gives the state root, which a certified header carries. */
export type SectionProof = {
  readonly item: Uint8Array;
  readonly path: MerklePath;
  readonly utxoDigest: Uint8Array;
  readonly votesRoot: Hash;
  readonly parametersRoot: Hash;
};

/** The proof of a section of the peg, such as `control` or `asset/<id>`; undefined when there is none of that name. */
export function sectionProof(state: SideState, name: string): SectionProof | undefined {
  const leaves = state.peg?.leaves() ?? [];
  const index = leaves.findIndex((leaf) => leaf.name === name);
  const found = leaves[index];
  if (found === undefined) return undefined;
  return {
    item: found.item,
    path: merklePath(
      leaves.map((leaf) => leaf.item),
      index,
    ),
    utxoDigest: state.utxos.digest().bytes(),
    votesRoot: state.votesRoot(),
    parametersRoot: parametersRoot(state.rules),
  };
}
