// A table of the platform's store: rows of one kind, as JSON, under keys that begin with the table and the tenant. Whoever
// holds the view of one tenant cannot name a row of another: the tenant is part of every key, and the view puts it there.

import { bucketKey, type KvRange, prefixRange } from "@bystack/storage/kv";
import { utf8ToBytes } from "@bystack/utils/bytes";
import type { z } from "zod";
import { platformError } from "../errors.ts";

/** Characters of one part of a key; with table, tenant and four parts the longest key stays below what stores take. */
export const KEY_PART_CHARS_MAX = 200;
const PARTS_MAX = 4;
const SEPARATOR = "\u0000";
/** Digits of a number in a key: rows sort as numbers do, up to 2^53. */
const NUMBER_DIGITS = 16;

export type Table<T> = {
  readonly name: string;
  /** First byte of its keys; never used again once a release has written rows under it. */
  readonly bucket: number;
  readonly row: z.ZodType<T>;
};

export type TableRow<T> = { readonly key: readonly string[]; readonly value: T };

/** A number as a part of a key. */
export function numberPart(value: number): string {
  return String(value).padStart(NUMBER_DIGITS, "0");
}

function assertPart(part: string): void {
  if (part.length > 0 && part.length <= KEY_PART_CHARS_MAX && !part.includes(SEPARATOR)) return;
  throw platformError("STORE_KEY_INVALID", { why: `a part of ${part.length} characters` });
}

/** The key of a row, or with fewer parts the beginning of the keys of several. */
function keyBytes(table: Table<unknown>, tenant: string, parts: readonly string[]): Uint8Array {
  if (parts.length > PARTS_MAX) throw platformError("STORE_KEY_INVALID", { why: `${parts.length} parts` });
  for (const part of [tenant, ...parts]) assertPart(part);
  return bucketKey(table.bucket, utf8ToBytes([tenant, ...parts, ""].join(SEPARATOR)));
}

export function rowKey(table: Table<unknown>, tenant: string, parts: readonly string[]): Uint8Array {
  if (parts.length === 0) throw platformError("STORE_KEY_INVALID", { why: `a row of ${table.name} without a key` });
  return keyBytes(table, tenant, parts);
}

/** The rows of a tenant whose keys begin with these parts, after one of them if it is given. */
export function rowRange(
  table: Table<unknown>,
  tenant: string,
  options: { readonly under?: readonly string[]; readonly after?: readonly string[] | undefined } = {},
): KvRange {
  const all = prefixRange(keyBytes(table, tenant, options.under ?? []));
  if (options.after === undefined) return all;
  const { to } = prefixRange(rowKey(table, tenant, options.after));
  return { ...all, ...(to !== undefined && { from: to }) };
}

/** The parts of a row's key without its table and tenant. */
export function partsOfKey(key: Uint8Array): string[] {
  return Buffer.from(key.subarray(1)).toString("utf8").split(SEPARATOR).slice(1, -1);
}

export function encodeRow<T>(table: Table<T>, value: T): Uint8Array {
  return utf8ToBytes(JSON.stringify(table.row.parse(value)));
}

/** @throws BystackError STORE_DAMAGED for a row that this release cannot have written */
export function decodeRow<T>(table: Table<T>, bytes: Uint8Array): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    throw platformError("STORE_DAMAGED", { why: `a row of ${table.name} is not JSON` });
  }
  const parsed = table.row.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw platformError("STORE_DAMAGED", {
    why: `a row of ${table.name}: ${issue?.path.map(String).join(".")} ${issue?.message}`,
  });
}
