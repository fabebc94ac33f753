// The elections' part of a side chain's state (sidechain.md sections 4 and 5): candidates with their votes, barred keys, the
// committees of three epochs and the missed views of the present one; in layers like the rest of the state. The number of
// votes of a candidate is always the sum of the vote outputs for its key.

import { merkleRoot } from "@bystack/protocol/merkle";
import type { MappedSideTransaction } from "@bystack/protocol/side/entries";
import type { SideChainSpec } from "@bystack/protocol/spec/side";
import { ByteWriter } from "@bystack/protocol/wire";
import { bytesToHex, compareBytes, equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { LayeredMap } from "../layered.ts";
import {
  BARRED_CODEC,
  type BarredRecord,
  CANDIDATE_CODEC,
  type CandidateRecord,
  COMMITTEE_CODEC,
  type CommitteeMember,
  type EpochCommittee,
  MISSED_CODEC,
} from "./records.ts";

/** Epochs whose committees a state knows. */
export const KNOWN_COMMITTEES = 3;

/** The small values that change with blocks. */
export type VotesControl = {
  /** Of the epoch before the present one, the present one and the next; after an epoch's last block one further. */
  readonly committees: readonly EpochCommittee[];
  /** Views that each seat of the present epoch let pass. */
  readonly missed: readonly number[];
};

/** One change of a candidate's votes: the inputs of a transaction first, then its outputs, in their order. */
export type VoteMove = { readonly kind: "veto" | "vote"; readonly key: Uint8Array; readonly amount: bigint };

/** What a transaction does to votes (spec/vapor.md section 4). */
export function voteMoves(mapped: MappedSideTransaction): VoteMove[] {
  const moves: VoteMove[] = [];
  for (const source of mapped.sources) {
    if (source.kind === "veto") moves.push({ kind: "veto", key: source.input.vote, amount: source.value.amount });
  }
  for (const result of mapped.results) {
    if (result.kind === "vote") moves.push({ kind: "vote", key: result.vote, amount: result.value.amount });
  }
  return moves;
}

export class VotesState {
  readonly candidates: LayeredMap<CandidateRecord>;
  readonly barred: LayeredMap<BarredRecord>;
  control: VotesControl;
  #parent: VotesState | undefined;
  #candidatesRoot: Hash | undefined;

  constructor(
    control: VotesControl,
    maps: { candidates: LayeredMap<CandidateRecord>; barred: LayeredMap<BarredRecord> } = {
      candidates: new LayeredMap(),
      barred: new LayeredMap(),
    },
    parent?: VotesState,
  ) {
    this.control = control;
    this.candidates = maps.candidates;
    this.barred = maps.barred;
    this.#parent = parent;
  }

  fork(): VotesState {
    return new VotesState(this.control, { candidates: this.candidates.fork(), barred: this.barred.fork() }, this);
  }

  settle(): void {
    this.#candidatesRoot = this.candidatesRoot();
    this.#parent = undefined;
    this.candidates.settle();
    this.barred.settle();
  }

  candidate(key: Uint8Array): CandidateRecord | undefined {
    return this.candidates.get(bytesToHex(key));
  }

  setCandidate(record: CandidateRecord): void {
    this.candidates.set(bytesToHex(record.key), record);
  }

  isBarred(voteKey: Uint8Array): boolean {
    return this.barred.has(bytesToHex(voteKey));
  }

  /** A candidate that may be voted for: neither resigned nor barred. */
  isOpen(record: CandidateRecord): boolean {
    return record.resignedEpoch === undefined && record.bond !== undefined && !this.isBarred(record.voteKey);
  }

  /** The candidate that has this vote key, if any. */
  candidateOf(voteKey: Uint8Array): CandidateRecord | undefined {
    for (const [, record] of this.candidates.entries()) if (equalBytes(record.voteKey, voteKey)) return record;
    return undefined;
  }

  /** All candidates, ascending by key. */
  candidateRecords(): CandidateRecord[] {
    return [...this.candidates.entries()].map(([, record]) => record).sort((a, b) => compareBytes(a.key, b.key));
  }

  committee(epoch: number): EpochCommittee | undefined {
    return this.control.committees.find((committee) => committee.epoch === epoch);
  }

  /** Counts one move; false, and nothing is changed, when the key is no candidate's or has fewer votes. */
  move({ kind, key, amount }: VoteMove): boolean {
    const record = this.candidate(key);
    if (record === undefined || (kind === "veto" && record.votes < amount)) return false;
    this.setCandidate({ ...record, votes: kind === "veto" ? record.votes - amount : record.votes + amount });
    return true;
  }

  /** Merkle root over the candidates by key; a layer without changes has its parent's. */
  candidatesRoot(): Hash {
    if (this.#candidatesRoot !== undefined) return this.#candidatesRoot;
    const inherited = this.candidates.changes().size === 0 ? this.#parent?.candidatesRoot() : undefined;
    const root = inherited ?? merkleRoot(this.candidateRecords().map((record) => CANDIDATE_CODEC.encode(record)));
    this.#candidatesRoot = root;
    return root;
  }

  barredRecords(): BarredRecord[] {
    return [...this.barred.entries()].map(([, record]) => record).sort((a, b) => compareBytes(a.voteKey, b.voteKey));
  }

  /** Leaves of the votes part of the state root, with the fee counts that belong to it. */
  root(fees: Uint8Array): Hash {
    const { committees, missed } = this.control;
    const barred = merkleRoot(this.barredRecords().map((record) => BARRED_CODEC.encode(record)));
    return merkleRoot([
      leaf("fees", fees),
      leaf("candidates", this.candidatesRoot()),
      leaf("barred", barred),
      leaf("missed", MISSED_CODEC.encode(missed)),
      ...committees.map((committee) => leaf(`committee/${committee.epoch}`, COMMITTEE_CODEC.encode(committee))),
    ]);
  }
}

function leaf(name: string, content: Uint8Array): Uint8Array {
  return new ByteWriter(content.length + 32).varstr(utf8ToBytes(name)).raw(content).finish();
}

/** The seats of a chain spec. */
export function specMembers(spec: SideChainSpec): CommitteeMember[] {
  return spec.committee.map(({ voteKey, rewardProgram }) => ({
    voteKey,
    rewardProgram,
    candidate: new Uint8Array(0),
    voterShare: 0,
  }));
}

/** Before the first block: no candidates, and the spec's committee for the epochs up to 2. */
export function createVotesState(spec: SideChainSpec): VotesState {
  const members = specMembers(spec);
  const committees = [0, 1, 2].map((epoch) => ({ epoch, members, standbys: [] }));
  return new VotesState({ committees, missed: members.map(() => 0) });
}
