// What a BBFT node says about itself, for `/info`, metrics and `bystack why`: where it is and why it does not vote.

import type { Position } from "./messages.ts";
import { comparePositions } from "./replay.ts";
import { type BbftState, isMember } from "./state.ts";

export type BbftStatus = {
  readonly epoch: number;
  readonly view: number;
  readonly finalHeight: number;
  /** "voting", or the reason for silence. */
  readonly voting: "voting" | "observer" | "halted" | "asking" | "bar" | "observe";
  /** Last place at which nothing is signed. */
  readonly silentThrough: Position | undefined;
  /** Nullified views since the last final block. */
  readonly streak: number;
  readonly evidence: number;
  /** Vote keys of the present epoch's committee, in its order. */
  readonly committee: readonly Uint8Array[];
  readonly faultsTolerated: number;
  readonly quorum: number;
  /** This node's place in it; -1 when it is not in it. */
  readonly ownIndex: number;
  /** When a new valid signature of each validator was last seen, by place; undefined for one not heard since the start. */
  readonly heardMs: readonly (number | undefined)[];
};

export function statusOf(state: BbftState): BbftStatus {
  const here = { epoch: state.epoch, view: state.view };
  const inForce = state.silences.filter((silence) => comparePositions(here, silence.through) <= 0);
  const longest = inForce.toSorted((a, b) => comparePositions(b.through, a.through))[0];
  let voting: BbftStatus["voting"] = longest?.reason ?? "voting";
  if (state.asking?.stage === "first") voting = "asking";
  if (state.phase === "halted") voting = "halted";
  if (!isMember(state)) voting = "observer";
  const committee = state.committees.present;
  return {
    ...here,
    finalHeight: state.final.height,
    voting,
    silentThrough: longest?.through,
    streak: state.streak,
    evidence: state.evidence.length,
    committee: committee.keys,
    faultsTolerated: committee.f,
    quorum: committee.q,
    ownIndex: committee.ownIndex,
    heardMs: [...state.heardMs],
  };
}
