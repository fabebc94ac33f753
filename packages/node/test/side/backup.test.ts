// Backups of a running validator: written while it votes, without a key in them, drilled, and told what is wrong with them
// when anything in them was changed. One of four validators is then restored from an OLD backup while the others went on: it
// observes, votes again by itself, and in all that is recorded on the wire no key has signed twice (P40).

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { MANIFEST_FILE } from "@bystack/api/backup-manifest";
import { publicKeyProgram } from "@bystack/protocol/program";
import { type Disk, type DiskFile, diskError } from "@bystack/storage/disk";
import { createNodeDisk } from "@bystack/storage/disk-node";
import { openLog } from "@bystack/storage/log";
import { createMemoryLogger } from "@bystack/testing/logger";
import { nullLogger } from "@bystack/utils/ports";
import { drillBackup } from "../../src/backup/drill.ts";
import {
  BACKUP_FREE_BYTES_MIN,
  BackupJobs,
  type BackupSource,
  type BackupTarget,
  readManifest,
} from "../../src/backup/jobs.ts";
import { placeBackup } from "../../src/backup/restore.ts";
import { systemClock, systemRng } from "../../src/process/timers.ts";
import { checkFrames } from "../../src/side/frame-check.ts";
import { copyFolder, filesBelow, flipBit } from "./damage-kit.ts";
import { Committee, type Seat, type Started, until, untilHeight } from "./kit.ts";

/** Blocks that the others go on by before the old backup is put back: more than an epoch. */
const LATER_BLOCKS = 12;

const committee = new Committee({
  count: 4,
  program: publicKeyProgram(new Uint8Array(32)),
  coins: 3,
  extra: { tap: true, history: "archive" },
});
const seat: Seat = committee.seats[3] ?? assert.fail("there is no fourth seat");
const others: Started[] = [];
let node: Started;
const kept = join(committee.root, "kept");

function untilVoting(): Promise<unknown> {
  return until(
    "voting",
    () => node.client.call("consensus"),
    ({ voting }) => voting,
  );
}

async function backup(id: string): Promise<string> {
  const done = await until(
    id,
    () => node.client.call("backup", { body: { id } }),
    ({ state }) => state !== "running",
  );
  assert.deepEqual([done.state, done.why], ["done", ""]);
  return join(seat.folder, done.folder);
}

let works = 0;
async function drill(folder: string) {
  works += 1;
  const work = join(committee.root, `work-${works}`);
  mkdirSync(work);
  try {
    return await drillBackup({ folder, work, logger: nullLogger });
  } finally {
    rmSync(work, { recursive: true });
  }
}

before(async () => {
  for (const each of committee.seats)
    writeFileSync(join(each.folder, "node.json"), JSON.stringify(committee.json(each)));
  const started: Started[] = [];
  for (const each of committee.seats) started.push(await committee.start(each));
  node = started.pop() ?? assert.fail();
  others.push(...started);
  await untilHeight(node.client, 14);
  await untilVoting();
  copyFolder(await backup("demo-1"), kept);
});

after(async () => {
  await Promise.all([node, ...others].map((each) => each.stop()));
  committee.remove();
});

test("a backup is whole, names what it is of, and its drill ends with the root that is certified", async () => {
  const manifest = readManifest(kept);
  const { client } = others[0] ?? assert.fail();
  const { hash } = await client.call("block", { params: { ref: String(manifest.height) } });
  assert.deepEqual([manifest.kind, manifest.node, manifest.blockHash], ["side", seat.id, hash]);
  assert.equal(manifest.votes?.key, seat.keys.vote);
  assert.ok(manifest.height >= 14 && (manifest.votes?.epoch ?? 0) >= 2, JSON.stringify(manifest.votes));
  const result = await drill(kept);
  assert.deepEqual(
    [result.ok, result.why, result.height, result.stateRoot, result.blocks],
    [true, "", manifest.height, manifest.stateRoot, manifest.height],
  );
});

test("it has no key, no secret and no record of votes", () => {
  const files = filesBelow(kept);
  assert.deepEqual(
    files.filter((file) => /key|record|instance|lock$|owner|journal/.test(file)),
    [],
  );
  const secrets = readdirSync(join(seat.folder, "keys")).map((name) => readFileSync(join(seat.folder, "keys", name)));
  const token = Buffer.from(JSON.parse(readFileSync(join(seat.folder, "instance.json"), "utf8")).adminToken);
  const needles = [...secrets, token].filter(({ length }) => length >= 32);
  assert.ok(needles.length >= 7, `${needles.length} secrets to look for`);
  for (const file of files) {
    const content = readFileSync(join(kept, file));
    for (const needle of needles) assert.equal(content.indexOf(needle), -1, file);
  }
});

test("the same id is not written again, and the node goes on voting", async () => {
  const first = await node.client.call("backup", { body: { id: "demo-1" } });
  assert.deepEqual([first.state, first.height], ["done", readManifest(kept).height]);
  assert.equal((await node.client.call("consensus")).voting, true);
});

test("any file that was changed, cut or taken away fails the drill, by its name", async () => {
  const broken = join(committee.root, "broken");
  const files = filesBelow(kept).filter((file) => file !== MANIFEST_FILE);
  assert.ok(files.length >= 5, files.join(", "));
  for (const file of files) {
    for (const damage of ["flip", "cut", "remove"] as const) {
      copyFolder(kept, broken);
      const path = join(broken, file);
      if (damage === "flip") flipBit(path, 0.5);
      else if (damage === "cut") writeFileSync(path, readFileSync(path).subarray(1));
      else rmSync(path);
      const result = await drill(broken);
      assert.equal(result.ok, false, `${file} ${damage}`);
      assert.match(result.why, new RegExp(file.split("/").at(-1) ?? ""), `${file} ${damage}`);
    }
  }
});

test("a manifest that claims another block, root or chain fails the drill", async () => {
  const claimed = join(committee.root, "claimed");
  for (const change of [
    { height: 13 },
    { blockHash: "ab".repeat(32) },
    { stateRoot: "cd".repeat(32) },
    { chainId: "ef".repeat(32) },
  ]) {
    copyFolder(kept, claimed);
    const path = join(claimed, MANIFEST_FILE);
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...change }));
    const result = await drill(claimed);
    assert.equal(result.ok, false, JSON.stringify(change));
    assert.notEqual(result.why, "");
  }
});

test("a disk without room for votes refuses the backup, and one that fills up leaves nothing behind", async () => {
  const folder = join(committee.root, "full");
  mkdirSync(folder);
  const over = async (write: BackupSource["write"], free: number) => {
    const source = { height: () => 5, sizeBytes: () => 1000, write };
    const freeBytes = () => free;
    const jobs = new BackupJobs({ folder, source, clock: systemClock, logger: nullLogger, createDisk, freeBytes });
    const status = jobs.begin("demo-9");
    await jobs.settled();
    assert.deepEqual([status.state, readdirSync(join(folder, "backup"))], ["failed", []]);
    return status.why;
  };
  let written = 0;
  const createDisk = (root: string): Disk => {
    const disk = createNodeDisk(root);
    const open: Disk["open"] = async (path, mode) => {
      const file = await disk.open(path, mode);
      const write: DiskFile["write"] = (offset, bytes) => {
        written += bytes.length;
        if (written > 2_000) return Promise.reject(diskError("write", path, { code: "ENOSPC" }));
        return file.write(offset, bytes);
      };
      return { ...file, write };
    };
    return { ...disk, open };
  };
  const fills = async ({ data }: BackupTarget) => {
    const log = await openLog({ disk: data, folder: "blocks", rng: systemRng });
    try {
      for (let i = 0; i < 100; i += 1) await log.append(1, new Uint8Array(100));
    } finally {
      await log.close();
    }
    return assert.fail("the disk took it all");
  };
  const never = () => assert.fail("there was no room for it");
  assert.match(await over(never, BACKUP_FREE_BYTES_MIN), /DISK_FULL.*must leave room/);
  assert.match(await over(fills, 10 * BACKUP_FREE_BYTES_MIN), /DISK_FULL.*ENOSPC/);
  assert.ok(written > 2_000, `${written} bytes`);
});

test("it goes into an empty folder with keys only", async () => {
  const into = join(committee.root, "into");
  mkdirSync(into);
  const options = { from: kept, into, clock: systemClock };
  await assert.rejects(placeBackup(options), { code: "RESTORE_KEYS_MISSING" });
  cpSync(join(seat.folder, "keys"), join(into, "keys"), { recursive: true });
  mkdirSync(join(into, "data", "side"), { recursive: true });
  writeFileSync(join(into, "data", "side", "format.json"), "{}");
  await assert.rejects(placeBackup(options), { code: "RESTORE_NOT_EMPTY" });
  rmSync(join(into, "data"), { recursive: true });
  writeFileSync(join(into, "keys", "never-voted"), "");
  await placeBackup(options);
  assert.deepEqual(
    [existsSync(join(into, "keys", "never-voted")), existsSync(join(into, "restoring"))],
    [false, false],
  );
  assert.ok(existsSync(join(into, "node.json")) && existsSync(join(into, "spec.json")));
  // Again after a crash behind its end: nothing is done, nothing refused.
  await placeBackup(options);
});

/** Loses everything but its keys, gets the old backup, and comes back; why it was silent, in order. */
async function restored(keepsRecord: boolean) {
  await node.stop();
  const old = join(committee.root, "old-data");
  copyFolder(join(seat.folder, "data"), old);
  committee.wipe(seat);
  writeFileSync(join(seat.folder, "keys", "never-voted"), "");
  rmSync(join(seat.folder, "restored.json"), { force: true });
  await placeBackup({
    from: kept,
    into: seat.folder,
    clock: systemClock,
    ...(keepsRecord && { record: join(old, "side", "record") }),
  });
  const logger = createMemoryLogger();
  node = await committee.start(seat, () => {}, { logger });
  const { finalHeight } = (await others[0]?.client.call("info")) ?? assert.fail();
  await untilVoting();
  await untilHeight(node.client, finalHeight + 2);
  return logger.find("voting silence").map(({ fields }) => fields.reason);
}

test("restored from an old backup it observes first, and votes again by itself", async () => {
  const { finalHeight } = await node.client.call("info");
  await untilHeight(node.client, finalHeight + LATER_BLOCKS);
  const silences = await restored(false);
  assert.deepEqual(silences.slice(0, 3), ["asking", "lifted", "observe"]);
});

test("with its whole record it need not observe; an older record is refused", async () => {
  const old = join(committee.root, "early-record");
  copyFolder(join(committee.root, "old-data", "side", "record"), old);
  const early = { ...readManifest(kept) };
  // The place that the backup names, moved behind the end of the record.
  const late = join(committee.root, "late");
  copyFolder(kept, late);
  writeFileSync(join(late, MANIFEST_FILE), JSON.stringify({ ...early, votes: { ...early.votes, epoch: 9_999 } }));
  const into = join(committee.root, "with-record");
  cpSync(join(seat.folder, "keys"), join(into, "keys"), { recursive: true });
  const refused = { from: late, into, record: old, clock: systemClock };
  await assert.rejects(placeBackup(refused), { code: "RESTORE_RECORD_OLD", why: /9999/ });
  assert.equal(existsSync(join(into, "data", "side")), false);
  flipBit(join(old, readdirSync(old)[0] ?? ""), 0.5);
  await assert.rejects(placeBackup({ ...refused, from: kept }), { code: "RESTORE_RECORD_OLD" });
  const silences = await restored(true);
  assert.deepEqual([silences[0], silences.includes("observe")], ["asking", false]);
});

test("in every message that was sent or received no key has signed twice", () => {
  const taps = committee.seats.flatMap(({ folder }) =>
    readdirSync(join(folder, "log"))
      .filter((name) => name.endsWith(".tap"))
      .map((name) => join(folder, "log", name)),
  );
  const { frames, votes, problems } = checkFrames(taps);
  assert.ok(taps.length >= 6 && frames > 500 && votes > 100, `${taps.length} taps, ${frames} frames, ${votes} votes`);
  assert.deepEqual(problems.slice(0, 20), []);
});
