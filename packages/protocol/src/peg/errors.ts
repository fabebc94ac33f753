// Codes of the peg's encodings and proofs (federation.md sections 3 to 7). The ledger answers with these codes too: the
// rules C1 to C10 name the first check that fails, in the order C1–C8, C10, C9.

import type { ErrorTable } from "@bystack/utils/errors";

const proof = "Build the claim again from the main chain.";

export const PEG_ERRORS = {
  CLAIM_FORM: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The claim is not in canonical form (C1).",
    next: proof,
  },
  CLAIM_HEADER: {
    kind: "not-found",
    fault: "none",
    message: "The deposit's block is not on the main chain that the side chain knows (C2).",
    next: "Wait until the header has been recorded, or build the claim again after a reorganisation.",
  },
  CLAIM_DEPTH: {
    kind: "unavailable",
    fault: "none",
    message: "The deposit has too few confirmations (C2).",
    next: "Wait for more main-chain blocks.",
  },
  CLAIM_OUTPUT: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The claimed output is not the transaction's result at that position (C3).",
    next: proof,
  },
  CLAIM_PATH: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The transaction is not under the block's transaction root (C4).",
    next: proof,
  },
  CLAIM_COINBASE: {
    kind: "invalid",
    fault: "peer-minor",
    message: "Deposits in the first transaction of a block are not claimable (C5).",
    next: "Deposit with an ordinary transaction.",
  },
  CLAIM_STATUS: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The transaction did not move assets other than BTM (C6).",
    next: "The deposit failed on the main chain; its asset never left its owner.",
  },
  CLAIM_PROGRAM: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The output is not at the deposit address of this recipient and chain (C7).",
    next: "Claim for the recipient whose deposit address was paid.",
  },
  CLAIM_EPOCH: {
    kind: "invalid",
    fault: "none",
    message: "The vault epoch of the deposit address is not open (C7).",
    next: "Ask the federation: the address is closed.",
  },
  CLAIM_ASSET: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The asset id does not follow from the definition and issuance program (C8).",
    next: proof,
  },
  CLAIM_NOT_LISTED: {
    kind: "unavailable",
    fault: "none",
    message: "The asset is not listed on this side chain (C8).",
    next: "Ask the federation to list it; the deposit stays claimable.",
  },
  CLAIM_MINIMUM: {
    kind: "invalid",
    fault: "none",
    message: "The deposit is below the minimum of its asset (C8).",
    next: "The deposit waits until the minimum is lowered.",
  },
  CLAIM_CAP: {
    kind: "limit",
    fault: "none",
    message: "The deposit would exceed the cap on locked value of its asset (C8).",
    next: "Wait until value has left the vault or the cap is raised.",
  },
  CLAIM_COLLECTOR: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The collector's signature on the claim is wrong (C10).",
    next: "Send the claim without it.",
  },
  CLAIM_SPENT: {
    kind: "conflict",
    fault: "none",
    message: "This deposit has been credited already (C9).",
    next: "Nothing: the recipient has the coins.",
  },
  CLAIM_PAUSED: {
    kind: "unavailable",
    fault: "none",
    message: "Peg-ins are paused (C9).",
    next: "Wait for the federation to resume; the deposit stays claimable.",
  },
  FEATURE_OFF: {
    kind: "unavailable",
    fault: "peer-minor",
    message: "This chain's rules do not use that feature.",
    next: "Nothing: it cannot be submitted here.",
  },
  VAULT_KEYS: {
    kind: "invalid",
    fault: "local",
    message: "The vault's keys or threshold are not acceptable.",
    next: "Use 4 to 13 distinct Ed25519 keys and a threshold above half of them.",
  },
} as const satisfies ErrorTable;

/** A code of {@link PEG_ERRORS}. */
export type PegErrorCode = keyof typeof PEG_ERRORS;
