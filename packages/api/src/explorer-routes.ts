// The routes of a node's explorer, main chain and side chain alike. They read an index beside the chain (`explorer: true` in
// node.json) that may be a few blocks behind it: /v1/explorer says how many. Lists are pages; newest first unless they say so.

import { z } from "zod";
import * as e from "./explorer-schemas.ts";
import { route } from "./route.ts";
import * as s from "./schemas.ts";

/** Hits of one search, all kinds together. */
export const SEARCH_HITS_MAX = 20;
/** Hexadecimal digits with which an id can be looked for: fewer would find everything. */
export const SEARCH_DIGITS_MIN = 6;
/** Inputs, and outputs, of one decoded transaction; `inputCount` and `outputCount` say how many there are. */
export const DECODED_ITEMS_MAX = 2_000;

/** Of every route: the index is off, is being cleared, misses blocks, or has failed. */
const STATE_ERRORS = ["EXPLORER_OFF", "EXPLORER_REBUILDING", "EXPLORER_INCOMPLETE", "EXPLORER_FAILED"];
const page = z.strictObject({ limit: s.limitQuery, cursor: s.cursorQuery });
const errors = (...own: readonly string[]): string[] => [...own, ...STATE_ERRORS];
/** An address, or a program in hexadecimal. */
const address = z.strictObject({ address: z.string().min(1).max(128) });
const assetParams = z.strictObject({ asset: s.hash });

export const EXPLORER_ROUTES = {
  explorer: route({
    method: "GET",
    path: "/v1/explorer",
    summary: "The explorer's index: how far it is, and whether it is being made anew.",
    reply: z.object({
      state: z.enum(["following", "catching-up", "clearing", "incomplete", "failed"]),
      why: z.string().nullable(),
      /** Last block that is in it; null before the first one. */
      height: s.height.nullable(),
      chainHeight: s.height,
      /** Blocks that it is behind. */
      lag: z.number().int().nonnegative(),
      transactions: z.number().int(),
      /** Since the node was started. */
      rebuilds: z.number().int(),
    }),
    errors: ["EXPLORER_OFF"],
  }),
  rebuildExplorer: route({
    method: "POST",
    path: "/admin/explorer/rebuild",
    summary: "Drops the explorer's index and makes it anew from the blocks while the node runs.",
    reply: z.object({ rebuilding: z.literal(true) }),
    errors: ["EXPLORER_OFF"],
    access: "admin",
  }),
  blocks: route({
    method: "GET",
    path: "/v1/blocks",
    summary: "Blocks, newest first.",
    query: page,
    reply: s.listOf(e.listedBlock),
    errors: errors("CURSOR_INVALID"),
  }),
  blockTransactions: route({
    method: "GET",
    path: "/v1/blocks/:ref/transactions",
    summary: "Transactions of a block that took effect, in its order.",
    params: z.strictObject({ ref: z.string().max(64) }),
    query: page,
    reply: s.listOf(e.listedTransaction),
    errors: errors("BLOCK_NOT_FOUND", "CURSOR_INVALID"),
  }),
  transactions: route({
    method: "GET",
    path: "/v1/transactions",
    summary: "Transactions of all blocks, newest first.",
    query: page,
    reply: s.listOf(e.listedTransaction),
    errors: errors("CURSOR_INVALID"),
  }),
  transactionDetails: route({
    method: "GET",
    path: "/v1/transactions/:id/details",
    summary: "One transaction decoded, in a block or waiting: what it is for, inputs, outputs and who spent them.",
    params: z.strictObject({ id: s.hash }),
    reply: e.listedTransaction.extend({
      status: z.enum(["pending", "confirmed", "final"]),
      blockHash: s.hash.nullable(),
      confirmations: z.number().int().nonnegative(),
      /** Last height at which it is valid; 0: no limit. */
      timeRange: z.string(),
      inputCount: z.number().int(),
      inputs: z.array(e.decodedInput).max(DECODED_ITEMS_MAX),
      outputCount: z.number().int(),
      outputs: z.array(e.decodedOutput).max(DECODED_ITEMS_MAX),
    }),
    errors: errors("TRANSACTION_NOT_FOUND"),
  }),
  addressSummary: route({
    method: "GET",
    path: "/v1/addresses/:address",
    summary: "An address or a program: what it holds, by asset id, and since when it is used.",
    params: address,
    query: page,
    reply: z.object({
      address: z.string().nullable(),
      program: s.bytes,
      transactions: z.number().int(),
      firstHeight: s.height.nullable(),
      lastHeight: s.height.nullable(),
      balances: s.listOf(z.object({ asset: s.hash, amount: s.total })),
    }),
    errors: errors("ADDRESS_INVALID", "CURSOR_INVALID"),
  }),
  addressTransactions: route({
    method: "GET",
    path: "/v1/addresses/:address/transactions",
    summary: "Transactions that paid to an address or spent from it, newest first.",
    params: address,
    query: page,
    reply: s.listOf(e.listedTransaction),
    errors: errors("ADDRESS_INVALID", "CURSOR_INVALID"),
  }),
  assets: route({
    method: "GET",
    path: "/v1/assets",
    summary: "Assets by id, with their supply.",
    query: page,
    reply: s.listOf(e.asset),
    errors: errors("CURSOR_INVALID"),
  }),
  asset: route({
    method: "GET",
    path: "/v1/assets/:asset",
    summary: "One asset: its supply, how many hold it, what it says of itself.",
    params: assetParams,
    reply: e.asset,
    errors: errors("ASSET_NOT_FOUND"),
  }),
  assetHolders: route({
    method: "GET",
    path: "/v1/assets/:asset/holders",
    summary: "Who holds an asset, the largest first. Balances that change between two pages may be seen twice or not.",
    params: assetParams,
    query: page,
    reply: s.listOf(z.object({ address: z.string().nullable(), program: s.bytes, amount: s.total })),
    errors: errors("ASSET_NOT_FOUND", "CURSOR_INVALID"),
  }),
  mempoolTransactions: route({
    method: "GET",
    path: "/v1/mempool/transactions",
    summary: "Waiting transactions decoded, oldest first.",
    query: z.strictObject({ limit: s.limitQuery }),
    reply: z.object({ count: z.number().int(), items: z.array(e.listedTransaction) }),
    errors: errors(),
  }),
  search: route({
    method: "GET",
    path: "/v1/search",
    summary: `A height, address, program, or an id or its first ${SEARCH_DIGITS_MIN} digits or more: what it may be.`,
    query: z.strictObject({ text: z.string().trim().min(1).max(128) }),
    reply: z.object({ items: z.array(e.hit).max(SEARCH_HITS_MAX) }),
    errors: errors(),
  }),
} as const;
