// Failures of main-chain processing. Refused blocks and transactions are values (the ledger's codes and the mempool's
// below); what is thrown is a broken store or too much work at once.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const MAIN_CHAIN_ERRORS = {
  CHAIN_BUSY: {
    kind: "limit",
    fault: "none",
    message: "Too many blocks and transactions wait to be processed.",
    next: "Send again later, and less at once.",
  },
  CHAIN_STOPPED: {
    kind: "unavailable",
    fault: "local",
    message: "The chain has stopped because its store failed.",
    next: "Look at the first error in the log, repair the store and start the node again.",
  },
  WORK_UNAVAILABLE: {
    kind: "unavailable",
    fault: "local",
    message: "A block's proof of work could not be checked.",
    next: "Send the block again: nothing has been decided about it.",
  },
  STORE_INCONSISTENT: {
    kind: "internal",
    fault: "local",
    message: "The stored chain contradicts itself.",
    next: "Restore a backup, or delete the chain's data and synchronise again.",
  },
  FOREIGN_GENESIS: {
    kind: "conflict",
    fault: "local",
    message: "The stored chain begins with another genesis block than the chain spec.",
    next: "Use the spec that this data folder was made with, or another data folder.",
  },
} as const satisfies ErrorTable;

export const mainChainError = errorFactory(MAIN_CHAIN_ERRORS);

export const MAIN_MEMPOOL_ERRORS = {
  ErrDustTx: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The transaction brings no BTM, or one of its outputs is worth nothing.",
    next: "Add a BTM input for the fee, and leave out empty outputs.",
  },
  ErrPoolIsFull: {
    kind: "limit",
    fault: "none",
    message: "The pool of waiting transactions is full.",
    next: "Send the transaction again after the next blocks.",
  },
  POOL_CONFLICT: {
    kind: "conflict",
    fault: "none",
    message: "Another waiting transaction spends the same output.",
    next: "Wait for the other transaction, or spend another output.",
  },
  POOL_IMMATURE: {
    kind: "invalid",
    fault: "none",
    message: "An input spends a coinbase output that is not mature in the next block.",
    next: "Wait until the coinbase is mature.",
  },
} as const satisfies ErrorTable;

export type MainMempoolErrorCode = keyof typeof MAIN_MEMPOOL_ERRORS;
