// Errors of the round-trip proof.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const PROOF_ERRORS = {
  PROOF_TIMEOUT: {
    kind: "unavailable",
    fault: "local",
    message: "A step of the round trip did not happen in time.",
    next: "See whom it waits for: bystack peg list, bystack status.",
  },
  PROOF_FAILED: {
    kind: "internal",
    fault: "local",
    message: "The round trip did not prove what it should.",
    next: "Keep the data folders and report the failed line.",
  },
} as const satisfies ErrorTable;

export const proofError = errorFactory(PROOF_ERRORS);
