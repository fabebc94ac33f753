// Errors of the HTTP layer itself, and how every error of every package becomes an HTTP answer.

import { BystackError, type ErrorKind, type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const API_ERRORS = {
  BAD_REQUEST: {
    kind: "invalid",
    fault: "peer-minor",
    message: "The request does not have the form this route needs.",
    next: "Compare it with /openapi.json.",
  },
  UNKNOWN_ROUTE: {
    kind: "not-found",
    fault: "none",
    message: "There is no such route.",
    next: "See /openapi.json for the list of routes.",
  },
  FORBIDDEN_HOST: {
    kind: "forbidden",
    fault: "peer-minor",
    message: "The Host or Origin of the request is not on this node's list.",
    next: "Call the node by the address it listens on, from a page it serves or from a program.",
  },
  FORBIDDEN_ADMIN: {
    kind: "forbidden",
    fault: "peer-minor",
    message: "This route needs the administration token of the node's folder.",
    next: "Use the bystack command on the node's own machine.",
  },
  BODY_TOO_LARGE: {
    kind: "limit",
    fault: "peer-minor",
    message: "The body of the request is larger than this node accepts.",
    next: "Send less at once.",
  },
  INTERNAL: {
    kind: "internal",
    fault: "local",
    message: "The node failed to answer.",
    next: "Look at the node's log under the request id.",
  },
  UNREACHABLE: {
    kind: "unavailable",
    fault: "none",
    message: "The node does not answer.",
    next: "See whether it runs: bystack status.",
  },
  BAD_ANSWER: {
    kind: "internal",
    fault: "none",
    message: "The node answered something this client does not understand.",
    next: "Compare the versions of node and client: bystack version.",
  },
} as const satisfies ErrorTable;

export const apiError = errorFactory(API_ERRORS);

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  limit: 429,
  internal: 500,
  unavailable: 503,
};

/** RFC 9457 problem document, with the code and the next step. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly next: string;
};

/** Anything that is not a typed error becomes INTERNAL without its text: that goes to the log only. */
export function problemOf(error: unknown, requestId: string): Problem {
  const known = error instanceof BystackError ? error : apiError("INTERNAL");
  return {
    type: `urn:bystack:error:${known.code}`,
    title: known.message,
    status: STATUS[known.kind],
    detail: known.why,
    code: known.code,
    requestId,
    next: known.next,
  };
}

/** When to come again, for what was refused because it came too early. */
export function retryAfterSeconds(error: unknown): number | undefined {
  const waitMs = error instanceof BystackError ? error.details.retryAfterMs : undefined;
  return typeof waitMs === "number" ? Math.ceil(waitMs / 1000) : undefined;
}

const KIND_OF_STATUS = new Map<number, ErrorKind>(
  Object.entries(STATUS).map(([kind, status]) => [status, kind as ErrorKind]),
);

/** The client's side of {@link problemOf}: the same typed error again. */
export function errorOfProblem(problem: Problem): BystackError {
  const entry = {
    kind: KIND_OF_STATUS.get(problem.status) ?? ("internal" as const),
    fault: "none" as const,
    message: problem.title,
    next: problem.next,
  };
  return new BystackError(problem.code, entry, { why: problem.detail });
}
