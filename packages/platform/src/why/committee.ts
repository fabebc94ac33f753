// A side chain's committee at one moment, from what all nodes say together: who votes, who is away and why, whether the chain
// goes on. A process that is gone is gone at once; of a node that runs the others' word counts, since one that is cut off
// believes itself well. While a chain stands nobody signs anything new, so that silence then proves nothing.

import { explainExit } from "../provider/exit-codes.ts";
import type { NodeExit } from "../provider/provider.ts";
import { duration } from "./draft.ts";
import {
  type Answering,
  type ChainEvidence,
  type Evidence,
  isAnswering,
  type NodeEvidence,
  nodesOf,
} from "./evidence.ts";

/** A chain without a final block for longer than this stands still (platform.md section 9). */
export const STANDS_MS = 10_000;
/** Nor does one whose blocks come slower than that: it may be late by so many of its own intervals. */
const STANDS_INTERVALS = 6;
/** A validator of a chain that goes on and was not heard for so long is away: votes come at every block. */
export const AWAY_MS = 5_000;
/** A node that was started so short a time ago is still joining: it asks the others before it votes. */
export const JOINING_MS = 30_000;

/** Someone with a seat, as all nodes together see it. */
export type Seat = {
  readonly id: string;
  readonly node: NodeEvidence | undefined;
  /** `joining`: on its way after a start. `away`: its votes do not come. */
  readonly state: "live" | "joining" | "away";
  /** Why it does not vote, as a clause without a full stop. */
  readonly reason: string;
  /** Nobody can reach its votes: its process is gone. */
  readonly gone: boolean;
  /** Heard by others although it does not answer here. */
  readonly hidden: boolean;
};

export type Committee = {
  readonly chain: string;
  readonly seats: readonly Seat[];
  readonly quorum: number;
  readonly live: number;
  /** Newest final height that anybody told, and its age; undefined when nobody answered. */
  readonly best: { readonly height: number; readonly ageMs: number; readonly intervalMs: number } | undefined;
  /** Since when there is no final block, when it stands. */
  readonly stoppedSinceMs: number | undefined;
};

export function exitText(exit: NodeExit, nowMs: number): string {
  const how = exit.signal ?? (exit.code === null ? undefined : `exit code ${exit.code}`);
  const meaning = exit.meaning === "" ? explainExit(exit.code, exit.signal).meaning : exit.meaning;
  return `${meaning}${how === undefined ? "" : ` (${how})`}, ${duration(Math.max(0, nowMs - exit.atMs))} ago`;
}

/** The newest final block by the clocks of those who have it; the youngest age is the one without a clock ahead. */
function bestOf(answering: readonly Answering[]): Committee["best"] {
  const [first] = answering;
  if (first === undefined) return undefined;
  const height = Math.max(...answering.map(({ info }) => info.finalHeight));
  const at = answering.filter(({ info }) => info.finalHeight === height);
  const ages = at.map(({ info, clock }) => info.finalAgeMs - (clock?.offsetMs ?? 0));
  const intervals = at.map(({ info }) => info.blockIntervalMs ?? 0);
  return { height, ageMs: Math.max(0, Math.min(...ages)), intervalMs: Math.max(...intervals) };
}

/** The committee as the node that has got furthest tells it. */
function committeeFrom(answering: readonly Answering[]): NodeEvidence["consensus"] {
  return answering
    .toSorted(
      (a, b) => (b.consensus?.epoch ?? -1) - (a.consensus?.epoch ?? -1) || b.info.finalHeight - a.info.finalHeight,
    )
    .find(({ consensus }) => (consensus?.validators.length ?? 0) > 0)?.consensus;
}

/** Milliseconds since any other node heard a validator; undefined when none of them ever did. */
function heardMs(answering: readonly Answering[], id: string): number | undefined {
  const ages = answering
    .filter((node) => node.id !== id)
    .flatMap(({ consensus }) => consensus?.validators.find((validator) => validator.id === id)?.lastVoteAgeMs ?? []);
  return ages.length === 0 ? undefined : Math.min(...ages);
}

type Around = { readonly nowMs: number; readonly answering: readonly Answering[]; readonly goesOn: boolean };

function silentSeat(node: Answering, reason: string, nowMs: number): Pick<Seat, "state" | "reason"> {
  const isYoung = nowMs - node.info.startedAtMs < JOINING_MS;
  return { state: isYoung ? "joining" : "away", reason: `does not vote: ${reason}` };
}

/** Of one that answers and says that it votes: whether the others hear it. */
function votingSeat(node: Answering, around: Around): Pick<Seat, "state" | "reason"> {
  const { answering, goesOn, nowMs } = around;
  const well = { state: "live", reason: "" } as const;
  const others = answering.filter(({ id, consensus }) => id !== node.id && consensus !== undefined);
  if (!goesOn || others.length === 0) return well;
  const heard = heardMs(answering, node.id);
  if (heard !== undefined && heard <= AWAY_MS) return well;
  if (nowMs - node.info.startedAtMs < JOINING_MS) return { state: "joining", reason: "has not voted since its start" };
  const since = heard === undefined ? "by no other" : `for ${duration(heard)} by any other`;
  return { state: "away", reason: `runs, and its votes were not heard ${since}` };
}

function seatOf(id: string, node: NodeEvidence | undefined, around: Around): Seat {
  const { nowMs, answering, goesOn } = around;
  const base = { id, node, gone: false, hidden: false };
  const heard = heardMs(answering, id);
  const isHeard = goesOn && heard !== undefined && heard <= AWAY_MS;
  if (node === undefined) {
    // Run by others: all that is known is what our own nodes hear.
    if (isHeard || !goesOn) return { ...base, state: "live", reason: "" };
    return {
      ...base,
      state: "away",
      reason: heard === undefined ? "was never heard" : `not heard for ${duration(heard)}`,
    };
  }
  if (node.phase !== "running") {
    const reason = node.exit === undefined ? "was not started, or nobody saw how it ended" : exitText(node.exit, nowMs);
    return { ...base, state: "away", reason, gone: true };
  }
  if (!isAnswering(node)) {
    if (isHeard) return { ...base, state: "live", reason: "", hidden: true };
    return { ...base, state: "away", reason: `runs and does not answer (${node.unreachable?.why ?? "no answer"})` };
  }
  const { consensus } = node;
  if (consensus !== undefined && !consensus.voting && consensus.silence !== "observer")
    return { ...base, ...silentSeat(node, consensus.notVotingBecause ?? "it does not say why", nowMs) };
  return { ...base, ...votingSeat(node, around) };
}

/** When as many nodes as a quorum had been started: before that nothing could become final. */
function quorumStartedMs(answering: readonly Answering[], quorum: number): number {
  const starts = answering.map(({ info }) => info.startedAtMs).sort((a, b) => a - b);
  return starts[Math.min(quorum, starts.length) - 1] ?? 0;
}

/** It ended after one that answers was started; not before, as in a network whose nodes are started one after another. */
function endedMeanwhile(seat: Seat, firstStartMs: number): boolean {
  return seat.gone && seat.node?.exit !== undefined && seat.node.exit.atMs >= firstStartMs;
}

function stoppedSince(
  parts: Pick<Committee, "seats" | "quorum" | "best">,
  around: { readonly nowMs: number; readonly answering: readonly Answering[] },
): number | undefined {
  const { seats, quorum, best } = parts;
  const { nowMs, answering } = around;
  if (best === undefined) {
    // Nobody answers: only processes that are gone say something.
    const gone = seats.filter((seat) => seat.gone);
    if (seats.length - gone.length >= quorum) return undefined;
    const ends = gone.flatMap(({ node }) => node?.exit?.atMs ?? []);
    return ends.length === 0 ? nowMs : Math.max(...ends);
  }
  const finalAtMs = nowMs - best.ageMs;
  const fromMs = Math.max(finalAtMs, quorumStartedMs(answering, quorum));
  const limitMs = Math.max(STANDS_MS, STANDS_INTERVALS * best.intervalMs);
  if (nowMs - fromMs > limitMs) return finalAtMs;
  const firstStartMs = Math.min(...answering.map(({ info }) => info.startedAtMs));
  const missing = seats.filter((seat) => endedMeanwhile(seat, firstStartMs));
  if (seats.length - missing.length >= quorum) return undefined;
  return Math.max(...missing.flatMap(({ node }) => node?.exit?.atMs ?? []));
}

/** Who sits and votes on a side chain; undefined for a main chain and where nothing is known of seats. */
export function committeeOf(evidence: Evidence, chain: ChainEvidence): Committee | undefined {
  if (chain.kind !== "side") return undefined;
  const { nowMs } = evidence;
  const nodes = nodesOf(evidence, chain.chain);
  const answering = nodes.filter(isAnswering);
  const told = committeeFrom(answering);
  const ids = told?.validators.map(({ id }) => id) ?? nodes.filter(({ founder }) => founder).map(({ id }) => id);
  if (ids.length === 0) return undefined;
  const quorum = told?.quorum ?? ids.length - Math.floor((ids.length - 1) / 3);
  const best = bestOf(answering);
  const goesOn = best !== undefined && best.ageMs <= Math.max(STANDS_MS, STANDS_INTERVALS * best.intervalMs);
  const around = { nowMs, answering, goesOn };
  const seats = ids.map((id) =>
    seatOf(
      id,
      nodes.find((node) => node.id === id),
      around,
    ),
  );
  const live = seats.filter(({ state }) => state === "live").length;
  const stoppedSinceMs = stoppedSince({ seats, quorum, best }, around);
  return { chain: chain.chain, seats, quorum, live, best, stoppedSinceMs };
}
