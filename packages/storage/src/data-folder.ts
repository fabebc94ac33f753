// A process's data folder: one process at a time, files of one known format, readable by their owner alone.
// * The lock is an fcntl lock of the operating system (taken through SQLite, the one way in which Node offers it): kill -9
//   releases it, so there is no stale lock and no guessing by process id. `owner.json` only says whom to name in the error.
// * `format.json` holds kind and version. An older version is migrated step by step, each step recorded durably after it ran;
//   a step may run again after a crash and must allow that. Without a way forward the folder is refused, never guessed at.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Disk } from "./disk.ts";
import { createNodeDisk } from "./disk-node.ts";
import { isStorageError, storageError } from "./errors.ts";

const LOCK_FILE = "lock";
const OWNER_FILE = "owner.json";
const FORMAT_FILE = "format.json";

/** Brings a folder from format `from` to `from + 1`. Runs again if a crash came before it was recorded. */
export type Migration = {
  readonly from: number;
  readonly run: (folder: { readonly path: string; readonly disk: Disk }) => Promise<void>;
};

export type DataFolderOptions = {
  readonly path: string;
  /** What the folder belongs to, for example `main-node`; a folder of another kind is refused. */
  readonly kind: string;
  /** The format that this version writes: 1, 2, … */
  readonly version: number;
  readonly migrations?: readonly Migration[];
  /** Makes the disk of the folder; by default that of the operating system. */
  readonly createDisk?: ((root: string) => Disk) | undefined;
};

export type DataFolder = {
  readonly path: string;
  /** The folder as a disk for logs and snapshots. */
  readonly disk: Disk;
  /** The format found before any migration; undefined for a new folder. */
  readonly foundVersion: number | undefined;
  /** Lets another process in. */
  release(): void;
};

type Format = { readonly kind: string; readonly version: number };

/**
 * Opens or begins a data folder and takes its lock.
 * @throws FOLDER_IN_USE naming the process, FOLDER_FOREIGN, FOLDER_FORMAT_OLD (naming `bystack clean`), FOLDER_FORMAT_NEW,
 * FOLDER_RIGHTS, and what the disk refuses
 */
export async function openDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  prepareFolder(options.path);
  const unlock = takeLock(options.path);
  try {
    const disk = (options.createDisk ?? createNodeDisk)(options.path);
    const foundVersion = await bringToVersion(options, disk);
    writeFileSync(join(options.path, OWNER_FILE), `${JSON.stringify({ pid: process.pid })}\n`, { mode: 0o600 });
    return { path: options.path, disk, foundVersion, release: unlock };
  } catch (error) {
    unlock();
    if (isStorageError(error)) throw error;
    throw storageError("DISK_IO", { why: `opening ${options.path}`, details: { path: options.path }, cause: error });
  }
}

function prepareFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(path);
    const me = process.getuid?.();
    if (me !== undefined && uid !== me && me !== 0)
      throw storageError("FOLDER_RIGHTS", { details: { path, ownerUid: uid, processUid: me } });
    if ((mode & 0o077) !== 0) chmodSync(path, 0o700);
  } catch (error) {
    if (isStorageError(error)) throw error;
    throw storageError("DISK_IO", {
      why: `the folder ${path} cannot be made or read`,
      details: { path },
      cause: error,
    });
  }
}

function takeLock(path: string): () => void {
  const file = join(path, LOCK_FILE);
  let lock: DatabaseSync | undefined;
  try {
    if (!existsSync(file)) writeFileSync(file, "", { mode: 0o600, flag: "a" });
    lock = new DatabaseSync(file, { timeout: 0 });
    // The transaction stays open for the life of the process and never writes: it only holds the lock.
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (cause) {
    lock?.close();
    const isBusy = cause instanceof Error && "errcode" in cause && cause.errcode === 5;
    if (!isBusy)
      throw storageError("DISK_IO", { why: `the lock file ${file} cannot be used`, details: { path }, cause });
    const pid = ownerOf(path);
    throw storageError("FOLDER_IN_USE", {
      why: `${path} is in use by process ${pid ?? "unknown"}`,
      details: { path, pid },
      cause,
    });
  }
  const held = lock;
  let released = false;
  return () => {
    if (!released) held.close();
    released = true;
  };
}

function ownerOf(path: string): number | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(join(path, OWNER_FILE), "utf8"));
    return typeof owner === "object" && owner !== null && "pid" in owner && typeof owner.pid === "number"
      ? owner.pid
      : undefined;
  } catch {
    return undefined;
  }
}

function parseFormat(text: string): Format | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("kind" in value) || !("version" in value)) return undefined;
    const { kind, version } = value;
    return typeof kind === "string" && Number.isInteger(version) && typeof version === "number"
      ? { kind, version }
      : undefined;
  } catch {
    return undefined;
  }
}

function readFormat(options: DataFolderOptions): Format | undefined {
  const file = join(options.path, FORMAT_FILE);
  if (!existsSync(file)) {
    const others = readdirSync(options.path).filter(
      (name) => ![LOCK_FILE, OWNER_FILE, `${FORMAT_FILE}.tmp`].includes(name),
    );
    if (others.length > 0)
      throw storageError("FOLDER_FOREIGN", {
        why: `${options.path} has no ${FORMAT_FILE} but holds ${others[0]}`,
        details: { path: options.path },
      });
    return undefined;
  }
  const format = parseFormat(readFileSync(file, "utf8"));
  if (format === undefined)
    throw storageError("FOLDER_FOREIGN", {
      why: `${file} is not readable as a format`,
      details: { path: options.path },
    });
  if (format.kind !== options.kind)
    throw storageError("FOLDER_FOREIGN", {
      why: `${file} says ${format.kind}, not ${options.kind}`,
      details: { path: options.path, kind: format.kind },
    });
  return format;
}

async function saveFormat(disk: Disk, format: Format): Promise<void> {
  const temporary = `${FORMAT_FILE}.tmp`;
  await disk.remove(temporary);
  const file = await disk.open(temporary, "create");
  await file.write(0, Buffer.from(`${JSON.stringify(format)}\n`));
  await file.sync();
  await file.close();
  await disk.rename(temporary, FORMAT_FILE);
  await disk.syncFolder("");
}

async function bringToVersion(options: DataFolderOptions, disk: Disk): Promise<number | undefined> {
  const found = readFormat(options);
  if (found === undefined) {
    await saveFormat(disk, { kind: options.kind, version: options.version });
    return undefined;
  }
  const file = join(options.path, FORMAT_FILE);
  const details = { path: options.path, foundVersion: found.version, version: options.version };
  if (found.version > options.version)
    throw storageError("FOLDER_FORMAT_NEW", {
      why: `${file} says format ${found.version}, this version knows up to ${options.version}`,
      details,
    });
  // The whole way is known before the first step is taken.
  const steps: Migration[] = [];
  for (let version = found.version; version < options.version; version += 1) {
    const step = options.migrations?.find((migration) => migration.from === version);
    if (step === undefined)
      throw storageError("FOLDER_FORMAT_OLD", {
        why: `${file} says format ${found.version}, and nothing leads from ${version} to ${version + 1}`,
        details,
      });
    steps.push(step);
  }
  for (const step of steps) {
    await step.run({ path: options.path, disk });
    await saveFormat(disk, { kind: options.kind, version: step.from + 1 });
  }
  return found.version;
}
