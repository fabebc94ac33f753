// A log that can be had again from elsewhere: whatever is wrong with its files, the sound records before it stay, what was
// cut is kept aside byte for byte, and a crash anywhere in between leaves a log that opens.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDisk, type MemoryDisk } from "@bystack/storage/disk-memory";
import { isStorageError } from "@bystack/storage/errors";
import { openLog } from "@bystack/storage/log";
import { openLogSalvaging, setLogAside } from "@bystack/storage/log-salvage";
import { createSeededRng } from "@bystack/testing/rng";

const FOLDER = "blocks";
const RECORDS = 12;
const options = (disk: MemoryDisk) =>
  ({ disk, folder: FOLDER, rng: createSeededRng(5), segmentBytesMax: 700, verify: "all" }) as const;

const bodyOf = (seq: bigint): Uint8Array => createSeededRng(Number(seq)).bytes(100);

/** Twelve records over several segments, closed in order. */
async function filled(): Promise<MemoryDisk> {
  const disk = createMemoryDisk();
  const log = await openLog(options(disk));
  for (let seq = 1n; seq <= RECORDS; seq += 1n) await log.append(1, bodyOf(seq), { sync: true });
  await log.close();
  return disk;
}

/** Opens, reads everything, appends the next record; how far the log went. */
async function salvaged(disk: MemoryDisk): Promise<bigint> {
  const { log } = await openLogSalvaging(options(disk));
  const { firstSeq, lastSeq } = log;
  assert.equal(firstSeq, 1n);
  if (lastSeq > 0n) for await (const { seq, body } of log.iterate(1n)) assert.deepEqual(body, bodyOf(seq));
  await log.append(1, bodyOf(lastSeq + 1n), { sync: true });
  await log.close();
  return lastSeq;
}

const names = async (disk: MemoryDisk): Promise<string[]> =>
  (await disk.list(FOLDER)).filter((name) => name.endsWith(".log"));

test("one flipped bit anywhere: the records before it stay, and the damaged file is kept aside as it was", async () => {
  const whole = await filled();
  const segments = await names(whole);
  assert.ok(segments.length >= 3);
  for (const [index, name] of segments.entries()) {
    const path = `${FOLDER}/${name}`;
    const firstSeq = BigInt(`0x${name.slice(0, 16)}`);
    const size = whole.contentOf(path)?.length ?? 0;
    for (let offset = 0; offset < size; offset += 7) {
      const disk = whole.crash(() => "kept");
      disk.damage(path, offset, 1 << (offset % 8));
      const damaged = disk.contentOf(path);
      const { log, damage } = await openLogSalvaging(options(disk));
      await log.close();
      const kept = await salvaged(disk);
      // In the marks behind the last record nothing is lost, and nothing needs to be cut.
      if (damage === undefined) {
        assert.equal(kept, BigInt(RECORDS), `${path} byte ${offset}`);
        continue;
      }
      assert.equal(damage.keptThrough, kept);
      assert.equal(damage.file, path);
      // Each record is 117 bytes and its mark 17: exactly those in front of the damage stay.
      const before = offset < 32 ? 0 : Math.floor((offset - 32 + 17) / 134);
      assert.equal(kept, firstSeq - 1n + BigInt(before), `${path} byte ${offset}`);
      assert.deepEqual(
        damage.setAside,
        segments.slice(index).map((other) => `${other}.damaged`),
      );
      assert.deepEqual(disk.contentOf(`${path}.damaged`), damaged);
    }
  }
});

test("a segment that is gone, empty or cut in the middle of the log ends the log there", async () => {
  const whole = await filled();
  const [, second, third] = await names(whole);
  assert.ok(second !== undefined && third !== undefined);
  const end = BigInt(`0x${second.slice(0, 16)}`) - 1n;
  const gone = whole.crash(() => "kept");
  await gone.remove(`${FOLDER}/${second}`);
  assert.equal(await salvaged(gone), end);
  const empty = whole.crash(() => "kept");
  await (await empty.open(`${FOLDER}/${second}`, "update")).truncate(0);
  assert.equal(await salvaged(empty), end);
  const cut = whole.crash(() => "kept");
  await (await cut.open(`${FOLDER}/${second}`, "update")).truncate(32 + 134 + 50);
  assert.equal(await salvaged(cut), end + 1n);
});

test("only one incident's files are kept aside", async () => {
  const disk = await filled();
  const [first, second] = await names(disk);
  disk.damage(`${FOLDER}/${second}`, 40);
  await salvaged(disk);
  disk.damage(`${FOLDER}/${first}`, 40);
  await salvaged(disk);
  const aside = (await disk.list(FOLDER)).filter((name) => name.endsWith(".damaged"));
  assert.deepEqual(aside, [`${first}.damaged`, `${second}.damaged`]);
});

test("a log set aside as a whole is begun anew", async () => {
  const disk = await filled();
  const before = await names(disk);
  assert.deepEqual(
    await setLogAside({ disk, folder: FOLDER }),
    before.map((name) => `${name}.damaged`),
  );
  assert.equal(await salvaged(disk), 0n);
});

test("a crash at any step of the cut, whatever it keeps, leaves a log that opens with sound records", async () => {
  const whole = await filled();
  const [, second] = await names(whole);
  whole.damage(`${FOLDER}/${second}`, 32 + 134 + 20);
  const probe = whole.crash(() => "kept");
  await (await openLogSalvaging(options(probe))).log.close();
  assert.ok(probe.steps > 10);
  for (let step = 0; step < probe.steps; step += 1) {
    const disk = whole.crash(() => "kept");
    disk.setFault(({ index }) => (index === step ? { code: "POWER_CUT" } : undefined));
    await assert.rejects(
      openLogSalvaging(options(disk)).then(({ log }) => log.close()),
      (error) => isStorageError(error),
    );
    for (const fate of ["kept", "lost"] as const) await salvaged(disk.crash(() => fate));
  }
});

test("a disk that fails is not taken for a damaged log", async () => {
  const disk = await filled();
  disk.setFault(() => ({ code: "EIO" }));
  await assert.rejects(openLogSalvaging(options(disk)), (error) => isStorageError(error, "DISK_IO", "FSYNC_FAILED"));
  disk.setFault(() => undefined);
  assert.equal(await salvaged(disk), BigInt(RECORDS));
});
