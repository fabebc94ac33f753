// A disk that refuses one call, at each place where a validator writes: record, block log, snapshot. It stops at once, tries
// nothing again, ends with the exit code of a failed disk, and the next start goes on from what was promised: every block
// that was announced is there, and no key has signed twice. A committee of one makes the blocks.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { publicKeyProgram } from "@bystack/protocol/program";
import { type Disk, type DiskFile, type DiskOperation, diskError, joinPath } from "@bystack/storage/disk";
import { createNodeDisk } from "@bystack/storage/disk-node";
import { exitCodeOf } from "../../src/errors.ts";
import { checkFrames } from "../../src/side/frame-check.ts";
import { followEvents } from "../main/kit.ts";
import { CONSENSUS, Committee, type Seat, untilHeight } from "./kit.ts";

type Case = { readonly site: Site; readonly code: "EIO" | "ENOSPC" };
type Site = { readonly folder: string; readonly operation: DiskOperation; readonly nth: number };

/** A disk of the operating system that refuses one call, once it is armed; counts what is begun after that. */
class RefusingDisk {
  readonly #site: Site;
  readonly #code: string;
  #seen = 0;
  isArmed = false;
  hasRefused = false;
  /** Calls that would change the same folder, begun after the refusal. */
  laterCalls: string[] = [];

  constructor(site: Site, code: string) {
    this.#site = site;
    this.#code = code;
  }

  #meet(operation: DiskOperation, path: string): void {
    if (!this.isArmed || !(path === this.#site.folder || path.startsWith(`${this.#site.folder}/`))) return;
    if (this.hasRefused) this.laterCalls.push(`${operation} ${path}`);
    if (operation !== this.#site.operation || this.hasRefused) return;
    this.#seen += 1;
    if (this.#seen < this.#site.nth) return;
    this.hasRefused = true;
    throw diskError(operation, path, { code: this.#code });
  }

  readonly over = (root: string): Disk => {
    const disk = createNodeDisk(root);
    const meet = (operation: DiskOperation, path: string): void => this.#meet(operation, path);
    const fileOf = (file: DiskFile): DiskFile => ({
      ...file,
      write: async (offset, bytes) => {
        meet("write", file.path);
        await file.write(offset, bytes);
      },
      truncate: async (size) => {
        meet("truncate", file.path);
        await file.truncate(size);
      },
      sync: async () => {
        meet("sync", file.path);
        await file.sync();
      },
    });
    return {
      ...disk,
      open: async (path, mode) => {
        if (mode === "create") meet("open", path);
        return fileOf(await disk.open(path, mode));
      },
      rename: async (from, to) => {
        meet("rename", from);
        await disk.rename(from, to);
      },
      remove: async (path) => {
        meet("remove", path);
        await disk.remove(path);
      },
      syncFolder: async (folder) => {
        meet("syncFolder", joinPath(folder, "."));
        await disk.syncFolder(folder);
      },
    };
  };
}

const committees: Committee[] = [];
after(() => {
  for (const committee of committees) committee.remove();
});

function createOne(): { committee: Committee; seat: Seat } {
  const committee = new Committee({
    count: 1,
    program: publicKeyProgram(new Uint8Array(32)),
    coins: 1,
    extra: { tap: true },
    consensus: { ...CONSENSUS, blockMs: 50, deltaMs: 25 },
  });
  committees.push(committee);
  const [seat] = committee.seats;
  return { committee, seat: seat ?? assert.fail("there is no seat") };
}

function tapsOf(seat: Seat): string[] {
  const folder = join(seat.folder, "log");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".tap"))
    .map((name) => join(folder, name));
}

/** Blocks by which every site has been met: a snapshot comes every ten. */
const GOES_ON_HEIGHT = 40;

async function endsAndComesBack({ site, code }: Case): Promise<void> {
  const label = `${site.operation} ${site.nth} in ${site.folder}: ${code}`;
  const { committee, seat } = createOne();
  const disk = new RefusingDisk(site, code);
  const node = await committee.start(seat, () => {}, { createDisk: disk.over });
  const events = await followEvents(node.url);
  await untilHeight(node.client, 2);
  disk.isArmed = true;
  let framesAtEnd = 0;
  try {
    const ended = node.ended.then(
      () => assert.fail("it was not asked to stop"),
      (reason: unknown) => reason,
    );
    const wentOn = untilHeight(node.client, GOES_ON_HEIGHT).then(() => assert.fail(`${label}: it goes on`));
    const error = await Promise.race([ended, wentOn]);
    wentOn.catch(() => {});
    assert.equal(exitCodeOf(error), 68, `${label}: ${error}`);
    framesAtEnd = checkFrames(tapsOf(seat)).frames;
  } finally {
    await node.stop().catch(() => {});
    events.close();
  }
  assert.equal(checkFrames(tapsOf(seat)).frames, framesAtEnd, `${label}: nothing leaves the host after the failure`);
  // A snapshot's own file is cleared away; a log is left as it is.
  const tried = disk.laterCalls.filter((call) => !(site.folder === "snapshots" && call.startsWith("remove ")));
  assert.deepEqual(tried, [], `${label}: nothing is tried again`);

  const again = await committee.start(seat);
  for (const { height, hash } of events.seen()) {
    const block = await again.client.call("block", { params: { ref: String(height) } });
    assert.equal(block.hash, hash);
  }
  await untilHeight(again.client, Math.max(...events.seen().map(({ height }) => height)) + 3);
  await again.stop();
  const { votes, problems } = checkFrames(tapsOf(seat));
  assert.ok(votes > 5);
  assert.deepEqual(problems, [], label);
}

/** Cases under way at a time: most of each is waiting for blocks. */
const AT_ONCE = 8;

async function each(cases: Case[]): Promise<void> {
  const work = async (): Promise<void> => {
    for (let next = cases.pop(); next !== undefined; next = cases.pop()) await endsAndComesBack(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function both(site: Site): Case[] {
  return [
    { site, code: "EIO" },
    { site, code: "ENOSPC" },
  ];
}

test("writing and syncing the record and the block log", async () => {
  const operations = ["write", "sync"] as const;
  const sites = operations.flatMap((operation) =>
    ["record", "blocks"].map((folder) => ({ folder, operation, nth: 1 })),
  );
  // The second write is the mark behind the first.
  const marks = ["record", "blocks"].map(
    (folder): Case => ({ site: { folder, operation: "write", nth: 2 }, code: "EIO" }),
  );
  await each([...sites.flatMap(both), ...marks]);
});

test("each call of a snapshot", async () => {
  const operations = ["open", "write", "sync", "rename", "syncFolder"] as const;
  await each(operations.flatMap((operation) => both({ folder: "snapshots", operation, nth: 1 })));
});
