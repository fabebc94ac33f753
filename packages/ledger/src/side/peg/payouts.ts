// Payouts in the side chain's state (federation.md section 5): drafts recorded at every boundary, and the proofs of kind 2
// that say what became of them. A proof is accepted for every recorded draft at any time, open or dead; what is free,
// owed or dead afterwards follows from the facts (status.ts).

import { isBtm } from "@bystack/protocol/peg/claim";
import { validateDepositProof } from "@bystack/protocol/peg/claim-rules";
import type { PayoutDraft } from "@bystack/protocol/peg/draft";
import { verifyStatusPath, verifyTransactionPath } from "@bystack/protocol/peg/inclusion";
import { derivePayout, type PastDraft, type PayoutUnit, type PayoutView } from "@bystack/protocol/peg/payout";
import { type CoinProof, decodeCoinProof, type PayoutProof } from "@bystack/protocol/peg/system";
import { vaultProgram } from "@bystack/protocol/peg/vault";
import type { Hash } from "@bystack/utils/bytes";
import type { SideTransactionErrorCode } from "../errors.ts";
import type { PegRules, SideRules } from "../rules.ts";
import { mainChainView, proofDepth } from "./claims.ts";
import type { PayoutOutcome, PayoutRecord, ProvenIn, RequestRecord } from "./records.ts";
import type { PegState } from "./state.ts";
import { floatNeu, isDraftable, isFreeCoin, isPausedOut, killerOf, openPayouts, payoutStatus } from "./status.ts";

/** After three failures a group waits B * 2^i blocks between attempts; i stops here. */
const BACK_OFF_EXPONENT_MAX = 10;
const BACK_OFF_FAILURES = 3;

export type ProofEffect = { readonly payout?: bigint; readonly outcome?: PayoutOutcome; readonly coin?: Hash };

export type ProofResult =
  | { readonly ok: true; readonly effect: ProofEffect }
  | { readonly ok: false; readonly code: SideTransactionErrorCode };

function refuse(code: SideTransactionErrorCode): ProofResult {
  return { ok: false, code };
}

/** Kind 2, form 00: what became of payout j on the main chain. */
export function applyPayoutProof(state: PegState, peg: PegRules, proof: PayoutProof): ProofResult {
  const payout = state.payout(proof.payout);
  if (payout === undefined) return refuse("PROOF_PAYOUT");
  if (payout.proof !== undefined) return refuse("PROOF_KNOWN");
  const view = mainChainView(state, peg);
  const header = state.headerAt(proof.headerHeight);
  const roots = view.headerAt(proof.headerHeight);
  if (header === undefined || roots === undefined) return refuse("PROOF_HEADER");
  const depth = proofDepth(state, peg, payout.draft.inputs);
  if (view.tipHeight - proof.headerHeight + 1n < depth) return refuse("PROOF_DEPTH");
  if (!verifyTransactionPath(payout.draft.transactionId, proof.paths, roots)) return refuse("PROOF_PATH");
  if (!verifyStatusPath(proof.statusFail, proof.paths, roots)) return refuse("PROOF_PATH");
  // A gas-only transaction still moves its BTM (F3), and a BTM draft has nothing else.
  const outcome = proof.statusFail && payout.draft.kind === "asset" ? "failed" : "done";
  for (const input of payout.draft.inputs) {
    const coin = state.coin(input.id);
    const spends = outcome === "done" || isBtm(input.assetId);
    if (spends && coin?.spentBy !== undefined) return refuse("PROOF_CONFLICT");
  }
  settlePayout(state, payout, { headerHash: header.hash, height: header.height, outcome });
  return { ok: true, effect: { payout: proof.payout, outcome } };
}

/** Records a proof and everything that follows: spent inputs, change coins, completed or returned requests. */
function settlePayout(state: PegState, payout: PayoutRecord, proof: ProvenIn & { outcome: PayoutOutcome }): void {
  const { draft } = payout;
  const number = draft.payout;
  const moves = (assetId: Hash): boolean => proof.outcome === "done" || isBtm(assetId);
  const rivals = new Set<bigint>();
  for (const input of draft.inputs) {
    const coin = state.coin(input.id);
    if (coin === undefined || !moves(input.assetId)) continue;
    for (const rival of coin.payouts) if (rival !== number) rivals.add(rival);
    state.setCoin({ ...coin, spentBy: number });
  }
  state.setPayout({ ...payout, proof });
  const provenIn = { headerHash: proof.headerHash, height: proof.height };
  for (const change of draft.changes) {
    if (!moves(change.assetId)) continue;
    const known = state.coin(change.id);
    state.setCoin(
      known === undefined
        ? { ...change, fromPayout: number, provenIn, spentBy: undefined, payouts: [] }
        : { ...known, provenIn },
    );
  }
  if (proof.outcome === "failed") returnRequests(state, draft);
  else {
    for (const id of draft.requestIds) {
      const request = state.request(id);
      if (request !== undefined) state.setRequest({ ...request, completedBy: number });
    }
  }
  for (const rival of rivals) {
    const dead = state.payout(rival);
    if (dead !== undefined && payoutStatus(state, dead) === "dead") returnRequests(state, dead.draft);
  }
}

/** Requests of a failed or dead draft come back as one group. */
function returnRequests(state: PegState, draft: PayoutDraft): void {
  for (const id of draft.requestIds) {
    const request = state.request(id);
    if (request !== undefined && request.completedBy === undefined) {
      state.setRequest({ ...request, group: draft.payout });
    }
  }
}

/** Kind 2, form 01: a deposit coin is in a block of the best chain again. */
export function applyCoinProof(state: PegState, peg: PegRules, proof: CoinProof): ProofResult {
  const coin = state.coin(proof.nullifier);
  if (coin === undefined || coin.fromPayout !== undefined) return refuse("PROOF_PAYOUT");
  if (coin.provenIn !== undefined) return refuse("PROOF_KNOWN");
  const decoded = decodeCoinProof(proof, { isBtm: isBtm(coin.assetId) });
  if (decoded === undefined) return refuse("SYSTEM_FORM");
  if (decoded.vaultEpoch !== BigInt(coin.epoch)) return refuse("PROOF_PATH");
  const { muxId, assetId, amount, position } = coin;
  const program = vaultProgram(peg.vault.keys, coin.commitment);
  const code = validateDepositProof({ muxId, assetId, amount, position, program }, decoded, mainChainView(state, peg));
  if (code === "CLAIM_HEADER") return refuse("PROOF_HEADER");
  if (code === "CLAIM_DEPTH") return refuse("PROOF_DEPTH");
  if (code !== undefined) return refuse("PROOF_PATH");
  const header = state.headerAt(decoded.headerHeight);
  if (header === undefined) return refuse("PROOF_HEADER");
  state.setCoin({ ...coin, provenIn: { headerHash: header.hash, height: header.height } });
  return { ok: true, effect: { coin: coin.id } };
}

/** The coins whose spending keeps an earlier draft from paying a second time. */
function pastDraft(state: PegState, payout: PayoutRecord): PastDraft {
  const { draft } = payout;
  if (payout.proof?.outcome === "failed") {
    // Its BTM is spent; any of its asset coins keeps it from being mined whole on another branch.
    return { failed: true, conflicts: draft.inputs.filter((coin) => !isBtm(coin.assetId)).map((coin) => coin.id) };
  }
  const killer = killerOf(state, payout);
  const changes = killer === undefined ? [] : (state.payout(killer)?.draft.changes ?? []);
  return { failed: false, conflicts: [...draft.inputs, ...changes].map((coin) => coin.id) };
}

function compareRequests(a: RequestRecord, b: RequestRecord): number {
  return (
    a.releaseHeight - b.releaseHeight ||
    a.burnHeight - b.burnHeight ||
    a.transactionIndex - b.transactionIndex ||
    a.outputIndex - b.outputIndex
  );
}

/** Whether a group has failed so often that it waits (three failures: alarm and back-off, no pause). */
function backsOff(state: PegState, requests: readonly RequestRecord[], context: BoundaryContext): boolean {
  const numbers = new Set(requests.flatMap((request) => request.payouts));
  const failed = [...numbers].map((number) => state.payout(number)).filter((p) => p?.proof?.outcome === "failed");
  if (failed.length < BACK_OFF_FAILURES) return false;
  const last = Math.max(...failed.map((payout) => payout?.recordedHeight ?? 0));
  const exponent = Math.min(failed.length - BACK_OFF_FAILURES + 1, BACK_OFF_EXPONENT_MAX);
  return context.height < last + context.peg.federation.batchBlocks * 2 ** exponent;
}

type Units = { readonly ready: readonly PayoutUnit[]; readonly waiting: readonly PayoutUnit[] };

function createUnit(state: PegState, requests: readonly RequestRecord[]): PayoutUnit {
  const numbers = [...new Set(requests.flatMap((request) => request.payouts))].sort((a, b) => (a < b ? -1 : 1));
  const past = numbers.map((number) => state.payout(number)).filter((payout) => payout !== undefined);
  return { requests: [...requests].sort(compareRequests), past: past.map((payout) => pastDraft(state, payout)) };
}

/** Pending requests as units in paying order: groups first (lowest draft first), then single burns. */
function payoutUnits(state: PegState, context: BoundaryContext): Units {
  const groups = new Map<bigint, RequestRecord[]>();
  const singles: RequestRecord[] = [];
  for (const request of state.pendingRequests()) {
    if (!isDraftable(state, request)) continue;
    if (request.group === undefined) singles.push(request);
    else groups.set(request.group, [...(groups.get(request.group) ?? []), request]);
  }
  const ordered = [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, requests]) => requests);
  const all = [...ordered, ...singles.sort(compareRequests).map((request) => [request])];
  const isReady = (requests: readonly RequestRecord[]): boolean =>
    requests.every((request) => request.releaseHeight <= context.height && !isPausedOut(state, request.assetId)) &&
    !backsOff(state, requests, context);
  return {
    ready: all.filter(isReady).map((requests) => createUnit(state, requests)),
    waiting: all.filter((requests) => !isReady(requests)).map((requests) => createUnit(state, requests)),
  };
}

type BoundaryContext = { readonly side: SideRules; readonly peg: PegRules; readonly height: number };

/** What `derivePayout` sees at the end of a block: plain data, so that members can derive the same drafts elsewhere. */
export function createPayoutView(state: PegState, context: BoundaryContext): PayoutView {
  const { ready, waiting } = payoutUnits(state, context);
  return {
    chainId: context.side.chainId,
    nextPayout: state.control.nextPayout,
    openPayouts: openPayouts(state).length,
    floatNeu: floatNeu(state),
    epochs: [context.peg.vault],
    coins: state.unspentCoins().filter((coin) => isFreeCoin(state, coin)),
    units: ready,
    keptCoins: waiting.flatMap((unit) => unit.past.flatMap((past) => past.conflicts)),
  };
}

export type Boundary = { readonly drafts: readonly PayoutDraft[]; readonly view: PayoutView | undefined };

/** Derives and records the drafts of a boundary: a block whose height is a multiple of B. */
export function recordDrafts(state: PegState, context: BoundaryContext): Boundary {
  const { peg, height } = context;
  if (height % peg.federation.batchBlocks !== 0) return { drafts: [], view: undefined };
  const view = createPayoutView(state, context);
  const { drafts, waitsForFloat } = derivePayout(view);
  for (const draft of drafts) recordDraft(state, draft, height);
  const nextPayout = state.control.nextPayout + BigInt(drafts.length);
  state.control = { ...state.control, nextPayout, waitsForFloat };
  return { drafts, view };
}

function recordDraft(state: PegState, draft: PayoutDraft, height: number): void {
  state.setPayout({ draft, recordedHeight: height, proof: undefined });
  for (const input of draft.inputs) {
    const coin = state.coin(input.id);
    if (coin !== undefined) state.setCoin({ ...coin, payouts: [...coin.payouts, draft.payout] });
  }
  for (const id of draft.requestIds) {
    const request = state.request(id);
    if (request !== undefined) state.setRequest({ ...request, payouts: [...request.payouts, draft.payout] });
  }
}
