// Errors of a side chain's processing: its store, its mempool.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const CHAIN_SIDE_ERRORS = {
  BLOCK_LOG_DAMAGED: {
    kind: "internal",
    fault: "local",
    message: "A stored block cannot be read or does not follow from the one before.",
    next: "Move the node's data folder aside; it catches up from its peers.",
  },
  STATE_MISMATCH: {
    kind: "internal",
    fault: "local",
    message: "Replaying the stored blocks does not give the state they commit to.",
    next: "Move the node's data folder aside and keep it for a report; the node catches up from its peers.",
  },
  CERTIFICATE_CONTRADICTION: {
    kind: "internal",
    fault: "local",
    message: "A certified block is invalid by this node's own execution.",
    next: "Stop here: either this node is faulty or more than a third of the validators are. Keep the data and report it.",
  },
  MEMPOOL_FULL: {
    kind: "limit",
    fault: "none",
    message: "Too many transactions wait.",
    next: "Try again after a few blocks.",
  },
} as const satisfies ErrorTable;

export const chainSideError = errorFactory(CHAIN_SIDE_ERRORS);
