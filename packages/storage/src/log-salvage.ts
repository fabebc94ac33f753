// Opening a log whose records can be had again from elsewhere, such as blocks from peers: what is damaged is cut off and
// kept aside under another name, the sound records before it stay. Never for a record of own votes or promises: there a
// shorter log is a lost one. Every step may be cut by a crash; what is then found is again a log with sound records first.

import { assertInvariant } from "@bystack/utils/errors";
import { type DiskFile, joinPath } from "./disk.ts";
import { isStorageError } from "./errors.ts";
import { type Log, type LogOptions, openLog } from "./log.ts";
import { LogCursor } from "./log-cursor.ts";
import { parseSegmentName, SEGMENT_HEADER_BYTES } from "./log-format.ts";
import { LOG_RECORD_BYTES_MAX, loadSegment, type Segment } from "./log-segment.ts";

const TEMPORARY = "segment.tmp";
const ASIDE_SUFFIX = ".damaged";
/** Bytes copied at once. */
const COPY_BYTES = 1 << 20;

type Place = Pick<LogOptions, "disk" | "folder">;

/** What was wrong with a log and how far it is sound. */
export type LogDamage = {
  readonly file: string;
  readonly why: string;
  /** Number of the last record that stays; one less than the first when none does. */
  readonly keptThrough: bigint;
  /** Names under which the damaged segment and those behind it are kept; one incident's, older ones are removed. */
  readonly setAside: readonly string[];
};

/** The first place at which a log is not sound: a segment, and how much of it is. */
type Cut = { readonly names: readonly string[]; readonly keepBytes: number; readonly why: string };

async function segmentNames({ disk, folder }: Place): Promise<string[]> {
  return (await disk.list(folder)).filter((name) => parseSegmentName(name) !== undefined);
}

/** Reads on from a segment's start; where it ends and what number comes next. */
async function scan(place: Place, segment: Segment): Promise<{ offset: number; nextSeq: bigint; isSound: boolean }> {
  const file = await place.disk.open(segment.path, "read");
  try {
    const cursor = new LogCursor(file, segment.header, { size: segment.size, bodyBytesMax: LOG_RECORD_BYTES_MAX });
    let step = await cursor.next();
    while (step.kind === "record") step = await cursor.next();
    return { offset: cursor.offset, nextSeq: cursor.nextSeq, isSound: step.kind === "end" };
  } finally {
    await file.close();
  }
}

/** A sound segment, or why it is none. */
async function load(place: Place, name: string): Promise<Segment | string> {
  const firstSeq = parseSegmentName(name);
  try {
    return await loadSegment(place.disk, joinPath(place.folder, name), firstSeq ?? 0n);
  } catch (error) {
    if (!isStorageError(error, "LOG_DAMAGED")) throw error;
    return error.why;
  }
}

async function findCut(place: Place): Promise<Cut | undefined> {
  const names = await segmentNames(place);
  let expected: bigint | undefined;
  for (const [index, name] of names.entries()) {
    const behind = names.slice(index);
    const segment = await load(place, name);
    if (typeof segment === "string") return { names: behind, keepBytes: 0, why: segment };
    const { firstSeq } = segment.header;
    if (expected !== undefined && firstSeq !== expected)
      return { names: behind, keepBytes: 0, why: `records ${expected} to ${firstSeq - 1n} are missing` };
    const { offset, nextSeq, isSound } = await scan(place, segment);
    if (!isSound) {
      const why = `${segment.path} at byte ${offset}: record ${nextSeq} is not sound`;
      return { names: behind, keepBytes: nextSeq > firstSeq ? offset : 0, why };
    }
    expected = nextSeq;
  }
  return undefined;
}

async function copyHead(from: DiskFile, to: DiskFile, bytes: number): Promise<void> {
  for (let at = 0; at < bytes; at += COPY_BYTES)
    await to.write(at, await from.read(at, Math.min(COPY_BYTES, bytes - at)));
  await to.sync();
}

/** Writes the sound head of a segment as a file of its own. */
async function saveHead(place: Place, name: string, bytes: number): Promise<void> {
  const { disk, folder } = place;
  const temporary = joinPath(folder, TEMPORARY);
  await disk.remove(temporary);
  const from = await disk.open(joinPath(folder, name), "read");
  try {
    const to = await disk.open(temporary, "create");
    try {
      await copyHead(from, to, bytes);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

/** Keeps segments under other names, newest first, so that a crash in between leaves no gap. */
async function setAside(place: Place, names: readonly string[]): Promise<string[]> {
  const { disk, folder } = place;
  const aside = names.map((name) => `${name}${ASIDE_SUFFIX}`);
  for (const name of names.toReversed()) {
    await disk.rename(joinPath(folder, name), joinPath(folder, `${name}${ASIDE_SUFFIX}`));
    await disk.syncFolder(folder);
  }
  for (const name of await disk.list(folder))
    if (name.endsWith(ASIDE_SUFFIX) && !aside.includes(name)) await disk.remove(joinPath(folder, name));
  return aside;
}

/** Cuts a log at its first damage; undefined when it has none. The log must not be open. */
export async function cutDamagedLog(place: Place): Promise<LogDamage | undefined> {
  const cut = await findCut(place);
  const damaged = cut?.names[0];
  if (cut === undefined || damaged === undefined) return undefined;
  const keepsHead = cut.keepBytes > SEGMENT_HEADER_BYTES;
  if (keepsHead) await saveHead(place, damaged, cut.keepBytes);
  const aside = await setAside(place, cut.names);
  if (keepsHead) {
    await place.disk.rename(joinPath(place.folder, TEMPORARY), joinPath(place.folder, damaged));
    await place.disk.syncFolder(place.folder);
  }
  const last = (await segmentNames(place)).at(-1);
  const kept = last === undefined ? undefined : await load(place, last);
  const keptThrough = kept === undefined || typeof kept === "string" ? 0n : (await scan(place, kept)).nextSeq - 1n;
  return { file: joinPath(place.folder, damaged), why: cut.why, keptThrough, setAside: aside };
}

/** Keeps a whole log aside: the next opening begins an empty one. The log must not be open. */
export async function setLogAside(place: Place): Promise<readonly string[]> {
  return setAside(place, await segmentNames(place));
}

/** Removes a log without records, so that it may begin at another number. The log must not be open. */
export async function removeEmptyLog(place: Place): Promise<void> {
  for (const name of await segmentNames(place)) {
    const segment = await load(place, name);
    const isEmpty = typeof segment !== "string" && (await scan(place, segment)).nextSeq === segment.header.firstSeq;
    assertInvariant(isEmpty, `${name} has records`);
    await place.disk.remove(joinPath(place.folder, name));
  }
  await place.disk.syncFolder(place.folder);
}

/**
 * Opens a log like `openLog`, and cuts it where it is damaged instead of refusing it.
 * @throws what `openLog` throws, LOG_DAMAGED excepted
 */
export async function openLogSalvaging(
  options: LogOptions,
): Promise<{ readonly log: Log; readonly damage: LogDamage | undefined }> {
  try {
    return { log: await openLog(options), damage: undefined };
  } catch (error) {
    if (!isStorageError(error, "LOG_DAMAGED")) throw error;
    const damage = await cutDamagedLog(options);
    return { log: await openLog(options), damage };
  }
}
