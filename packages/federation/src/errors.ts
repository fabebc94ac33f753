// The errors of a federation member. What stops signing is always `local` and shown in the status of the member; what a
// message of another member does wrong is a verdict (exchange/envelope.ts) and becomes ENVELOPE_INVALID only at the route.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const FEDERATION_ERRORS = {
  NO_MEMBER_HERE: {
    kind: "unavailable",
    fault: "none",
    message: "The federation member of this process is stopped.",
    next: "Start it again, or ask another member.",
  },
  MEMBER_KEYS: {
    kind: "conflict",
    fault: "local",
    message: "The keys of this process are not those that the chain spec names for the member.",
    next: "Use the folder of the member whose index was given.",
  },
  JOURNAL_STOPPED: {
    kind: "unavailable",
    fault: "local",
    message: "The member's journal cannot be trusted, so it signs nothing.",
    next: "Check the disk, move the journal folder away, let the node synchronise and start the member again.",
  },
  ENVELOPE_INVALID: {
    kind: "invalid",
    fault: "peer-severe",
    message: "The message is not a valid envelope of a member of this federation.",
    next: "Compare chain id, member index and identity key with the chain spec.",
  },
  COMMITTEE_NOT_CERTIFIED: {
    kind: "internal",
    fault: "local",
    message: "The own node names a committee that the one before it has not certified, so no payout is signed.",
    next: "Compare the node's committee with other nodes: bystack committee. Keep its data and rebuild it from its peers.",
  },
  MEMBER_RATE: {
    kind: "limit",
    fault: "peer-minor",
    message: "The member sends more messages than others accept.",
    next: "Send less; lost messages are asked for again.",
  },
  RECIPIENT_INVALID: {
    kind: "invalid",
    fault: "none",
    message: "This is not a recipient program of the side chain.",
    next: "Use the program of a side-chain address: 0014 and 20 bytes, or 0020 and 32 bytes.",
  },
  ANNOUNCEMENTS_FULL: {
    kind: "limit",
    fault: "none",
    message: "This collector watches as many announced addresses as it can.",
    next: "Announce at another member, or add the hint output to the deposit.",
  },
  DEPOSIT_NOT_FOUND: {
    kind: "not-found",
    fault: "none",
    message: "This collector has seen no such deposit.",
    next: "Wait for a main-chain block, or announce the recipient if the deposit carries no hint.",
  },
  GOVERNANCE_REFUSED: {
    kind: "conflict",
    fault: "none",
    message: "The governance action cannot be signed now.",
    next: "The reason says what stands against it; look at the federation's status.",
  },
} as const satisfies ErrorTable;

export const federationError = errorFactory(FEDERATION_ERRORS);
