// The routes of what belongs to somebody: accounts of the network's own wallet, assets, payments between those accounts, and what
// crosses between the main chain and a side chain.

import { z } from "zod";
import { route } from "../route.ts";
import * as s from "../schemas.ts";
import { CHAIN, count, NETWORK, name, readonlyArray, text } from "./parts.ts";

/** As people write it: decimals of the asset behind a point. */
const decimal = z
  .string()
  .max(40)
  .regex(/^\d+(?:\.\d+)?$/, "a decimal number");
/** An asset by its name in the network, BTM, or its id. */
const assetName = z.string().regex(/^(?:[A-Z][A-Z0-9]{0,11}|[0-9a-f]{64})$/, "the name or the id of an asset");

const asset = z.object({
  asset: text,
  id: s.hash,
  decimals: count,
  /** The account that issues it; null for BTM. */
  issuer: text.nullable(),
});

const balance = z.object({
  asset: text,
  assetId: s.hash,
  decimals: count,
  /** In the smallest unit. */
  amount: s.total,
  /** Of it, what may be spent by now. */
  spendable: s.total,
});

const sent = z.object({ transaction: s.hash, chain: text, feeNeu: s.amount });
const order = z.strictObject({ from: name, to: name, asset: assetName, amount: decimal });

const PAY_ERRORS = [
  "ACCOUNT_NOT_FOUND",
  "AMOUNT_INVALID",
  "ASSET_NOT_FOUND",
  "CHAIN_NOT_FOUND",
  "COINS_FRAGMENTED",
  "COINS_INSUFFICIENT",
  "FEE_ABOVE_MAX",
  "FOLDER_IN_USE",
  "MEMPOOL_FULL",
  "NETWORK_NOT_RUNNING",
  "TRANSACTION_REJECTED",
  "UNREACHABLE",
  "WALLET_BUSY",
] as const;

export const transfer = z.object({
  /** Of the main chain's output that was paid in, or of the side chain's output that was burnt. */
  id: s.hash,
  direction: z.enum(["in", "out"]),
  chain: text,
  assetId: s.hash,
  amount: s.amount,
  /** Program of whoever gets it. */
  recipient: s.bytes,
  state: z.enum(["under-way", "done", "refused", "held"]),
  /** The present step in one sentence. */
  sentence: text,
  steps: readonlyArray(
    z.object({
      name: text,
      title: text,
      state: z.enum(["done", "running", "waiting", "failed"]),
      detail: text,
    }),
  ),
  /** Whom or what it waits for; null when it is over. */
  waitsFor: text.nullable(),
  /** About how long it still takes; null where nobody can say. */
  etaMs: s.milliseconds.nullable(),
  /** Its two legs. */
  main: z.object({ transaction: s.hash.nullable(), height: s.height.nullable() }),
  side: z.object({ transaction: s.hash.nullable(), height: s.height.nullable() }),
  /** Number of the payout that carries it; null before it has one, and for what comes in. */
  payout: count.nullable(),
});

export const MONEY_ROUTES = {
  accounts: route({
    method: "GET",
    path: "/v1/networks/:network/accounts",
    summary: "Accounts of the network's own wallet: addresses and balances on each chain. Keys stay in the wallet.",
    params: NETWORK,
    reply: z.object({
      items: z.array(
        z.object({
          account: text,
          chains: z.array(
            z.object({
              chain: text,
              address: text,
              /** Null while no node of the chain answers. */
              balances: z.array(balance).nullable(),
            }),
          ),
        }),
      ),
    }),
    errors: ["FOLDER_IN_USE"],
    access: { role: "a" },
  }),
  assets: route({
    method: "GET",
    path: "/v1/networks/:network/assets",
    summary: "Assets that the network has names for.",
    params: NETWORK,
    reply: z.object({ items: z.array(asset) }),
    access: { role: "p" },
  }),
  pay: route({
    method: "POST",
    path: "/v1/networks/:network/chains/:chain/payments",
    summary:
      "Pays from one account of the network's wallet to another one of it. What goes to anybody else is signed by hand.",
    params: CHAIN,
    body: order,
    reply: sent,
    errors: PAY_ERRORS,
    access: { role: "d" },
  }),
  pegIn: route({
    method: "POST",
    path: "/v1/networks/:network/chains/:chain/peg-in",
    summary: "Carries an asset from the main chain to an account on this side chain.",
    params: CHAIN,
    body: order,
    reply: sent,
    errors: [...PAY_ERRORS, "FEDERATION_ABSENT"],
    access: { role: "d" },
  }),
  pegOut: route({
    method: "POST",
    path: "/v1/networks/:network/chains/:chain/peg-out",
    summary: "Burns an asset on this side chain; the federation pays it to an account on the main chain.",
    params: CHAIN,
    body: order,
    reply: sent,
    errors: [...PAY_ERRORS, "FEDERATION_ABSENT"],
    access: { role: "d" },
  }),
  transfers: route({
    method: "GET",
    path: "/v1/networks/:network/chains/:chain/transfers",
    summary: "What crosses between the main chain and this side chain, each with its steps; those under way first.",
    params: CHAIN,
    query: z.strictObject({ limit: s.limitQuery }),
    reply: z.object({ items: z.array(transfer) }),
    errors: ["CHAIN_NOT_FOUND", "CHAIN_SILENT", "NOT_ON_THIS_CHAIN", "NO_MEMBER_HERE"],
    access: { role: "p" },
  }),
  transfer: route({
    method: "GET",
    path: "/v1/networks/:network/chains/:chain/transfers/:id",
    summary: "One crossing, by the id of the output that was paid in or burnt.",
    params: CHAIN.extend({ id: s.hash }),
    reply: transfer,
    errors: ["CHAIN_NOT_FOUND", "CHAIN_SILENT", "NOT_ON_THIS_CHAIN", "NO_MEMBER_HERE", "TRANSFER_NOT_FOUND"],
    access: { role: "p" },
  }),
} as const;
