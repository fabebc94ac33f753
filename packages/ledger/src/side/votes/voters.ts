// The voters' share (sidechain.md section 5): each candidate has an index, what one vote has earned so far, and each vote output
// a position, the index up to which it has been paid. A claim pays the difference, so no block loops over voters. Divisions
// are rounded down: all entitlements together never exceed what is kept for voters.

import type { VoteClaim } from "@bystack/protocol/side/vote-claim";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import type { SideTransactionErrorCode } from "../errors.ts";
import type { UtxoSet } from "../utxo.ts";
import type { VotesContext } from "./candidates.ts";
import type { RewardShare } from "./rewards.ts";
import type { VotesState } from "./state.ts";

/** The index counts neu for one neu of votes, times 2^64. */
const INDEX_BITS = 64n;

/** Credits the voters' parts of an epoch's rewards. @returns what is kept for voters from now on. */
export function shareWithVoters(state: VotesState, shares: readonly RewardShare[]): bigint {
  let kept = 0n;
  for (const { candidate, votersNeu } of shares) {
    const record = votersNeu === 0n ? undefined : state.candidate(candidate);
    // Without a voter the part stays in the pool.
    if (record === undefined || record.votes === 0n) continue;
    state.setCandidate({ ...record, index: record.index + (votersNeu << INDEX_BITS) / record.votes });
    kept += votersNeu;
  }
  state.control = { ...state.control, votersNeu: state.control.votersNeu + kept };
  return kept;
}

/** What a vote output may claim now. */
export function entitlement(
  state: VotesState,
  vote: { readonly id: string; readonly key: Uint8Array; readonly amount: bigint },
): bigint {
  const position = state.positions.get(vote.id);
  const record = state.candidate(vote.key);
  if (position === undefined || record === undefined) return 0n;
  return (vote.amount * (record.index - position.index)) >> INDEX_BITS;
}

/** A vote output that is new: it earns from now on. */
export function openPosition(state: VotesState, vote: { id: string; key: Uint8Array }, epoch: number): void {
  const record = state.candidate(vote.key);
  assertInvariant(record !== undefined, "a vote is for a candidate");
  state.positions.set(vote.id, { index: record.index, epoch });
}

/** A vote output that goes. @returns what it has not claimed: that goes to the pool. */
export function closePosition(
  state: VotesState,
  vote: { readonly id: string; readonly key: Uint8Array; readonly amount: bigint },
): bigint {
  const unclaimed = entitlement(state, vote);
  state.positions.delete(vote.id);
  state.control = { ...state.control, votersNeu: state.control.votersNeu - unclaimed };
  return unclaimed;
}

/** Why a claim is refused: each vote output is unspent, not claimed for in this epoch, and paid exactly what it is due. */
export function voteClaimProblem(
  claim: VoteClaim,
  { state, block }: Pick<VotesContext, "state" | "block">,
  utxos: UtxoSet,
): SideTransactionErrorCode | undefined {
  if (claim.epoch !== block.epoch) return "VOTE_CLAIM_EPOCH";
  for (const { voteId, program, amount } of claim.payments) {
    const id = bytesToHex(voteId);
    const utxo = utxos.get(id);
    const position = state.positions.get(id);
    if (utxo === undefined || position === undefined) return "VOTE_CLAIM_DUE";
    // Twice in one epoch the same body would make the same output ids.
    if (position.epoch >= claim.epoch) return "VOTE_CLAIM_EPOCH";
    const due = entitlement(state, { id, key: utxo.vote, amount: utxo.amount });
    if (due === 0n || amount !== due || !equalBytes(program, utxo.program)) return "VOTE_CLAIM_DUE";
  }
  return undefined;
}

/** Effects of a claim that was judged. */
export function applyVoteClaim(claim: VoteClaim, { state }: Pick<VotesContext, "state">, utxos: UtxoSet): void {
  for (const { voteId, amount } of claim.payments) {
    const id = bytesToHex(voteId);
    const utxo = utxos.get(id);
    const record = utxo === undefined ? undefined : state.candidate(utxo.vote);
    assertInvariant(record !== undefined, "a judged claim is of a vote for a candidate");
    state.positions.set(id, { index: record.index, epoch: claim.epoch });
    state.control = { ...state.control, votersNeu: state.control.votersNeu - amount };
  }
}
