// Fees of an epoch and their payment (sidechain.md sections 5 and 7): the coinbase of the second block of an epoch pays what
// the epoch before brought in. Without elections each producer gets ⌊fees × its blocks / the epoch's blocks⌋, with them
// votes/rewards says who gets what; the rest stays in the pool. Without a payee above 0 there is no coinbase. Also the
// "votes" part of the state root of a chain with a fixed committee: committee, counts and pool.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { merkleRoot } from "@bystack/protocol/merkle";
import { coinbaseArbitrary } from "@bystack/protocol/side/genesis";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { compareBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import type { SideRules } from "./rules.ts";
import { epochSubsidy, type Payee, type RewardShare, rewardShares } from "./votes/rewards.ts";
import type { VotesState } from "./votes/state.ts";

/** Counts of one epoch: its fees and how many of its blocks each place of the committee led. */
export type EpochCounts = {
  readonly epoch: number;
  readonly blocks: number;
  readonly feesNeu: bigint;
  readonly blocksByLeader: readonly number[];
};

export type FeeState = {
  readonly current: EpochCounts;
  /** The epoch whose fees the second block of `current` pays; undefined once they are paid. */
  readonly due: EpochCounts | undefined;
  /** What past payments left over. */
  readonly poolNeu: bigint;
};

function emptyCounts(epoch: number, members: number): EpochCounts {
  return { epoch, blocks: 0, feesNeu: 0n, blocksByLeader: Array.from({ length: members }, () => 0) };
}

export function createFeeState(rules: SideRules): FeeState {
  return { current: emptyCounts(0, rules.spec.committee.length), due: undefined, poolNeu: 0n };
}

/** All fees that have left outputs and are not paid out: part of what circulates, with what is kept for voters. */
export function unpaidFees(fees: FeeState, votes?: VotesState): bigint {
  return fees.current.feesNeu + (fees.due?.feesNeu ?? 0n) + fees.poolNeu + (votes?.control.votersNeu ?? 0n);
}

/** Counts one block: its leader, a place among the epoch's `members`, and its fees. */
export function countBlock(
  fees: FeeState,
  block: { readonly epoch: number; readonly leader: number; readonly members: number; readonly feesNeu: bigint },
): FeeState {
  const isNew = block.epoch !== fees.current.epoch;
  const before = isNew ? emptyCounts(block.epoch, block.members) : fees.current;
  const current = {
    epoch: block.epoch,
    blocks: before.blocks + 1,
    feesNeu: before.feesNeu + block.feesNeu,
    blocksByLeader: before.blocksByLeader.map((count, i) => (i === block.leader ? count + 1 : count)),
  };
  if (!isNew) return { ...fees, current };
  // An epoch of a single block would never have paid the one before it; what was due then stays in the pool.
  return { current, due: fees.current, poolNeu: fees.poolNeu + (fees.due?.feesNeu ?? 0n) };
}

/** Payees as a coinbase lists them: those above 0, by amount and then program, both descending. */
export function orderPayees(shares: readonly Payee[]): Payee[] {
  return shares
    .filter((share) => share.amount > 0n)
    .sort((a, b) => (a.amount === b.amount ? compareBytes(b.program, a.program) : a.amount > b.amount ? -1 : 1));
}

function feeShares(due: EpochCounts, rules: SideRules): Payee[] {
  return rules.spec.committee.map(({ rewardProgram: program }, i) => ({
    program,
    amount: due.blocks === 0 ? 0n : (due.feesNeu * BigInt(due.blocksByLeader[i] ?? 0)) / BigInt(due.blocks),
  }));
}

/** The coinbase of a block that pays these, and nobody else. */
export function createPayment(chainId: Hash, height: number, payees: readonly Payee[]): SideTransaction {
  return createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "coinbase", arbitrary: coinbaseArbitrary(chainId, height) }],
    outputs: payees.map(({ program, amount }) => ({ kind: "intra", assetId: BTM_ASSET_ID, amount, program })),
  });
}

function isPayingBlock(fees: FeeState, block: { readonly epoch: number }): boolean {
  return block.epoch === fees.current.epoch && fees.current.blocks === 1;
}

/** With elections: what the next block pays, and to whose voters; empty but in the second block of an epoch. */
export function dueShares(
  fees: FeeState,
  rules: SideRules,
  block: { readonly epoch: number; readonly votes: VotesState },
): RewardShare[] {
  const committee = fees.due === undefined ? undefined : block.votes.committee(fees.due.epoch);
  if (!isPayingBlock(fees, block) || fees.due === undefined || committee === undefined) return [];
  return rewardShares(fees.due, committee, { rules, poolNeu: fees.poolNeu });
}

/** The one coinbase that the block at `height` must begin with; undefined when none is due. */
export function dueCoinbase(
  fees: FeeState,
  rules: SideRules,
  block: { readonly epoch: number; readonly height: number; readonly votes?: VotesState | undefined },
): SideTransaction | undefined {
  const shares = block.votes === undefined ? undefined : dueShares(fees, rules, { ...block, votes: block.votes });
  const payees = orderPayees(shares ?? (isPayingBlock(fees, block) && fees.due ? feeShares(fees.due, rules) : []));
  return payees.length === 0 ? undefined : createPayment(rules.chainId, block.height, payees);
}

/** After the second block of an epoch: what was due is paid, its remainder goes to the pool. */
export function afterSecondBlock(fees: FeeState, rules: SideRules, paidNeu: bigint): FeeState {
  if (fees.due === undefined) return fees;
  const earned = fees.due.feesNeu + epochSubsidy(fees.due, rules);
  return { ...fees, due: undefined, poolNeu: fees.poolNeu + earned - paidNeu };
}

function writeCounts(writer: ByteWriter, counts: EpochCounts): void {
  writer.varint63(BigInt(counts.epoch)).varint63(BigInt(counts.blocks)).varint63(counts.feesNeu);
  writer.varint31(counts.blocksByLeader.length);
  for (const count of counts.blocksByLeader) writer.varint63(BigInt(count));
}

function readCounts(reader: ByteReader): EpochCounts {
  const epoch = reader.varint53();
  const blocks = reader.varint53();
  const feesNeu = reader.varint63();
  const count = reader.varint31();
  if (count > reader.remaining) reader.fail("LENGTH_RANGE");
  const blocksByLeader: number[] = [];
  for (let i = 0; i < count && reader.error === undefined; i += 1) blocksByLeader.push(reader.varint53());
  return { epoch, blocks, feesNeu, blocksByLeader };
}

export function encodeFeeState(fees: FeeState): Uint8Array {
  const writer = new ByteWriter(128);
  writeCounts(writer, fees.current);
  writer.byte(fees.due === undefined ? 0 : 1);
  if (fees.due !== undefined) writeCounts(writer, fees.due);
  return writer.varint63(fees.poolNeu).finish();
}

export function decodeFeeState(bytes: Uint8Array): FeeState | undefined {
  const reader = new ByteReader(bytes);
  const current = readCounts(reader);
  const due = reader.byte() === 1 ? readCounts(reader) : undefined;
  const poolNeu = reader.varint63();
  reader.finish();
  return reader.error === undefined ? { current, due, poolNeu } : undefined;
}

const COMMITTEE_LEAF = utf8ToBytes("committee");
const FEES_LEAF = utf8ToBytes("fees");
const PARAMETERS_LEAF = utf8ToBytes("chain-spec");

function leaf(name: Uint8Array, content: Uint8Array): Uint8Array {
  return new ByteWriter(content.length + 32).varstr(name).raw(content).finish();
}

/** The votes part of the state root with a fixed committee: its root, the epoch's counts and the pool. */
export function fixedCommitteeRoot(fees: FeeState, rules: SideRules): Hash {
  return merkleRoot([leaf(COMMITTEE_LEAF, rules.nextCommitteeRoot), leaf(FEES_LEAF, encodeFeeState(fees))]);
}

/** The parameters part of the state root: nothing can be changed yet, so it names the chain spec. */
export function parametersRoot(rules: SideRules): Hash {
  return merkleRoot([leaf(PARAMETERS_LEAF, rules.chainId)]);
}
