// The KvStore over LMDB (npm `lmdb`): a memory-mapped copy-on-write B-tree, whole after every crash. Writes are queued and
// committed by LMDB's own thread, each commit synced before it resolves (`overlappingSync` off), so `flush` costs nothing
// extra and a batch that is lost in a power cut is lost whole. One process per folder; files belong to the owner alone.

import { chmodSync, mkdirSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { compareBytes } from "@bystack/utils/bytes";
import type { BystackError } from "@bystack/utils/errors";
import { type Database, open, type RootDatabase, type Transaction } from "lmdb";
import { storageError } from "./errors.ts";
import {
  assertBatch,
  assertKey,
  isEmptyRange,
  KV_READERS_MAX,
  type KvEntry,
  type KvRange,
  type KvReader,
  type KvStore,
} from "./kv.ts";

/** Entries read from LMDB between two turns of the event loop while iterating. */
const ITERATE_CHUNK = 256;

const LOWEST_KEY = Uint8Array.of(0);

export type LmdbOptions = {
  /** The database file; its folder is made when it is missing. A lock file appears beside it. */
  readonly path: string;
  /** Address space at the start; it grows by itself. */
  readonly mapSizeBytes?: number;
};

type Store = Database<Uint8Array, Uint8Array>;

/** LMDB tells why a commit failed a moment after it told that it failed; if it never does, this long is waited. */
const REASON_WAIT_MS = 1_000;
/** A disk with less room than this is full: LMDB writes pages of 4 KiB, dozens at a time. */
const FREE_BYTES_MIN = 262_144;

/** LMDB reports the write that a full disk cut short as EIO, so the file system is asked. */
function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < FREE_BYTES_MIN;
  } catch {
    return false;
  }
}

/** Turns a failure of LMDB into a typed error. `path` is the database file. */
function failure(operation: string, path: string, cause: unknown): BystackError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const options = { why: `lmdb: ${operation}: ${text}`, details: { operation }, cause };
  const saysFull = /no space left|MDB_MAP_FULL|disk quota|file too large/i.test(text);
  return storageError(saysFull || isFull(dirname(path)) ? "DISK_FULL" : "DISK_IO", options);
}

/** What stands behind a failed commit: the error comes with a promise that is rejected with the reason. */
async function reasonOf(cause: unknown): Promise<unknown> {
  if (!(cause instanceof Error && "commitError" in cause)) return cause;
  const { promise: late, resolve: giveUp } = Promise.withResolvers<unknown>();
  const timer = setTimeout(() => giveUp(cause), REASON_WAIT_MS);
  const reason = Promise.resolve(cause.commitError).then(
    () => cause,
    (error: unknown) => error,
  );
  const known = await Promise.race([reason, late]);
  clearTimeout(timer);
  return known;
}

function createReader(
  store: Store,
  use: { transaction: () => Transaction | undefined; assertUsable: () => void; acquire: () => () => void },
): KvReader {
  const get = (key: Uint8Array): Uint8Array | undefined => {
    assertKey(key);
    const transaction = use.transaction();
    const value = store.get(key, transaction === undefined ? {} : { transaction });
    return value === undefined ? undefined : Uint8Array.from(value);
  };
  return {
    get: async (key) => {
      use.assertUsable();
      return get(key);
    },
    getMany: async (keys) => {
      use.assertUsable();
      return keys.map(get);
    },
    iterate: async function* (range: KvRange = {}): AsyncGenerator<KvEntry, void, undefined> {
      use.assertUsable();
      if (isEmptyRange(range)) return;
      const own = use.transaction() === undefined;
      const release = own ? use.acquire() : undefined;
      const transaction = use.transaction() ?? store.useReadTransaction();
      try {
        yield* iterateIn(store, transaction, range, use.assertUsable);
      } finally {
        if (own) transaction.done();
        release?.();
      }
    },
  };
}

/** Reads in chunks, so that no LMDB cursor stays open while the consumer works. */
async function* iterateIn(
  store: Store,
  transaction: Transaction,
  range: KvRange,
  assertUsable: () => void,
): AsyncGenerator<KvEntry, void, undefined> {
  const reverse = range.reverse === true;
  let left = range.limit ?? Number.POSITIVE_INFINITY;
  let start = reverse ? range.to : range.from;
  let exclusiveStart = reverse;
  // The far end is checked here. Going down, LMDB by itself leaves out the one-byte key 0: it has to be named as included.
  const bottom = reverse ? { end: LOWEST_KEY, inclusiveEnd: true } : {};
  const isPastEnd = (key: Uint8Array): boolean => {
    if (reverse) return range.from !== undefined && compareBytes(key, range.from) < 0;
    return range.to !== undefined && compareBytes(key, range.to) >= 0;
  };
  for (;;) {
    assertUsable();
    const entries: KvEntry[] = [];
    const limit = Math.min(ITERATE_CHUNK, left);
    for (const { key, value } of store.getRange({
      ...(start === undefined ? {} : { start, exclusiveStart }),
      ...bottom,
      reverse,
      limit,
      transaction,
    })) {
      if (isPastEnd(key)) break;
      entries.push({ key: Uint8Array.from(key), value: Uint8Array.from(value) });
    }
    yield* entries;
    left -= entries.length;
    start = entries.at(-1)?.key;
    exclusiveStart = true;
    if (entries.length < limit || left <= 0) return;
  }
}

function openDatabase(options: LmdbOptions): RootDatabase<Uint8Array, Uint8Array> {
  try {
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
    const root = open<Uint8Array, Uint8Array>({
      path: options.path,
      noSubdir: true,
      keyEncoding: "binary",
      encoding: "binary",
      overlappingSync: false,
      // Our batches are whole already; batches made of everything in one turn have a promise that nobody can hear fail.
      eventTurnBatching: false,
      maxReaders: KV_READERS_MAX + 26,
      ...(options.mapSizeBytes === undefined ? {} : { mapSize: options.mapSizeBytes }),
    });
    for (const file of [options.path, `${options.path}-lock`]) chmodSync(file, 0o600);
    return root;
  } catch (cause) {
    throw failure("open", options.path, cause);
  }
}

/** Opens or creates an LMDB store. @throws DISK_IO, DISK_FULL */
export async function openLmdbStore(options: LmdbOptions): Promise<KvStore> {
  const root = openDatabase(options);
  let closed = false;
  let readers = 0;
  // After a failed commit nobody knows what is on the disk, and a later batch may build on the lost one: none is taken.
  let broken: BystackError | undefined;

  const assertOpen = (): void => {
    if (closed) throw storageError("STORE_CLOSED");
  };
  const acquire = (): (() => void) => {
    if (readers >= KV_READERS_MAX)
      throw storageError("SNAPSHOTS_EXHAUSTED", { details: { readersMax: KV_READERS_MAX } });
    readers += 1;
    return () => {
      readers -= 1;
    };
  };

  const write = async (batch: Parameters<KvStore["batch"]>[0]): Promise<void> => {
    assertOpen();
    assertBatch(batch);
    if (broken !== undefined) throw broken;
    // LMDB reads the bytes later, in its own thread: it gets copies that nobody changes.
    const puts = (batch.puts ?? []).map(({ key, value }) => ({ key, value: Uint8Array.from(value) }));
    try {
      const committed = root.batch(() => {
        for (const key of batch.deletes ?? []) root.remove(key);
        for (const { key, value } of puts) root.put(key, value);
      });
      await committed;
    } catch (cause) {
      const error = failure("batch", options.path, await reasonOf(cause));
      broken ??= error;
      throw broken;
    }
  };

  return {
    ...createReader(root, { transaction: () => undefined, assertUsable: assertOpen, acquire }),
    batch: write,
    snapshot: async () => {
      assertOpen();
      const release = acquire();
      const transaction = root.useReadTransaction();
      let released = false;
      const assertUsable = (): void => {
        assertOpen();
        if (released) throw storageError("STORE_CLOSED", { why: "the snapshot was released" });
      };
      return {
        ...createReader(root, { transaction: () => transaction, assertUsable, acquire }),
        release: () => {
          if (released) return;
          released = true;
          transaction.done();
          release();
        },
      };
    },
    close: async () => {
      if (closed) return;
      closed = true;
      try {
        await root.committed;
      } catch (cause) {
        throw failure("close", options.path, await reasonOf(cause));
      } finally {
        await root.close();
      }
    },
  };
}
