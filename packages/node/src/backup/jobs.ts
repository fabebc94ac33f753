// Backups that a running node writes: one at a time, each into `backup/<id>/` of its folder, where the manifest is written
// last and the name appears with everything in it. What was left half done by an earlier process is removed. Nothing of it
// may harm the node: it needs little memory, a failure is told and not thrown, and it leaves the disk room for votes.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { BACKUP_FORMAT, BACKUP_MANIFEST, type BackupManifest, MANIFEST_FILE } from "@bystack/api/backup-manifest";
import type { NODE_ROUTES } from "@bystack/api/node-routes";
import type { RouteReply } from "@bystack/api/route";
import type { Disk } from "@bystack/storage/disk";
import { createNodeDisk } from "@bystack/storage/disk-node";
import { storageError } from "@bystack/storage/errors";
import { listFiles, syncFolder, writeNewFile } from "@bystack/storage/file-list";
import { utf8ToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Clock, Logger } from "@bystack/utils/ports";
import { nodeError } from "../errors.ts";

const FOLDER = "backup";
/** Room that a backup leaves on the disk: votes and blocks need it more. */
export const BACKUP_FREE_BYTES_MIN = 268_435_456;
/** Characters of a reason that are told. */
const WHY_CHARS_MAX = 1_000;

/** What the maker of a backup knows of it. */
export type BackupContent = Omit<BackupManifest, "format" | "id" | "createdAtMs" | "files">;

/** Where the parts of a backup go. */
export type BackupTarget = {
  /** Of the backup's folder. */
  readonly path: string;
  /** Its folder `data`: laid out as the node's own data folder is. */
  readonly data: Disk;
  /** To be called after each part; throws when the node ends. */
  progress(bytes: number): void;
};

/** The chain's side of a backup. */
export type BackupSource = {
  /** Height of the newest block that could be kept. @throws BystackError BACKUP_TOO_EARLY */
  height(): number;
  /** About how many bytes it will have. */
  sizeBytes(): number;
  write(target: BackupTarget): Promise<BackupContent>;
};

export type BackupStatus = RouteReply<(typeof NODE_ROUTES)["backup"]>;

export type BackupJobsOptions = {
  /** The node's folder. */
  readonly folder: string;
  readonly source: BackupSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly createDisk?: ((root: string) => Disk) | undefined;
  /** Free bytes on the disk of a folder. */
  readonly freeBytes?: (folder: string) => number;
};

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** The manifest of a backup's folder. @throws BystackError BACKUP_UNREADABLE */
export function readManifest(folder: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(folder, MANIFEST_FILE), "utf8"));
  } catch (cause) {
    throw nodeError("BACKUP_UNREADABLE", { why: `${MANIFEST_FILE} is missing or not JSON`, cause });
  }
  const parsed = BACKUP_MANIFEST.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw nodeError("BACKUP_UNREADABLE", {
    why: `${MANIFEST_FILE}: ${issue?.path.map(String).join(".")} ${issue?.message}`,
  });
}

export class BackupJobs {
  readonly #options: BackupJobsOptions;
  #status: BackupStatus | undefined;
  #running: Promise<void> = Promise.resolve();
  #isEnding = false;

  constructor(options: BackupJobsOptions) {
    this.#options = options;
  }

  #path(name: string): string {
    return join(this.#options.folder, FOLDER, name);
  }

  /** Begins a backup, or says how far it is. One that failed is begun again. @throws BACKUP_BUSY, BACKUP_TOO_EARLY */
  begin(id: string): BackupStatus {
    const known = this.#status;
    if (known?.state === "running") {
      if (known.id === id) return known;
      throw nodeError("BACKUP_BUSY", { why: `${known.id} has ${known.bytes} bytes so far` });
    }
    const folder = `${FOLDER}/${id}`;
    if (existsSync(join(this.#path(id), MANIFEST_FILE))) {
      const { height, files } = readManifest(this.#path(id));
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      return { id, state: "done", folder, height, bytes, why: "" };
    }
    const status: BackupStatus = {
      id,
      state: "running",
      folder,
      height: this.#options.source.height(),
      bytes: 0,
      why: "",
    };
    this.#status = status;
    this.#running = this.#run(status);
    return status;
  }

  async #run(status: BackupStatus): Promise<void> {
    const { logger } = this.#options;
    const temporary = this.#path(`.${status.id}.tmp`);
    try {
      await this.#write(status, temporary);
      status.state = "done";
      logger.info("backup written", { id: status.id, height: status.height, bytes: status.bytes });
    } catch (error) {
      status.state = "failed";
      const known = error instanceof BystackError;
      status.why = (known ? `${error.code}: ${error.message} ${error.why}` : String(error)).slice(0, WHY_CHARS_MAX);
      logger.warn("a backup could not be written", { id: status.id, why: status.why });
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  async #write(status: BackupStatus, temporary: string): Promise<void> {
    const { source, clock, createDisk = createNodeDisk, freeBytes = freeBytesOf } = this.#options;
    mkdirSync(this.#path(""), { recursive: true, mode: 0o700 });
    // What is not sealed belongs to an operation that is under way: one at a time.
    for (const name of readdirSync(this.#path(""))) rmSync(this.#path(name), { recursive: true, force: true });
    const needed = source.sizeBytes() + BACKUP_FREE_BYTES_MIN;
    const free = freeBytes(this.#path(""));
    if (free < needed)
      throw storageError("DISK_FULL", {
        why: `${free} bytes are free, and a backup must leave room: ${needed} are needed`,
      });
    mkdirSync(join(temporary, "data"), { recursive: true, mode: 0o700 });
    const content = await source.write({
      path: temporary,
      data: createDisk(join(temporary, "data")),
      progress: (bytes) => {
        if (this.#isEnding) throw storageError("STORE_CLOSED", { why: "the node ends" });
        status.bytes += bytes;
      },
    });
    status.height = content.height;
    const files = await listFiles(temporary);
    status.bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const { id } = status;
    const manifest: BackupManifest = { format: BACKUP_FORMAT, id, ...content, createdAtMs: clock.nowMs(), files };
    const text = `${JSON.stringify(BACKUP_MANIFEST.parse(manifest), null, 2)}\n`;
    await writeNewFile(join(temporary, MANIFEST_FILE), [utf8ToBytes(text)]);
    renameSync(temporary, this.#path(id));
    await syncFolder(this.#path(""));
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.#running;
  }

  /** Gives up what is being written. */
  async close(): Promise<void> {
    this.#isEnding = true;
    await this.#running;
  }
}
