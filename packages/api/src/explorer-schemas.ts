// Shapes of the explorer's routes. What a transaction is for is the type `What` of protocol/explain, field by field: a handler
// that says something else does not compile.

import { z } from "zod";
import * as s from "./schemas.ts";

const value = z.object({ asset: s.hash, amount: s.amount });
const payment = value.extend({ to: z.string() });
const vote = z.object({ candidate: s.bytes, amount: s.amount });
const listed = <T extends z.ZodType>(item: T) => ({ items: z.array(item), more: z.number().int().nonnegative() });

/** What a transaction is for; `@bystack/protocol/explain/sentence` turns it into English. Lists are cut: `more` counts the rest. */
export const what = z.discriminatedUnion("class", [
  z.object({ class: z.literal("payment"), from: z.string().nullable(), ...listed(payment) }),
  z.object({ class: z.literal("coinbase"), ...listed(payment) }),
  z.object({ class: z.literal("issuance"), ...listed(value) }),
  z.object({ class: z.literal("retirement"), text: z.string().nullable(), ...listed(value) }),
  z.object({ class: z.literal("deposit"), chain: s.bytes, recipient: s.bytes, ...listed(value) }),
  z.object({ class: z.literal("payout"), ...listed(payment) }),
  payment.extend({ class: z.literal("claim"), deposit: s.hash, mainHeight: z.string().nullable() }),
  z.object({ class: z.literal("burn"), from: z.string().nullable(), ...listed(payment.extend({ request: s.hash })) }),
  z.object({ class: z.literal("headers"), from: z.string(), to: z.string() }),
  z.object({ class: z.literal("completion"), payout: z.string(), mainHeight: z.string(), failed: z.boolean() }),
  z.object({ class: z.literal("coin-proof"), coin: s.hash }),
  z.object({
    class: z.literal("governance"),
    action: z.enum(["pause", "resume", "list"]),
    scope: z.string(),
    signatures: z.number().int(),
  }),
  z.object({
    class: z.literal("registration"),
    candidate: s.bytes,
    bond: s.amount,
    voterShare: z.number().int(),
  }),
  z.object({ class: z.literal("resignation"), candidate: s.bytes }),
  z.object({ class: z.literal("vote"), ...listed(vote) }),
  z.object({ class: z.literal("veto"), ...listed(vote) }),
  z.object({ class: z.literal("vote-claim"), epoch: z.number(), outputs: z.number().int(), amount: s.total }),
  z.object({
    class: z.literal("evidence"),
    voteKey: s.hash,
    rule: z.enum(["two-notarize", "nullify-and-finalize", "two-proposals"]),
    epoch: z.number(),
    view: z.number(),
  }),
  z.object({ class: z.literal("other") }),
]);

export const listedBlock = z.object({
  height: s.height,
  hash: s.hash,
  timestampMs: z.number(),
  /** Those that took effect. */
  transactions: z.number().int(),
  bytes: z.number().int(),
});

/** A transaction as lists show it; in a block, or waiting. */
export const listedTransaction = z.object({
  id: s.hash,
  blockHeight: s.height.nullable(),
  position: z.number().int().nullable(),
  timestampMs: z.number().nullable(),
  /** Main chain: only its BTM side took effect. */
  gasOnly: z.boolean(),
  fee: s.amount,
  bytes: z.number().int(),
  what,
});

export const decodedInput = z.object({
  kind: z.enum(["spend", "issuance", "coinbase", "claim", "veto", "system", "unknown"]),
  asset: s.hash.nullable(),
  amount: s.total.nullable(),
  program: s.bytes.nullable(),
  address: z.string().nullable(),
  /** The output it spends, of this chain; of a claim that of the main chain. */
  outputId: s.hash.nullable(),
  /** The transaction that made that output, where it is known. */
  transaction: s.hash.nullable(),
});

export const decodedOutput = z.object({
  id: s.hash,
  kind: z.enum(["normal", "retirement", "vote", "burn", "unknown"]),
  asset: s.hash,
  amount: s.amount,
  program: s.bytes,
  /** Of a burn: the address on the main chain. */
  address: z.string().nullable(),
  /** The candidate of a vote. */
  vote: s.bytes.nullable(),
  /** The transaction that spent it, where it is known. */
  spentBy: s.hash.nullable(),
});

export const asset = z.object({
  id: s.hash,
  /** Main chain: issued; side chain: carried in, or there from the beginning. */
  issued: s.total,
  retired: s.total,
  /** Side chain: carried out. */
  burned: s.total,
  /** Issued less retired and burned. On a side chain fees that are not paid out yet are in it. */
  supply: s.total,
  /** In unspent outputs. */
  held: s.total,
  holders: z.number().int(),
  transactions: z.number().int(),
  firstHeight: s.height,
  /** What the asset says of itself, where it is short and text. */
  definition: z.string().nullable(),
});

export const hit = z.discriminatedUnion("type", [
  z.object({ type: z.literal("block"), height: s.height, hash: s.hash }),
  z.object({ type: z.literal("transaction"), id: s.hash, blockHeight: s.height.nullable() }),
  z.object({ type: z.literal("output"), id: s.hash, transaction: s.hash }),
  z.object({ type: z.literal("address"), address: z.string().nullable(), program: s.bytes, used: z.boolean() }),
  z.object({ type: z.literal("asset"), id: s.hash }),
]);
