// Building a body and checking transactions for the mempool, with the rules of a block and nothing else (sidechain.md
// section 2). A builder starts with the coinbase that is due; candidates come in the order of their kinds; one that is
// refused, dropped or does not fit leaves no trace.

import { merkleRoot } from "@bystack/protocol/merkle";
import type { PayoutDraft } from "@bystack/protocol/peg/draft";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import { decodeSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import type { Hash } from "@bystack/utils/bytes";
import { endBlock } from "./apply.ts";
import type { SideErrorCode } from "./errors.ts";
import { dueCoinbase } from "./fees.ts";
import { BlockLimits } from "./limits.ts";
import type { PowVerdicts } from "./peg/headers.ts";
import { BlockProgress, RANK, rankOf, type TransactionEffect, type TransactionVerdict } from "./progress.ts";
import { epochOfHeight, type SignatureCheck, verifyStrictS } from "./rules.ts";
import type { SideState } from "./state.ts";

export type AddResult =
  | { readonly ok: true; readonly effect: TransactionEffect }
  | { readonly ok: false; readonly code: SideErrorCode; readonly verdict?: TransactionVerdict };

export type BuiltBody = {
  readonly transactions: readonly Uint8Array[];
  /** Bytes of the one inline batch. */
  readonly batch: Uint8Array;
  readonly transactionRoot: Hash;
  readonly transactionCount: number;
  readonly gasUsed: number;
  readonly feesNeu: bigint;
  readonly drafts: readonly PayoutDraft[];
};

export type BodyBuilder = {
  /** Takes a candidate in when it takes effect and fits. */
  add(bytes: Uint8Array): AddResult;
  /** The body as it stands; the builder is not used afterwards. */
  finish(): BuiltBody;
};

function refusal(code: SideErrorCode, verdict?: TransactionVerdict): AddResult {
  return { ok: false, code, ...(verdict === undefined ? {} : { verdict }) };
}

/** Applies a candidate to a progress whose `peg` is put back when a system transaction is refused half-way. */
function tryAdd(progress: BlockProgress, transaction: SideTransaction): AddResult {
  const before = progress.peg;
  const rank = rankOf(transaction);
  const mayLeaveTraces = rank === RANK.headers || rank === RANK.system;
  if (mayLeaveTraces && before !== undefined) progress.peg = before.continue();
  const verdict = progress.add(transaction);
  if (verdict.status === "effective") return { ok: true, effect: verdict.effect };
  progress.peg = before;
  return refusal(verdict.code, verdict);
}

/** Starts the body of the block after `parent`, in this view. */
export function createBodyBuilder(options: {
  readonly parent: SideState;
  readonly view: number;
  readonly verdicts: PowVerdicts;
  readonly verifySignature?: SignatureCheck;
}): BodyBuilder {
  const { parent, view, verdicts } = options;
  const { rules } = parent;
  const height = parent.position.height + 1;
  const block = { height, epoch: epochOfHeight(height, rules.spec.consensus.epochBlocks), view };
  const verifySignature = options.verifySignature ?? verifyStrictS;
  const gasMax = rules.spec.gas.maxBlock;
  const progress = new BlockProgress({ rules, parent, block, verdicts, verifySignature, gasMax });
  const limits = new BlockLimits(rules);
  const transactions: Uint8Array[] = [];
  const effects: TransactionEffect[] = [];

  const take = (transaction: SideTransaction): AddResult => {
    const mark = limits.mark();
    const room = limits.take(transaction);
    const result = room === undefined ? tryAdd(progress, transaction) : refusal(room);
    if (!result.ok) {
      limits.restore(mark);
      return result;
    }
    transactions.push(transaction.raw);
    effects.push(result.effect);
    return result;
  };

  const coinbase = dueCoinbase(parent.fees, rules, { ...block, votes: parent.votes });
  if (coinbase !== undefined) take(coinbase);
  return {
    add(bytes) {
      const decoded = decodeSideTransaction(bytes, rules.spec.limits);
      return decoded.ok ? take(decoded.value) : refusal("TX_DECODE");
    },
    finish() {
      const feesNeu = effects.reduce((sum, effect) => sum + effect.feeNeu, 0n);
      const { drafts } = endBlock(progress, { ...block, feesNeu });
      return {
        transactions,
        batch: encodeSideBatch(transactions),
        transactionRoot: merkleRoot(effects.map((effect) => effect.id)),
        transactionCount: effects.length,
        gasUsed: progress.gasUsed,
        feesNeu,
        drafts,
      };
    },
  };
}

/** The state that the mempool sees: the tip's, plus one height, plus the transactions that were accepted before. */
export type PendingState = {
  /** Judges a transaction and, when it stands, lets later ones build on it. A claim answers with its own rule's code. */
  add(bytes: Uint8Array): AddResult;
};

/** The entry rules of the mempool: those of a block at the tip's height plus one. Headers and coinbases are never relayed. */
export function createPendingState(options: {
  readonly tip: SideState;
  readonly verifySignature?: SignatureCheck;
}): PendingState {
  const { tip } = options;
  const { rules } = tip;
  const height = tip.position.height + 1;
  const block = { height, epoch: epochOfHeight(height, rules.spec.consensus.epochBlocks) };
  const verifySignature = options.verifySignature ?? verifyStrictS;
  const gasMax = Number.POSITIVE_INFINITY;
  const progress = new BlockProgress({ rules, parent: tip, block, verdicts: new Map(), verifySignature, gasMax });
  return {
    add(bytes) {
      const decoded = decodeSideTransaction(bytes, rules.spec.limits);
      if (!decoded.ok) return refusal("TX_DECODE");
      const rank = rankOf(decoded.value);
      if (rank === RANK.headers) return refusal("HEADERS_RELAYED");
      if (rank === RANK.coinbase) return refusal("TX_FORM");
      return tryAdd(progress, decoded.value);
    },
  };
}
