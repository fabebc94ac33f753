// The elections' part of a side chain's state (sidechain.md sections 4 and 5): candidates with their votes, barred keys, the
// committees of three epochs and the missed views of the present one; in layers like the rest of the state. The number of
// votes of a candidate is always the sum of the vote outputs for its key.

import { sha3_256Parts } from "@bystack/crypto/hash";
import { merkleRoot } from "@bystack/protocol/merkle";
import type { MappedSideTransaction } from "@bystack/protocol/side/entries";
import type { SideChainSpec } from "@bystack/protocol/spec/side";
import { ByteWriter } from "@bystack/protocol/wire";
import {
  bytesToHex,
  compareBytes,
  concatBytes,
  equalBytes,
  type Hash,
  hexToBytes,
  utf8ToBytes,
} from "@bystack/utils/bytes";
import { LayeredMap } from "../layered.ts";
import { createHashedMap, type HashedMap } from "../multiset.ts";
import {
  BARRED_CODEC,
  type BarredRecord,
  CANDIDATE_CODEC,
  type CandidateRecord,
  COMMITTEE_CODEC,
  type CommitteeMember,
  type EpochCommittee,
  MISSED_CODEC,
  POSITION_CODEC,
  type PositionRecord,
} from "./records.ts";

/** Epochs whose committees a state knows. */
export const KNOWN_COMMITTEES = 3;

/** The small values that change with blocks. */
export type VotesControl = {
  /** Of the epoch before the present one, the present one and the next; after an epoch's last block one further. */
  readonly committees: readonly EpochCommittee[];
  /** Views that each seat of the present epoch let pass. */
  readonly missed: readonly number[];
  /** BTM that is kept for voters until they claim it. */
  readonly votersNeu: bigint;
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

type Maps = {
  readonly candidates: LayeredMap<CandidateRecord>;
  readonly barred: LayeredMap<BarredRecord>;
  readonly positions: HashedMap<PositionRecord>;
};

const POSITION_TAG = utf8ToBytes("bystack/votes/position/1");

function emptyMaps(): Maps {
  const positions = createHashedMap<PositionRecord>((id, record) =>
    concatBytes(POSITION_TAG, hexToBytes(id), POSITION_CODEC.encode(record)),
  );
  return { candidates: new LayeredMap(), barred: new LayeredMap(), positions };
}

export class VotesState implements Maps {
  readonly candidates: LayeredMap<CandidateRecord>;
  readonly barred: LayeredMap<BarredRecord>;
  /** By id of the vote output, for every vote output there is. */
  readonly positions: HashedMap<PositionRecord>;
  control: VotesControl;
  #parent: VotesState | undefined;
  #candidatesRoot: Hash | undefined;

  constructor(control: VotesControl, maps: Maps = emptyMaps(), parent?: VotesState) {
    this.control = control;
    this.candidates = maps.candidates;
    this.barred = maps.barred;
    this.positions = maps.positions;
    this.#parent = parent;
  }

  fork(): VotesState {
    const { candidates, barred, positions } = this;
    const maps = { candidates: candidates.fork(), barred: barred.fork(), positions: positions.fork() };
    return new VotesState(this.control, maps, this);
  }

  settle(): void {
    this.#candidatesRoot = this.candidatesRoot();
    this.#parent = undefined;
    this.candidates.settle();
    this.barred.settle();
    this.positions.settle();
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

  /** A candidate that may be voted for: it has not resigned, and its bond was neither seized nor taken back. */
  isOpen(record: CandidateRecord): boolean {
    return record.resignedEpoch === undefined && record.bond !== undefined;
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
    const { committees, missed, votersNeu } = this.control;
    const barred = merkleRoot(this.barredRecords().map((record) => BARRED_CODEC.encode(record)));
    return merkleRoot([
      leaf("fees", fees),
      leaf("candidates", this.candidatesRoot()),
      leaf("barred", barred),
      leaf("missed", MISSED_CODEC.encode(missed)),
      leaf("voters", new ByteWriter(10).varint63(votersNeu).finish()),
      leaf("positions", sha3_256Parts(this.positions.digest().bytes())),
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
  return new VotesState({ committees, missed: members.map(() => 0), votersNeu: 0n });
}
