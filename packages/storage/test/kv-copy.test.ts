// A store copied into another one: all of it or what shall be kept, as it was when the snapshot was made.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { KvEntry, KvReader } from "../src/kv.ts";
import { copyKv } from "../src/kv-copy.ts";
import { createMemoryStore } from "../src/memory.ts";

async function all(reader: KvReader): Promise<KvEntry[]> {
  const entries: KvEntry[] = [];
  for await (const entry of reader.iterate()) entries.push(entry);
  return entries;
}

const entry = (bucket: number, number: number, bytes = 1): KvEntry => ({
  key: Uint8Array.of(bucket, number >> 8, number & 255),
  value: new Uint8Array(bytes).fill(number),
});

test("a snapshot is copied in batches, whatever is written meanwhile", async () => {
  const from = createMemoryStore();
  await from.batch({ puts: Array.from({ length: 300 }, (_, i) => entry(1, i, 10_000)) });
  const before = await all(from);
  const snapshot = await from.snapshot();
  const to = createMemoryStore();
  let batches = 0;
  const size = await copyKv(snapshot, to, {
    onBatch: () => {
      batches += 1;
      void from.batch({ puts: [entry(0, batches)], deletes: [entry(1, 299).key] });
    },
  });
  assert.equal(size.entries, 300);
  assert.ok(batches > 2, `${batches} batches`);
  assert.deepEqual(await all(to), before);
});

test("what shall not be kept is left out, and a store that is not empty is refused", async () => {
  const from = createMemoryStore();
  await from.batch({ puts: [entry(1, 1), entry(2, 1), entry(3, 1)] });
  const to = createMemoryStore();
  assert.equal((await copyKv(from, to, { keep: ([bucket]) => bucket !== 2 })).entries, 2);
  assert.deepEqual(
    (await all(to)).map(({ key }) => key[0]),
    [1, 3],
  );
  await assert.rejects(copyKv(from, to), { code: "FOLDER_FOREIGN" });
});
