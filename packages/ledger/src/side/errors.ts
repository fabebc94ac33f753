// Why a side-chain transaction or block is refused (sidechain.md, federation.md). Validation answers with these codes as
// values; the table says what each means for people and for the score of a peer. Claims and proofs add the codes of
// protocol/peg/errors.ts (CLAIM_…, FEATURE_OFF), programs those of the virtual machine.

import type { PegErrorCode } from "@bystack/protocol/peg/errors";
import type { ErrorTable } from "@bystack/utils/errors";

function refusal(message: string, next = "Build the transaction again and sign it.") {
  return { kind: "invalid", fault: "peer-minor", message, next } as const;
}

function badBlock(message: string) {
  return {
    kind: "invalid",
    fault: "peer-severe",
    message,
    next: "Nothing: the block breaks a rule of the chain.",
  } as const;
}

export const SIDE_TRANSACTION_ERRORS = {
  TX_DECODE: refusal("The bytes are not a transaction in canonical form."),
  TX_FORM: refusal("Inputs and outputs do not make one of the kinds of transaction that the chain knows."),
  TX_VERSION: refusal("The transaction's version is not 1."),
  TX_TIME_RANGE: refusal("The transaction was valid only up to a height that has passed."),
  TX_DUPLICATE_INPUT: refusal("Two inputs spend the same output."),
  TX_ZERO_AMOUNT: refusal("An output has no amount."),
  TX_PROGRAM: refusal("An output's program is not one of the forms that this chain allows."),
  TX_OVERFLOW: refusal("The amounts of an asset do not fit 63 bits."),
  TX_UNBALANCED: refusal("Inputs and outputs of an asset differ."),
  TX_FEE: refusal("The fee does not pay for the transaction's bytes.", "Raise the fee."),
  TX_INPUT_SPENT: {
    kind: "conflict",
    fault: "none",
    message: "An input is spent already, or was never there.",
    next: "Choose other coins.",
  },
  TX_LOCKED: refusal("An input is still locked.", "Wait until its lock has passed."),
  TX_SCRIPT: refusal("A program refused its arguments or ran out of gas.", "Sign again, or raise the fee."),
  VOTE_OUTPUT: refusal("A vote output is not BTM, is below the chain's minimum, or does not name a key of 64 bytes."),
  VOTE_CANDIDATE: {
    kind: "conflict",
    fault: "none",
    message: "A vote is for a key that does not stand for election.",
    next: "Vote for a registered candidate.",
  },
  VOTE_CLAIM_FORM: refusal("The claim of a voters' share is not in canonical form."),
  VOTE_CLAIM_EPOCH: {
    kind: "conflict",
    fault: "none",
    message: "The claim is of another epoch, or a vote was made or claimed for in this epoch.",
    next: "Claim again in the next epoch.",
  },
  VOTE_CLAIM_DUE: {
    kind: "conflict",
    fault: "none",
    message: "A payment of the claim is not exactly what its vote output is due, or not to its program.",
    next: "Ask for the entitlements and build the claim again.",
  },
  CANDIDATE_FORM: refusal("The registration or resignation is not in canonical form."),
  CANDIDATE_KEY: refusal("A key of the candidate is no usable key, is barred, or has another use already."),
  CANDIDATE_KNOWN: {
    kind: "conflict",
    fault: "none",
    message: "The candidate is registered already.",
    next: "Nothing; after a resignation its last vote has to be taken back first.",
  },
  CANDIDATE_STATE: {
    kind: "conflict",
    fault: "none",
    message: "There is no such candidate, or it has resigned already.",
    next: "Look at the list of candidates.",
  },
  CANDIDATE_BOND: refusal("The second output is not a vote for the candidate itself of at least the bond."),
  CANDIDATE_LIMIT: {
    kind: "limit",
    fault: "none",
    message: "The chain has as many candidates as it allows.",
    next: "Wait until a candidate has resigned and is forgotten.",
  },
  CANDIDATE_SIGNATURE: refusal("A signature of the candidate's key or vote key is missing or wrong."),
  EVIDENCE_FORM: refusal("The evidence is not two contradicting messages of one view in canonical form."),
  EVIDENCE_KEY: {
    kind: "conflict",
    fault: "none",
    message: "The evidence names a key that has no seat and no candidate.",
    next: "Nothing: whoever signed has nothing to lose.",
  },
  EVIDENCE_TIME: {
    kind: "conflict",
    fault: "none",
    message: "The evidence is of a future epoch, or older than the unbonding time.",
    next: "Nothing: it counts from its epoch on, for the unbonding time.",
  },
  EVIDENCE_SIGNATURE: refusal("A signature in the evidence is wrong."),
  EVIDENCE_KNOWN: {
    kind: "conflict",
    fault: "none",
    message: "The key is barred already.",
    next: "Nothing: somebody else sent the evidence.",
  },
  BURN_PROGRAM: refusal("A burn pays something other than a P2WPKH or P2WSH program of the main chain."),
  BURN_MINIMUM: refusal("A burn is below the minimum of its asset."),
  BURN_FEE: refusal("The transaction does not retire the peg-out fee for each of its burns."),
  SYSTEM_FORM: refusal("The system transaction is not in canonical form."),
  HEADERS_RELAYED: refusal("Main-chain headers come from a block's producer only."),
  HEADER_KNOWN: refusal("A main-chain header is recorded already."),
  HEADER_PARENT: refusal("A main-chain header's parent is not recorded, or too far back."),
  HEADER_FIELDS: refusal("A main-chain header breaks the rules of version, height, bits or time."),
  HEADER_POW: refusal("A main-chain header's proof of work is not good."),
  HEADER_POW_UNKNOWN: {
    kind: "unavailable",
    fault: "local",
    message: "Nobody has checked the proof of work of a main-chain header yet.",
    next: "Compute the verdict, then apply again.",
  },
  PROOF_PAYOUT: refusal("There is no such payout or vault coin."),
  PROOF_KNOWN: {
    kind: "conflict",
    fault: "none",
    message: "This payout or vault coin is proven already.",
    next: "Nothing: somebody else sent the proof.",
  },
  PROOF_HEADER: refusal("The proof's block is not on the main chain that the side chain knows."),
  PROOF_DEPTH: {
    kind: "unavailable",
    fault: "none",
    message: "The proven block has too few confirmations.",
    next: "Wait for more main-chain blocks.",
  },
  PROOF_PATH: refusal("The proof does not lead to the roots of its block."),
  PROOF_CONFLICT: refusal("The proof contradicts what is proven already."),
  GOVERNANCE_SEQ: {
    kind: "conflict",
    fault: "none",
    message: "The governance action does not carry the next sequence number.",
    next: "Propose it again with the next number.",
  },
  GOVERNANCE_SIGNATURES: refusal("Too few valid signatures of members are under the governance action."),
  GOVERNANCE_ACTION: refusal("The governance action has no meaning here."),
  GOVERNANCE_DEFICIT: {
    kind: "conflict",
    fault: "none",
    message: "The vault holds less than is owed, so the pause stays.",
    next: "Top the float up, or prove the missing coins again.",
  },
} as const satisfies ErrorTable;

export const SIDE_BLOCK_ERRORS = {
  BLOCK_HEIGHT: badBlock("The block's height does not follow its parent's."),
  BLOCK_EPOCH: badBlock("The block's epoch does not follow from its height."),
  BLOCK_TIME: badBlock("The block is earlier than its parent's time plus the block interval."),
  BLOCK_PARENT_STATE: badBlock("The block names another state of its parent."),
  BLOCK_TRANSACTIONS: badBlock("The transaction root or count is not that of the transactions that took effect."),
  BLOCK_COMMITTEE: badBlock("The block names another next committee."),
  BLOCK_BATCHES: badBlock("The block has another number of batches than one."),
  BLOCK_BYTES: badBlock("The block is too large."),
  BLOCK_GAS: badBlock("The block uses too much gas."),
  BLOCK_SYSTEM_COUNT: badBlock("The block has too many system transactions."),
  BLOCK_CLAIM_COUNT: badBlock("The block has too many claims."),
  BLOCK_ORDER: badBlock("The transactions are not in the order of their kinds."),
  BLOCK_COINBASE: badBlock("The coinbase is missing, not due, or does not pay exactly what is due."),
  BLOCK_SUPPLY: badBlock("More would be owed than the vault holds."),
} as const satisfies ErrorTable;

export const SIDE_ERRORS = { ...SIDE_TRANSACTION_ERRORS, ...SIDE_BLOCK_ERRORS } as const satisfies ErrorTable;

/** Why a transaction is refused. */
export type SideTransactionErrorCode = keyof typeof SIDE_TRANSACTION_ERRORS | PegErrorCode;

/** Why a block is refused. */
export type SideErrorCode = keyof typeof SIDE_ERRORS | PegErrorCode;
