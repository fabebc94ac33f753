// After every start (bbft.md S5): ask all what they have of this node's own votes, sign nothing until q have answered
// (oneself included), then stay silent through view V + 2 unless all have answered or ten quiet seconds have passed. A
// vote of one's own that the record does not hold means an old copy: observe. Others are answered all the while.

import { sha3_256Parts } from "@bystack/crypto/hash";
import { type Certificate, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { bytesToHex, equalBytes, u32ToBytesLe } from "@bystack/utils/bytes";
import { acceptCertificate, checkOwnBit, checkOwnVote, isGenuine, keepSilent, verifyVoteOf } from "./certificates.ts";
import { isEpochEnd } from "./config.ts";
import type { PeerId } from "./events.ts";
import { ASK_INTERVAL_MS, BAR_PATIENCE_MS, MESSAGE_VOTES_MAX } from "./limits.ts";
import { type AnswerMessage, answerSignedBytes, type BbftMessage, type Position, type Vote } from "./messages.ts";
import { emit, note } from "./output.ts";
import { comparePositions } from "./replay.ts";
import { type Asking, type BbftState, committeeOf, holdsKey, ownIndex } from "./state.ts";
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
  const { ownKey } = state.config;
  if (ownKey === undefined) return;
  const round = (state.asking?.round ?? 0) + 1;
  const nonce = sha3_256Parts(state.nonceSeed, u32ToBytesLe(round));
  state.asking = { nonce, round, stage, answers: new Map([[bytesToHex(ownKey), highestPosition(state)]]) };
  sendAsk(state, ownKey);
}

function sendAsk(state: BbftState, asker: Uint8Array): void {
  if (state.asking === undefined) return;
  const { nonce } = state.asking;
  emit(state, { type: "broadcast", message: { type: "ASK", nonce, asker, from: state.floor } });
  emit(state, { type: "setTimer", id: "ask", atMs: state.nowMs + ASK_INTERVAL_MS });
}

/** Begins to ask, in the committee or not yet; nothing is signed until {@link concludeAsking} finds q answers. */
export function beginAsking(state: BbftState): void {
  if (!holdsKey(state) || state.mutation === "S5-forget") return;
  emit(state, { type: "silence", reason: "asking", epoch: state.epoch, view: state.view });
  newRound(state, "first");
}

function isBarred(state: BbftState): boolean {
  const here = { epoch: state.epoch, view: state.view };
  return state.silences.some((s) => s.reason === "bar" && comparePositions(here, s.through) <= 0);
}

/** Timer: asks again while an answer can still change something. */
export function askAgain(state: BbftState): void {
  const { ownKey } = state.config;
  if (state.asking === undefined || ownKey === undefined) return;
  if (state.asking.stage === "first" || isBarred(state)) sendAsk(state, ownKey);
  else state.asking = undefined;
}

function votesOf(state: BbftState, key: Uint8Array, from: Position): Vote[] {
  const signer = state.committees.present.keys.findIndex((other) => equalBytes(other, key));
  const votes: Vote[] = [];
  if (signer < 0) return votes;
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

/**
 * Answers from what this node holds, even while it asks or observes itself, and when it is no longer in the committee: the
 * asker may still be in an epoch in which it was.
 */
export function handleAsk(state: BbftState, from: PeerId, message: BbftMessage & { type: "ASK" }): void {
  const { asker, nonce } = message;
  const { ownKey, chainId } = state.config;
  if (ownKey === undefined || equalBytes(asker, ownKey)) return;
  // An answer costs a signature: honest askers repeat themselves after {@link ASK_INTERVAL_MS}.
  if (!mayServe(state, from, "answer")) return;
  const votes = votesOf(state, asker, message.from);
  const content = { nonce, signer: ownKey, asker, certificate: highestCertificate(state), votes };
  const signature = state.crypto.sign(answerSignedBytes(chainId, content));
  emit(state, { type: "send", to: { peer: from }, message: { type: "ANSWER", ...content, signature } });
}

/** Takes in an answer to the round of asking that is under way. */
export function handleAnswer(state: BbftState, from: PeerId, message: AnswerMessage): void {
  const { asking } = state;
  const { ownKey, chainId } = state.config;
  if (asking === undefined || ownKey === undefined || !equalBytes(message.nonce, asking.nonce)) return;
  if (!equalBytes(message.asker, ownKey) || equalBytes(message.signer, ownKey)) return;
  const { certificate } = message;
  // Known committees are of this epoch and its neighbours. Below them a certificate tells nothing; whoever is farther ahead
  // counts when this node has come near, for what it may have signed up there is not known here.
  const isAhead = certificate !== undefined && certificate.epoch > state.epoch + 1;
  const isKnown = certificate !== undefined && committeeOf(state, certificate.epoch) !== undefined;
  const { keys } = state.committees.present;
  const isMember = keys.some((key) => equalBytes(key, message.signer));
  const bytes = answerSignedBytes(chainId, message);
  if (
    !isMember ||
    (isKnown && !isGenuine(state, certificate)) ||
    (state.mutation !== "answer" && !state.crypto.verify(message.signer, bytes, message.signature))
  ) {
    if (isMember) emit(state, { type: "score", peer: from, reason: "ANSWER" });
    return;
  }
  const own = ownIndex(state);
  for (const vote of message.votes) {
    const isOwn =
      vote.epoch === state.epoch ? vote.signer === own : vote.signer === committeeOf(state, vote.epoch)?.ownIndex;
    if (isOwn && verifyVoteOf(state, vote)) checkOwnVote(state, vote);
  }
  if (certificate !== undefined && certificate.epoch > state.epoch) requestSync(state, from);
  if (isAhead) return;
  let position: Position = { epoch: 1, view: 0 };
  if (isKnown) {
    position = positionOf(state, certificate);
    checkOwnBit(state, certificate);
    if (certificate.epoch <= state.epoch) acceptCertificate(state, certificate, from);
  }
  asking.answers.set(bytesToHex(message.signer), position);
}

function lift(state: BbftState, reason: "bar" | "observe"): void {
  if (!state.silences.some((silence) => silence.reason === reason)) return;
  state.silences = state.silences.filter((silence) => silence.reason !== reason);
  note(state, { type: "lifted", reason });
  state.urgent = true;
  emit(state, { type: "silence", reason: "lifted", epoch: state.epoch, view: state.view });
}

/** What those of the present committee have answered: an answer of an earlier committee proves nothing about this epoch. */
function answersOfCommittee(state: BbftState, asking: Asking): Position[] {
  return state.committees.present.hexKeys.flatMap((key) => asking.answers.get(key) ?? []);
}

function highestAnswered(state: BbftState, answers: Iterable<Position>): Position {
  let highest = highestPosition(state);
  for (const position of answers) highest = higher(highest, position);
  return highest;
}

/** Draws the conclusion when enough have answered. @returns whether anything changed. */
export function concludeAsking(state: BbftState): boolean {
  const { asking } = state;
  if (asking === undefined) return false;
  const { stage } = asking;
  const { q, n } = state.committees.present;
  const answers = answersOfCommittee(state, asking);
  if (stage === "first" && answers.length >= q) {
    const highest = highestAnswered(state, answers);
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
  const enough = answers.length === n || (stage === "fresh" && answers.length >= q);
  if (stage === "first" || !enough) return false;
  // Answers show own votes of the answerers' present epoch alone. A node that comes back with an old copy of record and
  // store catches up through views in which it may have signed anything: below the highest certified one it stays silent.
  if (state.mutation !== "floor") state.floor = higher(state.floor, highestAnswered(state, answers));
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
