// The routes of a side chain's federation: what the ledger's state says (any node of the chain answers these), and what
// the member that runs in this process knows and does.

import { z } from "zod";
import { route } from "./route.ts";
import * as s from "./schemas.ts";

const counters = z.object({
  asset: s.hash,
  listed: z.boolean(),
  minimum: s.amount,
  /** Null: no cap. */
  cap: s.amount.nullable(),
  /** Sum of the proven vault coins. */
  locked: s.total,
  minted: s.total,
  burned: s.total,
  circulating: s.total,
  /** circulating + requests that are not completed. */
  owed: s.total,
  writtenOff: s.total,
});

const coin = z.object({
  id: s.hash,
  asset: s.hash,
  amount: s.amount,
  program: s.bytes,
  script: s.bytes,
  sourceId: s.hash,
  sourcePosition: z.number().int(),
  mainHeight: s.height,
  proven: z.boolean(),
  /** The open payout that spends it. */
  payout: z.number().int().nullable(),
});

const request = z.object({
  id: s.hash,
  transaction: s.hash,
  asset: s.hash,
  amount: s.amount,
  program: s.bytes,
  burnHeight: s.height,
  state: z.enum(["queued", "in-payout", "completed"]),
  payout: z.number().int().nullable(),
});

const payout = z.object({
  number: z.number().int(),
  transaction: s.hash,
  kind: z.enum(["btm", "asset", "merge"]),
  state: z.enum(["open", "done", "failed", "dead", "unproven"]),
  /** The unsigned main-chain transaction that the ledger derived. */
  draft: s.bytes,
  recordedHeight: s.height,
  feeNeu: s.amount,
  inputs: z.array(s.hash),
  /** Vault scripts of the inputs, in their order: `20 c 75 …`, from which a signer reads c. */
  inputScripts: z.array(s.bytes),
  /** In the order of the draft's outputs. */
  requests: z.array(s.hash),
  /** Members whose signatures this member holds, by committee position. */
  signedBy: z.array(z.number().int()),
  waitsFor: z.string().nullable(),
});

const deposit = z.object({
  nullifier: s.hash,
  transaction: s.hash,
  position: z.number().int(),
  mainHeight: s.height,
  asset: s.hash,
  amount: s.amount,
  recipient: s.bytes,
  state: z.enum(["seen", "claiming", "credited", "refused"]),
  confirmations: z.number().int(),
  confirmationsNeeded: z.number().int(),
  /** For `credited`: the transaction and block that minted it. */
  claim: z.object({ transaction: s.hash, height: s.height }).nullable(),
  /** For `refused`: why, and what the owner can do. */
  reason: z.string().nullable(),
});

const member = z.object({
  index: z.number().int(),
  id: z.string(),
  self: z.boolean(),
  running: z.boolean(),
  lastSeenAgeMs: z.number().nullable(),
});

export const FEDERATION_ROUTES = {
  federationStatus: route({
    method: "GET",
    path: "/v1/federation/status",
    summary: "Vault, pauses, float, what the side chain knows of the main chain, counters of every asset.",
    reply: z.object({
      members: z.number().int(),
      threshold: z.number().int(),
      vaultEpoch: z.number().int(),
      height: s.height,
      stateRoot: s.hash,
      mainTip: z.object({ height: s.height, hash: s.hash }),
      confirmations: z.number().int(),
      batchBlocks: z.number().int(),
      pegOutFeeNeu: s.amount,
      /** `automatic` (deep reorganisation, rogue spend), `in`, `out`, or `asset:` with an asset id. */
      paused: z.array(z.string().regex(/^(?:automatic|in|out|asset:[0-9a-f]{64})$/)),
      /** Number that the next governance action must have. */
      governanceNext: s.amount,
      floatNeu: s.total,
      openFeesNeu: s.total,
      openPayouts: z.number().int(),
      independence: z.enum(["shared", "separate"]),
      assets: z.array(counters),
    }),
    errors: ["NOT_ON_THIS_CHAIN"],
  }),
  federationAddress: route({
    method: "GET",
    path: "/v1/federation/address",
    summary: "The deposit address that commits to a recipient program of this side chain, with the hint output.",
    query: z.strictObject({ recipient: s.bytes }),
    reply: z.object({ address: z.string(), program: s.bytes, script: s.bytes, commitment: s.hash, hint: s.bytes }),
    errors: ["RECIPIENT_INVALID"],
  }),
  announce: route({
    method: "POST",
    path: "/v1/federation/announce",
    summary: "Tells the collector of a deposit that carries no hint: watch the address of this recipient.",
    body: z.strictObject({ recipient: s.bytes }),
    reply: z.object({ address: z.string() }),
    errors: ["RECIPIENT_INVALID", "ANNOUNCEMENTS_FULL"],
  }),
  deposits: route({
    method: "GET",
    path: "/v1/federation/deposits",
    summary: "Deposits this member's collector has seen, newest first.",
    query: z.strictObject({ limit: s.limitQuery }),
    reply: z.object({ items: z.array(deposit) }),
  }),
  deposit: route({
    method: "GET",
    path: "/v1/federation/deposits/:nullifier",
    summary: "One deposit by the id of its main-chain output.",
    params: z.strictObject({ nullifier: s.hash }),
    reply: deposit,
    errors: ["DEPOSIT_NOT_FOUND"],
  }),
  claimedOf: route({
    method: "POST",
    path: "/v1/federation/claims/query",
    summary: "Which of up to 200 deposits (ids of main-chain outputs) the final state has credited.",
    body: z.strictObject({ nullifiers: z.array(s.hash).min(1).max(s.LIST_ITEMS_MAX) }),
    reply: z.object({
      /** Those that are credited, with the transaction and block that minted them. */
      claimed: z.array(z.object({ nullifier: s.hash, transaction: s.hash, height: s.height })),
    }),
  }),
  requests: route({
    method: "GET",
    path: "/v1/federation/requests",
    summary: "Burns that wait for their payout, then the completed ones, newest first.",
    query: z.strictObject({ limit: s.limitQuery }),
    reply: z.object({ items: z.array(request) }),
  }),
  request: route({
    method: "GET",
    path: "/v1/federation/requests/:id",
    summary: "One request by the id of its burn output.",
    params: z.strictObject({ id: s.hash }),
    reply: request,
    errors: ["REQUEST_NOT_FOUND"],
  }),
  payouts: route({
    method: "GET",
    path: "/v1/federation/payouts",
    summary: "Payout drafts, newest first; with `live=true` only those that are open, unproven or dead.",
    query: z.strictObject({ limit: s.limitQuery, live: z.enum(["true", "false"]).default("false") }),
    reply: z.object({ items: z.array(payout) }),
  }),
  payout: route({
    method: "GET",
    path: "/v1/federation/payouts/:number",
    summary: "One payout: its draft, who signed, what it waits for.",
    params: z.strictObject({ number: z.coerce.number().int().nonnegative() }),
    reply: payout,
    errors: ["PAYOUT_NOT_FOUND"],
  }),
  reserves: route({
    method: "GET",
    path: "/v1/federation/reserves",
    summary: "Every vault coin of the ledger with its script, and the counters: enough to recount locked against owed.",
    reply: z.object({
      height: s.height,
      stateRoot: s.hash,
      floatNeu: s.total,
      openFeesNeu: s.total,
      coins: z.array(coin),
      assets: z.array(counters),
    }),
  }),
  members: route({
    method: "GET",
    path: "/v1/federation/members",
    summary: "The members as this one sees them.",
    reply: z.object({ items: z.array(member) }),
    errors: ["NO_MEMBER_HERE"],
  }),
  memberMessage: route({
    method: "POST",
    path: "/v1/federation/messages",
    summary: "An envelope from another member (federation.md section 8).",
    body: z.strictObject({ envelope: s.bytes }),
    reply: z.object({ accepted: z.boolean() }),
    errors: ["NO_MEMBER_HERE", "ENVELOPE_INVALID", "MEMBER_RATE"],
  }),
  memberSwitch: route({
    method: "POST",
    path: "/admin/federation",
    summary: "Stops or starts the member that runs in this process; its validator goes on voting.",
    body: z.strictObject({ run: z.boolean() }),
    reply: z.object({ running: z.boolean() }),
    errors: ["NO_MEMBER_HERE"],
    access: "admin",
  }),
  govern: route({
    method: "POST",
    path: "/admin/governance",
    summary: "Signs a governance action with this member's identity and passes it on (pause, resume, list an asset).",
    body: z.strictObject({
      action: z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("pause"), scope: z.enum(["all", "in", "out"]).default("all") }),
        /** Lifts every pause there is, or one of them. */
        z.strictObject({ kind: z.literal("resume"), scope: z.enum(["all", "in", "out", "automatic"]).default("all") }),
        z.strictObject({ kind: z.literal("list"), asset: s.hash, minimum: s.amount, cap: s.amount }),
      ]),
    }),
    reply: z.object({
      sequence: z.string(),
      signatures: z.number().int(),
      needed: z.number().int(),
      submitted: z.boolean(),
    }),
    errors: ["NO_MEMBER_HERE", "GOVERNANCE_REFUSED"],
    access: "admin",
  }),
} as const;
