// Elections (sidechain.md section 5, bbft.md section 10): ranking by votes, who may take a seat, and how far one committee
// may differ from the one before it. The committee of e + 2 is chosen at the end of e, so keys have an epoch of notice.

import type { VotesSpec } from "@bystack/protocol/spec/votes";
import { bytesToHex, compareBytes, equalBytes } from "@bystack/utils/bytes";
import type { CandidateRecord, CommitteeMember, EpochCommittee, Standby } from "./records.ts";
import type { VotesState } from "./state.ts";

/** Votes descending, ties by key descending (spec/vapor.md section 4). Only those with at least the threshold. */
export function rankCandidates<T extends { readonly key: Uint8Array; readonly votes: bigint }>(
  candidates: readonly T[],
  thresholdNeu: bigint,
): T[] {
  return candidates
    .filter((candidate) => candidate.votes >= thresholdNeu)
    .sort((a, b) => (a.votes === b.votes ? compareBytes(b.key, a.key) : a.votes > b.votes ? -1 : 1));
}

/** Seats that may change from one epoch to the next. A committee too small for a third may change one. */
export function seatChangesMax(members: number, votes: VotesSpec): number {
  return Math.max(1, Math.floor(members / votes.seatChangeDivisor));
}

function memberOf({ voteKey, rewardProgram, key, voterShare }: CandidateRecord): CommitteeMember {
  return { voteKey, rewardProgram, candidate: key, voterShare };
}

function hasSeat(members: readonly { readonly voteKey: Uint8Array }[], voteKey: Uint8Array): boolean {
  return members.some((member) => equalBytes(member.voteKey, voteKey));
}

/** What an election decides from: the committee before, the eligible candidates in rank order, and who is barred. */
export type Election = {
  readonly present: readonly CommitteeMember[];
  readonly ranked: readonly CandidateRecord[];
  readonly isBarred: (voteKey: Uint8Array) => boolean;
};

/** The committee as it would be if any number of seats could change. */
function wantedSeats({ present, ranked, isBarred }: Election, votes: VotesSpec): CommitteeMember[] {
  if (ranked.length >= votes.committeeMin) return ranked.slice(0, votes.committeeMax).map(memberOf);
  // Too few to elect: the present committee stays, and only the seats of barred members are filled again.
  const staying = present.filter((member) => !isBarred(member.voteKey));
  const others = ranked.filter((candidate) => !hasSeat(present, candidate.voteKey)).map(memberOf);
  const filled = [...staying, ...others.slice(0, present.length - staying.length)];
  const barred = present.filter((member) => isBarred(member.voteKey));
  return [...filled, ...barred.slice(0, Math.max(0, votes.committeeMin - filled.length))];
}

/** The next committee: as wanted, but at most {@link seatChangesMax} seats are lost and as many won. */
export function electSeats(election: Election, votes: VotesSpec): CommitteeMember[] {
  const { present, ranked, isBarred } = election;
  const wanted = wantedSeats(election, votes);
  const changes = seatChangesMax(present.length, votes);
  const rank = new Map(ranked.map((candidate, i) => [bytesToHex(candidate.voteKey), i]));
  // First go the barred, then those without a rank, then the lowest.
  const worth = (member: CommitteeMember): number =>
    isBarred(member.voteKey) ? ranked.length + 1 : (rank.get(bytesToHex(member.voteKey)) ?? ranked.length);
  const leaving = present
    .filter((member) => !hasSeat(wanted, member.voteKey))
    .sort((a, b) => worth(b) - worth(a))
    .slice(0, changes);
  const kept = present.filter((member) => !hasSeat(leaving, member.voteKey));
  const room = Math.max(0, Math.max(votes.committeeMax, present.length) - kept.length);
  const joining = wanted.filter((member) => !hasSeat(present, member.voteKey)).slice(0, Math.min(changes, room));
  const seated = wanted.filter((member) => hasSeat(kept, member.voteKey) || hasSeat(joining, member.voteKey));
  return [...seated, ...kept.filter((member) => !hasSeat(wanted, member.voteKey))];
}

function standbysOf(members: readonly CommitteeMember[], ranked: readonly CandidateRecord[], max: number): Standby[] {
  const below = ranked.filter((candidate) => !hasSeat(members, candidate.voteKey)).slice(0, max);
  return below.map(({ rewardProgram, key, voterShare, votes }) => ({
    rewardProgram,
    candidate: key,
    voterShare,
    votes,
  }));
}

/** Vote keys of the present epoch's members that let more views pass than the parameter allows. */
export function absentKeys(state: VotesState, present: EpochCommittee, missedMax: number): Set<string> {
  const absent = present.members.filter((_, i) => (state.control.missed[i] ?? 0) > missedMax);
  return new Set(absent.map((member) => bytesToHex(member.voteKey)));
}

/** Forgets candidates that nobody votes for any more, and barred keys whose evidence is too old to come again. */
function forget(state: VotesState, isOver: (epoch: number) => boolean): void {
  for (const record of state.candidateRecords()) {
    if (!state.isOpen(record) && record.votes === 0n) state.candidates.delete(bytesToHex(record.key));
  }
  for (const { voteKey, epoch } of state.barredRecords()) {
    const isSeated = state.control.committees.some((committee) => hasSeat(committee.members, voteKey));
    if (isOver(epoch) && !isSeated && state.candidateOf(voteKey) === undefined) {
      state.barred.delete(bytesToHex(voteKey));
    }
  }
}

/** At the end of `epoch`: chooses the committee of the epoch after the next and forgets the oldest. */
export function holdElection(
  state: VotesState,
  votes: VotesSpec,
  end: { readonly epoch: number; readonly isOver: (epoch: number) => boolean },
): void {
  const { epoch } = end;
  const [, present, next] = state.control.committees;
  if (present?.epoch !== epoch || next?.epoch !== epoch + 1) {
    throw new Error("invariant broken: an election without the committees of this epoch and the next");
  }
  const absent = absentKeys(state, present, votes.missedMax);
  const eligible = state
    .candidateRecords()
    .filter((candidate) => state.isOpen(candidate) && !absent.has(bytesToHex(candidate.voteKey)));
  const ranked = rankCandidates(eligible, votes.thresholdNeu);
  const isBarred = (voteKey: Uint8Array): boolean => state.isBarred(voteKey);
  const members = electSeats({ present: next.members, ranked, isBarred }, votes);
  const elected = { epoch: epoch + 2, members, standbys: standbysOf(members, ranked, votes.standbysMax) };
  state.control = {
    ...state.control,
    committees: [present, next, elected],
    missed: next.members.map(() => 0),
  };
  for (const member of members) {
    const record = state.candidateOf(member.voteKey);
    if (record !== undefined) state.setCandidate({ ...record, lastSeatEpoch: elected.epoch });
  }
  forget(state, end.isOver);
}
