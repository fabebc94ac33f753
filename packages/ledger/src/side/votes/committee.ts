// Which committee an epoch has, who leads a view, and which views passed without a block.

import type { SideState } from "../state.ts";
import type { CommitteeMember } from "./records.ts";
import { specMembers } from "./state.ts";

/**
 * The committee of an epoch in its order, for every epoch that the state knows: after the last block of epoch e − 1 these
 * are e − 1, e and e + 1. Without elections every epoch has the spec's committee.
 */
export function committeeOf(state: SideState, epoch: number): readonly CommitteeMember[] | undefined {
  return state.votes === undefined ? specMembers(state.rules.spec) : state.votes.committee(epoch)?.members;
}

/** Place in the committee of the leader of a view. */
export function leaderOfView(view: number, schedule: { readonly run: number; readonly members: number }): number {
  return Math.floor(view / schedule.run) % schedule.members;
}

/** How many of the views 0 … `end` − 1 a place leads. */
function turnsBefore(end: number, place: number, { run, members }: { run: number; members: number }): number {
  const round = run * members;
  const rest = (end % round) - place * run;
  return Math.floor(end / round) * run + Math.min(Math.max(rest, 0), run);
}

/** Views after `parentView` and before `view`, by the place that led them: nobody notarized a block in them. */
export function missedViews(
  header: { readonly view: number; readonly parentView: number },
  schedule: { readonly run: number; readonly members: number },
): number[] {
  const from = header.parentView + 1;
  return Array.from({ length: schedule.members }, (_, place) =>
    header.view <= from ? 0 : turnsBefore(header.view, place, schedule) - turnsBefore(from, place, schedule),
  );
}
