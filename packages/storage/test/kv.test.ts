// Both drivers of the KvStore port under the one compliance suite; what is LMDB's alone.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isStorageError } from "@bystack/storage/errors";
import { testKvStore } from "@bystack/storage/kv-compliance";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { createMemoryStore } from "@bystack/storage/memory";

const folder = mkdtempSync(join(tmpdir(), "bystack-kv-"));
after(() => rmSync(folder, { recursive: true, force: true }));

testKvStore({ name: "memory", open: async () => createMemoryStore() });

let count = 0;
let path = "";
testKvStore({
  name: "lmdb",
  open: () => {
    count += 1;
    path = join(folder, `store-${count}`, "data.lmdb");
    return openLmdbStore({ path });
  },
  reopen: async (store) => {
    await store.close();
    return openLmdbStore({ path });
  },
});

test("lmdb: files are readable by their owner alone, and a path that cannot be opened is a typed error", async () => {
  const file = join(folder, "rights", "data.lmdb");
  const store = await openLmdbStore({ path: file });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await assert.rejects(openLmdbStore({ path: join(file, "below-a-file", "data.lmdb") }), (error) =>
    isStorageError(error, "DISK_IO"),
  );
  await store.close();
});
