// What a wallet does in elections, as requests for the builder (docs/adr/0006 and 0008): stand with a bond and resign, vote,
// take votes back, claim the voters' share. Each says what leads the transaction, what is paid, and what goes in beside coins.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { EMPTY_RETIREMENT, SYSTEM_KIND } from "@bystack/protocol/peg/system";
import { encodeCandidateBody, type Registration } from "@bystack/protocol/side/candidate";
import { SIGNATURE_BYTES } from "@bystack/protocol/side/certificate";
import type { SideInput, SideOutput } from "@bystack/protocol/side/transaction";
import { encodeVoteClaimBody, VOTE_CLAIM_OUTPUTS_MAX } from "@bystack/protocol/side/vote-claim";
import { compareBytes, type Hash } from "@bystack/utils/bytes";
import { BTM_INPUTS_MAX, type Coin } from "../coins.ts";
import { walletError } from "../errors.ts";
import type { Payment } from "./build.ts";
import { spendInput } from "./spend.ts";

/** Gas of a registration or resignation beside its programs, whatever it holds (docs/adr/0006). */
export const CANDIDATE_GAS = 4096n;
/** Vote outputs taken back at once: each runs a program, like a coin that is spent. */
export const VETO_INPUTS_MAX = BTM_INPUTS_MAX;

/** What stands before coins and payments: inputs, the outputs that belong to them, and gas beside bytes and programs. */
export type Lead = {
  readonly inputs: readonly SideInput[];
  readonly outputs: readonly SideOutput[];
  readonly gas: bigint;
};

/** One act of an election, for the builder. */
export type ElectionRequest = {
  readonly lead: Lead | undefined;
  readonly payments: readonly Payment[];
  /** BTM that goes in beside coins: votes that are taken back, shares that are claimed. */
  readonly creditNeu: bigint;
};

/** A vote output of our own. */
export type VoteCoin = Coin & { readonly vote: Uint8Array };

/** A vote output with what it is due. */
export type ClaimableVote = { readonly id: Hash; readonly program: Uint8Array; readonly dueNeu: bigint };

/** The system input that leads; its signatures are zero until they are made, so that the bytes are paid for. */
function systemLead(systemKind: bigint, body: Uint8Array, signatures: number, gas: bigint): Lead {
  const unsigned = Array.from({ length: signatures }, () => new Uint8Array(SIGNATURE_BYTES));
  return { inputs: [{ kind: "system", systemKind, body, arguments: unsigned }], outputs: [EMPTY_RETIREMENT], gas };
}

/** A vote for a candidate; `owner` may take it back when its lock has passed. */
function votePayment(candidate: Uint8Array, amount: bigint, owner: Uint8Array): Payment {
  return { kind: "vote", assetId: BTM_ASSET_ID, amount, program: owner, vote: candidate };
}

export function voteRequest(vote: { candidate: Uint8Array; amount: bigint; owner: Uint8Array }): ElectionRequest {
  const { candidate, amount, owner } = vote;
  return { lead: undefined, payments: [votePayment(candidate, amount, owner)], creditNeu: 0n };
}

/** Stands for election with a bond, which is a vote for oneself that `owner` gets back after the resignation. */
export function registrationRequest(
  registration: Omit<Registration, "action">,
  bond: { readonly amount: bigint; readonly owner: Uint8Array },
): ElectionRequest {
  const body = encodeCandidateBody({ action: "register", ...registration });
  const payments = [votePayment(registration.key, bond.amount, bond.owner)];
  return { lead: systemLead(SYSTEM_KIND.candidate, body, 2, CANDIDATE_GAS), payments, creditNeu: 0n };
}

export function resignationRequest(key: Uint8Array): ElectionRequest {
  const body = encodeCandidateBody({ action: "resign", key });
  return { lead: systemLead(SYSTEM_KIND.candidate, body, 1, CANDIDATE_GAS), payments: [], creditNeu: 0n };
}

/** Takes vote outputs back whole; they come home as change. @throws BystackError COINS_FRAGMENTED */
export function vetoRequest(votes: readonly VoteCoin[]): ElectionRequest {
  if (votes.length > VETO_INPUTS_MAX)
    throw walletError("COINS_FRAGMENTED", { why: `${votes.length} votes at once, ${VETO_INPUTS_MAX} fit` });
  const inputs = votes.map((coin): SideInput => ({ ...spendInput(coin), kind: "veto", vote: coin.vote }));
  const creditNeu = votes.reduce((sum, { amount }) => sum + amount, 0n);
  return { lead: { inputs, outputs: [], gas: 0n }, payments: [], creditNeu };
}

/** Claims what vote outputs are due, in the present epoch. @throws BystackError COINS_FRAGMENTED */
export function voteClaimRequest(epoch: number, votes: readonly ClaimableVote[]): ElectionRequest {
  if (votes.length > VOTE_CLAIM_OUTPUTS_MAX)
    throw walletError("COINS_FRAGMENTED", { why: `${votes.length} votes at once, ${VOTE_CLAIM_OUTPUTS_MAX} fit` });
  const sorted = votes.toSorted((a, b) => compareBytes(a.id, b.id));
  const body = encodeVoteClaimBody(
    epoch,
    sorted.map(({ id }) => id),
  );
  const payments = sorted.map(
    ({ program, dueNeu }): Payment => ({ kind: "pay", assetId: BTM_ASSET_ID, amount: dueNeu, program }),
  );
  const creditNeu = sorted.reduce((sum, { dueNeu }) => sum + dueNeu, 0n);
  return { lead: systemLead(SYSTEM_KIND.voteClaim, body, 0, 0n), payments, creditNeu };
}
