// The routes of elections on a side chain (sidechain.md section 5): who stands, who sits, whose votes are locked for how
// long, who was caught. Reads are of final state. A chain with a fixed committee answers NO_ELECTIONS, but for its committee.

import { z } from "zod";
import { route } from "./route.ts";
import * as s from "./schemas.ts";

/** A candidate's key: public key and chain code. */
const candidateKey = z
  .string()
  .regex(/^[0-9a-f]{128}$/, "128 lower-case hexadecimal digits")
  .meta({ title: "candidate" });

const count = z.number().int().nonnegative();

const parameters = z.object({
  outputMinNeu: s.amount,
  thresholdNeu: s.amount,
  bondMinNeu: s.amount,
  committeeMin: count,
  committeeMax: count,
  seatChangesMax: count,
  standbysMax: count,
  candidatesMax: count,
  missedMax: count,
  unbondingBlocks: count,
  voteLockBlocks: count,
  trustingMs: s.milliseconds,
  producersBps: count,
  poolReleaseNeu: s.amount,
});

const elections = z.object({
  height: s.height,
  epoch: count,
  epochBlocks: count,
  /** Height of the block whose election chooses the committee of the epoch after the next. */
  nextElectionHeight: s.height,
  candidates: count,
  /** What past rewards left over, seized bonds and deposits for the pool. */
  poolNeu: s.amount,
  /** What is kept for voters until they claim it. */
  votersNeu: s.amount,
  /** Fees of the present epoch so far. */
  feesNeu: s.amount,
  /** Where BTM of the main chain is paid to feed the pool; null on a chain without a federation. */
  poolDeposit: z.object({ address: z.string(), program: s.bytes }).nullable(),
  parameters,
});

const candidate = z.object({
  key: candidateKey,
  /** The name that this node knows it by, or the beginning of its vote key. */
  id: z.string(),
  voteKey: s.hash,
  /** Place in the ranking, from 1; null unless it stands. */
  rank: count.nullable(),
  status: z.enum(["standing", "below-threshold", "demoted", "resigned", "removed"]),
  /** All votes, the bond included. */
  votesNeu: s.amount,
  bondNeu: s.amount.nullable(),
  bondId: s.hash.nullable(),
  /** First height at which the bond may be taken back; null while it has not resigned. */
  bondFreeFrom: s.height.nullable(),
  /** Percent of its rewards that its voters get. */
  voterShare: count,
  rewardProgram: s.bytes,
  rewardAddress: z.string().nullable(),
  /** Places in the committees of this epoch and the next, from 0. */
  seatNow: count.nullable(),
  seatNext: count.nullable(),
  /** Views that it let pass in this epoch; null without a seat. */
  missed: count.nullable(),
  lastSeatEpoch: count.nullable(),
  resignedEpoch: count.nullable(),
});

const committee = z.object({
  epoch: count,
  when: z.enum(["past", "now", "next", "later"]),
  firstHeight: s.height,
  lastHeight: s.height,
  quorum: count,
  faultsTolerated: count,
  members: z.array(
    z.object({
      index: count,
      id: z.string(),
      voteKey: s.hash,
      /** Key of the candidate that won the seat; null for a validator of the chain spec, and of a past epoch. */
      candidate: candidateKey.nullable(),
      /** Of a past epoch the vote keys alone are kept. */
      voterShare: count.nullable(),
      rewardProgram: s.bytes.nullable(),
      missed: count.nullable(),
      /** Evidence against it was accepted: it is the first to lose its seat. */
      barred: z.boolean(),
    }),
  ),
  /** Ranks below the committee; null of a past epoch, for which they are not kept. */
  standbys: z.array(z.object({ candidate: candidateKey, votesNeu: s.amount })).nullable(),
});

const vote = z.object({
  id: s.hash,
  candidate: candidateKey,
  amountNeu: s.amount,
  program: s.bytes,
  address: z.string().nullable(),
  height: s.height,
  bond: z.boolean(),
  /** First height of a block that may take it back; null for the bond of a candidate that has not resigned. */
  freeFrom: s.height.nullable(),
  /** Its part of the candidate's rewards that is not claimed yet. */
  dueNeu: s.amount,
  claimFromEpoch: count,
  sourceId: s.hash,
  sourcePosition: count,
});

export const ELECTION_ROUTES = {
  elections: route({
    method: "GET",
    path: "/v1/elections",
    summary: "Side chain: election parameters, the reward pool, when the next election is.",
    reply: elections,
    errors: ["NO_ELECTIONS"],
  }),
  candidates: route({
    method: "GET",
    path: "/v1/candidates",
    summary: "Side chain: candidates, those that stand by rank first. Pages are of one moment each.",
    query: z.strictObject({ limit: s.limitQuery, cursor: s.cursorQuery }),
    reply: s.listOf(candidate),
    errors: ["NO_ELECTIONS", "CURSOR_INVALID"],
  }),
  candidate: route({
    method: "GET",
    path: "/v1/candidates/:key",
    summary: "Side chain: one candidate, by its key or by the beginning of its key or of its vote key.",
    params: z.strictObject({ key: z.string().regex(/^[0-9a-f]{8,128}$/, "8 to 128 lower-case hexadecimal digits") }),
    reply: candidate,
    errors: ["NO_ELECTIONS", "CANDIDATE_NOT_FOUND", "CANDIDATE_AMBIGUOUS"],
  }),
  committee: route({
    method: "GET",
    path: "/v1/committees/:epoch",
    summary: "Side chain: the committee of an epoch: `now`, `next`, or a number.",
    params: z.strictObject({
      epoch: z.string().regex(/^(?:now|next|[1-9]\d{0,14})$/, "now, next, or an epoch from 1"),
    }),
    reply: committee,
    errors: ["COMMITTEE_UNKNOWN"],
  }),
  epochEnds: route({
    method: "GET",
    path: "/v1/epoch-ends",
    summary: "Side chain: how epochs ended, from one on: last header, next vote keys, certificate. For light clients.",
    query: z.strictObject({ from: z.coerce.number().int().min(1), limit: s.limitQuery }),
    reply: z.object({ items: z.array(s.bytes) }),
    errors: ["NO_ELECTIONS"],
  }),
  votes: route({
    method: "POST",
    path: "/v1/votes/query",
    summary: "Side chain: vote outputs of up to 200 programs. A page may have fewer items than there is room for.",
    body: z.strictObject({
      programs: z.array(s.bytes).min(1).max(s.LIST_ITEMS_MAX),
      cursor: z.string().max(200).optional(),
    }),
    reply: s.listOf(vote),
    errors: ["NO_ELECTIONS"],
  }),
  evidence: route({
    method: "GET",
    path: "/v1/evidence",
    summary: "Side chain: keys against which evidence was accepted, newest first.",
    query: z.strictObject({ limit: s.limitQuery, cursor: s.cursorQuery }),
    reply: s.listOf(
      z.object({
        voteKey: s.hash,
        id: z.string(),
        candidate: candidateKey.nullable(),
        epoch: count,
        view: count,
        height: s.height,
      }),
    ),
    errors: ["NO_ELECTIONS", "CURSOR_INVALID"],
  }),
  candidateProof: route({
    method: "POST",
    path: "/admin/candidate-proof",
    summary: "This node's vote key signs the registration of a candidate that names it, and nothing else.",
    body: z.strictObject({ raw: s.bytes }),
    reply: z.object({ voteKey: s.hash, signature: s.bytes }),
    errors: ["NO_ELECTIONS", "REGISTRATION_INVALID"],
    access: "admin",
  }),
  voteKey: route({
    method: "GET",
    path: "/v1/vote-key",
    summary: "Side chain: the key with which this node votes when it has a seat.",
    reply: z.object({ voteKey: s.hash, id: z.string() }),
  }),
} as const;
