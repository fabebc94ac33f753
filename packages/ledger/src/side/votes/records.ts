// What the state remembers about elections (sidechain.md sections 4 and 5), and the bytes of each record: the state root
// commits to them, snapshots carry them.

import { writeVarint53 } from "@bystack/protocol/side/header";
import { bigintToBytesLe, bytesToBigintLe, type Hash } from "@bystack/utils/bytes";
import { codec, type RecordCodec, readList, readOptional, writeList, writeOptional } from "../record-codec.ts";

/** A seat of an epoch. */
export type CommitteeMember = {
  readonly voteKey: Uint8Array;
  readonly rewardProgram: Uint8Array;
  /** Key of the candidate that has it; empty for a validator of the chain spec. */
  readonly candidate: Uint8Array;
  /** Percent of its rewards for its voters. */
  readonly voterShare: number;
};

/** A candidate ranked below the committee, with the votes that it is paid by. */
export type Standby = Pick<CommitteeMember, "rewardProgram" | "candidate" | "voterShare"> & { readonly votes: bigint };

export type EpochCommittee = {
  readonly epoch: number;
  readonly members: readonly CommitteeMember[];
  readonly standbys: readonly Standby[];
};

/** A registered candidate. Its votes are the sum of the vote outputs for its key, the bond included. */
export type CandidateRecord = {
  readonly key: Uint8Array;
  readonly voteKey: Uint8Array;
  readonly rewardProgram: Uint8Array;
  readonly voterShare: number;
  readonly votes: bigint;
  /** What one neu of votes has earned its voter so far, times 2^64. */
  readonly index: bigint;
  /** Undefined once it is taken back or seized. */
  readonly bond: { readonly outputId: Hash; readonly amount: bigint } | undefined;
  /** Epoch in which it resigned. */
  readonly resignedEpoch: number | undefined;
  /** Last epoch for which it was elected; 0 for none. */
  readonly lastSeatEpoch: number;
};

/** Up to where a vote output was paid: the candidate's index then, and the epoch of its creation or last claim. */
export type PositionRecord = { readonly index: bigint; readonly epoch: number };

/** A vote key that broke a rule: accepted once, for this epoch and view. */
export type BarredRecord = {
  readonly voteKey: Uint8Array;
  readonly epoch: number;
  readonly view: number;
  /** Block that holds the evidence. */
  readonly height: number;
};

/** An index stays below 2^256: it grows by less than 2^127 an epoch. */
const INDEX_BYTES = 32;

/** A record holds copies: what a decoder gives are views of a whole block or snapshot. */
const copy = (bytes: Uint8Array): Uint8Array => bytes.slice();

export const COMMITTEE_CODEC: RecordCodec<EpochCommittee> = codec(
  (writer, committee) => {
    writeVarint53(writer, committee.epoch);
    writeList(writer, committee.members, (member) => {
      writer.raw(member.voteKey).varstr(member.rewardProgram).varstr(member.candidate).byte(member.voterShare);
    });
    writeList(writer, committee.standbys, (standby) => {
      writer.varstr(standby.rewardProgram).varstr(standby.candidate).byte(standby.voterShare).varint63(standby.votes);
    });
  },
  (reader) => ({
    epoch: reader.varint53(),
    members: readList(reader, () => ({
      voteKey: copy(reader.take(32)),
      rewardProgram: copy(reader.varstr()),
      candidate: copy(reader.varstr()),
      voterShare: reader.byte(),
    })),
    standbys: readList(reader, () => ({
      rewardProgram: copy(reader.varstr()),
      candidate: copy(reader.varstr()),
      voterShare: reader.byte(),
      votes: reader.varint63(),
    })),
  }),
);

export const MISSED_CODEC: RecordCodec<readonly number[]> = codec(
  (writer, missed) => writeList(writer, missed, (count) => writeVarint53(writer, count)),
  (reader) => readList(reader, () => reader.varint53()),
);

export const CANDIDATE_CODEC: RecordCodec<CandidateRecord> = codec(
  (writer, record) => {
    writer.raw(record.key).raw(record.voteKey).varstr(record.rewardProgram).byte(record.voterShare);
    writer.varint63(record.votes).raw(bigintToBytesLe(record.index, INDEX_BYTES));
    writeOptional(writer, record.bond, ({ outputId, amount }) => writer.raw(outputId).varint63(amount));
    writeOptional(writer, record.resignedEpoch, (epoch) => writeVarint53(writer, epoch));
    writeVarint53(writer, record.lastSeatEpoch);
  },
  (reader) => ({
    key: copy(reader.take(64)),
    voteKey: copy(reader.take(32)),
    rewardProgram: copy(reader.varstr()),
    voterShare: reader.byte(),
    votes: reader.varint63(),
    index: bytesToBigintLe(reader.take(INDEX_BYTES)),
    bond: readOptional(reader, () => ({ outputId: copy(reader.hash()), amount: reader.varint63() })),
    resignedEpoch: readOptional(reader, () => reader.varint53()),
    lastSeatEpoch: reader.varint53(),
  }),
);

export const POSITION_CODEC: RecordCodec<PositionRecord> = codec(
  (writer, record) => writeVarint53(writer.raw(bigintToBytesLe(record.index, INDEX_BYTES)), record.epoch),
  (reader) => ({ index: bytesToBigintLe(reader.take(INDEX_BYTES)), epoch: reader.varint53() }),
);

export const BARRED_CODEC: RecordCodec<BarredRecord> = codec(
  (writer, record) => {
    writer.raw(record.voteKey);
    for (const value of [record.epoch, record.view, record.height]) writeVarint53(writer, value);
  },
  (reader) => ({
    voteKey: copy(reader.take(32)),
    epoch: reader.varint53(),
    view: reader.varint53(),
    height: reader.varint53(),
  }),
);
