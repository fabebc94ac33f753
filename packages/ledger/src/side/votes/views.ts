// What people and wallets read of elections: candidates in their ranking with how each stands, committees with what their
// seats missed, vote outputs with when they come free and what they have earned. Plain values, worked out by the rules'
// own functions; nothing here is consensus.

import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type { SideState } from "../state.ts";
import { type SideUtxo, UTXO_KIND } from "../utxo.ts";
import { bondReleaseHeight } from "./candidates.ts";
import { absentKeys, rankCandidates } from "./election.ts";
import type { CandidateRecord, CommitteeMember, EpochCommittee } from "./records.ts";
import type { VotesState } from "./state.ts";
import { entitlement } from "./voters.ts";

/**
 * `standing`: may be elected · `below-threshold`: too few votes · `demoted`: missed too many views of this epoch, so out of
 * the next election · `resigned` · `removed`: its bond was seized on evidence.
 */
export type CandidateStatus = "standing" | "below-threshold" | "demoted" | "resigned" | "removed";

export type CandidateView = CandidateRecord & {
  readonly status: CandidateStatus;
  /** Place in the ranking, from 1; undefined unless it stands. */
  readonly rank: number | undefined;
  /** Places in the committees of this epoch and the next, from 0. */
  readonly seatNow: number | undefined;
  readonly seatNext: number | undefined;
  /** Views that it let pass in this epoch; undefined without a seat. */
  readonly missed: number | undefined;
  /** First height at which its bond may be taken back; undefined while it has not resigned. */
  readonly bondRelease: number | undefined;
};

/** Epoch of the block after a state: the one whose committee makes the next block. */
export function presentEpoch(state: SideState): number {
  return Math.floor(state.position.height / state.rules.spec.consensus.epochBlocks) + 1;
}

function seatOf(committee: EpochCommittee | undefined, voteKey: Uint8Array): number | undefined {
  const place = committee?.members.findIndex((member) => equalBytes(member.voteKey, voteKey)) ?? -1;
  return place < 0 ? undefined : place;
}

function statusOf(record: CandidateRecord, votes: VotesState, context: { absent: boolean; thresholdNeu: bigint }) {
  if (votes.isBarred(record.voteKey)) return "removed";
  if (!votes.isOpen(record)) return "resigned";
  if (context.absent) return "demoted";
  return record.votes < context.thresholdNeu ? "below-threshold" : "standing";
}

/** What the views of one state share. */
function around(state: SideState, votes: VotesState) {
  const epoch = presentEpoch(state);
  // An epoch's last block begins the counts of the next one.
  return { now: votes.committee(epoch), next: votes.committee(epoch + 1), missed: votes.control.missed };
}

/** All candidates: those that stand by their rank, then the others by votes and key. Undefined without elections. */
export function candidateViews(state: SideState): CandidateView[] | undefined {
  const { votes, rules } = state;
  const spec = rules.spec.votes;
  if (votes === undefined || spec === undefined) return undefined;
  const { now, next, missed } = around(state, votes);
  const absent = now === undefined ? new Set() : absentKeys(votes, now, spec.missedMax);
  const views = votes.candidateRecords().map((record) => {
    const isAbsent = absent.has(bytesToHex(record.voteKey));
    const status = statusOf(record, votes, { absent: isAbsent, thresholdNeu: spec.thresholdNeu });
    const seatNow = seatOf(now, record.voteKey);
    return {
      ...record,
      status,
      seatNow,
      seatNext: seatOf(next, record.voteKey),
      missed: seatNow === undefined ? undefined : (missed[seatNow] ?? 0),
      bondRelease: bondReleaseHeight(record, rules, spec),
    } as const;
  });
  const standing = rankCandidates(
    views.filter(({ status }) => status === "standing"),
    spec.thresholdNeu,
  );
  const others = rankCandidates(
    views.filter(({ status }) => status !== "standing"),
    0n,
  );
  return [
    ...standing.map((view, i) => ({ ...view, rank: i + 1 })),
    ...others.map((view) => ({ ...view, rank: undefined })),
  ];
}

/** A seat with what an epoch in progress says of it. */
export type SeatView = CommitteeMember & {
  /** Views that it let pass; undefined but in the present epoch. */
  readonly missed: number | undefined;
  readonly barred: boolean;
};

/** The seats of a committee, in order. */
export function seatViews(state: SideState, committee: Pick<EpochCommittee, "epoch" | "members">): SeatView[] {
  const { votes } = state;
  const isNow = committee.epoch === presentEpoch(state);
  const missed = votes === undefined ? [] : around(state, votes).missed;
  return committee.members.map((member, i) => ({
    ...member,
    missed: isNow && votes !== undefined ? (missed[i] ?? 0) : undefined,
    barred: votes?.isBarred(member.voteKey) === true,
  }));
}

export type VoteView = {
  readonly candidate: Uint8Array;
  readonly isBond: boolean;
  /** First height of a block that may take it back; undefined for a bond whose owner has not resigned. */
  readonly freeFrom: number | undefined;
  /** Its voters' share that is not claimed yet. */
  readonly dueNeu: bigint;
  /** First epoch in which a claim for it may be in a block. */
  readonly claimFrom: number;
};

/** How a vote output stands; undefined for any other output. */
export function voteView(state: SideState, id: string, utxo: SideUtxo): VoteView | undefined {
  const { votes, rules } = state;
  const spec = rules.spec.votes;
  if (votes === undefined || spec === undefined || utxo.kind !== UTXO_KIND.vote) return undefined;
  const record = votes.candidate(utxo.vote);
  const bond = record?.bond;
  const isBond = bond !== undefined && bytesToHex(bond.outputId) === id;
  const unlocked = utxo.createdHeight + rules.spec.locks.voteBlocks;
  const release = isBond && record !== undefined ? bondReleaseHeight(record, rules, spec) : unlocked;
  return {
    candidate: utxo.vote,
    isBond,
    freeFrom: release === undefined ? undefined : Math.max(release, unlocked),
    dueNeu: entitlement(votes, { id, key: utxo.vote, amount: utxo.amount }),
    claimFrom: (votes.positions.get(id)?.epoch ?? 0) + 1,
  };
}
