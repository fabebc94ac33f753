// The routes that a chain node serves, main chain and side chain alike; what only one kind has says so.

import { z } from "zod";
import { backupId } from "./backup-manifest.ts";
import * as v from "./node-vitals.ts";
import { route } from "./route.ts";
import * as s from "./schemas.ts";

/** Headers in a proof of finality: certificates are kept at least this often. */
export const FINALITY_HEADERS_MAX = 256;
/** Peers of one node: the largest committee with observers and archives around it (network/mesh). */
const PEERS_MAX = 1024;

const info = z.object({
  kind: z.enum(["main", "side"]),
  chain: z.string(),
  chainId: s.hash,
  node: z.string(),
  version: z.string(),
  instance: z.string(),
  startedAtMs: s.milliseconds,
  height: s.height,
  tip: s.hash,
  /** Side chain: the last final block. Main chain: the same as `height`. */
  finalHeight: s.height,
  finalHash: s.hash,
  finalAgeMs: s.milliseconds,
  blockIntervalMs: z.number().nullable(),
  ready: z.boolean(),
  notReadyBecause: z.string().nullable(),
  peers: z.number().int(),
  mempool: z.number().int(),
  rssBytes: z.number().int(),
  addressPrefix: z.string(),
  backends: z.record(z.string(), z.string()),
});

const consensus = z.object({
  epoch: z.number().int(),
  view: z.number().int(),
  validators: z.array(
    z.object({
      index: z.number().int(),
      id: z.string(),
      voteKey: s.bytes,
      self: z.boolean(),
      lastVoteAgeMs: z.number().nullable(),
    }),
  ),
  faultsTolerated: z.number().int(),
  quorum: z.number().int(),
  voting: z.boolean(),
  notVotingBecause: z.string().nullable(),
  /** The same for programs: null while it votes. */
  silence: z.enum(["starting", "observer", "halted", "asking", "bar", "observe"]).nullable(),
  nullifiedTotal: z.number().int(),
  /** Why the counters of the supply are not to be trusted; null while they agree. */
  supplyProblem: z.string().nullable(),
});

const main = z.object({
  difficultyBits: z.string(),
  work: z.string(),
  mining: z.boolean(),
  hashesPerSecond: z.number(),
  reorganisations: z.number().int(),
});

export const NODE_ROUTES = {
  info: route({
    method: "GET",
    path: "/v1/info",
    summary: "What this node is, where its chain stands, whether it is ready.",
    reply: info,
  }),
  spec: route({
    method: "GET",
    path: "/v1/spec",
    summary: "The ChainSpec, as canonical JSON text.",
    reply: z.object({ canonical: z.string(), hash: s.hash }),
  }),
  consensus: route({
    method: "GET",
    path: "/v1/consensus",
    summary: "Side chain: committee, view, who voted when.",
    reply: consensus,
    errors: ["NOT_ON_THIS_CHAIN"],
  }),
  main: route({
    method: "GET",
    path: "/v1/main",
    summary: "Main chain: difficulty, mining, reorganisations.",
    reply: main,
    errors: ["NOT_ON_THIS_CHAIN"],
  }),
  vitals: route({
    method: "GET",
    path: "/v1/vitals",
    summary: "What this node measures of itself and its machine: delays, room, clock, who leads without success.",
    reply: v.vitals,
  }),
  block: route({
    method: "GET",
    path: "/v1/blocks/:ref",
    summary: "One block by height, by hash, or `tip`; by hash a side node needs its explorer.",
    params: z.strictObject({ ref: z.string().max(64) }),
    reply: s.block,
    errors: ["BLOCK_NOT_FOUND", "EXPLORER_OFF"],
  }),
  finality: route({
    method: "GET",
    path: "/v1/blocks/:ref/finality",
    summary:
      "Side chain: proof that a block is final: headers from it on, and the FINALIZE certificate of the last one.",
    params: z.strictObject({ ref: z.string().max(64) }),
    reply: z.object({ headers: z.array(s.bytes).min(1).max(FINALITY_HEADERS_MAX), certificate: s.bytes }),
    errors: ["BLOCK_NOT_FOUND", "NOT_ON_THIS_CHAIN"],
  }),
  transaction: route({
    method: "GET",
    path: "/v1/transactions/:id",
    summary: "One transaction: where it stands, or that it waits.",
    params: z.strictObject({ id: s.hash }),
    reply: s.transaction,
    errors: ["TRANSACTION_NOT_FOUND"],
  }),
  transactionWhy: route({
    method: "GET",
    path: "/v1/transactions/:id/why",
    summary: "What became of a transaction here, also of one that was refused or dropped a short while ago.",
    params: z.strictObject({ id: s.hash }),
    reply: v.transactionWhy,
  }),
  proof: route({
    method: "GET",
    path: "/v1/transactions/:id/proof",
    summary: "Merkle path of a transaction to its block header (main chain: also of its status).",
    params: z.strictObject({ id: s.hash }),
    reply: z.object({
      header: s.bytes,
      height: s.height,
      position: z.number().int(),
      directions: z.array(z.boolean()),
      transactionSiblings: z.array(s.hash),
      statusSiblings: z.array(s.hash),
      gasOnly: z.boolean(),
    }),
    errors: ["TRANSACTION_NOT_FOUND"],
  }),
  submit: route({
    method: "POST",
    path: "/v1/transactions",
    summary: "Checks a signed transaction and takes it into the mempool. The same bytes again are a success.",
    body: z.strictObject({ raw: s.bytes }),
    reply: z.object({ id: s.hash, known: z.boolean() }),
    errors: ["TRANSACTION_REJECTED", "MEMPOOL_FULL"],
  }),
  outputs: route({
    method: "POST",
    path: "/v1/outputs/query",
    summary: "Unspent outputs of up to 200 programs.",
    body: z.strictObject({
      programs: z.array(s.bytes).min(1).max(s.LIST_ITEMS_MAX),
      cursor: z.string().max(200).optional(),
    }),
    reply: s.listOf(s.output),
  }),
  output: route({
    method: "GET",
    path: "/v1/outputs/:id",
    summary: "One unspent output.",
    params: z.strictObject({ id: s.hash }),
    reply: s.output,
    errors: ["OUTPUT_NOT_FOUND"],
  }),
  address: route({
    method: "GET",
    path: "/v1/addresses/:address/outputs",
    summary: "Unspent outputs of one address or program.",
    params: z.strictObject({ address: z.string().min(1).max(128) }),
    query: z.strictObject({ limit: s.limitQuery.default(s.LIST_ITEMS_MAX), cursor: s.cursorQuery }),
    reply: s.listOf(s.output),
    errors: ["ADDRESS_INVALID", "BAD_REQUEST"],
  }),
  mempool: route({
    method: "GET",
    path: "/v1/mempool",
    summary: "Ids of waiting transactions, oldest first.",
    query: z.strictObject({ limit: s.limitQuery }),
    reply: z.object({ count: z.number().int(), items: z.array(s.hash) }),
  }),
  peers: route({
    method: "GET",
    path: "/v1/peers",
    summary: "Side chain: connected peers.",
    reply: z.object({
      items: z.array(
        z.object({ id: z.string(), connected: z.boolean(), score: z.number(), finalHeight: s.height.nullable() }),
      ),
    }),
    errors: ["NOT_ON_THIS_CHAIN"],
  }),
  incidents: route({
    method: "GET",
    path: "/v1/incidents",
    summary: "Side chain: what was wrong with the node's own files, and what it did about it; newest last.",
    reply: z.object({
      items: z.array(
        z.object({ code: z.string(), atMs: s.milliseconds, file: z.string(), what: z.string(), done: z.string() }),
      ),
    }),
    errors: ["NOT_ON_THIS_CHAIN"],
  }),
  setPeers: route({
    method: "POST",
    path: "/admin/peers",
    summary: "Side chain: replaces the peers until the next start: new ones are dialled, others disconnected.",
    body: z.strictObject({
      peers: z
        .array(
          z.strictObject({
            id: z.string().min(1).max(100),
            key: s.hash,
            voteKey: s.hash.optional(),
            host: z.string().min(1).max(255),
            port: z.number().int().min(1).max(65_535),
          }),
        )
        .max(PEERS_MAX),
    }),
    reply: z.object({ peers: z.number().int() }),
    errors: ["NOT_ON_THIS_CHAIN"],
    access: "admin",
  }),
  backup: route({
    method: "POST",
    path: "/admin/backup",
    summary:
      "Writes what this node has of its chain into a folder of its own, without keys; the same id again tells how far it is.",
    body: z.strictObject({ id: backupId }),
    reply: z.object({
      id: backupId,
      state: z.enum(["running", "done", "failed"]),
      /** Where it is once it is done, in the node's folder. */
      folder: z.string(),
      height: s.height,
      bytes: z.number().int().nonnegative(),
      /** Why it failed; empty otherwise. */
      why: z.string(),
    }),
    errors: ["BACKUP_BUSY", "BACKUP_TOO_EARLY"],
    access: "admin",
  }),
  stop: route({
    method: "POST",
    path: "/admin/stop",
    summary: "Ends the process in order.",
    reply: z.object({ stopping: z.literal(true) }),
    access: "admin",
  }),
} as const;

/** What the event stream of a node (`/v1/events`, WebSocket) sends, one JSON text a frame. */
export const NODE_EVENT = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("block"),
    height: s.height,
    hash: s.hash,
    transactions: z.array(s.hash),
    reorganised: z.boolean(),
  }),
  z.object({
    type: z.literal("final"),
    height: s.height,
    hash: s.hash,
    timestampMs: z.number(),
    transactions: z.array(s.hash),
  }),
]);
export type NodeEvent = z.infer<typeof NODE_EVENT>;
