// The consensus record on disk: what was persisted is found again, a lost record is not taken for an empty one, and a
// replacement that a crash cut in half neither counts nor swallows what is written after it.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { encodeRecordEntry, type RecordEntry } from "@bystack/consensus/bbft/record";
import type { DataFolder } from "@bystack/storage/data-folder";
import { createMemoryDisk } from "@bystack/storage/disk-memory";
import { openLog } from "@bystack/storage/log";
import { createSeededRng } from "@bystack/testing/rng";
import { initNode } from "../src/process/keys.ts";
import { type ConsensusRecord, openConsensusRecord, RECORD_FOLDER, RECORD_TYPE } from "../src/side/consensus-record.ts";
import { incidentsIn } from "./incidents.ts";

const root = mkdtempSync(join(tmpdir(), "bystack-record-"));
after(() => rmSync(root, { recursive: true, force: true }));

const chainId = new Uint8Array(32).fill(7);
const voteKey = new Uint8Array(32).fill(9);
const silence = (view: number): RecordEntry => ({ type: "silence", reason: "bar", through: { epoch: 1, view } });

let folders = 0;
function newFolder(): string {
  folders += 1;
  const folder = join(root, String(folders));
  initNode(folder);
  return folder;
}

type Memory = ReturnType<typeof createMemoryDisk>;

function open(folder: string, disk: Memory): Promise<ConsensusRecord> {
  const data: DataFolder = { path: folder, disk, foundVersion: 1, release: () => {} };
  return openConsensusRecord({
    folder,
    data,
    chainId,
    voteKey,
    rng: createSeededRng(1),
    incidents: incidentsIn(folder),
  });
}

function viewsOf(record: ConsensusRecord): number[] | undefined {
  return record.entries?.flatMap((entry) => (entry.type === "silence" ? [entry.through.view] : []));
}

test("a key that never voted begins an empty record, once; after that a missing record is a lost one", async () => {
  const folder = newFolder();
  const first = await open(folder, createMemoryDisk());
  assert.deepEqual(
    first.entries?.map((entry) => entry.type),
    ["init"],
  );
  assert.equal((await open(folder, createMemoryDisk())).entries, undefined);
});

test("entries come back in order, and a whole replacement takes the place of what was before", async () => {
  const folder = newFolder();
  const disk = createMemoryDisk();
  const record = await open(folder, disk);
  await record.persist([silence(1)], false);
  await record.persist([silence(2)], false);
  await record.close();
  const second = await open(folder, disk);
  assert.deepEqual(viewsOf(second), [1, 2]);
  await second.persist([silence(5)], true);
  await second.persist([silence(6)], false);
  await second.close();
  assert.deepEqual(viewsOf(await open(folder, disk)), [5, 6]);
});

test("votes written after a half replacement survive the restart after next", async () => {
  const folder = newFolder();
  const disk = createMemoryDisk();
  const record = await open(folder, disk);
  await record.persist([silence(1)], false);
  await record.close();
  // A replacement whose end never reached the log: what a crash between its first and last record leaves.
  const log = await openLog({ disk, folder: RECORD_FOLDER, rng: createSeededRng(2) });
  await log.append(RECORD_TYPE.replaceBegin, new Uint8Array(0));
  await log.append(RECORD_TYPE.entry, encodeRecordEntry(silence(4)), { sync: true });
  await log.close();
  const second = await open(folder, disk);
  assert.deepEqual(viewsOf(second), [1]);
  await second.persist([silence(2)], false);
  await second.close();
  assert.deepEqual(viewsOf(await open(folder, disk)), [1, 2]);
});

test("a replacement that the disk refuses is refused with that reason, and nothing is left unheard", async () => {
  const disk = createMemoryDisk();
  const record = await open(newFolder(), disk);
  disk.setFault(({ operation }) => (operation === "write" ? { code: "EIO" } : undefined));
  for (const replace of [true, true]) await assert.rejects(record.persist([silence(1)], replace), { code: "DISK_IO" });
});
