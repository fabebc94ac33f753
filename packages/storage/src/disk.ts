// The Disk port: what logs and snapshots ask of a file system, and no more. Paths are relative to the disk's root and use
// forward slashes. What `write` and `truncate` did may be lost in a power cut until `sync` has resolved; a created, renamed
// or removed name may be lost until `syncFolder` of its folder has. Drivers: disk-node (node:fs), disk-memory (crash tests).
// Every failure is a typed error: DISK_FULL, FSYNC_FAILED, FILE_MISSING or DISK_IO, with operation and path in `details`.

import type { BystackError } from "@bystack/utils/errors";
import { storageError } from "./errors.ts";

/** One open file. Offsets and lengths are in bytes. */
export type DiskFile = {
  readonly path: string;
  size(): Promise<number>;
  /** The bytes from `offset`; fewer than `length` only where the file ends. The caller bounds `length`: it is allocated. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Writes all of `bytes` or rejects; after a rejection any part of it may have been written. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Resolves when all that was written is durable. After a rejection nothing may be assumed and nothing retried. */
  sync(): Promise<void>;
  close(): Promise<void>;
};

/** `create` refuses an existing file; `update` and `read` refuse a missing one. */
export type OpenMode = "create" | "update" | "read";

export type Disk = {
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** File names in a folder, sorted; empty when the folder is missing. Folders are not listed. */
  list(folder: string): Promise<string[]>;
  /** Creates a folder and those above it; no failure when it exists. Durable when resolved. */
  makeFolder(folder: string): Promise<void>;
  /** Replaces an existing target. Both names are in the same folder. */
  rename(from: string, to: string): Promise<void>;
  /** No failure when the file is missing. */
  remove(path: string): Promise<void>;
  syncFolder(folder: string): Promise<void>;
};

export type DiskOperation =
  | "open"
  | "size"
  | "read"
  | "write"
  | "truncate"
  | "sync"
  | "close"
  | "list"
  | "makeFolder"
  | "rename"
  | "remove"
  | "syncFolder";

/** The typed error for what a file system reported (`systemCode` is ENOSPC, EIO, ENOENT, …). */
export function diskError(
  operation: DiskOperation,
  path: string,
  failure: { code: string; cause?: unknown },
): BystackError {
  const options = {
    why: `${operation} of ${path} gave ${failure.code}`,
    details: { operation, path, systemCode: failure.code },
    cause: failure.cause,
  };
  // A failed sync is FSYNC_FAILED whatever its reason: the pages may be gone, only recovery from the log tells.
  if (operation === "sync" || operation === "syncFolder") return storageError("FSYNC_FAILED", options);
  if (failure.code === "ENOSPC" || failure.code === "EDQUOT" || failure.code === "EFBIG")
    return storageError("DISK_FULL", options);
  if (failure.code === "ENOENT") return storageError("FILE_MISSING", options);
  return storageError("DISK_IO", options);
}

/** The folder part of a path; empty for the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** Joins a folder and a name; the root is the empty folder. */
export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
