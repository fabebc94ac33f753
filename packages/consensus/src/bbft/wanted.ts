// Blocks and certificates that this node misses and asks for (bbft.md section 6: fetch before NULLIFY). A block is asked
// for from the signers of its certificate in turn: f + 1 of them are honest and hold it.

import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import type { PeerId } from "./events.ts";
import { FETCH_HASHES_MAX, FETCH_INTERVAL_MS, FETCH_VIEWS_MAX, WANTED_MAX } from "./limits.ts";
import { emit } from "./output.ts";
import { type BbftState, ownIndex } from "./state.ts";

/** Asks for a block until it arrives or no longer matters; `askFirst` = places of those who should have it. */
export function wantBlock(state: BbftState, hash: Hash, askFirst: readonly number[]): void {
  const key = bytesToHex(hash);
  if (state.wanted.has(key) || state.blocks.has(key) || key === state.final.key) return;
  if (state.wanted.size >= WANTED_MAX) return;
  const others = askFirst.filter((place) => place !== ownIndex(state));
  state.wanted.set(key, { hash, askFirst: others, attempt: 0, dueMs: state.nowMs });
}

/** Asks everybody for the certificates of these views, until the view is left. */
export function wantViews(state: BbftState, views: readonly number[]): void {
  const asked = views.slice(0, FETCH_VIEWS_MAX);
  const first = state.wantedViews.length === 0;
  state.wantedViews = asked;
  if (!first || asked.length === 0) return;
  sendFetchViews(state);
}

function sendFetchViews(state: BbftState): void {
  const { epoch, final, wantedViews } = state;
  const message = { type: "FETCH", epoch, finalHeight: final.height, hashes: [], views: wantedViews } as const;
  emit(state, { type: "broadcast", message });
}

/** Sends what is due; runs at the end of each step and at the timer. */
export function fetchDue(state: BbftState, timerFired: boolean): void {
  if (timerFired) {
    state.fetchArmed = false;
    if (state.wantedViews.length > 0) sendFetchViews(state);
  }
  if (state.wanted.size === 0 && state.wantedViews.length === 0) return;
  const byPlace = new Map<number, Hash[]>();
  for (const wanted of state.wanted.values()) {
    // A clock that was set back must not stop the asking until it has caught up.
    const waitMs = wanted.dueMs - state.nowMs;
    if ((waitMs > 0 && waitMs <= FETCH_INTERVAL_MS) || wanted.askFirst.length === 0) continue;
    const place = wanted.askFirst[wanted.attempt % wanted.askFirst.length] ?? 0;
    const hashes = byPlace.get(place) ?? [];
    if (hashes.length >= FETCH_HASHES_MAX) continue;
    hashes.push(wanted.hash);
    byPlace.set(place, hashes);
    wanted.attempt += 1;
    wanted.dueMs = state.nowMs + FETCH_INTERVAL_MS;
  }
  for (const [validator, hashes] of byPlace) {
    const message = { type: "FETCH", epoch: state.epoch, finalHeight: state.final.height, hashes, views: [] } as const;
    emit(state, { type: "send", to: { validator }, message });
  }
  if (state.fetchArmed) return;
  state.fetchArmed = true;
  emit(state, { type: "setTimer", id: "fetch", atMs: state.nowMs + FETCH_INTERVAL_MS });
}

/** Asks a peer for final blocks, at most once an interval. */
export function requestSync(state: BbftState, peer: PeerId): void {
  const sinceMs = state.nowMs - state.syncAskedMs;
  if (sinceMs >= 0 && sinceMs < FETCH_INTERVAL_MS) return;
  state.syncAskedMs = state.nowMs;
  const message = { type: "SYNC_REQUEST", fromHeight: state.final.height + 1 } as const;
  emit(state, { type: "send", to: { peer }, message });
}
