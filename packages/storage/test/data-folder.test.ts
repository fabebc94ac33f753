// The data folder: one process at a time (a real second process is asked), formats, migrations, rights; the log on a real disk.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openDataFolder } from "@bystack/storage/data-folder";
import { createNodeDisk } from "@bystack/storage/disk-node";
import { isStorageError } from "@bystack/storage/errors";
import { openLog } from "@bystack/storage/log";
import { findSnapshot, writeSnapshot } from "@bystack/storage/snapshot";
import { createSeededRng } from "@bystack/testing/rng";

const base = mkdtempSync(join(tmpdir(), "bystack-folder-"));
after(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const fresh = (): string => {
  count += 1;
  return join(base, `${count}`);
};

const OPENER = `
  import { openDataFolder } from "@bystack/storage/data-folder";
  try {
    await openDataFolder({ path: process.argv[1], kind: "node", version: 1 });
    console.log("opened");
    process.stdin.resume();
  } catch (error) {
    console.log(error.code, error.why);
    process.exit(0);
  }
`;

/** A second process that opens the folder and, if it gets it, holds it until it is killed. */
async function openElsewhere(path: string): Promise<{ line: string; pid: number; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", OPENER, path], {
    cwd: import.meta.dirname,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const line = await new Promise<string>((resolve) =>
    child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim())),
  );
  return {
    line,
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

test("one process at a time; the refusal names the holder; kill -9 leaves no stale lock", async () => {
  const path = fresh();
  const holder = await openElsewhere(path);
  assert.equal(holder.line, "opened");
  await assert.rejects(
    openDataFolder({ path, kind: "node", version: 1 }),
    (error) =>
      isStorageError(error, "FOLDER_IN_USE") && error.details.pid === holder.pid && error.why.includes(`${holder.pid}`),
  );
  await holder.kill();
  const folder = await openDataFolder({ path, kind: "node", version: 1 });
  const second = await openElsewhere(path);
  assert.match(second.line, new RegExp(`^FOLDER_IN_USE .*${process.pid}`));
  await assert.rejects(openDataFolder({ path, kind: "node", version: 1 }), (error) =>
    isStorageError(error, "FOLDER_IN_USE"),
  );
  folder.release();
  folder.release();
  (await openDataFolder({ path, kind: "node", version: 1 })).release();
});

test("formats: older is migrated step by step or refused naming `bystack clean`, newer and foreign are refused", async () => {
  const path = fresh();
  (await openDataFolder({ path, kind: "node", version: 1 })).release();
  await assert.rejects(
    openDataFolder({
      path,
      kind: "node",
      version: 3,
      migrations: [{ from: 1, run: async () => assert.fail("the way is not whole") }],
    }),
    (error) => isStorageError(error, "FOLDER_FORMAT_OLD") && error.next.includes("bystack clean"),
  );
  const ran: number[] = [];
  const step = (from: number) => ({ from, run: async () => void ran.push(from) });
  const interrupted = { from: 2, run: async () => Promise.reject(new Error("cut")) };
  await assert.rejects(openDataFolder({ path, kind: "node", version: 3, migrations: [step(1), interrupted] }));
  const folder = await openDataFolder({ path, kind: "node", version: 3, migrations: [step(1), step(2)] });
  assert.equal(folder.foundVersion, 2, "the first step was recorded before the second failed");
  assert.deepEqual(ran, [1, 2]);
  folder.release();
  await assert.rejects(openDataFolder({ path, kind: "node", version: 2 }), (error) =>
    isStorageError(error, "FOLDER_FORMAT_NEW"),
  );
  await assert.rejects(openDataFolder({ path, kind: "wallet", version: 3 }), (error) =>
    isStorageError(error, "FOLDER_FOREIGN"),
  );
  writeFileSync(join(path, "format.json"), "{");
  await assert.rejects(openDataFolder({ path, kind: "node", version: 3 }), (error) =>
    isStorageError(error, "FOLDER_FOREIGN"),
  );
  const foreign = fresh();
  mkdirSync(foreign);
  writeFileSync(join(foreign, "holiday.jpg"), "");
  await assert.rejects(openDataFolder({ path: foreign, kind: "node", version: 1 }), (error) =>
    isStorageError(error, "FOLDER_FOREIGN"),
  );
  assert.ok(!existsSync(join(foreign, "format.json")));
});

test("only the owner can read the folder, also when it was made by others' rules", async () => {
  const path = fresh();
  mkdirSync(path);
  chmodSync(path, 0o755);
  const folder = await openDataFolder({ path, kind: "node", version: 1 });
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(join(path, "format.json")).mode & 0o777, 0o600);
  assert.deepEqual(JSON.parse(readFileSync(join(path, "format.json"), "utf8")), { kind: "node", version: 1 });
  folder.release();
  writeFileSync(join(base, "a-file"), "");
  await assert.rejects(openDataFolder({ path: join(base, "a-file", "below"), kind: "node", version: 1 }), (error) =>
    isStorageError(error, "DISK_IO"),
  );
});

test("log and snapshot work on a real disk; a path that leaves the root is refused", async () => {
  const path = fresh();
  const { disk, release } = await openDataFolder({ path, kind: "node", version: 1 });
  const options = { disk, folder: "logs/votes", rng: createSeededRng(1), segmentBytesMax: 5000 };
  const log = await openLog(options);
  for (let i = 0; i < 50; i += 1) await log.append(1, new Uint8Array(1000).fill(i), { sync: i % 10 === 0 });
  await log.prune(20n);
  await log.close();
  const again = await openLog(options);
  assert.equal(again.lastSeq, 50n);
  assert.equal((await again.get(30n)).body[0], 29);
  await again.close();
  assert.equal(statSync(join(path, "logs/votes")).mode & 0o777, 0o700);
  await writeSnapshot({ disk, folder: "snapshots" }, { id: 4n, chunks: [Uint8Array.of(1)], keep: 1 });
  assert.equal((await findSnapshot({ disk, folder: "snapshots" })).id, 4n);
  await assert.rejects(disk.open("../outside", "create"), (error) => isStorageError(error, "DISK_IO"));
  await assert.rejects(createNodeDisk(path).open("missing", "read"), (error) => isStorageError(error, "FILE_MISSING"));
  release();
});
