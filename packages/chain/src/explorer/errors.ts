// Errors of the explorer's index. None of them ends a node: the index is derived from blocks and can be made again.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const EXPLORER_ERRORS = {
  EXPLORER_INCONSISTENT: {
    kind: "internal",
    fault: "local",
    message: "The explorer's index does not fit the blocks it was made from.",
    next: "The node makes it anew by itself; if this comes back: bystack explorer rebuild <node>.",
  },
  EXPLORER_REBUILDING: {
    kind: "unavailable",
    fault: "none",
    message: "The explorer's index is being cleared to be made anew.",
    next: "Try again in a few seconds; /v1/explorer says how far it is.",
  },
} as const satisfies ErrorTable;

export const explorerError = errorFactory(EXPLORER_ERRORS);
