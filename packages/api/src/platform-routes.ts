// The routes of the platform (platform.md section 4): networks, plans, operations, events. All of them need the token of the
// platform's folder: whoever may read that file is its operator.

import { z } from "zod";
import { route } from "./route.ts";
import * as s from "./schemas.ts";

/** Seconds that a question may wait for something new. */
export const WAIT_SECONDS_MAX = 30;

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "a small letter, then up to 30 small letters, digits or hyphens");
const count = z.number().int().nonnegative();
const text = z.string();
const when = s.milliseconds.nullable();

/** What a handler answers from values that are not its own to change. */
const readonlyArray = <T extends z.ZodType>(item: T) => z.array(item).readonly();

const plan = z.object({
  hash: s.hash,
  network: name,
  revision: count,
  /** SHA3-256 of the definition's text. */
  definitionHash: s.hash,
  actions: readonlyArray(
    z.object({
      verb: text,
      target: text,
      chain: text.nullable(),
      class: z.enum(["make", "live", "roll", "end"]),
      title: text,
      before: text,
      after: text,
      risk: z.enum(["none", "restart", "margin0", "halt", "loss"]),
      committee: z.object({ n: count, q: count, f: count }).nullable(),
      estimateMs: count,
    }),
  ),
  refused: readonlyArray(z.object({ code: text, path: text, why: text, next: text })),
});

const operation = z.object({
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

const side = z.object({
  chain: text,
  height: s.height.nullable(),
  intervalMs: z.number().nullable(),
  voting: count,
  validators: count,
  survives: count,
  federation: z.object({ threshold: count, members: count, running: count, paused: readonlyArray(text) }).nullable(),
});

const status = z.object({
  network: name,
  running: z.boolean(),
  healthy: z.boolean(),
  main: z.object({ chain: text, height: s.height.nullable(), intervalMs: z.number().nullable() }),
  sides: readonlyArray(side),
  nodes: readonlyArray(
    z.object({
      id: text,
      chain: text,
      kind: z.enum(["main", "side"]),
      phase: text,
      url: text.nullable(),
      height: s.height.nullable(),
      finalHeight: s.height.nullable(),
      ready: z.boolean(),
      why: text.nullable(),
      hasSeat: z.boolean().nullable(),
      rssBytes: count.nullable(),
    }),
  ),
  rssBytes: count,
  accounts: readonlyArray(text),
  folder: text,
});

const definition = z.string().max(s.DEFINITION_CHARS_MAX);
const OPERATION_ID = z.strictObject({ operation: z.string().regex(/^\d{1,16}$/, "the number of an operation") });
const access = "admin" as const;

export const PLATFORM_ROUTES = {
  networks: route({
    method: "GET",
    path: "/v1/networks",
    summary: "Networks of this platform: what they shall be, and how many definitions were applied.",
    reply: z.object({
      items: z.array(
        z.object({ name, revision: count, desired: z.enum(["running", "stopped"]), changedAtMs: s.milliseconds }),
      ),
    }),
    access,
  }),
  network: route({
    method: "GET",
    path: "/v1/networks/:network",
    summary: "How one network stands: chains, heights, who votes, every node.",
    params: z.strictObject({ network: name }),
    reply: status,
    errors: ["NETWORK_NOT_FOUND"],
    access,
  }),
  definition: route({
    method: "GET",
    path: "/v1/networks/:network/definition",
    summary: "The definition that is applied, as its author wrote it.",
    params: z.strictObject({ network: name }),
    reply: z.object({ definition: text, revision: count }),
    errors: ["NETWORK_NOT_FOUND"],
    access,
  }),
  plan: route({
    method: "POST",
    path: "/v1/plan",
    summary: "What would be done to make a network what this definition says. Changes nothing.",
    body: z.strictObject({ definition }),
    reply: plan,
    errors: ["DEFINITION_UNREADABLE", "DEFINITION_INVALID"],
    access,
  }),
  apply: route({
    method: "POST",
    path: "/v1/apply",
    summary: "Begins to do what a plan says. Refused when the world is not any more what the plan was made from.",
    body: z.strictObject({ definition, planHash: s.hash }),
    reply: operation,
    errors: [
      "DEFINITION_UNREADABLE",
      "DEFINITION_INVALID",
      "PLAN_STALE",
      "PLAN_REFUSED",
      "OPERATION_UNFINISHED",
      "OPERATIONS_BUSY",
    ],
    access,
  }),
  startNetwork: route({
    method: "POST",
    path: "/v1/networks/:network/start",
    summary: "Begins to start all nodes of a network.",
    params: z.strictObject({ network: name }),
    reply: operation,
    errors: ["NETWORK_NOT_FOUND", "OPERATIONS_BUSY"],
    access,
  }),
  stopNetwork: route({
    method: "POST",
    path: "/v1/networks/:network/stop",
    summary: "Begins to stop all nodes of a network.",
    params: z.strictObject({ network: name }),
    reply: operation,
    errors: ["NETWORK_NOT_FOUND", "OPERATIONS_BUSY"],
    access,
  }),
  removeNetwork: route({
    method: "POST",
    path: "/v1/networks/:network/remove",
    summary: "Begins to stop a network and to remove all its data, keys included, for good.",
    params: z.strictObject({ network: name }),
    reply: operation,
    errors: ["OPERATIONS_BUSY"],
    access,
  }),
  operations: route({
    method: "GET",
    path: "/v1/operations",
    summary: "Operations, newest first.",
    query: z.strictObject({ limit: s.limitQuery, cursor: s.cursorQuery }),
    reply: s.listOf(operation),
    access,
  }),
  operation: route({
    method: "GET",
    path: "/v1/operations/:operation",
    summary: "One operation with its steps.",
    params: OPERATION_ID,
    reply: operation,
    errors: ["OPERATION_NOT_FOUND"],
    access,
  }),
  cancelOperation: route({
    method: "POST",
    path: "/v1/operations/:operation/cancel",
    summary: "Takes an operation back, down to its first step that cannot be taken back.",
    params: OPERATION_ID,
    reply: operation,
    errors: ["OPERATION_NOT_FOUND", "OPERATION_OVER"],
    access,
  }),
  resumeOperation: route({
    method: "POST",
    path: "/v1/operations/:operation/resume",
    summary: "Tries a failed operation again.",
    params: OPERATION_ID,
    reply: operation,
    errors: ["OPERATION_NOT_FOUND", "OPERATION_OVER"],
    access,
  }),
  platformEvents: route({
    method: "GET",
    path: "/v1/events",
    summary: "What happened after an event, oldest first. Waits for something new when there is nothing.",
    query: z.strictObject({
      after: z.coerce.number().int().nonnegative().optional(),
      waitS: z.coerce.number().int().min(0).max(WAIT_SECONDS_MAX).default(0),
    }),
    reply: z.object({
      items: z.array(
        z.object({
          seq: count,
          atMs: s.milliseconds,
          topic: text,
          subject: text,
          data: z.record(z.string(), z.json()),
        }),
      ),
      /** Number to go on after. */
      last: count,
      /** Events in between are not kept any more: read what they were about anew. */
      missed: z.boolean(),
    }),
    access,
  }),
  stopPlatform: route({
    method: "POST",
    path: "/admin/stop",
    summary: "Ends the platform's process in order. Nodes go on.",
    reply: z.object({ stopping: z.literal(true) }),
    access,
  }),
} as const;
