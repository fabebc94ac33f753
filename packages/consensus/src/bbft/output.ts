// What leaves the engine: effects, the record, and votes that wait for the record (bbft.md S5: written and fsynced before
// it is sent). All votes of one step share one `persist`; an own vote counts for this node itself only once it is durable,
// because a certificate that holds it would carry it out of the host.

import type { Certificate, SignedContent } from "@bystack/protocol/side/certificate";
import { signedBytes, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import type { BbftEffect } from "./events.ts";
import { RECORD_PENDING_MAX } from "./limits.ts";
import type { BbftMessage, Position, Vote } from "./messages.ts";
import type { RecordEntry } from "./record.ts";
import { comparePositions, createOwnView, type OwnView, ownKey } from "./replay.ts";
import { type BbftState, holdsKey, isMember, ownIndex } from "./state.ts";

export function emit(state: BbftState, effect: BbftEffect): void {
  state.effects.push(effect);
}

/** Stops the engine: nothing is signed or sent any more. */
export function halt(state: BbftState, reason: string): void {
  if (state.phase === "halted") return;
  state.phase = "halted";
  state.pendingVotes = [];
  state.pendingMessages = [];
  emit(state, { type: "halt", reason });
}

/** Adds an entry to what the next persist writes. Whoever has no vote key keeps no record. */
export function note(state: BbftState, entry: RecordEntry): void {
  if (holdsKey(state) && !state.replaying) state.pendingEntries.push(entry);
}

export function ownVotes(state: BbftState, view: number): OwnView | undefined {
  return state.own.get(ownKey(state.epoch, view));
}

/** Whether this node may sign at a place of this epoch: it is in the committee, knows its own past and is under no silence. */
export function canSign(state: BbftState, position: Position): boolean {
  if (!isMember(state) || state.phase !== "running") return false;
  if (state.asking?.stage === "first" && state.mutation !== "ask") return false;
  // What this node signed below the record's floor is not known any more: nothing is signed there again.
  if (comparePositions(position, state.floor) < 0) return false;
  return state.silences.every((silence) => comparePositions(position, silence.through) > 0);
}

export function canSignNow(state: BbftState): boolean {
  return canSign(state, { epoch: state.epoch, view: state.view });
}

export type Cast = {
  readonly content: Omit<SignedContent, "epoch">;
  /** With NOTARIZE. */
  readonly block?: SideBlock;
  /** Sent along, such as the NOTARIZE certificate under a FINALIZE vote. */
  readonly certificates?: readonly Certificate[];
  /** Replaces the NOTES message by this one, made around the signature. */
  readonly wrap?: (vote: Vote) => BbftMessage;
};

/** Signs one vote, puts it in the record, and holds it back until the record is durable. */
export function castVote(state: BbftState, cast: Cast): void {
  const content: SignedContent = { ...cast.content, epoch: state.epoch };
  const signature = state.crypto.sign(signedBytes(state.config.chainId, content));
  const vote: Vote = { ...content, signer: ownIndex(state), signature };
  const key = ownKey(state.epoch, vote.view);
  const own = state.own.get(key) ?? createOwnView(state.epoch, vote.view);
  own.votes[vote.kind] = vote;
  if (cast.block !== undefined) own.block = cast.block;
  state.own.set(key, own);
  const isKept = vote.kind === VOTE_KINDS.NOTARIZE && state.mutation !== "lost-block";
  note(state, { type: "own", vote, block: isKept ? cast.block : undefined });
  state.pendingVotes.push(vote);
  const { epoch, view } = state;
  const certificates = cast.certificates ?? [];
  if (state.mutation === "propose" && cast.wrap !== undefined)
    emit(state, { type: "broadcast", message: cast.wrap(vote) });
  state.pendingMessages.push(
    cast.wrap === undefined ? { type: "NOTES", epoch, view, votes: [vote], certificates } : cast.wrap(vote),
  );
}

/** Ends a step: turns what it wants remembered into one persist. */
export function flush(state: BbftState): void {
  if (state.phase !== "running") return;
  const waiting = state.pendingVotes.length > 0;
  if (!waiting && !state.urgent && state.pendingEntries.length < RECORD_PENDING_MAX) return;
  state.urgent = false;
  const token = state.nextToken;
  state.nextToken += 1;
  const held = { votes: state.pendingVotes, messages: state.pendingMessages };
  const entries = state.pendingEntries;
  state.pendingVotes = [];
  state.pendingMessages = [];
  state.pendingEntries = [];
  state.entriesSinceCompaction += entries.length;
  state.inFlight.set(token, held);
  if (state.mutation === "S5") for (const message of held.messages) emit(state, { type: "broadcast", message });
  emit(state, { type: "persist", token, entries, replace: false });
}

/** Hands out what waited for a token. @returns the votes that are durable from now on. */
export function release(state: BbftState, token: number): readonly Vote[] {
  const held = state.inFlight.get(token);
  if (held === undefined) return [];
  state.inFlight.delete(token);
  for (const vote of held.votes) {
    const own = state.own.get(ownKey(vote.epoch, vote.view));
    if (own !== undefined) own.durable[vote.kind] = true;
  }
  if (state.mutation !== "S5") for (const message of held.messages) emit(state, { type: "broadcast", message });
  return held.votes;
}
