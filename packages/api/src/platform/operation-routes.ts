// The routes of operations: what is being changed, by whom, how far it is.

import { z } from "zod";
import { route } from "../route.ts";
import * as s from "../schemas.ts";
import { NETWORK, name, numberCursor, text, when } from "./parts.ts";

export const operation = z.object({
  id: text,
  kind: text,
  title: text,
  network: name,
  chain: text.nullable(),
  actorId: text,
  /** Of the definition that is applied; null for what applies none. */
  definitionHash: s.hash.nullable(),
  state: z.enum(["queued", "running", "succeeded", "failed", "cancelled"]),
  createdAtMs: s.milliseconds,
  startedAtMs: when,
  endedAtMs: when,
  cancelAsked: z.boolean(),
  steps: z.array(
    z.object({
      name: text,
      title: text,
      state: z.enum(["waiting", "running", "done", "undone", "failed"]),
      made: z.boolean(),
      startedAtMs: when,
      endedAtMs: when,
      note: text,
    }),
  ),
  error: z.object({ code: text, message: text, why: text, next: text, step: text }).nullable(),
});

const OPERATION = NETWORK.extend({ operation: z.string().regex(/^\d{1,16}$/, "the number of an operation") });

export const OPERATION_ROUTES = {
  operations: route({
    method: "GET",
    path: "/v1/networks/:network/operations",
    summary: "Operations of a network, newest first.",
    params: NETWORK,
    query: z.strictObject({ limit: s.limitQuery, cursor: numberCursor }),
    reply: s.listOf(operation),
    access: { role: "a" },
  }),
  operation: route({
    method: "GET",
    path: "/v1/networks/:network/operations/:operation",
    summary: "One operation with its steps.",
    params: OPERATION,
    reply: operation,
    errors: ["OPERATION_NOT_FOUND"],
    access: { role: "a" },
  }),
  cancelOperation: route({
    method: "POST",
    path: "/v1/networks/:network/operations/:operation/cancel",
    summary: "Takes an operation back, down to its first step that cannot be taken back.",
    params: OPERATION,
    reply: operation,
    errors: ["OPERATION_NOT_FOUND", "OPERATION_OVER"],
    access: { role: "o" },
    status: 202,
  }),
  resumeOperation: route({
    method: "POST",
    path: "/v1/networks/:network/operations/:operation/resume",
    summary: "Tries a failed operation again.",
    params: OPERATION,
    reply: operation,
    errors: ["OPERATION_NOT_FOUND", "OPERATION_OVER"],
    access: { role: "o" },
    status: 202,
  }),
} as const;
