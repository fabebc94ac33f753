// The KvStore in memory: for tests and simulations, and the oracle of the compliance suite. Nothing survives the process.

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
import { type Tree, treeDelete, treeGet, treePut, treeRange } from "./ordered-tree.ts";

/** An empty store in memory. */
export function createMemoryStore(): KvStore {
  let root: Tree;
  let closed = false;
  let readers = 0;

  const assertOpen = (): void => {
    if (closed) throw storageError("STORE_CLOSED");
  };

  const createReader = (rootNow: () => Tree, assertUsable: () => void): KvReader => {
    const get = (key: Uint8Array): Uint8Array | undefined => {
      assertKey(key);
      return treeGet(rootNow(), key)?.slice();
    };
    return {
      get: async (key) => {
        assertUsable();
        return get(key);
      },
      getMany: async (keys) => {
        assertUsable();
        return keys.map(get);
      },
      iterate: async function* (range: KvRange = {}): AsyncGenerator<KvEntry, void, undefined> {
        assertUsable();
        if (isEmptyRange(range)) return;
        let left = range.limit ?? Number.POSITIVE_INFINITY;
        for (const { key, value } of treeRange(rootNow(), range)) {
          yield { key: key.slice(), value: value.slice() };
          left -= 1;
          if (left <= 0) return;
          assertOpen();
        }
      },
    };
  };

  return {
    ...createReader(() => root, assertOpen),
    batch: async (batch) => {
      assertOpen();
      assertBatch(batch);
      let next = root;
      for (const key of batch.deletes ?? []) next = treeDelete(next, key);
      for (const { key, value } of batch.puts ?? []) next = treePut(next, { key: key.slice(), value: value.slice() });
      root = next;
    },
    snapshot: async () => {
      assertOpen();
      if (readers >= KV_READERS_MAX)
        throw storageError("SNAPSHOTS_EXHAUSTED", { details: { readersMax: KV_READERS_MAX } });
      readers += 1;
      const frozen = root;
      let released = false;
      const assertUsable = (): void => {
        assertOpen();
        if (released) throw storageError("STORE_CLOSED", { why: "the snapshot was released" });
      };
      return {
        ...createReader(() => frozen, assertUsable),
        release: () => {
          if (!released) readers -= 1;
          released = true;
        },
      };
    },
    close: async () => {
      closed = true;
      root = undefined;
    },
  };
}
