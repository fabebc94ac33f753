// Snapshots: whole or absent in every crash state, refused when a bit is wrong, older ones kept until the new one is durable.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDisk, type MemoryDisk } from "@bystack/storage/disk-memory";
import { isStorageError } from "@bystack/storage/errors";
import { findSnapshot, listSnapshots, readSnapshot, writeSnapshot } from "@bystack/storage/snapshot";
import { createSeededRng, testSeed } from "@bystack/testing/rng";
import { bytesToHex, concatBytes } from "@bystack/utils/bytes";
import { crashStates } from "./crash-states.ts";

const place = (disk: MemoryDisk) => ({ disk, folder: "snapshots" });

function chunksOf(id: bigint): Uint8Array[] {
  const rng = createSeededRng(Number(id));
  return [rng.bytes(700), new Uint8Array(0), rng.bytes(1), rng.bytes(300)];
}

async function load(disk: MemoryDisk, id: bigint): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readSnapshot(place(disk), id)) chunks.push(chunk);
  return bytesToHex(concatBytes(...chunks));
}
const contentOf = (id: bigint): string => bytesToHex(concatBytes(...chunksOf(id)));

async function write(disk: MemoryDisk, id: bigint): Promise<void> {
  await writeSnapshot(place(disk), { id, chunks: chunksOf(id), keep: 2 });
}

test("snapshots come back whole, newest first, and only the last ones are kept", async () => {
  const disk = createMemoryDisk();
  for (const id of [5n, 7n, 300n]) await write(disk, id);
  assert.deepEqual(await listSnapshots(place(disk)), [300n, 7n]);
  assert.equal(await load(disk, 300n), contentOf(300n));
  assert.equal(await load(disk, 7n), contentOf(7n));
  await assert.rejects(load(disk, 5n), (error) => isStorageError(error, "FILE_MISSING"));
  await write(disk, 300n);
  assert.equal(await load(disk, 300n), contentOf(300n));
});

test("in every crash state at every step a sound snapshot no older than the last promised one is found", async (t) => {
  const seed = testSeed(5);
  t.diagnostic(`seed ${seed}`);
  const rng = createSeededRng(seed);
  const run = async (disk: MemoryDisk, promised: { id: bigint }): Promise<void> => {
    for (const id of [1n, 2n, 3n]) {
      await write(disk, id);
      promised.id = id;
    }
  };
  const whole = createMemoryDisk();
  await run(whole, { id: 0n });
  let states = 0;
  for (let cut = 0; cut <= whole.steps; cut += 1) {
    const disk = createMemoryDisk();
    disk.setFault(({ index }) => (index === cut ? { code: "POWER_CUT", partialBytes: rng.below(300) } : undefined));
    const promised = { id: 0n };
    await run(disk, promised).catch((error: unknown) => assert.ok(isStorageError(error), String(error)));
    for (const after of crashStates(disk, rng)) {
      states += 1;
      const { id, damaged } = await findSnapshot(place(after));
      assert.deepEqual(damaged, [], "a name that exists names a whole snapshot");
      assert.ok((id ?? 0n) >= promised.id, `cut ${cut}: ${promised.id} promised, ${id} found`);
      if (id !== undefined) assert.equal(await load(after, id), contentOf(id));
      await write(after, 9n);
      assert.equal(
        await load(
          after.crash(() => "lost"),
          9n,
        ),
        contentOf(9n),
      );
    }
  }
  t.diagnostic(`${states} crash states over ${whole.steps} steps`);
  assert.ok(states > 200);
});

test("a fault at any call site is a typed error and leaves the older snapshot and no temporary file that counts", async () => {
  const measured = createMemoryDisk();
  await write(measured, 1n);
  const before = measured.steps;
  await write(measured, 2n);
  for (let at = before; at < measured.steps; at += 1) {
    const disk = createMemoryDisk();
    await write(disk, 1n);
    disk.setFault(({ index }) => (index === at ? { code: "ENOSPC", partialBytes: 3 } : undefined));
    await assert.rejects(write(disk, 2n), (error) => isStorageError(error, "DISK_FULL", "FSYNC_FAILED"));
    const { id, damaged } = await findSnapshot(place(disk));
    assert.deepEqual(damaged, []);
    assert.ok(id === 1n || id === 2n);
    await write(disk, 3n);
    assert.equal(await load(disk, 3n), contentOf(3n));
  }
});

test("one flipped bit anywhere is refused with file and offset, and the older snapshot is offered", async () => {
  const disk = createMemoryDisk();
  await write(disk, 1n);
  await write(disk, 2n);
  const path = "snapshots/0000000000000002.snap";
  const length = disk.contentOf(path)?.length ?? 0;
  for (let offset = 0; offset < length; offset += 1) {
    const bad = disk.crash(() => "kept");
    bad.damage(path, offset, 1 << (offset % 8));
    await assert.rejects(
      load(bad, 2n),
      (error) => isStorageError(error, "SNAPSHOT_DAMAGED") && error.details.file === path,
      `byte ${offset}`,
    );
    if (offset % 50 === 0) assert.equal((await findSnapshot(place(bad))).id, 1n);
  }
});
