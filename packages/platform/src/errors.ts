// Errors of the platform: the definition file and the provider that runs nodes (platform.md sections 2 and 3).

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const PLATFORM_ERRORS = {
  DEFINITION_UNREADABLE: {
    kind: "invalid",
    fault: "local",
    message: "The network definition cannot be read.",
    next: "Correct the named line; `bystack up` without a file starts the dev network.",
  },
  DEFINITION_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "The network definition breaks a rule.",
    next: "Correct the named key.",
  },
  FOLDER_FORMAT: {
    kind: "conflict",
    fault: "local",
    message: "The network's folder was written by another version of Bystack.",
    next: "Use that version, or remove the network with all its data: bystack clean.",
  },
  NETWORK_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such network on this machine.",
    next: "Start one: bystack up.",
  },
  NETWORK_NOT_RUNNING: {
    kind: "unavailable",
    fault: "none",
    message: "The network is not running.",
    next: "Start it: bystack up.",
  },
  NETWORK_CHANGED: {
    kind: "conflict",
    fault: "none",
    message: "The definition is not the one this network was made from.",
    next: "Changing a living network comes with the platform; until then: bystack clean, then bystack up.",
  },
  PROOF_UNDEFINED: {
    kind: "conflict",
    fault: "none",
    message: "This network was defined without a round trip to prove.",
    next: "Name accounts, an asset and `prove: [peg-round-trip]` in the definition of a new network.",
  },
  CLEAN_NEEDS_YES: {
    kind: "conflict",
    fault: "none",
    message: "This removes the network with its keys, its chains and its wallet for good.",
    next: "Add --yes if that is what you want.",
  },
  CLOCK_WRONG: {
    kind: "invalid",
    fault: "local",
    message: "The clock of this machine is wrong.",
    next: "Set the clock (it should be synchronised), then start again.",
  },
  WAIT_TIMEOUT: {
    kind: "unavailable",
    fault: "none",
    message: "What was waited for did not happen in time.",
    next: "See what the nodes say: bystack status, bystack logs.",
  },
  PROVIDER_NOT_FOUND: {
    kind: "not-found",
    fault: "local",
    message: "There is no such node in this network.",
    next: "List the nodes: bystack status.",
  },
  PROVIDER_INIT_FAILED: {
    kind: "internal",
    fault: "local",
    message: "A node could not make its keys and folder.",
    next: "Read the lines above; `bystack clean` removes a half-made network.",
  },
  PROVIDER_PORT_IN_USE: {
    kind: "conflict",
    fault: "local",
    message: "A port that the network needs is taken by another program.",
    next: "Stop that program, or `bystack clean` and start again to get other ports.",
  },
  PROVIDER_LOCKED: {
    kind: "conflict",
    fault: "local",
    message: "Another process already runs this network.",
    next: "Stop it first: bystack down.",
  },
  PROVIDER_START_TIMEOUT: {
    kind: "unavailable",
    fault: "local",
    message: "A node did not become reachable in time.",
    next: "Read its last lines: bystack logs.",
  },
  PROVIDER_NODE_DIED: {
    kind: "unavailable",
    fault: "local",
    message: "A node ended while it was starting.",
    next: "Read its last lines: bystack logs.",
  },
  PROVIDER_STOP_TIMEOUT: {
    kind: "unavailable",
    fault: "local",
    message: "A node did not end when asked and was killed.",
    next: "Its next start repairs what was left open; report it if it happens again.",
  },
  PROVIDER_DISK_LOW: {
    kind: "limit",
    fault: "local",
    message: "There is too little free disk for the network.",
    next: "Free some space, or put the data folder elsewhere: BYSTACK_HOME.",
  },
  PROVIDER_MEMORY_LOW: {
    kind: "limit",
    fault: "local",
    message: "There is too little free memory for the network.",
    next: "Close other programs, or start fewer nodes.",
  },
  STORE_KEY_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "This cannot be a key in the platform's store.",
    next: "Use a shorter name.",
  },
  STORE_DAMAGED: {
    kind: "internal",
    fault: "local",
    message: "The platform's store holds something that this release cannot have written.",
    next: "The chains are not concerned. Restore the store from a backup.",
  },
  STORE_FORMAT: {
    kind: "conflict",
    fault: "local",
    message: "The platform's store was written by another release.",
    next: "Use that release, or restore a backup that this one has made.",
  },
  STORE_BUSY: {
    kind: "unavailable",
    fault: "none",
    message: "The platform has more changes under way than it takes at once.",
    next: "Try again in a moment.",
  },
  OPERATION_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such operation.",
    next: "List them: bystack operation list.",
  },
  OPERATION_OVER: {
    kind: "conflict",
    fault: "none",
    message: "The operation is in a state that does not allow this.",
    next: "See where it stands: bystack operation show <id>.",
  },
  OPERATION_UNKNOWN: {
    kind: "conflict",
    fault: "local",
    message: "This release does not know this kind of operation.",
    next: "Use the release that began it, or cancel it there.",
  },
  OPERATIONS_BUSY: {
    kind: "limit",
    fault: "none",
    message: "Too many operations of this network wait for their turn.",
    next: "Wait until one is over, or cancel some: bystack operation list.",
  },
  STEP_FAILED: {
    kind: "internal",
    fault: "local",
    message: "A step failed for a reason that the platform has no name for.",
    next: "Read the daemon's log, then resume the operation.",
  },
  STEP_UNPROVEN: {
    kind: "internal",
    fault: "local",
    message: "A step was made, and its effect is not there.",
    next: "Look at what it concerns, then resume the operation.",
  },
  CHAIN_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "There is no such chain in this network.",
    next: "Name one of its chains: --chain <name>.",
  },
  CHAIN_AMBIGUOUS: {
    kind: "invalid",
    fault: "none",
    message: "This network has several side chains.",
    next: "Say which one: --chain <name>.",
  },
  FEDERATION_ABSENT: {
    kind: "conflict",
    fault: "none",
    message: "This side chain has no federation: nothing can be carried in or out.",
    next: "A chain gets one when it is made: `federation` in its definition.",
  },
} as const satisfies ErrorTable;

export const platformError = errorFactory(PLATFORM_ERRORS);
