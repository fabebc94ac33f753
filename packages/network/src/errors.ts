// Why a connection, a peer or a request was refused or ended. `fault` decides the score of the peer (scores.ts): minor and
// severe count, `none` is the ordinary course of a network. The codes with a number travel in a REFUSE frame.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const NETWORK_ERRORS = {
  CONNECT_FAILED: {
    kind: "unavailable",
    fault: "none",
    message: "The peer could not be reached.",
    next: "Check its address and that it runs; dialling goes on by itself.",
  },
  TLS_FAILED: {
    kind: "unavailable",
    fault: "none",
    message: "The encrypted connection could not be set up.",
    next: "Check that both sides are Bystack nodes of a current version.",
  },
  HANDSHAKE_TIMEOUT: {
    kind: "unavailable",
    fault: "none",
    message: "The peer did not finish the handshake in time.",
    next: "Nothing; dialling goes on by itself.",
  },
  WRONG_KEY: {
    kind: "forbidden",
    fault: "none",
    message: "Another key answers at the address of this peer.",
    next: "Correct the key or the address of the peer in the configuration.",
  },
  UNKNOWN_KEY: {
    kind: "forbidden",
    fault: "none",
    message: "The key is not among the configured peers.",
    next: "Add the peer's key to the configuration of the node that refused.",
  },
  WRONG_NETWORK: {
    kind: "conflict",
    fault: "none",
    message: "The peer belongs to another network.",
    next: "Compare the chain specifications: their hashes differ.",
  },
  WRONG_PROTOCOL: {
    kind: "conflict",
    fault: "none",
    message: "The peer speaks another version of the protocol.",
    next: "Update the older of the two nodes.",
  },
  SELF: {
    kind: "conflict",
    fault: "none",
    message: "The node reached itself.",
    next: "Remove the node's own address from its peers.",
  },
  DUPLICATE: {
    kind: "conflict",
    fault: "none",
    message: "There is already a connection with this peer.",
    next: "Nothing; the other connection is used.",
  },
  REPLACED: {
    kind: "conflict",
    fault: "none",
    message: "A newer connection with the same peer took the place of this one.",
    next: "Nothing; the other connection is used.",
  },
  BANNED: {
    kind: "forbidden",
    fault: "none",
    message: "The peer broke the protocol and is refused for a while.",
    next: "Look for the cause in the log of the node that refused; the ban ends by itself.",
  },
  TOO_MANY: {
    kind: "limit",
    fault: "none",
    message: "The node has as many connections as it accepts.",
    next: "Connect to another node, or raise the limit of this one.",
  },
  STOPPING: {
    kind: "unavailable",
    fault: "none",
    message: "The node is stopping.",
    next: "Nothing; dialling goes on by itself.",
  },
  REMOVED: {
    kind: "forbidden",
    fault: "none",
    message: "The peer is no longer configured.",
    next: "Nothing.",
  },
  REMOTE_CLOSED: {
    kind: "unavailable",
    fault: "none",
    message: "The connection ended.",
    next: "Nothing; dialling goes on by itself.",
  },
  SILENT: {
    kind: "unavailable",
    fault: "none",
    message: "Nothing came from the peer for too long.",
    next: "Check the network between the nodes; dialling goes on by itself.",
  },
  STALLED: {
    kind: "unavailable",
    fault: "none",
    message: "The peer took nothing off the connection for too long.",
    next: "Check the load of the peer; dialling goes on by itself.",
  },
  LANE_OVERFLOW: {
    kind: "limit",
    fault: "none",
    message: "The peer is too slow for messages that may not be dropped.",
    next: "Check the load of the peer and the network; dialling goes on by itself.",
  },
  HELLO_MALFORMED: {
    kind: "invalid",
    fault: "peer-severe",
    message: "The first message of the peer is malformed.",
    next: "Update the older of the two nodes.",
  },
  HELLO_EXPECTED: {
    kind: "invalid",
    fault: "peer-severe",
    message: "The peer sent something else before or instead of its first message.",
    next: "Update the older of the two nodes.",
  },
  FRAME_EMPTY: {
    kind: "invalid",
    fault: "peer-severe",
    message: "A frame has no type.",
    next: "Update the older of the two nodes.",
  },
  FRAME_TYPE: {
    kind: "invalid",
    fault: "peer-severe",
    message: "A frame has an unknown type.",
    next: "Update the older of the two nodes.",
  },
  FRAME_TOO_LARGE: {
    kind: "limit",
    fault: "peer-severe",
    message: "A frame is larger than its type allows.",
    next: "Update the older of the two nodes.",
  },
  CONTROL_MALFORMED: {
    kind: "invalid",
    fault: "peer-severe",
    message: "A frame of the connection itself is malformed.",
    next: "Update the older of the two nodes.",
  },
  CONTROL_FLOOD: {
    kind: "limit",
    fault: "peer-severe",
    message: "The peer asks faster than answers can leave.",
    next: "Update the older of the two nodes.",
  },
  REQUEST_UNKNOWN: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The peer asked for something that this node does not serve.",
    next: "Update the older of the two nodes.",
  },
  REQUEST_FLOOD: {
    kind: "limit",
    fault: "none",
    message: "The peer asks for more at once than this node serves.",
    next: "Ask for less at once.",
  },
  RESPONSE_TOO_LARGE: {
    kind: "limit",
    fault: "peer-severe",
    message: "An answer is larger than its method allows.",
    next: "Update the older of the two nodes.",
  },
  NOT_CONNECTED: {
    kind: "unavailable",
    fault: "none",
    message: "There is no connection with this peer.",
    next: "Ask another peer, or wait for the connection.",
  },
  REQUEST_TIMEOUT: {
    kind: "unavailable",
    fault: "none",
    message: "The peer did not answer in time.",
    next: "Ask another peer.",
  },
  REQUEST_BUSY: {
    kind: "limit",
    fault: "none",
    message: "Too many questions to this peer are open.",
    next: "Wait for earlier answers.",
  },
  REQUEST_REFUSED: {
    kind: "unavailable",
    fault: "none",
    message: "The peer could not answer.",
    next: "Ask another peer.",
  },
  IDENTITY_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "A peer key or peer id is malformed.",
    next: "Use 64 hexadecimal digits.",
  },
  LISTEN_FAILED: {
    kind: "unavailable",
    fault: "local",
    message: "The node cannot listen at its address.",
    next: "Choose another port, or stop what uses this one.",
  },
} as const satisfies ErrorTable;

export type NetworkErrorCode = keyof typeof NETWORK_ERRORS;

export const networkError = errorFactory(NETWORK_ERRORS);

/** How a reason is named in a REFUSE frame. Numbers are never used again for something else. */
export const REFUSAL_NUMBERS = {
  UNKNOWN_KEY: 1,
  WRONG_NETWORK: 2,
  WRONG_PROTOCOL: 3,
  SELF: 4,
  DUPLICATE: 5,
  BANNED: 6,
  TOO_MANY: 7,
  STOPPING: 8,
  REMOVED: 9,
  HELLO_MALFORMED: 10,
  HELLO_EXPECTED: 11,
  FRAME_EMPTY: 12,
  FRAME_TYPE: 13,
  FRAME_TOO_LARGE: 14,
  CONTROL_MALFORMED: 15,
  CONTROL_FLOOD: 16,
  RESPONSE_TOO_LARGE: 17,
  REPLACED: 18,
} as const satisfies Partial<Record<NetworkErrorCode, number>>;

export type RefusalCode = keyof typeof REFUSAL_NUMBERS;

const CODES_BY_NUMBER = new Map<number, RefusalCode>();
for (const [code, number] of Object.entries(REFUSAL_NUMBERS)) CODES_BY_NUMBER.set(number, code as RefusalCode);

/** The reason behind a number that came in a REFUSE frame; undefined for one that this version does not know. */
export function refusalOfNumber(number: number): RefusalCode | undefined {
  return CODES_BY_NUMBER.get(number);
}

export function isRefusalCode(code: NetworkErrorCode): code is RefusalCode {
  return code in REFUSAL_NUMBERS;
}

/** Reasons that another attempt in a second would meet again: somebody has to change a configuration first. */
export const LASTING_REASONS: ReadonlySet<NetworkErrorCode> = new Set<NetworkErrorCode>([
  "WRONG_KEY",
  "UNKNOWN_KEY",
  "WRONG_NETWORK",
  "WRONG_PROTOCOL",
  "SELF",
  "BANNED",
  "REMOVED",
]);
