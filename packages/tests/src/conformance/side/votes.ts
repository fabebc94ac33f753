// Vapor's vote-result, vote-ranking and epoch-chain: counting of votes, fees and payments block by block, and the set that a
// table of votes gives (spec/vapor.md sections 4, 5, 7.3). Where our elections differ (bbft.md section 10, sidechain.md
// section 5) our own result is asserted and the reason printed.

import { countBlock, createFeeState, dueCoinbase, orderPayees } from "@bystack/ledger/side/fees";
import { epochOfHeight, type SideRules } from "@bystack/ledger/side/rules";
import { leaderOfView } from "@bystack/ledger/side/votes/committee";
import { electSeats, holdElection, rankCandidates } from "@bystack/ledger/side/votes/election";
import type { CandidateRecord, CommitteeMember } from "@bystack/ledger/side/votes/records";
import { epochSubsidy } from "@bystack/ledger/side/votes/rewards";
import { createVotesState, specMembers, type VotesState, voteMoves } from "@bystack/ledger/side/votes/state";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { type MappedSideTransaction, mapSideTransaction } from "@bystack/protocol/side/entries";
import { DEFAULT_VOTES } from "@bystack/protocol/spec/presets";
import type { VotesSpec } from "@bystack/protocol/spec/votes";
import { bytesToHex, equalBytes, hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";
import { readVaporBlock } from "../protocol/vapor.ts";
import { candidateOf, overCases, vaporRules } from "./kit.ts";

const NOTICE =
  "bbft.md section 10: one epoch of notice, so the votes of a round choose the committee of the next but one";
const MINIMUM = "bbft.md section 10: with fewer than four eligible candidates the present committee stays";
const SEATS = "bbft.md section 10: at most a third of the seats changes an epoch";
const REGISTERED = "sidechain.md section 5: the record of a candidate without votes is kept until the epoch ends";
const SECOND_BLOCK = "sidechain.md section 5: the second block of an epoch pays, not the first";

type VoteTable = Readonly<Record<string, number>>;

function votesStateOf(rules: SideRules, table: VoteTable, others: readonly Uint8Array[] = []): VotesState {
  const state = createVotesState(rules.spec);
  for (const key of others) state.setCandidate(candidateOf(bytesToHex(key), 0n));
  for (const [xpub, votes] of Object.entries(table)) state.setCandidate(candidateOf(xpub, BigInt(votes)));
  return state;
}

function tableOf(state: VotesState): [string, string][] {
  return state
    .candidateRecords()
    .filter((record) => record.votes > 0n)
    .map((record) => [bytesToHex(record.key), record.votes.toString()]);
}

function sortedTable(table: VoteTable): [string, string][] {
  const entries = Object.entries(table).map(([key, votes]): [string, string] => [key, String(votes)]);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Applies the votes of transactions in order; false when one cannot be counted. */
function countVotes(state: VotesState, mapped: readonly MappedSideTransaction[]): boolean {
  return mapped.every((transaction) => voteMoves(transaction).every((move) => state.move(move)));
}

function votedKeys(mapped: readonly MappedSideTransaction[]): Uint8Array[] {
  return mapped.flatMap((transaction) => voteMoves(transaction).map((move) => move.key));
}

/** Fee of a transaction: BTM in less BTM out. */
function feeOf({ sources, results }: MappedSideTransaction): bigint {
  const total = (values: readonly { value: { assetId: Uint8Array; amount: bigint } }[]): bigint =>
    values.reduce((sum, { value }) => (equalBytes(value.assetId, BTM_ASSET_ID) ? sum + value.amount : sum), 0n);
  return total(sources) - total(results);
}

type Amounts = Readonly<Record<string, number>>;
type Payee = { readonly program: string; readonly amount: number };

function total(amounts: Amounts): bigint {
  return Object.values(amounts).reduce((sum, amount) => sum + BigInt(amount), 0n);
}

/** Recorded amounts by program, in the order of a coinbase. */
function ordered(amounts: Amounts): Payee[] {
  const shares = Object.entries(amounts).map(([program, amount]) => ({
    program: hexToBytes(program),
    amount: BigInt(amount),
  }));
  return orderPayees(shares).map(({ program, amount }) => ({ amount: Number(amount), program: bytesToHex(program) }));
}

const listed = (payees: readonly Payee[]): Payee[] => payees.map(({ amount, program }) => ({ amount, program }));

/** Which block of an epoch pays what the epoch before earned. */
function payingBlock(rules: SideRules): number | undefined {
  const block = { leader: 0, members: rules.spec.committee.length, feesNeu: 1000n };
  let fees = countBlock(createFeeState(rules), { ...block, epoch: 1 });
  for (let number = 1; number < 5; number += 1) {
    if (dueCoinbase(fees, rules, { epoch: 2, height: 1200 + number }) !== undefined) return number;
    fees = countBlock(fees, { ...block, epoch: 2 });
  }
  return undefined;
}

/** For which epoch the table at the end of `epoch` chooses a committee. */
function electedEpoch(table: VoteTable, epoch: number, rules: SideRules): number | undefined {
  const state = votesStateOf(rules, table);
  const committees = [epoch - 1, epoch, epoch + 1].map((number) => ({
    epoch: number,
    members: specMembers(rules.spec),
    standbys: [],
  }));
  state.control = { ...state.control, committees };
  holdElection(state, rules.spec.votes ?? DEFAULT_VOTES, { epoch, isOver: () => false });
  return state.control.committees.at(-1)?.epoch;
}

type VoteResultCase = {
  readonly id: string;
  readonly height: number;
  readonly block_raw: string;
  readonly apply_error: string | null;
  readonly before: { readonly votes: VoteTable; readonly rewards: Amounts };
  readonly after?: {
    readonly seq: number;
    readonly votes: VoteTable;
    readonly rewards: Amounts;
    readonly round_end: boolean;
  };
  readonly payout_due_in_next_block?: readonly Payee[];
};

function checkVoteResult(item: VoteResultCase, { same, deliberate }: Differences): void {
  const rules = vaporRules({ subsidyNeu: 9_512_938n });
  const mapped = readVaporBlock(item.block_raw).transactions.map(mapSideTransaction);
  const parent = votesStateOf(rules, item.before.votes, votedKeys(mapped));
  const state = parent.fork();
  same("counted", countVotes(state, mapped), item.apply_error === null);
  same("detached", tableOf(parent), sortedTable(item.before.votes));
  if (item.after === undefined) return;
  const { after } = item;
  same("votes", tableOf(state), sortedTable(after.votes));
  same("epoch", epochOfHeight(item.height, 1200), after.seq);
  same("epoch ends", epochOfHeight(item.height + 1, 1200) !== epochOfHeight(item.height, 1200), after.round_end);
  const fees = mapped.slice(1).reduce((sum, transaction) => sum + feeOf(transaction), 0n);
  const earned = fees + epochSubsidy({ feesNeu: fees, blocks: 1, blocksByLeader: [] }, rules);
  const starts = epochOfHeight(item.height, 1200) !== epochOfHeight(item.height - 1, 1200);
  same("earned", total(after.rewards), (starts ? 0n : total(item.before.rewards)) + earned);
  if (after.round_end) same("payment", ordered(after.rewards), listed(item.payout_due_in_next_block ?? []));
  if (starts) deliberate(SECOND_BLOCK, payingBlock(rules), { ours: 2, reference: 1 });
  const gone = Object.keys(item.before.votes).filter((key) => after.votes[key] === undefined);
  if (gone.length === 0) return;
  const kept = gone.map((key) => state.candidate(hexToBytes(key))?.votes.toString() ?? "gone");
  deliberate(REGISTERED, kept, { ours: gone.map(() => "0"), reference: gone.map(() => "gone") });
}

type Validator = { readonly order: number; readonly xpub: string };

type RankingCase = { readonly id: string; readonly votes: VoteTable; readonly validators: readonly Validator[] };

function seatOf({ key, voteKey, rewardProgram }: CandidateRecord): CommitteeMember {
  return { voteKey, rewardProgram, candidate: key, voterShare: 0 };
}

/** The committee that the recorded table gives under these parameters, after `present`. */
function elect(table: VoteTable, present: readonly CommitteeMember[], votes: VotesSpec): string[] {
  const candidates = Object.entries(table).map(([xpub, amount]) => candidateOf(xpub, BigInt(amount)));
  const ranked = rankCandidates(candidates, votes.thresholdNeu);
  const members = electSeats({ present, ranked, isBarred: () => false }, votes);
  return members.map((member) => bytesToHex(member.candidate));
}

/** The original's rule as parameters: no minimum, and any number of seats may change. */
function unbounded(votes: VotesSpec): VotesSpec {
  return { ...votes, committeeMin: 1, seatChangeDivisor: 1 };
}

function seatOfKey(xpub: string): CommitteeMember {
  return seatOf(candidateOf(xpub, 0n));
}

/** Seats whose keys no recorded table has. */
function strangers(size: number): CommitteeMember[] {
  return Array.from({ length: size }, (_, i) => seatOfKey(bytesToHex(new Uint8Array(64).fill(i + 1))));
}

type SetCase = {
  readonly table: VoteTable;
  /** The set that the original forms from the table. */
  readonly recorded: readonly string[];
  readonly present: readonly CommitteeMember[];
};

/** Compares the recorded set, and our own where too few candidates or too many new ones make it another. */
function checkSet({ table, recorded, present }: SetCase, votes: VotesSpec, { same, deliberate }: Differences): void {
  const eligible = Object.values(table).filter((amount) => BigInt(amount) >= votes.thresholdNeu).length;
  if (eligible > 0) same("ranking", elect(table, strangers(votes.committeeMax), unbounded(votes)), recorded);
  const ours = elect(table, present, { ...votes, committeeMax: Math.max(votes.committeeMax, votes.committeeMin) });
  const names = present.map((member) => bytesToHex(member.candidate));
  if (eligible < votes.committeeMin) {
    deliberate(MINIMUM, ours, { ours: names, reference: recorded });
    return;
  }
  const wonIn = (set: readonly string[]): number => set.filter((key) => !names.includes(key)).length;
  const most = Math.max(1, Math.floor(present.length / votes.seatChangeDivisor));
  if (wonIn(recorded) <= most) same("committee", ours, recorded);
  else deliberate(SEATS, wonIn(ours), { ours: most, reference: wonIn(recorded) });
}

function checkRanking(item: RankingCase, differences: Differences): void {
  const recorded = [...item.validators].sort((a, b) => a.order - b.order).map(({ xpub }) => xpub);
  const eligible = Object.values(item.votes).filter((amount) => BigInt(amount) >= DEFAULT_VOTES.thresholdNeu);
  // A committee that already is what the table wants stays that; below the minimum any committee stays.
  const present = eligible.length < DEFAULT_VOTES.committeeMin ? strangers(4) : recorded.map(seatOfKey);
  checkSet({ table: item.votes, recorded, present }, DEFAULT_VOTES, differences);
}

type EpochBlock = {
  readonly raw: string;
  readonly height: number;
  readonly timestamp: number;
  readonly producer_order: number;
  readonly validators: readonly Validator[];
  readonly coinbase_payout: readonly Payee[];
  readonly after: { readonly seq: number; readonly votes: VoteTable; readonly reward_accumulator: Amounts };
};

type EpochGroup = {
  readonly group: string;
  readonly genesis: { readonly timestamp: number };
  readonly parameters: {
    readonly blocks_per_round: number;
    readonly blocks_per_turn: number;
    readonly block_interval_ms: number;
    readonly min_votes_for_node: number;
    readonly num_consensus_nodes: number;
    readonly subsidy_per_block: number;
  };
  readonly blocks: readonly EpochBlock[];
};

type EpochCase = {
  readonly block: EpochBlock;
  readonly before: EpochBlock | undefined;
  /** Timestamp of the last block of the round before. */
  readonly roundBefore: number;
  readonly group: EpochGroup;
};

function checkEpochBlock({ block, before, roundBefore, group }: EpochCase, differences: Differences): void {
  const { same, deliberate } = differences;
  const { parameters } = group;
  const thresholdNeu = BigInt(parameters.min_votes_for_node);
  const votes = { ...DEFAULT_VOTES, thresholdNeu, committeeMax: parameters.num_consensus_nodes };
  const rules = vaporRules({ votes, subsidyNeu: BigInt(parameters.subsidy_per_block) });
  const tableBefore = before?.after.votes ?? {};
  const mapped = readVaporBlock(block.raw).transactions.map(mapSideTransaction);
  const state = votesStateOf(rules, tableBefore, votedKeys(mapped));
  same("counted", countVotes(state, mapped), true);
  same("votes", tableOf(state), sortedTable(block.after.votes));
  same("epoch", epochOfHeight(block.height, parameters.blocks_per_round), block.after.seq);
  const slot = (block.timestamp - roundBefore - parameters.block_interval_ms) / parameters.block_interval_ms;
  const schedule = { run: parameters.blocks_per_turn, members: block.validators.length };
  same("leader", leaderOfView(Math.floor(slot), schedule), block.producer_order);
  const fees = mapped.slice(1).reduce((sum, transaction) => sum + feeOf(transaction), 0n);
  const earned = fees + epochSubsidy({ feesNeu: fees, blocks: 1, blocksByLeader: [] }, rules);
  const starts = block.height % parameters.blocks_per_round === 1;
  const carried = starts ? 0n : total(before?.after.reward_accumulator ?? {});
  same("earned", total(block.after.reward_accumulator), carried + earned);
  if (!starts || before === undefined) return;
  same("payment", ordered(before.after.reward_accumulator), listed(block.coinbase_payout));
  deliberate(SECOND_BLOCK, payingBlock(rules), { ours: 2, reference: 1 });
  const recorded = [...block.validators].sort((a, b) => a.order - b.order).map(({ xpub }) => xpub);
  const { seq } = block.after;
  deliberate(NOTICE, electedEpoch(tableBefore, seq - 1, rules), { ours: seq + 1, reference: seq });
  const present = before.validators.map(({ xpub }) => seatOfKey(xpub));
  checkSet({ table: tableBefore, recorded, present }, votes, differences);
}

export function checkEpochChain(file: unknown): CheckResult[] {
  const { groups } = file as { groups: readonly EpochGroup[] };
  const cases = groups.flatMap((group): EpochCase[] =>
    group.blocks.map((block, i) => {
      const last =
        Math.floor((block.height - 1) / group.parameters.blocks_per_round) * group.parameters.blocks_per_round;
      const roundBefore = last === 0 ? group.genesis.timestamp : (group.blocks[last - 1]?.timestamp ?? 0);
      return { block, before: group.blocks[i - 1], roundBefore, group };
    }),
  );
  return checkCases(cases, ({ block, group }) => `${group.group}-${block.height}`, checkEpochBlock);
}

export const checkVoteResults = overCases(checkVoteResult);
export const checkRankings = overCases(checkRanking);
