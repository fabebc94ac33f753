// Who stands for election (sidechain.md section 5): registration with a bond and proofs of possession, resignation, the
// state-dependent rules of vote outputs and veto inputs, and what a transaction does to votes. Checks first, then effects:
// a refused transaction leaves no trace.

import { validatePublicKey } from "@bystack/crypto/ed25519";
import { witnessForm } from "@bystack/protocol/program";
import {
  BOND_POSITION,
  type CandidateAction,
  candidateMessage,
  type Registration,
} from "@bystack/protocol/side/candidate";
import type { MappedSideTransaction, SideResult } from "@bystack/protocol/side/entries";
import type { VotesSpec } from "@bystack/protocol/spec/votes";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import type { SideTransactionErrorCode } from "../errors.ts";
import type { SideRules, SignatureCheck } from "../rules.ts";
import type { CandidateRecord } from "./records.ts";
import { type VotesState, voteMoves } from "./state.ts";
import { closePosition, openPosition } from "./voters.ts";

/** Gas of a registration or resignation beside its programs: two signatures and two key checks at 1,024 each. */
export const CANDIDATE_GAS = 4096;

export type VotesContext = {
  readonly state: VotesState;
  readonly votes: VotesSpec;
  readonly rules: SideRules;
  readonly block: { readonly height: number; readonly epoch: number };
};

/** Last height at which evidence about an epoch is accepted. */
export function evidenceEnd(epoch: number, rules: SideRules, votes: VotesSpec): number {
  return epoch * rules.spec.consensus.epochBlocks + votes.unbondingBlocks;
}

/** The first height at which a bond may be taken back; undefined while its owner has not resigned. */
export function bondReleaseHeight(record: CandidateRecord, rules: SideRules, votes: VotesSpec): number | undefined {
  if (record.resignedEpoch === undefined) return undefined;
  const twoEpochs = (record.resignedEpoch + 2) * rules.spec.consensus.epochBlocks;
  const answerable = record.lastSeatEpoch === 0 ? 0 : evidenceEnd(record.lastSeatEpoch, rules, votes);
  return Math.max(twoEpochs, answerable) + 1;
}

/** Every key that the chain uses for something else than voting in the consensus. */
function hasOtherUse(key: Uint8Array, rules: SideRules): boolean {
  const members = rules.peg?.federation.members ?? [];
  return members.some((member) =>
    [member.identity, member.vault, member.collector].some((own) => equalBytes(own, key)),
  );
}

function keyProblem(action: Registration, { state, rules }: VotesContext): SideTransactionErrorCode | undefined {
  const publicKey = action.key.subarray(0, 32);
  const keys = [publicKey, action.voteKey];
  const isVoteKey = rules.spec.committee.some(({ voteKey }) => equalBytes(voteKey, publicKey));
  if (isVoteKey || equalBytes(publicKey, action.voteKey)) return "CANDIDATE_KEY";
  if (keys.some((key) => hasOtherUse(key, rules) || !validatePublicKey(key).ok)) return "CANDIDATE_KEY";
  if (state.isBarred(action.voteKey)) return "CANDIDATE_KEY";
  for (const [, { key, voteKey }] of state.candidates.entries()) {
    // No key has two uses, and nobody stands twice.
    if (equalBytes(key, action.key)) return "CANDIDATE_KNOWN";
    const used = [key.subarray(0, 32), voteKey];
    if (keys.some((own) => used.some((other) => equalBytes(own, other)))) return "CANDIDATE_KEY";
  }
  return undefined;
}

function bondOf(mapped: MappedSideTransaction, key: Uint8Array): SideResult | undefined {
  const bond = mapped.results[BOND_POSITION];
  return bond?.kind === "vote" && equalBytes(bond.vote, key) ? bond : undefined;
}

function registrationProblem(
  action: Registration,
  mapped: MappedSideTransaction,
  context: VotesContext,
): SideTransactionErrorCode | undefined {
  const { state, votes, rules } = context;
  const bond = bondOf(mapped, action.key);
  if (bond === undefined || bond.value.amount < votes.bondMinNeu) return "CANDIDATE_BOND";
  if (rules.spec.features.programs === "standard" && witnessForm(action.rewardProgram)?.versionOpcode !== 0) {
    return "TX_PROGRAM";
  }
  if (state.candidateRecords().length >= votes.candidatesMax) return "CANDIDATE_LIMIT";
  return keyProblem(action, context);
}

/** Why a registration or resignation is refused; everything but its vote outputs, which {@link voteProblem} judges. */
export function candidateProblem(
  action: CandidateAction,
  mapped: MappedSideTransaction,
  context: VotesContext & { readonly verifySignature: SignatureCheck },
): SideTransactionErrorCode | undefined {
  const { state, rules, verifySignature } = context;
  if (action.action === "register") {
    const problem = registrationProblem(action, mapped, context);
    if (problem !== undefined) return problem;
  } else {
    const record = state.candidate(action.key);
    if (record === undefined || record.resignedEpoch !== undefined) return "CANDIDATE_STATE";
  }
  const publicKey = action.key.subarray(0, 32);
  const signers = action.action === "register" ? [publicKey, action.voteKey] : [publicKey];
  const message = candidateMessage(rules.chainId, mapped.id);
  const isSigned = signers.every((key, i) => verifySignature(key, message, action.signatures[i] ?? new Uint8Array(64)));
  return isSigned ? undefined : "CANDIDATE_SIGNATURE";
}

/** Why votes are refused: for a key that does not stand, or a bond that is taken back too early. */
export function voteProblem(
  mapped: MappedSideTransaction,
  context: VotesContext,
  action: CandidateAction | undefined,
): SideTransactionErrorCode | undefined {
  const { state, votes, rules, block } = context;
  for (const source of mapped.sources) {
    if (source.kind !== "veto") continue;
    const record = state.candidate(source.input.vote);
    if (record?.bond === undefined || !equalBytes(record.bond.outputId, source.spentOutputId)) continue;
    const release = bondReleaseHeight(record, rules, votes);
    if (release === undefined || block.height < release) return "TX_LOCKED";
  }
  for (const result of mapped.results) {
    if (result.kind !== "vote") continue;
    if (action?.action === "register" && equalBytes(result.vote, action.key)) continue;
    const record = state.candidate(result.vote);
    if (record === undefined || !state.isOpen(record)) return "VOTE_CANDIDATE";
  }
  return undefined;
}

/** The last of the known epochs for which a vote key has a seat; 0 for none. */
function lastSeatEpoch(state: VotesState, voteKey: Uint8Array): number {
  const epochs = state.control.committees
    .filter(({ members }) => members.some((member) => equalBytes(member.voteKey, voteKey)))
    .map(({ epoch }) => epoch);
  return Math.max(0, ...epochs);
}

function register(action: Registration, mapped: MappedSideTransaction, state: VotesState): void {
  const bond = bondOf(mapped, action.key);
  assertInvariant(bond !== undefined, "a judged registration has its bond");
  state.setCandidate({
    // Copies: what a decoded transaction holds are views of the whole block's bytes.
    key: action.key.slice(),
    voteKey: action.voteKey.slice(),
    rewardProgram: action.rewardProgram.slice(),
    voterShare: action.voterShare,
    votes: 0n,
    index: 0n,
    bond: { outputId: bond.id, amount: bond.value.amount },
    resignedEpoch: undefined,
    lastSeatEpoch: lastSeatEpoch(state, action.voteKey),
  });
}

/**
 * Effects of a transaction that was judged: a bond that goes, a candidate that comes or resigns, votes and their positions.
 * @returns what vetoed votes had not claimed, for the pool.
 */
export function applyVotes(
  mapped: MappedSideTransaction,
  { state, block }: Pick<VotesContext, "state" | "block">,
  action: CandidateAction | undefined,
): bigint {
  if (action?.action === "register") register(action, mapped, state);
  if (action?.action === "resign") {
    const record = state.candidate(action.key);
    assertInvariant(record !== undefined, "a judged resignation is of a candidate");
    state.setCandidate({ ...record, resignedEpoch: block.epoch });
  }
  let unclaimed = 0n;
  for (const source of mapped.sources) {
    if (source.kind !== "veto") continue;
    const { vote: key, amount } = source.input;
    unclaimed += closePosition(state, { id: bytesToHex(source.spentOutputId), key, amount });
    const record = state.candidate(key);
    const isBond = record?.bond !== undefined && equalBytes(record.bond.outputId, source.spentOutputId);
    if (record !== undefined && isBond) state.setCandidate({ ...record, bond: undefined });
  }
  for (const move of voteMoves(mapped)) {
    assertInvariant(state.move(move), "a candidate's votes are the sum of its vote outputs");
  }
  for (const result of mapped.results) {
    if (result.kind === "vote") openPosition(state, { id: bytesToHex(result.id), key: result.vote }, block.epoch);
  }
  return unclaimed;
}
