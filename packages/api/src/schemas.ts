// Shapes that several routes share. Amounts and other 64-bit values are decimal strings, byte strings lower-case hex.

import { z } from "zod";

export const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits")
  .meta({ title: "hash" });
export const bytes = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/, "lower-case hexadecimal")
  .meta({ title: "bytes" });
export const amount = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,18})$/, "a decimal number without sign")
  .meta({ title: "amount" });
/** A total over many outputs; with a sign where it is a difference. */
export const total = z
  .string()
  .regex(/^-?(?:0|[1-9][0-9]{0,38})$/, "a decimal number")
  .meta({ title: "total" });
export const height = z.number().int().nonnegative();
export const milliseconds = z.number().nonnegative();

/** Items of one answer to a list route. Lists that may be longer carry a cursor. */
export const LIST_ITEMS_MAX = 200;
export const limitQuery = z.coerce.number().int().min(1).max(LIST_ITEMS_MAX).default(50);
export const cursorQuery = z.string().max(200).optional();

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

export const output = z.object({
  id: hash,
  asset: hash,
  amount,
  program: bytes,
  address: z.string().nullable(),
  /** What a spend input needs beside the above: id of the mux and the position of the output in it. */
  sourceId: hash,
  sourcePosition: z.number().int().nonnegative(),
  height,
  kind: z.enum(["normal", "coinbase", "vote"]),
  /** First block height in which a spend is allowed. */
  spendableFrom: height,
});

export const transaction = z.object({
  id: hash,
  raw: bytes,
  status: z.enum(["pending", "confirmed", "final"]),
  /** Main chain: only the BTM side took effect (`status_fail`). */
  gasOnly: z.boolean(),
  blockHeight: height.nullable(),
  blockHash: hash.nullable(),
  position: z.number().int().nullable(),
  confirmations: z.number().int().nonnegative(),
});

export const block = z.object({
  hash,
  height,
  previous: hash,
  timestampMs: z.number(),
  transactions: z.array(hash),
  final: z.boolean(),
  /** Main chain: positions of the transactions that are gas-only in this block (`status_fail`). Empty on a side chain. */
  statusFail: z.array(z.number().int().nonnegative()),
  raw: bytes,
});

/** Characters of a network's definition: as long as its file may be, in the worst case for JSON within one request. */
export const DEFINITION_CHARS_MAX = 1 << 19;
