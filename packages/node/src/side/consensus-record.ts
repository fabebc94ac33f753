// The consensus record of a validator on disk (bbft.md S5): entries on an append-only log, each append synced before it is
// reported. Replacing the record is appending it anew between two marks; what counts is what stands behind the last whole
// replacement, so a crash in between leaves the old record in force. The next start closes such a half replacement with a
// durable mark of its own before anything else is appended: entries behind an open one would be lost at the start after.

import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { decodeRecordEntry, emptyRecord, encodeRecordEntry, type RecordEntry } from "@bystack/consensus/bbft/record";
import type { DataFolder } from "@bystack/storage/data-folder";
import { isStorageError } from "@bystack/storage/errors";
import { type Log, openLog } from "@bystack/storage/log";
import { EMPTY_BYTES, type Hash } from "@bystack/utils/bytes";
import type { Logger, Rng } from "@bystack/utils/ports";
import { forgetNeverVoted, hasNeverVoted } from "../process/keys.ts";

/** Folder of the log in the data folder. */
export const RECORD_FOLDER = "record";
/** Types of the records in the log. */
export const RECORD_TYPE = { entry: 1, replaceBegin: 2, replaceEnd: 3, replaceAbort: 4 } as const;
/** Small segments: the record is a few hundred kilobytes, and only whole segments can be removed. */
const SEGMENT_BYTES = 8 << 20;
/** Corrupt records are kept beside the new one under this name and a number, for a person to look at. */
const DAMAGED_SUFFIX = ".damaged";

/** A name that no earlier damaged record has: a second one must not keep the node from starting. */
function damagedFolder(path: string): string {
  const base = join(path, `${RECORD_FOLDER}${DAMAGED_SUFFIX}`);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!existsSync(name)) return name;
  }
}

export type ConsensusRecord = {
  /** What the engine starts from; undefined when the record is missing or corrupt: the engine then observes. */
  readonly entries: readonly RecordEntry[] | undefined;
  persist(entries: readonly RecordEntry[], replace: boolean): Promise<void>;
  close(): Promise<void>;
};

type Read = {
  /** The entries in force; undefined when there are none or one of them does not decode. */
  readonly entries: RecordEntry[] | undefined;
  /** A replacement was begun and never ended. */
  readonly isOpen: boolean;
};

async function readEntries(log: Log): Promise<Read> {
  let current: RecordEntry[] = [];
  let replacement: RecordEntry[] | undefined;
  let isSound = true;
  if (log.lastSeq < log.firstSeq) return { entries: undefined, isOpen: false };
  for await (const record of log.iterate(log.firstSeq)) {
    if (record.type === RECORD_TYPE.replaceBegin) replacement = [];
    else if (record.type === RECORD_TYPE.replaceAbort) replacement = undefined;
    else if (record.type === RECORD_TYPE.replaceEnd) {
      current = replacement ?? current;
      replacement = undefined;
    } else {
      const entry = decodeRecordEntry(record.body);
      if (entry === undefined) isSound = false;
      else (replacement ?? current).push(entry);
    }
  }
  return { entries: isSound && current.length > 0 ? current : undefined, isOpen: replacement !== undefined };
}

async function openRecordLog(data: DataFolder, rng: Rng, logger: Logger): Promise<{ log: Log; damaged: boolean }> {
  const options = {
    disk: data.disk,
    folder: RECORD_FOLDER,
    rng,
    segmentBytesMax: SEGMENT_BYTES,
    verify: "all" as const,
  };
  try {
    return { log: await openLog(options), damaged: false };
  } catch (error) {
    if (!isStorageError(error) || error.code !== "LOG_DAMAGED") throw error;
    logger.error("the consensus record is damaged; this node observes until it is safe", { why: error.why });
    renameSync(join(data.path, RECORD_FOLDER), damagedFolder(data.path));
    return { log: await openLog(options), damaged: true };
  }
}

/**
 * Opens the record of a node's data folder. Only a key that never voted (`node init` marked it) begins an empty record;
 * otherwise a missing one means that it is lost.
 */
export async function openConsensusRecord(options: {
  folder: string;
  data: DataFolder;
  chainId: Hash;
  voteKey: Uint8Array;
  rng: Rng;
  logger: Logger;
}): Promise<ConsensusRecord> {
  const { log, damaged } = await openRecordLog(options.data, options.rng, options.logger);
  const read = await readEntries(log);
  let { entries } = read;
  if (read.isOpen) await log.append(RECORD_TYPE.replaceAbort, EMPTY_BYTES, { sync: true });
  const persist = async (fresh: readonly RecordEntry[], replace: boolean): Promise<void> => {
    const begin = replace ? log.append(RECORD_TYPE.replaceBegin, EMPTY_BYTES) : undefined;
    const appended: Promise<bigint>[] = fresh.map((entry) => log.append(RECORD_TYPE.entry, encodeRecordEntry(entry)));
    if (replace) appended.push(log.append(RECORD_TYPE.replaceEnd, EMPTY_BYTES));
    await Promise.all([log.sync(), ...appended]);
    if (begin !== undefined) await log.prune(await begin);
  };
  if (entries === undefined && !damaged && hasNeverVoted(options.folder)) {
    entries = emptyRecord(options.chainId, options.voteKey);
    await persist(entries, false);
  }
  // Also when entries were found: a crash came between the empty record and this line, or the mark was left behind.
  if (hasNeverVoted(options.folder)) forgetNeverVoted(options.folder);
  return { entries, persist, close: () => log.close() };
}
