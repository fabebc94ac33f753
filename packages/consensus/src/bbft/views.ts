// Views: entering one, its two timers, NULLIFY, rebroadcast, and the skipping of silent leaders (bbft.md section 6).

import { type Certificate, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { bytesToHex } from "@bystack/utils/bytes";
import { isEpochEnd } from "./config.ts";
import type { Target } from "./events.ts";
import {
  CLOCK_TOLERANCE_MS,
  HALVINGS_MAX,
  MESSAGE_CERTIFICATES_MAX,
  REBROADCAST_MAX_MS,
  TIMEOUT_MAX_MS,
  VIEWS_BEHIND_MAX,
} from "./limits.ts";
import type { BbftMessage, Vote } from "./messages.ts";
import { canSignNow, castVote, emit, ownVotes } from "./output.ts";
import { type BbftState, leaderAt, ownIndex } from "./state.ts";

const NO_HASH = new Uint8Array(32);

function grown(state: BbftState, baseMs: number): number {
  return Math.min(TIMEOUT_MAX_MS, Math.round(baseMs * 1.5 ** Math.min(state.streak, 32)));
}

/** t_l: patience for a proposal. */
export function leaderTimeoutMs(state: BbftState): number {
  return grown(state, 2 * state.config.deltaMs);
}

/** t_a: patience for a certificate. */
export function advanceTimeoutMs(state: BbftState): number {
  return grown(state, 3 * state.config.deltaMs);
}

/**
 * When a last block may be proposed again. Just notarized, it gets one assumed delay to become final by itself: its
 * FINALIZE votes are on their way, and most epochs end there. After a failed view nobody waits.
 */
export function reproposalMs(state: BbftState): number {
  return state.notarized.has(state.view - 1) ? state.enteredMs + state.config.deltaMs : state.enteredMs;
}

/** Time of the block that the next one will most probably extend. */
function parentTimeMs(state: BbftState, certificate: Certificate | undefined): number {
  if (certificate === undefined) return state.final.timestampMs;
  return state.blocks.get(bytesToHex(certificate.blockHash))?.block.header.timestampMs ?? state.final.timestampMs;
}

/** When the slot of this view begins: patience is counted from there, never from farther away than a slot. */
function slotMs(state: BbftState): number {
  const certificate = state.notarized.get(state.highestNotarized);
  // A last block is proposed again, not extended: there is no slot to wait for.
  if (certificate !== undefined && isEpochEnd(state.config, certificate.height)) return reproposalMs(state);
  const parent = parentTimeMs(state, certificate);
  const latest = state.nowMs + state.config.blockMs + CLOCK_TOLERANCE_MS;
  return Math.min(latest, Math.max(state.nowMs, parent + state.config.blockMs));
}

/** Any valid signature of a validator shows that it is alive. */
export function noteActivity(state: BbftState, signer: number): void {
  state.heardMs[signer] = state.nowMs;
  state.inactiveRun.delete(signer);
  if (signer === leaderAt(state, state.view)) state.leaderActive = true;
}

function leaveView(state: BbftState, nullified: boolean): void {
  const { view, config } = state;
  if (view === 0 || !nullified) return;
  const leader = leaderAt(state, view);
  const heard = state.leaderActive || (state.votes.get(view)?.some((row) => row[leader] !== undefined) ?? false);
  if (!heard && leader !== ownIndex(state)) state.inactiveRun.set(leader, Math.floor(view / config.run));
  const own = ownVotes(state, view);
  if (leader === ownIndex(state) && own?.block !== undefined && !state.notarized.has(view)) {
    state.halvings = Math.min(HALVINGS_MAX, state.halvings + 1);
    emit(state, { type: "ownBlockNullified", view, hash: own.block.hash });
  }
}

/** Moves to a view and starts its timers. What happens next in it is the caller's. */
export function beginView(state: BbftState, view: number, nullified: boolean): void {
  leaveView(state, nullified);
  state.view = view;
  // Without a final block for so long, the oldest votes go: their certificates are held.
  state.votes.delete(view - VIEWS_BEHIND_MAX - 1);
  state.enteredMs = state.nowMs;
  if (nullified) state.streak += 1;
  state.leaderActive = false;
  state.leaderExpired = false;
  state.advanceExpired = false;
  state.lead = { stage: "idle", token: 0, block: undefined };
  state.wantedViews = [];
  const leader = leaderAt(state, view);
  const slot = slotMs(state);
  const skipped = state.inactiveRun.get(leader) === Math.floor(view / state.config.run);
  emit(state, { type: "viewEntered", epoch: state.epoch, view, nullified });
  for (const id of ["release", "clock"] as const) emit(state, { type: "cancelTimer", id });
  emit(state, { type: "setTimer", id: "leader", atMs: skipped ? state.nowMs : slot + leaderTimeoutMs(state) });
  emit(state, { type: "setTimer", id: "advance", atMs: slot + advanceTimeoutMs(state) });
  state.rebroadcastMs = advanceTimeoutMs(state);
  emit(state, { type: "setTimer", id: "rebroadcast", atMs: slot + 2 * state.rebroadcastMs });
}

/** NULLIFY of the present view, if the rules allow it; otherwise nothing. */
export function nullify(state: BbftState): void {
  if (!canSignNow(state)) return;
  const own = ownVotes(state, state.view);
  if (own?.votes[VOTE_KINDS.NULLIFY] !== undefined) return;
  if (own?.votes[VOTE_KINDS.FINALIZE] !== undefined && state.mutation !== "S2") return;
  castVote(state, { content: { kind: VOTE_KINDS.NULLIFY, view: state.view, height: 0, blockHash: NO_HASH } });
  emit(state, { type: "setTimer", id: "rebroadcast", atMs: state.nowMs + state.rebroadcastMs });
}

/** FINALIZE under a NOTARIZE certificate, also of an earlier view ("late"), if the rules allow it. */
export function finalizeVote(state: BbftState, certificate: Certificate): void {
  const own = ownVotes(state, certificate.view);
  if (own?.votes[VOTE_KINDS.FINALIZE] !== undefined) return;
  if (own?.votes[VOTE_KINDS.NULLIFY] !== undefined && state.mutation !== "S2") return;
  // The certificate itself went into the record when it was learned, before this vote.
  const { view, height, blockHash } = certificate;
  castVote(state, { content: { kind: VOTE_KINDS.FINALIZE, view, height, blockHash }, certificates: [certificate] });
}

/** Own votes of the present view that are durable. */
function votesOfView(state: BbftState): Vote[] {
  const own = ownVotes(state, state.view);
  if (own === undefined || state.mutation === "repeat") return [];
  const isDurable = (kind: number): boolean => own.durable[kind] === true || state.mutation === "durable";
  return own.votes.filter((vote, kind): vote is Vote => vote !== undefined && kind !== 0 && isDurable(kind));
}

/** What a rebroadcast holds: enough for any node of this epoch to come to this view and judge its proposals. */
function rebroadcastCertificates(state: BbftState): Certificate[] {
  const certificates: Certificate[] = [];
  if (state.base.certificate !== undefined) certificates.push(state.base.certificate);
  const highest = state.notarized.get(state.highestNotarized);
  if (highest !== undefined) certificates.push(highest);
  const above = [...state.nullified.keys()].filter((view) => view > state.highestNotarized).sort((a, b) => a - b);
  for (const view of above) {
    const certificate = state.nullified.get(view);
    if (certificate !== undefined) certificates.push(certificate);
  }
  return certificates;
}

/** The rebroadcast, in as many messages as its certificates need. */
export function rebroadcastMessages(state: BbftState): BbftMessage[] {
  const certificates = rebroadcastCertificates(state);
  const { epoch, view } = state;
  const messages: BbftMessage[] = [];
  for (let from = 0; from === 0 || from < certificates.length; from += MESSAGE_CERTIFICATES_MAX) {
    const part = certificates.slice(from, from + MESSAGE_CERTIFICATES_MAX);
    messages.push({ type: "NOTES", epoch, view, votes: from === 0 ? votesOfView(state) : [], certificates: part });
  }
  return messages;
}

export function sendMessages(state: BbftState, to: Target | "all", messages: readonly BbftMessage[]): void {
  for (const message of messages) {
    emit(state, to === "all" ? { type: "broadcast", message } : { type: "send", to, message });
  }
}

/** Timer: says again what others may have missed, less and less often. */
export function rebroadcast(state: BbftState): void {
  sendMessages(state, "all", rebroadcastMessages(state));
  state.rebroadcastMs = Math.min(REBROADCAST_MAX_MS, state.rebroadcastMs * 2);
  emit(state, { type: "setTimer", id: "rebroadcast", atMs: state.nowMs + state.rebroadcastMs });
}
