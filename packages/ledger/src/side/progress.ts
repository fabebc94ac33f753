// One block in the making: takes transactions one after the other, with the rules of sidechain.md sections 2 and 3, and
// keeps the working layers of the state. Validation of a block, building of a body and the mempool use this one class, so
// they cannot disagree; they differ in what they do with a refusal or a drop.

import { isRetirementProgram } from "@bystack/protocol/entry";
import { isClaimTransaction, parseClaim } from "@bystack/protocol/peg/claim";
import { isSystemTransaction, parseSystem, SYSTEM_KIND, type SystemContent } from "@bystack/protocol/peg/system";
import { isFloatRecipient, isPoolRecipient } from "@bystack/protocol/peg/vault";
import { type CandidateAction, parseCandidate } from "@bystack/protocol/side/candidate";
import { type MappedSideTransaction, mapSideTransaction } from "@bystack/protocol/side/entries";
import { parseEvidence } from "@bystack/protocol/side/evidence";
import type { SideTransaction } from "@bystack/protocol/side/transaction";
import { parseVoteClaim, type VoteClaim } from "@bystack/protocol/side/vote-claim";
import { bytesToHex, EMPTY_BYTES, equalBytes, type Hash } from "@bystack/utils/bytes";
import type { VmErrorCode } from "@bystack/vm/errors";
import type { SideErrorCode } from "./errors.ts";
import { dueCoinbase, dueShares } from "./fees.ts";
import { recordBurns } from "./peg/burns.ts";
import { creditClaim, isClaimed, judgeClaim } from "./peg/claims.ts";
import { applyGovernance } from "./peg/governance.ts";
import { applyHeaders, type HeadersEffect, type PowVerdicts } from "./peg/headers.ts";
import { applyCoinProof, applyPayoutProof, type ProofEffect } from "./peg/payouts.ts";
import type { RequestRecord } from "./peg/records.ts";
import type { PegState } from "./peg/state.ts";
import type { PegRules, SideRules, SignatureCheck } from "./rules.ts";
import type { SideState } from "./state.ts";
import { type CheckedTransaction, checkTransaction, runPrograms } from "./transaction.ts";
import { UTXO_KIND, type UtxoKind, type UtxoSet } from "./utxo.ts";
import { applyVotes, candidateProblem, type VotesContext, voteProblem } from "./votes/candidates.ts";
import { applyEvidence, evidenceProblem } from "./votes/evidence.ts";
import type { VotesState } from "./votes/state.ts";
import { applyVoteClaim, shareWithVoters, voteClaimProblem } from "./votes/voters.ts";

/** Places of the kinds in a body: ascending, coinbase first. */
export const RANK = { coinbase: 0, headers: 1, system: 2, claim: 3, ordinary: 4 } as const;
export type Rank = (typeof RANK)[keyof typeof RANK];

/** What a transaction did. */
export type TransactionEffect = {
  readonly id: Hash;
  readonly rank: Rank;
  readonly sizeBytes: number;
  readonly gasUsed: number;
  readonly feeNeu: bigint;
  readonly burns: readonly RequestRecord[];
  /** N of a credited deposit. */
  readonly claimed?: Hash;
  readonly headers?: HeadersEffect;
  readonly proof?: ProofEffect;
  readonly governanceSeq?: bigint;
};

/** `dropped`: in the body and without effect, because an input is spent or a deposit is claimed already. */
export type TransactionVerdict =
  | { readonly status: "effective"; readonly effect: TransactionEffect }
  | { readonly status: "dropped"; readonly code: "TX_INPUT_SPENT" | "CLAIM_SPENT" }
  | { readonly status: "refused"; readonly code: SideErrorCode; readonly input?: number; readonly vm?: VmErrorCode };

export type ProgressOptions = {
  readonly rules: SideRules;
  readonly parent: SideState;
  readonly block: { readonly height: number; readonly epoch: number };
  readonly verdicts: PowVerdicts;
  readonly verifySignature: SignatureCheck;
  /** Gas of all transactions together; infinite for the mempool. */
  readonly gasMax: number;
};

function refused(code: SideErrorCode): TransactionVerdict {
  return { status: "refused", code };
}

/** The place of a transaction in a body, by its first input. */
export function rankOf(transaction: SideTransaction): Rank {
  const [first] = transaction.inputs;
  if (first?.kind === "coinbase") return RANK.coinbase;
  if (first?.kind === "system") return first.systemKind === 1n ? RANK.headers : RANK.system;
  return first?.kind === "cross-chain" ? RANK.claim : RANK.ordinary;
}

/** What kinds 6 and 7 ask for. */
type VotesAction = CandidateAction | VoteClaim;

function lockOf(kind: UtxoKind, rules: SideRules): number {
  const { coinbaseBlocks, voteBlocks } = rules.spec.locks;
  return kind === UTXO_KIND.coinbase ? coinbaseBlocks : kind === UTXO_KIND.vote ? voteBlocks : 0;
}

export class BlockProgress {
  readonly options: ProgressOptions;
  readonly utxos: UtxoSet;
  peg: PegState | undefined;
  readonly votes: VotesState | undefined;
  /** What goes to the reward pool: seized bonds, deposits for it, and what vetoed votes had not claimed. */
  pooledNeu = 0n;
  /** What leaves the pool to be kept for voters. */
  readonly votersNeu: bigint = 0n;
  /** Something from the main chain was recorded: a deficit is then a reason to pause, not to refuse. */
  hadMainEvents = false;
  gasUsed = 0;
  /** How many transactions came before, dropped ones included: the place of a burn in its block. */
  #count = 0;

  constructor(options: ProgressOptions) {
    this.options = options;
    this.utxos = options.parent.utxos.fork();
    this.peg = options.parent.peg?.fork();
    this.votes = options.parent.votes?.fork();
    if (this.votes !== undefined) {
      const { parent, rules, block } = options;
      // Before any transaction: who votes in this block has no part in what was earned before.
      const shares = dueShares(parent.fees, rules, { epoch: block.epoch, votes: this.votes });
      this.votersNeu = shareWithVoters(this.votes, shares);
    }
  }

  /** Applies one transaction. After `refused` only a system transaction may have left traces in `peg`. */
  add(transaction: SideTransaction): TransactionVerdict {
    const verdict = this.#apply(transaction);
    if (verdict.status !== "refused") this.#count += 1;
    return verdict;
  }

  #apply(transaction: SideTransaction): TransactionVerdict {
    const [first] = transaction.inputs;
    if (first?.kind === "coinbase") return this.#coinbase(transaction);
    if (isSystemTransaction(transaction)) return this.#system(transaction);
    if (isClaimTransaction(transaction)) return this.#claim(transaction);
    return this.#ordinary(transaction);
  }

  /** The coinbase is exactly the one that is due, byte for byte, and first. */
  #coinbase(transaction: SideTransaction): TransactionVerdict {
    const { rules, block, parent } = this.options;
    const due = dueCoinbase(parent.fees, rules, { ...block, votes: parent.votes });
    if (due === undefined || this.#count !== 0 || !equalBytes(due.raw, transaction.raw))
      return refused("BLOCK_COINBASE");
    const mapped = mapSideTransaction(transaction);
    this.#createOutputs(mapped, UTXO_KIND.coinbase);
    return { status: "effective", effect: this.#effect(transaction, mapped.id, RANK.coinbase) };
  }

  #system(transaction: SideTransaction): TransactionVerdict {
    const { rules } = this.options;
    const [input] = transaction.inputs;
    const context = this.#votesContext();
    if (context !== undefined && input?.kind === "system") {
      if (input.systemKind === SYSTEM_KIND.evidence) return this.#evidence(transaction, context);
      if (input.systemKind === SYSTEM_KIND.candidate) {
        const action = parseCandidate(transaction);
        return action === undefined ? refused("CANDIDATE_FORM") : this.#ordinary(transaction, action);
      }
      if (input.systemKind === SYSTEM_KIND.voteClaim) {
        const claim = parseVoteClaim(transaction);
        return claim === undefined ? refused("VOTE_CLAIM_FORM") : this.#ordinary(transaction, claim);
      }
    }
    const parsed = parseSystem(transaction);
    if (!parsed.ok) return refused(parsed.error);
    const { peg } = this;
    if (peg === undefined || rules.peg === undefined) return refused("FEATURE_OFF");
    const { id } = mapSideTransaction(transaction);
    const effect = this.#effect(transaction, id, rankOf(transaction));
    return this.#systemContent(parsed.value, { state: peg, peg: rules.peg, effect });
  }

  #systemContent(
    content: SystemContent,
    context: { readonly state: PegState; readonly peg: PegRules; readonly effect: TransactionEffect },
  ): TransactionVerdict {
    const { state, peg, effect } = context;
    if (content.kind === "governance") {
      const { verifySignature, rules } = this.options;
      const code = applyGovernance(state, peg, { governance: content, chainId: rules.chainId, verifySignature });
      if (code !== undefined) return refused(code);
      return { status: "effective", effect: { ...effect, governanceSeq: content.seq } };
    }
    if (content.kind === "headers") {
      const { headers } = content;
      const result = applyHeaders(state, peg, { headers, verdicts: this.options.verdicts });
      if (!result.ok) return refused(result.code);
      this.hadMainEvents = true;
      return { status: "effective", effect: { ...effect, headers: result.effect } };
    }
    const { proof } = content;
    const result = proof.form === "payout" ? applyPayoutProof(state, peg, proof) : applyCoinProof(state, peg, proof);
    if (!result.ok) return refused(result.code);
    this.hadMainEvents = true;
    return { status: "effective", effect: { ...effect, proof: result.effect } };
  }

  #votesContext(): VotesContext | undefined {
    const { votes: state } = this;
    const { rules, block } = this.options;
    const { votes } = rules.spec;
    return state === undefined || votes === undefined ? undefined : { state, votes, rules, block };
  }

  #evidence(transaction: SideTransaction, context: VotesContext): TransactionVerdict {
    const evidence = parseEvidence(transaction);
    if (evidence === undefined) return refused("EVIDENCE_FORM");
    const { verifySignature } = this.options;
    const code = evidenceProblem(evidence, { ...context, verifySignature });
    if (code !== undefined) return refused(code);
    const seized = applyEvidence(evidence, context);
    if (seized !== undefined) {
      this.utxos.delete(bytesToHex(seized.outputId));
      this.pooledNeu += seized.pooledNeu;
    }
    const { id } = mapSideTransaction(transaction);
    return { status: "effective", effect: this.#effect(transaction, id, RANK.system) };
  }

  #claim(transaction: SideTransaction): TransactionVerdict {
    const { rules, verifySignature, block } = this.options;
    const { peg } = this;
    if (peg === undefined || rules.peg === undefined) return refused("FEATURE_OFF");
    const mapped = mapSideTransaction(transaction);
    const parsed = parseClaim(transaction, mapped.id);
    if (!parsed.ok) return refused(parsed.error);
    const claim = parsed.value;
    // Dropped before anything else is looked at: a second proposer's copy cannot veto a block.
    if (isClaimed(peg, claim.nullifier)) return { status: "dropped", code: "CLAIM_SPENT" };
    const code = judgeClaim(peg, claim, { side: rules, peg: rules.peg, verifySignature });
    if (code !== undefined) return refused(code);
    creditClaim(peg, claim, { side: rules, height: block.height });
    if (!isFloatRecipient(claim.recipient)) this.#createOutputs(mapped, UTXO_KIND.normal);
    if (isPoolRecipient(claim.recipient)) this.pooledNeu += claim.amount;
    const effect = this.#effect(transaction, mapped.id, RANK.claim);
    return { status: "effective", effect: { ...effect, claimed: claim.nullifier } };
  }

  /** Transfers, burns, votes and vetos; with `action` also what a candidate or a voter asks for. */
  #ordinary(transaction: SideTransaction, action?: VotesAction): TransactionVerdict {
    const { rules, block, verifySignature } = this.options;
    const creditNeu = action?.action === "claim" ? action.payments.reduce((sum, { amount }) => sum + amount, 0n) : 0n;
    const checked = checkTransaction(transaction, rules, { height: block.height, creditNeu });
    if (!checked.ok) return refused(checked.code);
    const { mapped, feeNeu } = checked.value;
    // All inputs are looked up before a lock or a program may refuse: a missing one drops the transaction.
    const spent = mapped.spentOutputIds.map((id) => this.utxos.get(bytesToHex(id)));
    if (spent.some((utxo) => utxo === undefined)) return { status: "dropped", code: "TX_INPUT_SPENT" };
    for (const utxo of spent) {
      if (utxo !== undefined && utxo.createdHeight + lockOf(utxo.kind, rules) > block.height)
        return refused("TX_LOCKED");
    }
    const problem = this.#burnProblem(checked.value) ?? this.#votesProblem(mapped, action);
    if (problem !== undefined) return refused(problem);
    const run = runPrograms(checked.value, block.height, verifySignature);
    if (!run.ok) return { status: "refused", code: "TX_SCRIPT", input: run.input, vm: run.error };
    // Before any effect: a builder goes on without this transaction.
    if (this.gasUsed + run.gasUsed > this.options.gasMax) return refused("BLOCK_GAS");
    this.gasUsed += run.gasUsed;
    const burns = this.#move(mapped, action);
    const effect = this.#effect(transaction, mapped.id, rankOf(transaction));
    return { status: "effective", effect: { ...effect, gasUsed: run.gasUsed, feeNeu, burns } };
  }

  /** Burns are of listed assets and of at least the minimum. */
  #burnProblem({ mapped }: CheckedTransaction): SideErrorCode | undefined {
    for (const result of mapped.results) {
      if (result.kind !== "cross") continue;
      const asset = this.peg?.asset(result.value.assetId);
      if (asset === undefined || !asset.listed || result.value.amount < asset.burnMin) return "BURN_MINIMUM";
    }
    return undefined;
  }

  /** Votes for keys that stand, bonds that are free, and what a candidate asks for. */
  #votesProblem(mapped: MappedSideTransaction, action: VotesAction | undefined): SideErrorCode | undefined {
    const context = this.#votesContext();
    if (context === undefined) return undefined;
    if (action?.action === "claim") return voteClaimProblem(action, context, this.utxos);
    const { verifySignature } = this.options;
    const problem =
      action === undefined ? undefined : candidateProblem(action, mapped, { ...context, verifySignature });
    return problem ?? voteProblem(mapped, context, action);
  }

  /** Effects of an ordinary transaction: inputs go, outputs come, retirements, burns and votes are counted. */
  #move(mapped: MappedSideTransaction, action: VotesAction | undefined): RequestRecord[] {
    const context = this.#votesContext();
    if (context !== undefined) {
      if (action?.action === "claim") applyVoteClaim(action, context, this.utxos);
      else this.pooledNeu += applyVotes(mapped, context, action);
    }
    for (const id of mapped.spentOutputIds) this.utxos.delete(bytesToHex(id));
    this.#createOutputs(mapped, UTXO_KIND.normal);
    const { peg } = this;
    const pegRules = this.options.rules.peg;
    if (peg === undefined || pegRules === undefined) return [];
    for (const { kind, value } of mapped.results) {
      if (kind === "retirement") peg.count(value.assetId, { retired: value.amount });
    }
    return recordBurns(peg, pegRules, { mapped, height: this.options.block.height, transactionIndex: this.#count });
  }

  #createOutputs(mapped: MappedSideTransaction, kind: UtxoKind): void {
    for (const result of mapped.results) {
      const isVote = result.kind === "vote";
      if ((result.kind !== "intra" && !isVote) || isRetirementProgram(result.program)) continue;
      this.utxos.set(bytesToHex(result.id), {
        assetId: result.value.assetId,
        amount: result.value.amount,
        program: result.program,
        kind: isVote ? UTXO_KIND.vote : kind,
        vote: isVote ? result.vote : EMPTY_BYTES,
        createdHeight: this.options.block.height,
        sourceId: mapped.muxId,
        sourcePosition: result.position,
      });
    }
  }

  #effect(transaction: SideTransaction, id: Hash, rank: Rank): TransactionEffect {
    return { id, rank, sizeBytes: transaction.size, gasUsed: 0, feeNeu: 0n, burns: [] };
  }
}
