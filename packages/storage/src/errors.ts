// The errors of storage. What a disk refuses is always `local`: no peer is blamed for it, and FSYNC_FAILED, DISK_FULL and
// DISK_IO on a log mean that the process must stop voting and end (architecture.md section 8, rule 5; promises.md P18).

import { BystackError, type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const STORAGE_ERRORS = {
  FSYNC_FAILED: {
    kind: "unavailable",
    fault: "local",
    message: "The disk did not confirm a write.",
    next: "Check the disk and its kernel messages, then start the process again; it recovers from the log.",
  },
  DISK_FULL: {
    kind: "unavailable",
    fault: "local",
    message: "The disk is full.",
    next: "Free space on the disk of the data folder, then start the process again.",
  },
  DISK_IO: {
    kind: "unavailable",
    fault: "local",
    message: "The disk refused an operation.",
    next: "Check the disk and the rights on the data folder, then start the process again.",
  },
  FILE_MISSING: {
    kind: "not-found",
    fault: "local",
    message: "A file that should be in the data folder is missing.",
    next: "Restore the data folder from a backup, or start from an empty one and synchronise again.",
  },
  LOG_DAMAGED: {
    kind: "internal",
    fault: "local",
    message: "A log file in the data folder is damaged.",
    next: "Restore the data folder from a backup, or start from an empty one and synchronise again.",
  },
  LOG_BUSY: {
    kind: "limit",
    fault: "local",
    message: "More waits to be written than the log may hold in memory.",
    next: "Wait for earlier appends before making more.",
  },
  RECORD_TOO_LARGE: {
    kind: "limit",
    fault: "local",
    message: "A record is larger than the log accepts.",
    next: "Split the record.",
  },
  SEQ_UNKNOWN: {
    kind: "not-found",
    fault: "local",
    message: "The log does not hold this sequence number.",
    next: "Ask for a number between the first and the last that the log reports.",
  },
  SNAPSHOT_DAMAGED: {
    kind: "internal",
    fault: "local",
    message: "A snapshot file in the data folder is damaged.",
    next: "Delete the named file; an older snapshot and the log, or the peers, bring the state back.",
  },
  SNAPSHOT_TOO_LARGE: {
    kind: "limit",
    fault: "local",
    message: "A snapshot chunk is larger than the format accepts.",
    next: "Write the snapshot in smaller chunks.",
  },
  FOLDER_IN_USE: {
    kind: "conflict",
    fault: "local",
    message: "The data folder is in use by another process.",
    next: "Stop that process, or give this one a data folder of its own.",
  },
  FOLDER_FOREIGN: {
    kind: "conflict",
    fault: "local",
    message: "The folder holds files but is not a Bystack data folder of this kind.",
    next: "Name an empty folder or the right one. Where only format.json was lost, move the folder away: a node catches up from its peers.",
  },
  FOLDER_FORMAT_OLD: {
    kind: "conflict",
    fault: "local",
    message: "The data folder has a format that this version can no longer read.",
    next: "Run `bystack clean` to delete the chain data and synchronise again, or use the version that wrote it.",
  },
  FOLDER_FORMAT_NEW: {
    kind: "conflict",
    fault: "local",
    message: "The data folder was written by a newer version.",
    next: "Use that version, or run `bystack clean` to delete the chain data and synchronise again.",
  },
  FOLDER_RIGHTS: {
    kind: "forbidden",
    fault: "local",
    message: "The data folder does not belong to the user that runs this process.",
    next: "Run as the owner of the folder, or name another folder.",
  },
  FILE_DIFFERS: {
    kind: "conflict",
    fault: "local",
    message: "A file is not the one that the list of its folder names.",
    next: "Take another backup: this one was changed, cut or is of another folder.",
  },
  STORE_CLOSED: {
    kind: "unavailable",
    fault: "local",
    message: "The store is closed.",
    next: "Open it again.",
  },
  KEY_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "A key is empty or longer than the store accepts.",
    next: "Use a key within the limit.",
  },
  BATCH_TOO_LARGE: {
    kind: "limit",
    fault: "local",
    message: "A batch or a value in it is larger than the store accepts.",
    next: "Split the batch.",
  },
  SNAPSHOTS_EXHAUSTED: {
    kind: "limit",
    fault: "local",
    message: "Too many snapshots and iterations of the store are open.",
    next: "Release those that are no longer read.",
  },
} as const satisfies ErrorTable;

export type StorageErrorCode = keyof typeof STORAGE_ERRORS;

/** Makes a storage error: `throw storageError("DISK_FULL", { why, details })`. */
export const storageError = errorFactory(STORAGE_ERRORS);

/** Is it an error of this package, optionally one of the given codes? */
export function isStorageError(error: unknown, ...codes: readonly StorageErrorCode[]): error is BystackError {
  if (!(error instanceof BystackError) || !(error.code in STORAGE_ERRORS)) return false;
  return codes.length === 0 || codes.some((code) => code === error.code);
}
