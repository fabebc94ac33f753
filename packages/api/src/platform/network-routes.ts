// The routes of networks: how they stand, what they shall be, plans.

import { z } from "zod";
import { route } from "../route.ts";
import * as s from "../schemas.ts";
import { operation } from "./operation-routes.ts";
import { count, definition, NETWORK, name, readonlyArray, text } from "./parts.ts";

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

const side = z.object({
  chain: text,
  height: s.height.nullable(),
  intervalMs: z.number().nullable(),
  /** Age of the newest final block. */
  finalAgeMs: z.number().nullable(),
  voting: count,
  validators: count,
  quorum: count,
  survives: count,
  state: z.enum(["stopped", "starting", "running", "degraded", "halted"]),
  desired: z.enum(["running", "stopped", "archived"]),
  /** Of an archived one: when it may be deleted. */
  deletableFromMs: s.milliseconds.nullable(),
  federation: z.object({ threshold: count, members: count, running: count, paused: readonlyArray(text) }).nullable(),
});

export const nodeRow = z.object({
  id: text,
  chain: text,
  kind: z.enum(["main", "side"]),
  phase: z.enum(["absent", "created", "running", "stopped"]),
  url: text.nullable(),
  height: s.height.nullable(),
  finalHeight: s.height.nullable(),
  ready: z.boolean(),
  why: text.nullable(),
  hasSeat: z.boolean().nullable(),
  voting: z.boolean().nullable(),
  view: count.nullable(),
  peers: count.nullable(),
  mempool: count.nullable(),
  startedAtMs: s.milliseconds.nullable(),
  rssBytes: count.nullable(),
});

export const networkStatus = z.object({
  network: name,
  running: z.boolean(),
  healthy: z.boolean(),
  main: z.object({
    chain: text,
    height: s.height.nullable(),
    intervalMs: z.number().nullable(),
    finalAgeMs: z.number().nullable(),
    state: z.enum(["stopped", "starting", "running", "degraded", "halted"]),
  }),
  sides: readonlyArray(side),
  nodes: readonlyArray(nodeRow),
  rssBytes: count,
  accounts: readonlyArray(text),
  folder: text,
});

export const NETWORK_ROUTES = {
  networks: route({
    method: "GET",
    path: "/v1/networks",
    summary: "Networks that whoever asks may see: what they shall be, and how many definitions were applied.",
    reply: z.object({
      items: z.array(
        z.object({ name, revision: count, desired: z.enum(["running", "stopped"]), changedAtMs: s.milliseconds }),
      ),
    }),
    access: { role: "p" },
  }),
  network: route({
    method: "GET",
    path: "/v1/networks/:network",
    summary: "How one network stands: chains, heights, who votes, every node.",
    params: NETWORK,
    reply: networkStatus,
    errors: ["NETWORK_NOT_FOUND"],
    access: { role: "a" },
  }),
  samples: route({
    method: "GET",
    path: "/v1/networks/:network/samples",
    summary: "How a network stood in the last fifteen minutes, one picture a second, oldest first: for plots.",
    params: NETWORK,
    query: z.strictObject({ every: z.coerce.number().int().min(1).max(60).default(1) }),
    reply: z.object({
      items: readonlyArray(
        z.object({
          atMs: s.milliseconds,
          rssBytes: count,
          chains: z.record(
            z.string(),
            z.object({ height: s.height.nullable(), intervalMs: z.number().nullable(), mempool: count }),
          ),
        }),
      ),
    }),
    access: { role: "a" },
  }),
  definition: route({
    method: "GET",
    path: "/v1/networks/:network/definition",
    summary: "The definition that is applied, as its author wrote it.",
    params: NETWORK,
    reply: z.object({ definition: text, revision: count }),
    errors: ["NETWORK_NOT_FOUND"],
    access: { role: "a" },
  }),
  preset: route({
    method: "GET",
    path: "/v1/presets/:preset",
    summary: "A definition to begin with.",
    params: z.strictObject({ preset: z.enum(["dev", "dev-elections"]) }),
    reply: z.object({ definition: text }),
    access: { role: "a" },
  }),
  plan: route({
    method: "POST",
    path: "/v1/networks/:network/plan",
    summary: "What would be done to make a network what this definition says. Changes nothing.",
    params: NETWORK,
    body: z.strictObject({ definition }),
    reply: plan,
    errors: ["DEFINITION_UNREADABLE", "DEFINITION_INVALID", "NETWORK_NAME_DIFFERS"],
    access: { role: "o" },
  }),
  apply: route({
    method: "POST",
    path: "/v1/networks/:network/apply",
    summary: "Begins to do what a plan says. Refused when the world is not any more what the plan was made from.",
    params: NETWORK,
    body: z.strictObject({ definition, planHash: s.hash }),
    reply: operation,
    errors: [
      "DEFINITION_UNREADABLE",
      "DEFINITION_INVALID",
      "NETWORK_NAME_DIFFERS",
      "PLAN_STALE",
      "PLAN_REFUSED",
      "OPERATION_UNFINISHED",
      "OPERATIONS_BUSY",
      "STEP_UP_NEEDED",
    ],
    access: { role: "o" },
    status: 202,
  }),
  startNetwork: route({
    method: "POST",
    path: "/v1/networks/:network/start",
    summary: "Begins to start all nodes of a network.",
    params: NETWORK,
    reply: operation,
    errors: ["NETWORK_NOT_FOUND", "OPERATIONS_BUSY"],
    access: { role: "o" },
    status: 202,
  }),
  stopNetwork: route({
    method: "POST",
    path: "/v1/networks/:network/stop",
    summary: "Begins to stop all nodes of a network.",
    params: NETWORK,
    reply: operation,
    errors: ["NETWORK_NOT_FOUND", "OPERATIONS_BUSY"],
    access: { role: "o", isStepUp: true },
    status: 202,
  }),
  removeNetwork: route({
    method: "DELETE",
    path: "/v1/networks/:network",
    summary: "Begins to stop a network and to remove all its data, keys included, for good.",
    params: NETWORK,
    reply: operation,
    errors: ["OPERATIONS_BUSY"],
    access: { role: "w", isStepUp: true },
    status: 202,
  }),
} as const;
