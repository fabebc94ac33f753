// The KvStore port: ordered byte keys to byte values, for indexes, peers and meta data (architecture.md section 4). The hot
// UTXO set is not kept here (utxo-table.ts), nor is anything that must be durable before a message leaves (log.ts).
// Also the key buckets: a one-byte prefix a purpose, so that several of them share one store without meeting.

import { compareBytes } from "@bystack/utils/bytes";
import { storageError } from "./errors.ts";

/** Longest key: every driver, LMDB with 4 KiB pages included, takes it. */
export const KV_KEY_BYTES_MAX = 1024;
/** Largest value: a block of the largest size with room to spare. */
export const KV_VALUE_BYTES_MAX = 33_554_432;
/** Most operations in one batch: bounds what one atomic write keeps in memory. */
export const KV_BATCH_OPERATIONS_MAX = 1_000_000;
/** Most snapshots and iterations open at once: LMDB has a fixed table of readers. */
export const KV_READERS_MAX = 100;

export type KvEntry = { readonly key: Uint8Array; readonly value: Uint8Array };

/** Deletes happen before puts; a key in both is put. Deleting what is not there is no failure. */
export type KvBatch = {
  readonly puts?: readonly KvEntry[];
  readonly deletes?: readonly Uint8Array[];
  /** True: the batch is durable when the promise resolves. Otherwise it may be lost in a power cut, but never in part. */
  readonly flush?: boolean;
};

/** Keys from `from` (included) to `to` (not included), in the order of unsigned bytes. */
export type KvRange = {
  readonly from?: Uint8Array;
  readonly to?: Uint8Array;
  /** From the highest key to the lowest. */
  readonly reverse?: boolean;
  readonly limit?: number;
};

/** What a store and a snapshot of it have in common. Returned bytes belong to the caller. */
export type KvReader = {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** One answer for each key, in order. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  /** Entries as they were when the first one was asked for, whatever is written meanwhile. */
  iterate(range?: KvRange): AsyncIterableIterator<KvEntry>;
};

/** The store as it was when the snapshot was made. Release it: it holds space in the store. */
export type KvSnapshot = KvReader & { release(): void };

export type KvStore = KvReader & {
  /** Atomic, also in a crash. Batches take effect in the order of the calls. */
  batch(batch: KvBatch): Promise<void>;
  snapshot(): Promise<KvSnapshot>;
  /** Waits for batches under way. Everything after it is STORE_CLOSED. */
  close(): Promise<void>;
};

/** Throws KEY_INVALID for a key that not every driver could hold. */
export function assertKey(key: Uint8Array): void {
  if (key.length === 0 || key.length > KV_KEY_BYTES_MAX)
    throw storageError("KEY_INVALID", { details: { bytes: key.length, bytesMax: KV_KEY_BYTES_MAX } });
}

/** Throws KEY_INVALID or BATCH_TOO_LARGE; every driver calls it before anything of a batch happens. */
export function assertBatch(batch: KvBatch): void {
  const puts = batch.puts ?? [];
  const deletes = batch.deletes ?? [];
  const operations = puts.length + deletes.length;
  if (operations > KV_BATCH_OPERATIONS_MAX)
    throw storageError("BATCH_TOO_LARGE", { details: { operations, operationsMax: KV_BATCH_OPERATIONS_MAX } });
  for (const key of deletes) assertKey(key);
  for (const { key, value } of puts) {
    assertKey(key);
    if (value.length > KV_VALUE_BYTES_MAX)
      throw storageError("BATCH_TOO_LARGE", { details: { bytes: value.length, bytesMax: KV_VALUE_BYTES_MAX } });
  }
}

/** Is the range empty whatever the store holds? */
export function isEmptyRange(range: KvRange): boolean {
  if (range.limit !== undefined && range.limit <= 0) return true;
  return range.from !== undefined && range.to !== undefined && compareBytes(range.from, range.to) >= 0;
}

/** All keys that start with `prefix`. */
export function prefixRange(prefix: Uint8Array): KvRange {
  const to = prefix.slice();
  for (let i = to.length - 1; i >= 0; i -= 1) {
    const byte = to[i] ?? 0;
    if (byte < 0xff) {
      to[i] = byte + 1;
      return { from: prefix, to: to.subarray(0, i + 1) };
    }
  }
  return { from: prefix };
}

/** A key of a bucket: one byte for the bucket, then the parts. */
export function bucketKey(bucket: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const key = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 1));
  key[0] = bucket;
  let offset = 1;
  for (const part of parts) {
    key.set(part, offset);
    offset += part.length;
  }
  return key;
}

/** All keys of a bucket. */
export function bucketRange(bucket: number): KvRange {
  return prefixRange(Uint8Array.of(bucket));
}
