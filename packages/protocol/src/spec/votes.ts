// The election parameters of a side chain (sidechain.md section 5, bbft.md section 10) and the rules that keep a spec from
// weakening safety: too small or too restless committees, stakes that are free before light clients stop trusting.

import { type Described, decimal, integer, object } from "./schema.ts";
import type { Report, SideChainSpec } from "./side.ts";

/** Fewer validators tolerate no fault. */
const SAFE_COMMITTEE_MIN = 4;
/** At most ⌊n / 3⌋ seats may change an epoch: more could bring in a hostile third at once. */
const SEAT_CHANGE_DIVISOR_MIN = 3;
/** The most BTM that one epoch may create, 10^13 neu: half a million epochs stay below 2^63. */
const EPOCH_SUBSIDY_MAX = 10_000_000_000_000n;
const BLOCKS_MAX = 1_000_000_000;

export const votesSchema = object({
  /** Least BTM in a vote output. */
  outputMinNeu: decimal({ min: 1n }),
  /** Votes from which a candidate may be elected. */
  thresholdNeu: decimal({ min: 1n }),
  /** Least bond of a candidate: a vote output for itself. */
  bondMinNeu: decimal({ min: 1n }),
  /** With fewer eligible candidates the present committee stays. */
  committeeMin: integer({ min: 1, max: 100 }),
  committeeMax: integer({ min: 1, max: 100 }),
  /** At most ⌊n / this⌋ seats change from one epoch to the next. */
  seatChangeDivisor: integer({ min: 1, max: 100 }),
  /** Ranks below the committee that are paid and fill empty seats. */
  standbysMax: integer({ min: 0, max: 100 }),
  /** Registered candidates; each is a leaf under the state root. */
  candidatesMax: integer({ min: 1, max: 10_000 }),
  /** More missed views than this in an epoch keep a member out of the next election. */
  missedMax: integer({ min: 0, max: BLOCKS_MAX }),
  /** For so many blocks after its last epoch a seat is answerable: evidence counts, the bond is locked. */
  unbondingBlocks: integer({ min: 1, max: BLOCKS_MAX }),
  /** How old a certified header a light client may trust. */
  trustingMs: integer({ min: 1 }),
  /** Share of the rewards that producers get; standbys get the rest. */
  producersBps: integer({ min: 0, max: 10_000 }),
  /** What the pool adds to the rewards of an epoch, while it lasts. */
  poolReleaseNeu: decimal({}),
});

/** Election parameters. Blocks, amounts and times in the units that the names say. */
export type VotesSpec = Described<typeof votesSchema>;

function checkCommittee(spec: SideChainSpec, votes: VotesSpec, report: Report): void {
  if (votes.committeeMin < SAFE_COMMITTEE_MIN && !spec.developmentMode) {
    const rule = `must be at least ${SAFE_COMMITTEE_MIN}: fewer tolerate no fault and need developmentMode: true`;
    report("votes.committeeMin", rule);
  }
  if (votes.committeeMax < votes.committeeMin) report("votes.committeeMax", "is below votes.committeeMin");
  if (votes.candidatesMax < votes.committeeMax) {
    report("votes.candidatesMax", "is below votes.committeeMax: early candidates would shut out every other one");
  }
  if (spec.committee.length > votes.committeeMax) {
    report("votes.committeeMax", `is below the ${spec.committee.length} validators of the first committee`);
  }
  if (spec.committee.length < votes.committeeMin) {
    report("votes.committeeMin", `is above the ${spec.committee.length} validators of the first committee`);
  }
  if (votes.seatChangeDivisor < SEAT_CHANGE_DIVISOR_MIN) {
    const rule = `must be at least ${SEAT_CHANGE_DIVISOR_MIN}: at most a third of the seats may change an epoch`;
    report("votes.seatChangeDivisor", rule);
  }
}

function checkStake(spec: SideChainSpec, votes: VotesSpec, report: Report): void {
  const { epochBlocks, blockMs } = spec.consensus;
  if (votes.thresholdNeu < votes.outputMinNeu) report("votes.thresholdNeu", "is below votes.outputMinNeu");
  if (votes.bondMinNeu < votes.outputMinNeu)
    report("votes.bondMinNeu", "is below votes.outputMinNeu: a bond is a vote");
  // Blocks are at least blockMs apart, so the unbonding time is never shorter than this.
  if (votes.trustingMs >= votes.unbondingBlocks * blockMs) {
    const rule = "must be shorter than votes.unbondingBlocks × consensus.blockMs";
    report("votes.trustingMs", `${rule}: a light client may trust only who can still lose a bond`);
  }
  if (votes.unbondingBlocks < 2 * epochBlocks) {
    report("votes.unbondingBlocks", "must be at least two epochs: evidence needs time to come");
  }
  if (spec.locks.voteBlocks < 2 * epochBlocks) {
    report("locks.voteBlocks", "must be at least two epochs: a vote must outlast the committee that it elects");
  }
  if (epochBlocks < 2)
    report("consensus.epochBlocks", "must be at least 2: rewards are paid in an epoch's second block");
  if (spec.subsidyNeu * BigInt(epochBlocks) > EPOCH_SUBSIDY_MAX) {
    report("subsidyNeu", `times consensus.epochBlocks must be at most "${EPOCH_SUBSIDY_MAX}"`);
  }
}

/** The rules of elections that a schema of single values cannot say. */
export function checkVotes(spec: SideChainSpec, report: Report): void {
  const { votes } = spec;
  if (spec.features.votes !== (votes !== undefined)) {
    if (votes === undefined) report("features.votes", "is not available without the mapping votes");
    else report("votes", "stands beside features.votes: false");
  }
  if (votes === undefined) return;
  checkCommittee(spec, votes, report);
  checkStake(spec, votes, report);
}
