// Copying a KvStore into another one, for backups: entry by entry in the order of their keys, in batches of about a megabyte,
// so that it needs little memory however large the store is.

import { bytesToHex } from "@bystack/utils/bytes";
import { storageError } from "./errors.ts";
import type { KvEntry, KvReader, KvStore } from "./kv.ts";

/** Bytes of keys and values that are written at once. */
const BATCH_BYTES = 1 << 20;

/** What was copied. */
export type CopySize = { readonly entries: number; readonly bytes: number };

export type CopyOptions = {
  /** Entries that are copied; by default all. */
  readonly keep?: (key: Uint8Array) => boolean;
  /** Called after each batch, with what has been copied so far. */
  readonly onBatch?: (size: CopySize) => void;
};

/**
 * Copies what a reader holds into an empty store; the last batch is durable when it resolves. Give it a snapshot where the
 * store is written to meanwhile. @throws FOLDER_FOREIGN for a store that is not empty, and what the store refuses
 */
export async function copyKv(from: KvReader, to: KvStore, options: CopyOptions = {}): Promise<CopySize> {
  for await (const { key } of to.iterate({ limit: 1 }))
    throw storageError("FOLDER_FOREIGN", { why: `the store is not empty: it has the key ${bytesToHex(key)}` });
  let puts: KvEntry[] = [];
  let waiting = 0;
  let size: CopySize = { entries: 0, bytes: 0 };
  const write = async (): Promise<void> => {
    await to.batch({ puts, flush: true });
    size = { entries: size.entries + puts.length, bytes: size.bytes + waiting };
    puts = [];
    waiting = 0;
    options.onBatch?.(size);
  };
  for await (const entry of from.iterate()) {
    if (options.keep?.(entry.key) === false) continue;
    puts.push(entry);
    waiting += entry.key.length + entry.value.length;
    if (waiting >= BATCH_BYTES) await write();
  }
  await write();
  return size;
}
