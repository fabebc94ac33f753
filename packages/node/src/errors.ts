// Errors of a chain node and the exit codes that some of them end the process with (platform.md section 3).

import { BystackError, type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const NODE_ERRORS = {
  OPTIONS_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "The node's options break a rule.",
    next: "Correct node.json, or let the platform write it again: bystack up.",
  },
  SPEC_MISMATCH: {
    kind: "conflict",
    fault: "local",
    message: "The data folder belongs to another chain than the spec says.",
    next: "Use the right spec, or remove the network's data: bystack clean.",
  },
  PORT_IN_USE: {
    kind: "conflict",
    fault: "local",
    message: "A port of the node is taken by another program.",
    next: "Free the port, or set it to 0 in node.json to get another one.",
  },
  NOT_ON_THIS_CHAIN: {
    kind: "not-found",
    fault: "none",
    message: "This kind of chain has no such thing.",
    next: "Ask a node of the other chain.",
  },
  BLOCK_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such block here.",
    next: "Compare with the height at /v1/info.",
  },
  TRANSACTION_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such transaction, neither in a block nor waiting.",
    next: "Submit it, or look on the other chain.",
  },
  OUTPUT_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such unspent output.",
    next: "It may be spent already.",
  },
  ADDRESS_INVALID: {
    kind: "invalid",
    fault: "none",
    message: "This is not an address of this chain.",
    next: "Compare the prefix with /v1/info.",
  },
  TRANSACTION_REJECTED: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The transaction breaks a rule.",
    next: "The reason names the rule; build the transaction anew.",
  },
  MEMPOOL_FULL: {
    kind: "limit",
    fault: "none",
    message: "Too many transactions wait.",
    next: "Try again after a few blocks.",
  },
  RECIPIENT_INVALID: {
    kind: "invalid",
    fault: "none",
    message: "A deposit can only be for a P2WPKH or P2WSH program of the side chain.",
    next: "Take the program of an address: bystack wallet receive.",
  },
  REQUEST_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such request.",
    next: "The id is that of the burn output, once it is final.",
  },
  PAYOUT_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such payout.",
    next: "List them: bystack peg list.",
  },
  NO_ELECTIONS: {
    kind: "not-found",
    fault: "none",
    message: "This chain has a fixed committee: nobody stands for election.",
    next: "See who sits: bystack committee. Elections are chosen when a network is made: `elections` in its definition.",
  },
  CANDIDATE_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such candidate.",
    next: "List them: bystack candidate list.",
  },
  CANDIDATE_AMBIGUOUS: {
    kind: "conflict",
    fault: "none",
    message: "More than one candidate's key begins like this.",
    next: "Give more of the key: bystack candidate list.",
  },
  COMMITTEE_UNKNOWN: {
    kind: "not-found",
    fault: "none",
    message: "This node does not know the committee of that epoch.",
    next: "Committees are known from the first epoch up to the next one; ask for `now` or `next`.",
  },
  CURSOR_INVALID: {
    kind: "invalid",
    fault: "none",
    message: "The cursor is not one that this list gave.",
    next: "Begin again without a cursor.",
  },
  REGISTRATION_INVALID: {
    kind: "invalid",
    fault: "peer-minor",
    message: "These bytes are not the registration of a candidate with this node's vote key.",
    next: "Register by the command: bystack candidate register.",
  },
  EXPLORER_OFF: {
    kind: "not-found",
    fault: "none",
    message: "This node keeps no explorer's index.",
    next: 'Ask a node that does, or set "explorer": true in this node\'s node.json and start it again.',
  },
  EXPLORER_INCOMPLETE: {
    kind: "conflict",
    fault: "none",
    message: "The explorer's index needs blocks that this node does not have.",
    next: 'Ask an observer, or give this node every block: "history": "archive" in node.json and an empty data folder.',
  },
  EXPLORER_FAILED: {
    kind: "unavailable",
    fault: "local",
    message: "The explorer's index has stopped.",
    next: "See to the reason, then make it anew: bystack explorer rebuild <node>.",
  },
  ASSET_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such asset on this chain.",
    next: "List them: /v1/assets.",
  },
  NO_MEMBER_HERE: {
    kind: "not-found",
    fault: "none",
    message: "No federation member runs in this node.",
    next: "Ask a node that has the part `federation`.",
  },
  BACKUP_BUSY: {
    kind: "conflict",
    fault: "none",
    message: "This node writes another backup.",
    next: "Wait until that one is done: bystack backup list.",
  },
  BACKUP_TOO_EARLY: {
    kind: "conflict",
    fault: "none",
    message: "No block is final here yet, so there is nothing to keep.",
    next: "Wait for the first block: bystack status.",
  },
  BACKUP_UNREADABLE: {
    kind: "invalid",
    fault: "local",
    message: "This folder holds no whole backup.",
    next: "Name the folder of a backup that was opened; one without manifest.json was never finished.",
  },
  RESTORE_NOT_EMPTY: {
    kind: "conflict",
    fault: "local",
    message: "The node's folder has data of a chain already, and a backup is put into an empty one only.",
    next: "Move its folder data away (keep it: its record of votes may be needed), then restore again.",
  },
  RESTORE_KEYS_MISSING: {
    kind: "conflict",
    fault: "local",
    message: "The node's folder has no keys, and a backup has none either.",
    next: "Put the folder keys/ there from where its owner keeps it, or make new ones for an observer: bystack node init.",
  },
  RESTORE_RECORD_OLD: {
    kind: "conflict",
    fault: "local",
    message: "This record of votes does not prove what the key has signed.",
    next: "Restore without it: the validator then observes until an epoch boundary and votes again by itself.",
  },
  CONSENSUS_HALTED: {
    kind: "internal",
    fault: "local",
    message: "This node contradicts a certificate of its committee and stopped.",
    next: "Keep its data folder, then rebuild it from its peers.",
  },
} as const satisfies ErrorTable;

export const nodeError = errorFactory(NODE_ERRORS);

const EXIT_CODES: Readonly<Record<string, number>> = {
  OPTIONS_INVALID: 64,
  SPEC_INVALID: 64,
  SPEC_MISMATCH: 65,
  FOLDER_FOREIGN: 65,
  FOLDER_FORMAT_OLD: 65,
  FOLDER_FORMAT_NEW: 71,
  FOLDER_RIGHTS: 64,
  FOLDER_IN_USE: 66,
  BLOCK_LOG_DAMAGED: 67,
  STATE_MISMATCH: 67,
  LOG_DAMAGED: 67,
  SNAPSHOT_DAMAGED: 67,
  FILE_MISSING: 67,
  FSYNC_FAILED: 68,
  DISK_FULL: 68,
  DISK_IO: 68,
  KEY_STORE_LOCKED: 69,
  KEY_STORE_DAMAGED: 69,
  CONSENSUS_HALTED: 70,
  CERTIFICATE_CONTRADICTION: 70,
  PORT_IN_USE: 73,
};

/** What the operating system calls a disk that takes nothing more, and a port that is taken. */
const SYSTEM_EXIT_CODES: Readonly<Record<string, number>> = {
  ENOSPC: 68,
  EDQUOT: 68,
  EIO: 68,
  EROFS: 68,
  EADDRINUSE: 73,
};

/** Reasons behind reasons that are looked at: our own chains are two or three long, and one may point at itself. */
const CAUSES_MAX = 8;

function ownExitCode(error: unknown): number | undefined {
  if (error instanceof BystackError) return EXIT_CODES[error.code];
  if (!(error instanceof Error)) return undefined;
  if (error.message.startsWith("invariant broken")) return 70;
  return SYSTEM_EXIT_CODES[(error as NodeJS.ErrnoException).code ?? ""];
}

/** The exit code of an error, or of the nearest reason behind it that has one; anything else is 75. */
export function exitCodeOf(error: unknown): number {
  let reason = error;
  for (let i = 0; i < CAUSES_MAX && reason !== undefined; i += 1) {
    const code = ownExitCode(reason);
    if (code !== undefined) return code;
    reason = reason instanceof Error ? reason.cause : undefined;
  }
  return 75;
}
