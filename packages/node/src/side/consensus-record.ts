// The consensus record of a validator on disk (bbft.md S5): entries on an append-only log, each append synced before it is
// reported. Replacing the record is appending it anew between two marks; what counts is what stands behind the last whole
// replacement, so a crash in between leaves the old record in force. The next start closes such a half replacement with a
// durable mark of its own before anything else is appended: entries behind an open one would be lost at the start after.

import { existsSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { decodeRecordEntry, emptyRecord, encodeRecordEntry, type RecordEntry } from "@bystack/consensus/bbft/record";
import type { DataFolder } from "@bystack/storage/data-folder";
import { isStorageError } from "@bystack/storage/errors";
import { type Log, openLog } from "@bystack/storage/log";
import { EMPTY_BYTES, type Hash } from "@bystack/utils/bytes";
import type { Rng } from "@bystack/utils/ports";
import type { Incidents } from "../process/incidents.ts";
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

/** Entries in the order of their writing; one that does not decode spoils those around it, not a later replacement. */
type Entries = { readonly list: RecordEntry[]; isSound: boolean };

/** What a record's log says is in force. */
export async function readEntries(log: Log): Promise<Read> {
  let current: Entries = { list: [], isSound: true };
  let replacement: Entries | undefined;
  if (log.lastSeq < log.firstSeq) return { entries: undefined, isOpen: false };
  for await (const record of log.iterate(log.firstSeq)) {
    if (record.type === RECORD_TYPE.replaceBegin) replacement = { list: [], isSound: true };
    else if (record.type === RECORD_TYPE.replaceAbort) replacement = undefined;
    else if (record.type === RECORD_TYPE.replaceEnd) {
      current = replacement ?? current;
      replacement = undefined;
    } else {
      const entry = decodeRecordEntry(record.body);
      const entries = replacement ?? current;
      if (entry === undefined) entries.isSound = false;
      else entries.list.push(entry);
    }
  }
  const { list, isSound } = current;
  return { entries: isSound && list.length > 0 ? list : undefined, isOpen: replacement !== undefined };
}

type RecordOptions = {
  readonly folder: string;
  readonly data: DataFolder;
  readonly chainId: Hash;
  readonly voteKey: Uint8Array;
  readonly rng: Rng;
  readonly incidents: Incidents;
};

const OBSERVES = "this node observes until its earlier votes can do no harm, and then votes again by itself";
const FILE = `data/side/${RECORD_FOLDER}`;

async function openRecordLog({ data, rng, incidents }: RecordOptions): Promise<{ log: Log; damaged: boolean }> {
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
    const kept = damagedFolder(data.path);
    renameSync(join(data.path, RECORD_FOLDER), kept);
    const done = `${OBSERVES}; the damaged record is kept as ${basename(kept)}`;
    incidents.note({ code: "record-damaged", file: FILE, what: error.why, done });
    return { log: await openLog(options), damaged: true };
  }
}

function noteLost({ incidents }: RecordOptions, log: Log): void {
  const isMissing = log.lastSeq < log.firstSeq;
  incidents.note({
    code: isMissing ? "record-missing" : "record-damaged",
    file: FILE,
    what: isMissing
      ? "the record of this validator's votes is missing, and its key has voted"
      : "the record of this validator's votes has an entry that nobody can read",
    done: OBSERVES,
  });
}

/**
 * Opens the record of a node's data folder. Only a key that never voted (`node init` marked it) begins an empty record;
 * otherwise a missing one means that it is lost.
 */
export async function openConsensusRecord(options: RecordOptions): Promise<ConsensusRecord> {
  const { log, damaged } = await openRecordLog(options);
  const read = await readEntries(log);
  let { entries } = read;
  if (read.isOpen) await log.append(RECORD_TYPE.replaceAbort, EMPTY_BYTES, { sync: true });
  const persist = async (fresh: readonly RecordEntry[], replace: boolean): Promise<void> => {
    const begin = replace ? log.append(RECORD_TYPE.replaceBegin, EMPTY_BYTES) : undefined;
    const appended: Promise<bigint>[] = fresh.map((entry) => log.append(RECORD_TYPE.entry, encodeRecordEntry(entry)));
    if (replace) appended.push(log.append(RECORD_TYPE.replaceEnd, EMPTY_BYTES));
    await Promise.all([log.sync(), begin, ...appended]);
    if (begin !== undefined) await log.prune(await begin);
  };
  if (entries === undefined && !damaged && hasNeverVoted(options.folder)) {
    entries = emptyRecord(options.chainId, options.voteKey);
    await persist(entries, false);
  }
  if (entries === undefined && !damaged) noteLost(options, log);
  // Also when entries were found: a crash came between the empty record and this line, or the mark was left behind.
  if (hasNeverVoted(options.folder)) forgetNeverVoted(options.folder);
  return { entries, persist, close: () => log.close() };
}
