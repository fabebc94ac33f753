// Invariant I11: every table of the engine that others can fill stays within its limit, after every event.

import * as limits from "@bystack/consensus/bbft/limits";
import { type BbftState, finalView } from "@bystack/consensus/bbft/state";

export function isBounded(state: BbftState): boolean {
  const { present, next } = state.committees;
  // Votes are kept from the newest final block to so many views ahead, and never for longer than a day of failed views.
  const views = Math.min(state.view - finalView(state), limits.VIEWS_BEHIND_MAX) + limits.VIEWS_AHEAD_MAX + 1;
  return (
    // Beyond the table only notarized blocks of the epoch, and the proposal of the present view.
    state.blocks.size <= limits.BLOCKS_MAX + limits.SYNC_BLOCKS_MAX + state.config.epochBlocks &&
    state.votes.size <= views &&
    state.wanted.size <= limits.WANTED_MAX + limits.SYNC_BLOCKS_MAX &&
    state.wantedViews.length <= limits.FETCH_VIEWS_MAX &&
    state.stash.size <= present.n + next.n &&
    state.evidence.length <= state.committees.present.n &&
    state.served.size <= limits.SERVED_PEERS_MAX &&
    state.fetchBudgets.size <= limits.SERVED_PEERS_MAX &&
    state.pendingEntries.length <= limits.RECORD_PENDING_MAX + limits.MESSAGE_VOTES_MAX
  );
}
