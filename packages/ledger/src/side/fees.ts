// Fees of an epoch and who gets them (sidechain.md section 7, first build): the coinbase of the second block of an epoch
// pays each producer of the epoch before ⌊fees × its blocks / the epoch's blocks⌋; the rest stays in the pool. Without a
// payee above 0 there is no coinbase. Also the "votes" part of the state root: committee, counts and pool.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { merkleRoot } from "@bystack/protocol/merkle";
import { coinbaseArbitrary } from "@bystack/protocol/side/genesis";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { compareBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import type { SideRules } from "./rules.ts";

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

/** All fees that have left outputs and are not paid out: part of what circulates. */
export function unpaidFees(fees: FeeState): bigint {
  return fees.current.feesNeu + (fees.due?.feesNeu ?? 0n) + fees.poolNeu;
}

/** Counts one block: its leader and its fees. */
export function countBlock(
  fees: FeeState,
  rules: SideRules,
  block: { readonly epoch: number; readonly leader: number; readonly feesNeu: bigint },
): FeeState {
  const isNew = block.epoch !== fees.current.epoch;
  const before = isNew ? emptyCounts(block.epoch, rules.spec.committee.length) : fees.current;
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

type Payee = { readonly program: Uint8Array; readonly amount: bigint };

function payees(due: EpochCounts, rules: SideRules): Payee[] {
  const shares = rules.spec.committee.map(({ rewardProgram: program }, i) => ({
    program,
    amount: due.blocks === 0 ? 0n : (due.feesNeu * BigInt(due.blocksByLeader[i] ?? 0)) / BigInt(due.blocks),
  }));
  return shares
    .filter((share) => share.amount > 0n)
    .sort((a, b) => (a.amount === b.amount ? compareBytes(b.program, a.program) : a.amount > b.amount ? -1 : 1));
}

/** The one coinbase that the block at `height` must begin with; undefined when none is due. */
export function dueCoinbase(
  fees: FeeState,
  rules: SideRules,
  block: { readonly epoch: number; readonly height: number },
): SideTransaction | undefined {
  const isSecond = block.epoch === fees.current.epoch && fees.current.blocks === 1;
  if (!isSecond || fees.due === undefined) return undefined;
  const outputs = payees(fees.due, rules);
  if (outputs.length === 0) return undefined;
  const arbitrary = coinbaseArbitrary(rules.chainId, block.height);
  return createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "coinbase", arbitrary }],
    outputs: outputs.map(({ program, amount }) => ({ kind: "intra", assetId: BTM_ASSET_ID, amount, program })),
  });
}

/** After the second block of an epoch: what was due is paid, its remainder goes to the pool. */
export function afterSecondBlock(fees: FeeState, paidNeu: bigint): FeeState {
  if (fees.due === undefined) return fees;
  return { ...fees, due: undefined, poolNeu: fees.poolNeu + fees.due.feesNeu - paidNeu };
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

/** The votes part of the state root: with a fixed committee its root, the epoch's counts and the pool. */
export function votesRoot(fees: FeeState, rules: SideRules): Hash {
  return merkleRoot([leaf(COMMITTEE_LEAF, rules.nextCommitteeRoot), leaf(FEES_LEAF, encodeFeeState(fees))]);
}

/** The parameters part of the state root: nothing can be changed yet, so it names the chain spec. */
export function parametersRoot(rules: SideRules): Hash {
  return merkleRoot([leaf(PARAMETERS_LEAF, rules.chainId)]);
}
