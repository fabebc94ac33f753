// Starting from the chain's store and the record, exactly (bbft.md S5), and rewriting the record when what it holds has
// been overtaken by stored final blocks.

import { type Certificate, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { EMPTY_BYTES } from "@bystack/utils/bytes";
import { beginAsking, OBSERVE_UNKNOWN_EPOCH } from "./ask.ts";
import { acceptCertificate, addVote } from "./certificates.ts";
import { isEpochEnd } from "./config.ts";
import type { BbftEvent } from "./events.ts";
import { pointOf, storeBlock } from "./finalise.ts";
import { RECORD_COMPACT_ENTRIES } from "./limits.ts";
import { emit } from "./output.ts";
import type { RecordEntry } from "./record.ts";
import { comparePositions, replayRecord } from "./replay.ts";
import { type BbftState, finalView, holdsKey, ownIndex, placeCommittees } from "./state.ts";
import { rebroadcastMessages, sendMessages } from "./views.ts";

function placeTip(state: BbftState, tip: (BbftEvent & { type: "start" })["tip"]): void {
  if (tip.block !== undefined && tip.certificate !== undefined) {
    state.final = pointOf(tip.block, tip.certificate);
    const over = isEpochEnd(state.config, tip.height);
    state.epoch = tip.block.header.epoch + (over ? 1 : 0);
    if (over) state.base = state.final;
    else if (state.epoch > 1) placeOpening(state, tip.opening);
  }
  const { committee } = state.config;
  const fixed = { previous: state.epoch > 1 ? committee : undefined, present: committee, next: committee };
  placeCommittees(state, tip.committees ?? fixed);
  state.storedHeight = state.final.height;
  state.highestCertified = finalView(state);
}

function placeOpening(state: BbftState, opening: (BbftEvent & { type: "start" })["tip"]["opening"]): void {
  if (opening !== undefined) state.base = pointOf(opening.block, opening.certificate);
}

function identityEntry(state: BbftState): RecordEntry {
  const key = state.config.ownKey ?? EMPTY_BYTES;
  return { type: "init", chainId: state.config.chainId, key, floor: state.floor };
}

function loadRecord(state: BbftState, record: readonly RecordEntry[] | undefined): void {
  const key = state.config.ownKey;
  if (key === undefined || state.mutation === "S5-forget") return;
  const replayed = record === undefined ? undefined : replayRecord(record, { chainId: state.config.chainId, key });
  if (replayed === undefined) {
    state.recordMissing = true;
    state.floor = { epoch: state.epoch, view: finalView(state) };
    const through = { epoch: OBSERVE_UNKNOWN_EPOCH, view: 0 };
    state.silences = [{ reason: "observe", through }];
    // Written at once: a crash before q answers must not leave a record that looks whole.
    const entries: RecordEntry[] = [identityEntry(state), { type: "silence", reason: "observe", through }];
    emit(state, { type: "persist", token: state.nextToken, entries, replace: true });
    state.nextToken += 1;
    return;
  }
  state.replayed = replayed;
  state.own = replayed.own;
  state.floor = replayed.floor;
  state.silences = [...replayed.silences];
  state.recordMissing = replayed.silences.some((silence) => silence.through.epoch === OBSERVE_UNKNOWN_EPOCH);
  state.entriesSinceCompaction = record?.length ?? 0;
}

/** Puts into the tables what the record holds of the present epoch; runs at start and whenever an epoch is entered. */
export function applyReplayed(state: BbftState): void {
  const { replayed } = state;
  if (replayed === undefined) return;
  state.replaying = true;
  // This node voted for them or had them final: they were checked before they were written.
  for (const block of replayed.blocks) if (block.header.epoch === state.epoch) storeBlock(state, block, true);
  for (const certificate of replayed.certificates) acceptCertificate(state, certificate, undefined);
  for (const vote of replayed.seen) if (vote.epoch === state.epoch) addVote(state, vote);
  for (const own of replayed.own.values()) {
    if (own.epoch === state.epoch) for (const vote of own.votes) if (vote !== undefined) addVote(state, vote);
  }
  state.replaying = false;
}

/** The first event: takes up where the record and the store left off, and begins to ask. */
export function start(state: BbftState, event: BbftEvent & { type: "start" }): void {
  state.phase = "running";
  state.nonceSeed = event.nonce;
  placeTip(state, event.tip);
  loadRecord(state, event.record);
  applyReplayed(state);
  beginAsking(state);
}

/** After the first view has begun: what this node said in it is said again. */
export function sayAgain(state: BbftState): void {
  if (holdsKey(state)) sendMessages(state, "all", rebroadcastMessages(state));
}

function certificateEntries(certificates: Iterable<Certificate>): RecordEntry[] {
  return [...certificates].map((certificate) => ({ type: "certificate", certificate }));
}

/** Everything that a restart needs from now on, back to the last final block. */
function snapshot(state: BbftState): RecordEntry[] {
  const entries: RecordEntry[] = [identityEntry(state)];
  if (state.base.certificate !== undefined) entries.push({ type: "certificate", certificate: state.base.certificate });
  if (state.base.block !== undefined) entries.push({ type: "block", block: state.base.block });
  for (const table of [state.notarized, state.nullified]) entries.push(...certificateEntries(table.values()));
  for (const own of state.own.values()) {
    for (const vote of own.votes) {
      if (vote !== undefined) {
        entries.push({ type: "own", vote, block: vote.kind === VOTE_KINDS.NOTARIZE ? own.block : undefined });
      }
    }
  }
  for (const rows of state.votes.values()) {
    for (const row of rows) {
      for (const vote of row) {
        if (vote !== undefined && vote.signer !== ownIndex(state)) entries.push({ type: "seen", vote });
      }
    }
  }
  for (const { reason, through } of state.silences) entries.push({ type: "silence", reason, through });
  // What is final here and not yet in the store would be lost with a crash: the record carries it until then.
  for (const block of state.unstored) entries.push({ type: "block", block });
  const certificates = [state.unstored.length > 0 ? state.final.certificate : undefined, state.finalCertificate];
  entries.push(...certificateEntries(certificates.filter((certificate) => certificate !== undefined)));
  return entries;
}

/**
 * The store holds final blocks up to a height: the record may forget what lies below the newest final block. It does so
 * also while the store is behind: a slow disk must not make record and memory grow for as long as it is slow.
 */
export function stored(state: BbftState, height: number): void {
  state.storedHeight = Math.max(state.storedHeight, height);
  const entriesMost = state.config.recordCompactEntries ?? RECORD_COMPACT_ENTRIES;
  state.unstored = state.unstored.filter((block) => block.header.height > state.storedHeight);
  if (state.entriesSinceCompaction < entriesMost || !holdsKey(state)) return;
  // Never down: while it catches up a node may have a floor far above its own place.
  const here = { epoch: state.epoch, view: finalView(state) };
  if (comparePositions(here, state.floor) > 0) state.floor = here;
  for (const [key, own] of state.own) if (comparePositions(own, state.floor) < 0) state.own.delete(key);
  state.silences = state.silences.filter((silence) => comparePositions(silence.through, state.floor) >= 0);
  state.replayed = undefined;
  state.pendingEntries = state.pendingEntries.filter((entry) => entry.type === "own");
  const entries = snapshot(state);
  state.entriesSinceCompaction = 0;
  emit(state, { type: "persist", token: state.nextToken, entries, replace: true });
  state.nextToken += 1;
}
