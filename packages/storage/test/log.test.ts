// The log: order, rolling, pruning, group commit; every crash state at every step of a workload; a fault at every call site;
// one flipped bit at every place (promises.md P15 to P18).

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDisk, type MemoryDisk } from "@bystack/storage/disk-memory";
import { isStorageError } from "@bystack/storage/errors";
import { type Log, type LogOptions, type LogRecord, openLog } from "@bystack/storage/log";
import { createSeededRng, testSeed } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import { crashStates } from "./crash-states.ts";

const FOLDER = "votes";
const open = (disk: MemoryDisk, options: Partial<LogOptions> = {}): Promise<Log> =>
  openLog({ disk, folder: FOLDER, rng: createSeededRng(11), segmentBytesMax: 700, verify: "all", ...options });

async function readAll(log: Log): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  if (log.firstSeq <= log.lastSeq) for await (const record of log.iterate(log.firstSeq)) records.push(record);
  return records;
}

/** The body of a record is a function of its number, so that a damaged or misplaced one shows. */
function bodyOf(seq: bigint): Uint8Array {
  return createSeededRng(Number(seq)).bytes(20 + ((Number(seq) * 97) % 400));
}
const typeOf = (seq: bigint): number => 1 + Number(seq % 200n);

function assertIsPrefix(records: readonly LogRecord[], from: bigint): void {
  records.forEach((record, i) => {
    const seq = from + BigInt(i);
    assert.equal(record.seq, seq);
    assert.equal(record.type, typeOf(seq));
    assert.equal(bytesToHex(record.body), bytesToHex(bodyOf(seq)));
  });
}

test("records come back in order, across segments, by number and after reopening", async () => {
  const disk = createMemoryDisk();
  const log = await open(disk);
  const appended = await Promise.all(
    Array.from({ length: 60 }, (_, i) => log.append(typeOf(BigInt(i + 1)), bodyOf(BigInt(i + 1)))),
  );
  assert.deepEqual(
    appended,
    Array.from({ length: 60 }, (_, i) => BigInt(i + 1)),
  );
  assertIsPrefix(await readAll(log), 1n);
  assert.equal(bytesToHex((await log.get(33n)).body), bytesToHex(bodyOf(33n)));
  await assert.rejects(log.get(61n), (error) => isStorageError(error, "SEQ_UNKNOWN"));
  await log.close();
  assert.ok((await disk.list(FOLDER)).length > 10);
  const again = await open(disk, { mustExist: true, verify: "tail" });
  assert.equal(again.lastSeq, 60n);
  assertIsPrefix(await readAll(again), 1n);
  const part: bigint[] = [];
  for await (const { seq } of again.iterate(20n, 24n)) part.push(seq);
  assert.deepEqual(part, [20n, 21n, 22n, 23n, 24n]);
});

test("a log that must exist is not begun anew", async () => {
  await assert.rejects(open(createMemoryDisk(), { mustExist: true }), (error) => isStorageError(error, "FILE_MISSING"));
});

test("appends of one turn share one write and one sync, and each resolves durable", async () => {
  const disk = createMemoryDisk();
  const log = await open(disk, { segmentBytesMax: 1 << 20 });
  const operations: string[] = [];
  disk.setFault(({ operation }) => {
    operations.push(operation);
    return undefined;
  });
  await Promise.all([
    log.append(1, Uint8Array.of(1), { sync: true }),
    log.append(1, Uint8Array.of(2)),
    log.append(1, Uint8Array.of(3), { sync: true }),
  ]);
  assert.deepEqual(operations.slice(0, 2), ["write", "sync"]);
  assert.equal(log.syncedSeq, 3n);
  assert.equal(operations.filter((operation) => operation === "sync").length, 1);
});

test("pruning removes whole old segments and never the newest", async () => {
  const disk = createMemoryDisk();
  const log = await open(disk);
  for (let seq = 1n; seq <= 40n; seq += 1n) await log.append(typeOf(seq), bodyOf(seq));
  const before = (await disk.list(FOLDER)).length;
  const removed = await log.prune(20n);
  assert.ok(removed > 0 && log.firstSeq <= 20n && log.firstSeq > 10n, `first ${log.firstSeq}`);
  assert.equal((await disk.list(FOLDER)).length, before - removed);
  assertIsPrefix(await readAll(log), log.firstSeq);
  await assert.rejects(log.get(1n), (error) => isStorageError(error, "SEQ_UNKNOWN"));
  await log.prune(1000n);
  assert.equal((await disk.list(FOLDER)).length, 1);
  const last = log.lastSeq;
  await log.close();
  assert.equal((await open(disk)).lastSeq, last);
});

test("limits are typed errors and leave the log usable", async () => {
  const log = await open(createMemoryDisk(), { recordBytesMax: 100 });
  await assert.rejects(log.append(1, new Uint8Array(101)), (error) => isStorageError(error, "RECORD_TOO_LARGE"));
  await assert.rejects(log.append(0, new Uint8Array(1)), RangeError);
  assert.equal(await log.append(1, new Uint8Array(100), { sync: true }), 1n);
  await log.close();
  await assert.rejects(log.append(1, new Uint8Array(1)), (error) => isStorageError(error, "STORE_CLOSED"));
});

/** A workload that mixes buffered and synced appends, rolls segments and prunes. Reports what it was promised. */
async function workload(disk: MemoryDisk, promised: { seq: bigint; first: bigint }): Promise<void> {
  const log = await open(disk);
  for (let seq = 1n; seq <= 9n; seq += 1n) {
    const sync = seq % 3n !== 1n;
    await log.append(typeOf(seq), bodyOf(seq), { sync });
    if (sync) promised.seq = seq;
    if (seq === 8n) {
      promised.first = 5n;
      await log.prune(5n);
    }
  }
  await log.close();
  promised.seq = 9n;
}

test("at every step and in every crash state: what was synced is there, nothing else is invented", async (t) => {
  const seed = testSeed(21);
  t.diagnostic(`seed ${seed}`);
  const rng = createSeededRng(seed);
  const whole = createMemoryDisk();
  await workload(whole, { seq: 0n, first: 1n });
  let states = 0;
  for (let cut = 0; cut <= whole.steps; cut += 1) {
    const disk = createMemoryDisk();
    disk.setFault(({ index }) => (index === cut ? { code: "POWER_CUT", partialBytes: rng.below(400) } : undefined));
    const promised = { seq: 0n, first: 1n };
    await workload(disk, promised).catch((error: unknown) => assert.ok(isStorageError(error), String(error)));
    for (const after of crashStates(disk, rng)) {
      states += 1;
      const log = await open(after);
      const records = await readAll(log);
      assert.ok(
        log.lastSeq >= promised.seq,
        `cut ${cut}: record ${promised.seq} was promised, found up to ${log.lastSeq}`,
      );
      assert.ok(log.firstSeq <= promised.first);
      assertIsPrefix(records, log.firstSeq);
      const next = log.lastSeq + 1n;
      await log.append(typeOf(next), bodyOf(next), { sync: true });
      // And a second crash right after: the recovery itself must have been durable.
      const again = await open(after.crash(() => "lost"));
      assert.equal(again.lastSeq, next);
      assertIsPrefix(await readAll(again), again.firstSeq);
    }
  }
  t.diagnostic(`${states} crash states over ${whole.steps} steps`);
  assert.ok(states > 500);
});

test("a fault at any call site poisons the log with a typed error, nothing is retried, and a restart recovers", async () => {
  const whole = createMemoryDisk();
  await workload(whole, { seq: 0n, first: 1n });
  for (const code of ["EIO", "ENOSPC"] as const) {
    for (let at = 0; at < whole.steps; at += 1) {
      const disk = createMemoryDisk();
      let failed = "";
      let mutationsAfter = 0;
      disk.setFault(({ index, operation }) => {
        if (index > at && operation !== "remove" && failed !== "") mutationsAfter += 1;
        if (index !== at) return undefined;
        failed = operation;
        return { code, partialBytes: 30 };
      });
      const promised = { seq: 0n, first: 1n };
      const error = await workload(disk, promised).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      const expected =
        failed === "sync" || failed === "syncFolder" ? "FSYNC_FAILED" : code === "ENOSPC" ? "DISK_FULL" : "DISK_IO";
      // The last mark is written when the workload has nothing left to wait for: close then ends without it.
      if (error === undefined) assert.equal(failed, "write", `step ${at}`);
      else
        assert.ok(isStorageError(error, expected) && error.fault === "local", `step ${at} ${failed}: ${String(error)}`);
      assert.equal(mutationsAfter, 0, `step ${at} ${failed}: nothing is tried after a failure`);
      const log = await open(disk.crash(() => "lost"));
      assert.ok(log.lastSeq >= promised.seq, `step ${at}: ${promised.seq} promised, ${log.lastSeq} found`);
      assertIsPrefix(await readAll(log), log.firstSeq);
    }
  }
});

test("a failed fsync poisons: the same error for everybody, and later appends are refused", async () => {
  const disk = createMemoryDisk();
  const log = await open(disk);
  await log.append(typeOf(1n), bodyOf(1n), { sync: true });
  disk.setFault(({ operation }) => (operation === "sync" ? { code: "EIO" } : undefined));
  const failing = [
    log.append(typeOf(2n), bodyOf(2n), { sync: true }),
    log.append(typeOf(3n), bodyOf(3n), { sync: true }),
  ];
  for (const append of failing) await assert.rejects(append, (error) => isStorageError(error, "FSYNC_FAILED"));
  disk.setFault(() => undefined);
  await assert.rejects(log.append(1, new Uint8Array(1)), (error) => error === log.failure);
  await log.close();
  const again = await open(disk.crash(() => "lost"));
  assert.equal(again.lastSeq, 1n);
});

test("one flipped bit anywhere is found, or touches no record", async (t) => {
  const disk = createMemoryDisk();
  await workload(disk, { seq: 0n, first: 1n });
  let found = 0;
  let harmless = 0;
  for (const name of await disk.list(FOLDER)) {
    const path = `${FOLDER}/${name}`;
    const length = disk.contentOf(path)?.length ?? 0;
    for (let offset = 0; offset < length; offset += 1) {
      const bad = disk.crash(() => "kept");
      bad.damage(path, offset, 1 << (offset % 8));
      try {
        const log = await open(bad);
        assertIsPrefix(await readAll(log), log.firstSeq);
        assert.equal(log.lastSeq, 9n, `${path} byte ${offset}: a record was lost in silence`);
        harmless += 1;
      } catch (error) {
        assert.ok(isStorageError(error, "LOG_DAMAGED"), `${path} byte ${offset}: ${String(error)}`);
        assert.equal(error.details.file, path);
        assert.equal(typeof error.details.offset, "number");
        found += 1;
      }
    }
  }
  t.diagnostic(`${found} found, ${harmless} in marks at the end`);
  assert.ok(found > 500 && harmless < 60);
});

test("a body that imitates records and marks does not confuse recovery", async () => {
  const disk = createMemoryDisk();
  const log = await open(disk, { segmentBytesMax: 1 << 20 });
  await log.append(1, Uint8Array.of(1), { sync: true });
  // The bytes of another log with the same numbers and another salt.
  const other = createMemoryDisk();
  const donor = await open(other, { rng: createSeededRng(99), segmentBytesMax: 1 << 20 });
  for (let i = 0; i < 5; i += 1) await donor.append(1, Uint8Array.of(i), { sync: true });
  await donor.close();
  const imitation = other.contentOf(`${FOLDER}/0000000000000001.log`) ?? new Uint8Array(0);
  await log.append(2, new Uint8Array(600));
  await log.append(3, imitation);
  const units = disk.pending.length;
  const torn = disk.crash((_, index) => (index === units - 1 ? "kept" : "lost"));
  assert.equal((await open(torn)).lastSeq, 1n);
});

test("what recovery reports is durable from then on, also when only the process died", async () => {
  const disk = createMemoryDisk();
  await (await open(disk)).append(typeOf(1n), bodyOf(1n));
  // The same disk, not crashed: the record is in the system's memory alone.
  const log = await open(disk);
  assert.equal(log.lastSeq, 1n);
  assert.equal((await open(disk.crash(() => "lost"))).lastSeq, 1n);
});

test("a record behind a torn one never comes back, whatever is written in its place", async () => {
  const disk = createMemoryDisk();
  const log = await open(disk, { segmentBytesMax: 1 << 20 });
  const body = new Uint8Array(512 - 17).fill(1);
  await log.append(1, body.subarray(0, 512 - 32 - 17 - 17), { sync: true });
  // Records 2 and 3 fill one sector each; 2 is lost, 3 survives.
  await log.append(1, body);
  await log.append(1, body);
  const sectors = disk.pending.filter((unit) => unit.kind === "sector").length;
  assert.equal(sectors, 3, "the mark of record 1, and one sector for each record");
  const after = disk.crash((_, index) => (index === sectors - 2 ? "lost" : "kept"));
  const again = await open(after, { segmentBytesMax: 1 << 20 });
  assert.equal(again.lastSeq, 1n);
  const size = again.sizeBytes;
  assert.equal(after.contentOf(`${FOLDER}/0000000000000001.log`)?.length, size, "nothing is left behind the cut");
});
