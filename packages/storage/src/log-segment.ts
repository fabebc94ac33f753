// Segments of a log on the disk: how one comes into being, how it is checked, and how the last one is recovered after a
// crash: a torn tail is cut, damage to anything that had been synced is refused (log-format.ts says what tells them apart).

import type { BystackError } from "@bystack/utils/errors";
import type { Rng } from "@bystack/utils/ports";
import { type Disk, type DiskFile, joinPath } from "./disk.ts";
import { storageError } from "./errors.ts";
import { LogCursor } from "./log-cursor.ts";
import {
  decodeSegmentHeader,
  encodeRecord,
  encodeSegmentHeader,
  MARK_TYPE,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  sealRecord,
  segmentName,
} from "./log-format.ts";

/** Largest body of a record: a block of the largest size with room to spare; bounds what a damaged length can allocate. */
export const LOG_RECORD_BYTES_MAX = 33_554_432;
const TEMPORARY = "segment.tmp";

/** One file of the log. */
export type Segment = {
  readonly path: string;
  readonly header: SegmentHeader;
  /** Bytes that belong to the segment. */
  size: number;
  /** Where each record starts; undefined until the segment has been scanned. */
  offsets: OffsetList | undefined;
};

/** A growing list of 32-bit offsets: 4 bytes a record. */
export class OffsetList {
  #items = new Uint32Array(64);
  length = 0;

  push(offset: number): void {
    if (this.length === this.#items.length) {
      const grown = new Uint32Array(this.#items.length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[this.length] = offset;
    this.length += 1;
  }

  at(index: number): number | undefined {
    return index >= 0 && index < this.length ? this.#items[index] : undefined;
  }
}

/** Where segments live, and the source of their salts. */
export type SegmentPlace = { readonly disk: Disk; readonly folder: string; readonly rng: Rng };

/** The typed error for a damaged place. */
export function damaged(path: string, offset: number, why: string): BystackError {
  return storageError("LOG_DAMAGED", { why: `${path} at byte ${offset}: ${why}`, details: { file: path, offset } });
}

/** Checks every record of a segment that has a successor. */
export async function scanClosed(segment: Segment, file: DiskFile, lastSeq: bigint): Promise<OffsetList> {
  const offsets = new OffsetList();
  const cursor = new LogCursor(file, segment.header, { size: segment.size, bodyBytesMax: LOG_RECORD_BYTES_MAX });
  for (;;) {
    const step = await cursor.next();
    if (step.kind === "record") offsets.push(step.offset);
    else if (step.kind === "damaged")
      throw damaged(segment.path, cursor.offset, `record ${cursor.nextSeq} is not sound`);
    else break;
  }
  if (cursor.nextSeq !== lastSeq + 1n)
    throw damaged(segment.path, segment.size, `records ${cursor.nextSeq} to ${lastSeq} are missing`);
  return offsets;
}

/** Makes a segment appear complete with its header or not at all. */
export async function createSegment(
  options: SegmentPlace,
  firstSeq: bigint,
): Promise<{ segment: Segment; file: DiskFile }> {
  const { disk, folder } = options;
  const temporary = joinPath(folder, TEMPORARY);
  const path = joinPath(folder, segmentName(firstSeq));
  const header = encodeSegmentHeader(firstSeq, options.rng.bytes(8));
  const decoded = decodeSegmentHeader(header);
  if (!decoded.ok) throw new Error(`invariant broken: own segment header: ${decoded.error}`);
  await disk.remove(temporary);
  const file = await disk.open(temporary, "create");
  await file.write(0, header);
  await file.sync();
  await disk.rename(temporary, path);
  await disk.syncFolder(folder);
  return { segment: { path, header: decoded.value, size: SEGMENT_HEADER_BYTES, offsets: new OffsetList() }, file };
}

/** Reads and checks a segment's header. */
export async function loadSegment(disk: Disk, path: string, firstSeq: bigint): Promise<Segment> {
  const file = await disk.open(path, "read");
  try {
    const decoded = decodeSegmentHeader(await file.read(0, SEGMENT_HEADER_BYTES));
    if (!decoded.ok) throw damaged(path, 0, decoded.error);
    if (decoded.value.firstSeq !== firstSeq)
      throw damaged(path, 12, "the header names another first record than the file name");
    const size = await file.size();
    if (size > 0xffff_ffff) throw damaged(path, 0, "the segment is larger than any that was written");
    return { path, header: decoded.value, size, offsets: undefined };
  } finally {
    await file.close();
  }
}

/** Scans the last segment, cuts a torn tail, and makes what is left durable. Returns the number of the next record. */
export async function recoverTail(segment: Segment, file: DiskFile): Promise<bigint> {
  const offsets = new OffsetList();
  const cursor = new LogCursor(file, segment.header, { size: segment.size, bodyBytesMax: LOG_RECORD_BYTES_MAX });
  for (let step = await cursor.next(); step.kind !== "end"; step = await cursor.next()) {
    if (step.kind === "record") {
      offsets.push(step.offset);
      continue;
    }
    const proof = await cursor.findProofOfSync();
    if (proof !== undefined)
      throw damaged(segment.path, cursor.offset, `record ${cursor.nextSeq} is not sound, and ${proof} was synced`);
    await file.truncate(cursor.offset);
    break;
  }
  segment.size = cursor.offset;
  segment.offsets = offsets;
  // What survived unsynced is about to be believed: make it durable, and then say so.
  await file.sync();
  const mark = encodeRecord(cursor.nextSeq - 1n, MARK_TYPE, new Uint8Array(0));
  sealRecord(mark, segment.header.seed);
  if (cursor.nextSeq > segment.header.firstSeq) {
    await file.write(segment.size, mark);
    segment.size += RECORD_HEADER_BYTES;
  }
  return cursor.nextSeq;
}

/** Checks all segments but the last. */
export async function verifyClosed(disk: Disk, segments: readonly Segment[]): Promise<void> {
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next === undefined) continue;
    const file = await disk.open(segment.path, "read");
    try {
      segment.offsets = await scanClosed(segment, file, next.header.firstSeq - 1n);
    } finally {
      await file.close();
    }
  }
}

/** Removes what a crash left of a segment that was about to begin. */
export async function removeUnfinished(place: { readonly disk: Disk; readonly folder: string }): Promise<void> {
  await place.disk.remove(joinPath(place.folder, TEMPORARY));
}
