// The transition of a side chain (sidechain.md sections 2 to 4): parent state + block + proof-of-work verdicts → new state
// or the first rule that is broken. Pure: effects are a function of the parent's state and the block's bytes. Also the
// end of a block, which validation and body building share: fees, payout drafts, supply.

import { merkleRoot } from "@bystack/protocol/merkle";
import type { PayoutDraft } from "@bystack/protocol/peg/draft";
import type { PayoutView } from "@bystack/protocol/peg/payout";
import { committeeRoot, type SideHeader } from "@bystack/protocol/side/header";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { ByteReader } from "@bystack/protocol/wire";
import { equalBytes, type Hash, isZeroBytes } from "@bystack/utils/bytes";
import type { VmErrorCode } from "@bystack/vm/errors";
import type { SideErrorCode } from "./errors.ts";
import { afterSecondBlock, countBlock, dueCoinbase, type FeeState } from "./fees.ts";
import { BlockLimits } from "./limits.ts";
import type { PowVerdicts } from "./peg/headers.ts";
import { recordDrafts } from "./peg/payouts.ts";
import type { PauseFlags } from "./peg/state.ts";
import { BlockProgress, RANK, type TransactionEffect } from "./progress.ts";
import { epochOfHeight, type SideRules, type SignatureCheck, verifyStrictS } from "./rules.ts";
import { SideState } from "./state.ts";
import { supplyVerdict } from "./supply.ts";
import { evidenceEnd } from "./votes/candidates.ts";
import { committeeOf, leaderOfView, missedViews } from "./votes/committee.ts";
import { holdElection } from "./votes/election.ts";
import type { VotesState } from "./votes/state.ts";

/** Transactions that had no effect, by their place in the body. */
export type Dropped = { readonly index: number; readonly code: "TX_INPUT_SPENT" | "CLAIM_SPENT" };

/** What a block did, for indexes, events and logs. */
export type BlockSummary = {
  readonly effects: readonly TransactionEffect[];
  readonly dropped: readonly Dropped[];
  readonly gasUsed: number;
  readonly feesNeu: bigint;
  readonly drafts: readonly PayoutDraft[];
  /** At a boundary: what the drafts were derived from, as members check it (M2). */
  readonly payoutView: PayoutView | undefined;
  /** Pause flags after the block; undefined on an unpegged chain. */
  readonly paused: PauseFlags | undefined;
  readonly transactionRoot: Hash;
  readonly transactionCount: number;
};

/** Where a block breaks a rule: the transaction's place in the body, the input, and why its program failed. */
export type SideFault = { readonly transaction?: number; readonly input?: number; readonly vm?: VmErrorCode };

export type ApplyResult =
  | { readonly ok: true; readonly state: SideState; readonly summary: BlockSummary }
  | { readonly ok: false; readonly code: SideErrorCode; readonly where: SideFault };

export type ApplyInput = {
  readonly parent: SideState;
  readonly header: SideHeader;
  /** Exact bytes of each batch, as in `SideBlock`; they match the header's body root. */
  readonly batches: readonly Uint8Array[];
  readonly verdicts: PowVerdicts;
  /** For a caller that has verified signatures before; the default verifies each one when its program asks. */
  readonly verifySignature?: SignatureCheck;
};

function fault(code: SideErrorCode, where: SideFault = {}): ApplyResult & { readonly ok: false } {
  return { ok: false, code, where };
}

/** Header rules that the ledger owns; certificates, views and hashes are the consensus engine's. */
function validateHeader(header: SideHeader, parent: SideState): SideErrorCode | undefined {
  const { rules, position } = parent;
  const { consensus } = rules.spec;
  if (header.height !== position.height + 1) return "BLOCK_HEIGHT";
  if (header.epoch !== epochOfHeight(header.height, consensus.epochBlocks)) return "BLOCK_EPOCH";
  if (header.timestampMs < position.timestampMs + consensus.blockMs) return "BLOCK_TIME";
  if (!equalBytes(header.parentStateRoot, parent.root())) return "BLOCK_PARENT_STATE";
  const isLast = header.height % consensus.epochBlocks === 0;
  const committeeGood = isLast
    ? equalBytes(header.nextCommitteeRoot, nextCommitteeRoot(parent, header.epoch))
    : isZeroBytes(header.nextCommitteeRoot);
  return committeeGood ? undefined : "BLOCK_COMMITTEE";
}

/** What the last header of an epoch names: known since the end of the epoch before. */
function nextCommitteeRoot(parent: SideState, epoch: number): Hash {
  if (parent.votes === undefined) return parent.rules.nextCommitteeRoot;
  return committeeRoot((committeeOf(parent, epoch + 1) ?? []).map((member) => member.voteKey));
}

/** The transactions of a batch; undefined when its bytes are not a list of byte strings. */
export function readBatch(batch: Uint8Array): Uint8Array[] | undefined {
  const reader = new ByteReader(batch);
  const transactions = reader.varstrList();
  reader.finish();
  return reader.error === undefined ? transactions : undefined;
}

/** The end of a block, after its last transaction. */
export type BlockEnd = {
  readonly fees: FeeState;
  readonly drafts: readonly PayoutDraft[];
  readonly payoutView?: PayoutView;
  readonly code?: SideErrorCode;
};

/** Counts fees, records payout drafts and checks the supply. `progress` is complete afterwards. */
export function endBlock(
  progress: BlockProgress,
  block: { readonly height: number; readonly epoch: number; readonly view: number; readonly feesNeu: bigint },
): BlockEnd {
  const { rules, parent } = progress.options;
  const schedule = scheduleOf(parent, block.epoch);
  const leader = leaderOfView(block.view, schedule);
  const coinbase = dueCoinbase(parent.fees, rules, { ...block, votes: parent.votes });
  const paid = coinbase?.outputs.reduce((sum, output) => sum + output.amount, 0n) ?? 0n;
  const { members } = schedule;
  let fees = countBlock(parent.fees, { epoch: block.epoch, leader, members, feesNeu: block.feesNeu });
  if (fees.current.blocks === 2) fees = afterSecondBlock(fees, rules, paid);
  fees = { ...fees, poolNeu: fees.poolNeu + progress.pooledNeu - progress.votersNeu };
  if (progress.peg === undefined || rules.peg === undefined) return { fees, drafts: [] };
  const { drafts, view } = recordDrafts(progress.peg, { side: rules, peg: rules.peg, height: block.height });
  const code = supplyVerdict(progress.peg, { hadMainEvents: progress.hadMainEvents });
  return { fees, drafts, ...(view === undefined ? {} : { payoutView: view }), ...(code === undefined ? {} : { code }) };
}

function scheduleOf(parent: SideState, epoch: number): { readonly run: number; readonly members: number } {
  return { run: parent.rules.spec.consensus.run, members: committeeOf(parent, epoch)?.length ?? 1 };
}

/** Missed views of one seat are counted up to here, as high as `missedMax` can be: a view number may be near 2^53. */
const MISSED_VIEWS_MAX = 1_000_000_001;

/** Counts the views that passed before a block; after an epoch's last block holds the election. */
function endVotes(state: VotesState, parent: SideState, header: SideHeader): void {
  const { votes, consensus } = parent.rules.spec;
  if (votes === undefined) return;
  const missed = missedViews(header, scheduleOf(parent, header.epoch));
  const before = state.control.missed;
  const counted = missed.map((count, place) => Math.min(count + (before[place] ?? 0), MISSED_VIEWS_MAX));
  state.control = { ...state.control, missed: counted };
  if (header.height % consensus.epochBlocks !== 0) return;
  const isOver = (epoch: number): boolean => header.height > evidenceEnd(epoch, parent.rules, votes);
  holdElection(state, votes, { epoch: header.epoch, isOver });
}

/** Applies a block to its parent's state. Never throws for anything that a peer can send. */
export function applySideBlock(input: ApplyInput): ApplyResult {
  const { parent, header } = input;
  const { rules } = parent;
  const headerProblem = validateHeader(header, parent);
  if (headerProblem !== undefined) return fault(headerProblem);
  const [batch] = input.batches;
  const transactions = batch === undefined || input.batches.length !== 1 ? undefined : readBatch(batch);
  if (transactions === undefined) return fault("BLOCK_BATCHES");
  const block = { height: header.height, epoch: header.epoch, view: header.view };
  const verifySignature = input.verifySignature ?? verifyStrictS;
  const gasMax = rules.spec.gas.maxBlock;
  const progress = new BlockProgress({ rules, parent, block, verdicts: input.verdicts, verifySignature, gasMax });
  const body = applyBody(progress, transactions, rules);
  if (!body.ok) return body;
  const isDue = dueCoinbase(parent.fees, rules, { ...block, votes: parent.votes }) !== undefined;
  if (isDue && body.effects[0]?.rank !== RANK.coinbase) return fault("BLOCK_COINBASE");
  const end = endBlock(progress, { ...block, feesNeu: body.feesNeu });
  if (end.code !== undefined) return fault(end.code);
  const transactionRoot = merkleRoot(body.effects.map((effect) => effect.id));
  const transactionCount = body.effects.length;
  if (header.transactionCount !== transactionCount || !equalBytes(header.transactionRoot, transactionRoot)) {
    return fault("BLOCK_TRANSACTIONS");
  }
  const { utxos, peg, votes } = progress;
  if (votes !== undefined) endVotes(votes, parent, header);
  const position = { height: header.height, epoch: header.epoch, timestampMs: header.timestampMs };
  const state = new SideState({ rules, position, utxos, peg, fees: end.fees, votes });
  const { effects, dropped, gasUsed, feesNeu } = body;
  const paused = peg?.control.paused;
  const { drafts, payoutView } = end;
  const roots = { transactionRoot, transactionCount };
  return { ok: true, state, summary: { effects, dropped, gasUsed, feesNeu, drafts, payoutView, paused, ...roots } };
}

type BodyResult =
  | {
      readonly ok: true;
      readonly effects: TransactionEffect[];
      readonly dropped: Dropped[];
      readonly gasUsed: number;
      readonly feesNeu: bigint;
    }
  | (ApplyResult & { readonly ok: false });

function applyBody(progress: BlockProgress, transactions: readonly Uint8Array[], rules: SideRules): BodyResult {
  const limits = new BlockLimits(rules);
  const effects: TransactionEffect[] = [];
  const dropped: Dropped[] = [];
  let feesNeu = 0n;
  for (const [index, bytes] of transactions.entries()) {
    const decoded = decodeSideTransaction(bytes, rules.spec.limits);
    if (!decoded.ok) return fault("TX_DECODE", { transaction: index });
    const room = limits.take(decoded.value);
    if (room !== undefined) return fault(room, { transaction: index });
    const verdict = progress.add(decoded.value);
    if (verdict.status === "refused") {
      const { code, input, vm } = verdict;
      return fault(code, {
        transaction: index,
        ...(input === undefined ? {} : { input }),
        ...(vm === undefined ? {} : { vm }),
      });
    }
    if (verdict.status === "dropped") {
      dropped.push({ index, code: verdict.code });
      continue;
    }
    effects.push(verdict.effect);
    feesNeu += verdict.effect.feeNeu;
  }
  return { ok: true, effects, dropped, gasUsed: progress.gasUsed, feesNeu };
}
