// After every start (bbft.md S5): ask all what they have of this node's own votes, sign nothing until q have answered
// (oneself included), then stay silent through view V + 2 unless all have answered or ten quiet seconds have passed. A
// vote of one's own that the record does not hold means an old copy: observe. Others are answered all the while.

import { sha3_256Parts } from "@bystack/crypto/hash";
import { type Certificate, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { u32ToBytesLe } from "@bystack/utils/bytes";
import { acceptCertificate, checkOwnBit, checkOwnVote, isGenuine, keepSilent, verifyVoteOf } from "./certificates.ts";
import { isEpochEnd } from "./config.ts";
import type { PeerId } from "./events.ts";
import { ASK_INTERVAL_MS, BAR_PATIENCE_MS, MESSAGE_VOTES_MAX } from "./limits.ts";
import { type AnswerMessage, answerSignedBytes, type BbftMessage, type Position, type Vote } from "./messages.ts";
import { emit, note } from "./output.ts";
import { comparePositions } from "./replay.ts";
import { type BbftState, isValidator } from "./state.ts";
import { mayServe } from "./sync.ts";
import { requestSync } from "./wanted.ts";

/** Through-epoch of an observe state whose end is not known yet: the record was missing and nobody has answered. */
export const OBSERVE_UNKNOWN_EPOCH = Number.MAX_SAFE_INTEGER - 1;

/** The final view of an epoch's last block counts as view 0 of the next epoch. */
function positionOf(state: BbftState, certificate: Certificate): Position {
  const ends = certificate.kind === VOTE_KINDS.FINALIZE && isEpochEnd(state.config, certificate.height);
  return ends ? { epoch: certificate.epoch + 1, view: 0 } : { epoch: certificate.epoch, view: certificate.view };
}

function higher(a: Position, b: Position): Position {
  return comparePositions(a, b) >= 0 ? a : b;
}

function highestCertificate(state: BbftState): Certificate | undefined {
  const view = state.highestCertified;
  const candidates = [state.finalCertificate, state.notarized.get(view), state.nullified.get(view)];
  const own = candidates.find((certificate) => certificate?.view === view && view > 0);
  return own ?? (state.final.epoch === state.epoch ? state.final.certificate : state.base.certificate);
}

function highestPosition(state: BbftState): Position {
  const certificate = highestCertificate(state);
  const here = { epoch: state.epoch, view: state.highestCertified };
  return certificate === undefined ? here : higher(here, positionOf(state, certificate));
}

function newRound(state: BbftState, stage: "first" | "fresh"): void {
  const round = (state.asking?.round ?? 0) + 1;
  const nonce = sha3_256Parts(state.nonceSeed, u32ToBytesLe(round));
  state.asking = { nonce, round, stage, answers: new Map([[state.config.ownIndex, highestPosition(state)]]) };
  sendAsk(state);
}

function sendAsk(state: BbftState): void {
  if (state.asking === undefined) return;
  const { nonce } = state.asking;
  emit(state, { type: "broadcast", message: { type: "ASK", nonce, asker: state.config.ownIndex, from: state.floor } });
  emit(state, { type: "setTimer", id: "ask", atMs: state.nowMs + ASK_INTERVAL_MS });
}

/** Begins to ask; nothing is signed until {@link concludeAsking} finds q answers. */
export function beginAsking(state: BbftState): void {
  if (!isValidator(state) || state.mutation === "S5-forget") return;
  emit(state, { type: "silence", reason: "asking", epoch: state.epoch, view: state.view });
  newRound(state, "first");
}

function isBarred(state: BbftState): boolean {
  const here = { epoch: state.epoch, view: state.view };
  return state.silences.some((s) => s.reason === "bar" && comparePositions(here, s.through) <= 0);
}

/** Timer: asks again while an answer can still change something. */
export function askAgain(state: BbftState): void {
  if (state.asking === undefined) return;
  if (state.asking.stage === "first" || isBarred(state)) sendAsk(state);
  else state.asking = undefined;
}

function votesOf(state: BbftState, signer: number, from: Position): Vote[] {
  const votes: Vote[] = [];
  const views = [...state.votes.keys()].sort((a, b) => b - a);
  for (const view of views) {
    if (comparePositions({ epoch: state.epoch, view }, from) < 0) break;
    for (const row of state.votes.get(view) ?? []) {
      const vote = row[signer];
      if (vote !== undefined && votes.length < MESSAGE_VOTES_MAX) votes.push(vote);
    }
  }
  return votes;
}

/** Answers from what this node holds, even while it asks or observes itself. */
export function handleAsk(state: BbftState, from: PeerId, message: BbftMessage & { type: "ASK" }): void {
  const { asker, nonce } = message;
  if (!isValidator(state) || asker >= state.derived.n || asker === state.config.ownIndex) return;
  // An answer costs a signature: honest askers repeat themselves after {@link ASK_INTERVAL_MS}.
  if (!mayServe(state, from, "answer")) return;
  const votes = votesOf(state, asker, message.from);
  const content = { nonce, signer: state.config.ownIndex, asker, certificate: highestCertificate(state), votes };
  const signature = state.crypto.sign(answerSignedBytes(state.config.chainId, content));
  emit(state, { type: "send", to: { peer: from }, message: { type: "ANSWER", ...content, signature } });
}

/** Takes in an answer to the round of asking that is under way. */
export function handleAnswer(state: BbftState, from: PeerId, message: AnswerMessage): void {
  const { asking } = state;
  if (asking === undefined || message.asker !== state.config.ownIndex || message.signer === message.asker) return;
  if (bytesDiffer(message.nonce, asking.nonce)) return;
  const key = state.config.committee[message.signer];
  const bytes = answerSignedBytes(state.config.chainId, message);
  const certified = message.certificate === undefined || isGenuine(state, message.certificate);
  if (key === undefined || !certified || !state.crypto.verify(key, bytes, message.signature)) {
    emit(state, { type: "score", peer: from, reason: "ANSWER" });
    return;
  }
  for (const vote of message.votes) {
    if (vote.signer === state.config.ownIndex && verifyVoteOf(state, vote)) checkOwnVote(state, vote);
  }
  let position: Position = { epoch: 1, view: 0 };
  if (message.certificate !== undefined) {
    position = positionOf(state, message.certificate);
    checkOwnBit(state, message.certificate);
    if (message.certificate.epoch > state.epoch) requestSync(state, from);
    else acceptCertificate(state, message.certificate, from);
  }
  asking.answers.set(message.signer, position);
}

function bytesDiffer(a: Uint8Array, b: Uint8Array): boolean {
  return a.length !== b.length || a.some((byte, i) => byte !== b[i]);
}

function lift(state: BbftState, reason: "bar" | "observe"): void {
  if (!state.silences.some((silence) => silence.reason === reason)) return;
  state.silences = state.silences.filter((silence) => silence.reason !== reason);
  note(state, { type: "lifted", reason });
  state.urgent = true;
  emit(state, { type: "silence", reason: "lifted", epoch: state.epoch, view: state.view });
}

/** Draws the conclusion when enough have answered. @returns whether anything changed. */
export function concludeAsking(state: BbftState): boolean {
  const { asking } = state;
  if (asking === undefined) return false;
  const { answers, stage } = asking;
  if (stage === "first" && answers.size >= state.derived.q) {
    let highest = highestPosition(state);
    for (const position of answers.values()) highest = higher(highest, position);
    asking.stage = "more";
    if (state.recordMissing) {
      state.recordMissing = false;
      lift(state, "observe");
      keepSilent(state, { reason: "observe", through: { epoch: highest.epoch + 1, view: 2 } });
    } else {
      keepSilent(state, { reason: "bar", through: { epoch: highest.epoch, view: highest.view + 2 } });
      emit(state, { type: "setTimer", id: "bar", atMs: state.nowMs + BAR_PATIENCE_MS });
    }
    return true;
  }
  const enough = answers.size === state.derived.n || (stage === "fresh" && answers.size >= state.derived.q);
  if (stage === "first" || !enough) return false;
  lift(state, "bar");
  state.asking = undefined;
  emit(state, { type: "cancelTimer", id: "ask" });
  return true;
}

/** Timer: ten seconds after the bar was set. A bar that the chain has passed needs no lifting. */
export function barTimer(state: BbftState): void {
  if (isBarred(state)) newRound(state, "fresh");
}

/** An operator vouches that this key never signed above a place (bbft.md S5, more than f observing). */
export function importMark(state: BbftState, mark: Position): void {
  lift(state, "observe");
  state.recordMissing = false;
  keepSilent(state, { reason: "bar", through: mark });
}
