// The routes of nodes as the platform runs them: how each stands, its log, its options, and what may be done with it.

import { z } from "zod";
import { NODE_ROUTES } from "../node-routes.ts";
import { route } from "../route.ts";
import * as s from "../schemas.ts";
import { nodeRow } from "./network-routes.ts";
import { operation } from "./operation-routes.ts";
import { NETWORK, NODE, readonlyArray, text } from "./parts.ts";

/** Lines of a log that one answer has. */
export const LOG_TAIL_MAX = 1_000;

const exit = z.object({
  code: z.number().int().nullable(),
  signal: text.nullable(),
  atMs: s.milliseconds,
  meaning: text,
  tail: readonlyArray(text),
});

const begun = { status: 202, reply: operation, params: NODE } as const;
const CHANGE_ERRORS = ["NODE_NOT_FOUND", "NODE_NEEDED", "OPERATIONS_BUSY"] as const;

export const PLATFORM_NODE_ROUTES = {
  nodes: route({
    method: "GET",
    path: "/v1/networks/:network/nodes",
    summary: "Every node of a network.",
    params: NETWORK,
    reply: z.object({ items: readonlyArray(nodeRow) }),
    errors: ["NETWORK_NOT_FOUND"],
    access: { role: "a" },
  }),
  node: route({
    method: "GET",
    path: "/v1/networks/:network/nodes/:node",
    summary: "One node: how it stands, where its process is, how it ended the last time.",
    params: NODE,
    reply: z.object({
      node: nodeRow,
      process: z
        .object({
          pid: z.number().int(),
          startedAtMs: s.milliseconds,
          instance: text,
          ports: z.record(z.string(), z.number().int()),
        })
        .nullable(),
      exit: exit.nullable(),
      /** Whether it shall run: one that was stopped by hand is not started again. */
      desired: z.enum(["running", "stopped"]),
      info: NODE_ROUTES.info.reply.nullable(),
    }),
    errors: ["NODE_NOT_FOUND"],
    access: { role: "a" },
  }),
  nodeConfig: route({
    method: "GET",
    path: "/v1/networks/:network/nodes/:node/config",
    summary: "The options file of a node, and the public halves of its keys.",
    params: NODE,
    reply: z.object({
      config: z.record(z.string(), z.json()),
      identity: z.record(z.string(), text).readonly(),
    }),
    errors: ["NODE_NOT_FOUND"],
    access: { role: "a" },
  }),
  nodePeers: route({
    method: "GET",
    path: "/v1/networks/:network/nodes/:node/peers",
    summary: "Whom a side node is connected to.",
    params: NODE,
    reply: NODE_ROUTES.peers.reply,
    errors: ["NODE_NOT_FOUND", "CHAIN_SILENT", "UNREACHABLE", "NOT_ON_THIS_CHAIN"],
    access: { role: "a" },
  }),
  nodeLogs: route({
    method: "GET",
    path: "/v1/networks/:network/nodes/:node/logs",
    summary: "The last lines of a node's log, oldest first.",
    params: NODE,
    query: z.strictObject({ tail: z.coerce.number().int().min(1).max(LOG_TAIL_MAX).default(200) }),
    reply: z.object({ items: z.array(text) }),
    errors: ["NODE_NOT_FOUND"],
    access: { role: "a" },
  }),
  followLogs: route({
    method: "GET",
    path: "/v1/networks/:network/nodes/:node/logs/follow",
    summary: "A node's log as it is written: its last lines, then what comes, as server-sent events.",
    params: NODE,
    query: z.strictObject({ tail: z.coerce.number().int().min(1).max(LOG_TAIL_MAX).default(50) }),
    kind: "events",
    reply: z.object({ line: text }),
    errors: ["NODE_NOT_FOUND", "STREAMS_FULL"],
    access: { role: "a" },
  }),
  startNode: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/nodes/:node/start",
    summary: "Begins to start a node.",
    errors: CHANGE_ERRORS,
    access: { role: "o" },
  }),
  stopNode: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/nodes/:node/stop",
    summary: "Begins to stop a node; refused where its chain would stop with it.",
    errors: CHANGE_ERRORS,
    access: { role: "o" },
  }),
  restartNode: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/nodes/:node/restart",
    summary: "Begins to stop a node and to start it again; refused where its chain would stop meanwhile.",
    errors: CHANGE_ERRORS,
    access: { role: "o" },
  }),
  rebuildNode: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/nodes/:node/rebuild",
    summary: "Begins to make the chain's data of a node anew from its peers. Its keys and what it has voted for stay.",
    errors: [...CHANGE_ERRORS, "NODE_ALONE"],
    access: { role: "o" },
  }),
  perturbNode: route({
    method: "POST",
    path: "/v1/networks/:network/nodes/:node/perturb",
    summary: "On a dev network: kills, pauses or resumes a node's process, to see what happens.",
    params: NODE,
    body: z.strictObject({ how: z.enum(["kill", "pause", "resume"]) }),
    reply: z.object({ done: z.literal(true) }),
    errors: ["NODE_NOT_FOUND", "NOT_A_DEV_NETWORK"],
    access: { role: "o" },
  }),
} as const;
