// The append-only record log: votes, blocks and journals (federation.md section 8 gives the record form). Invariants:
// * what an append with `sync` resolved for is found again after any crash, or opening fails with LOG_DAMAGED, never silently;
// * nothing damaged is ever returned; a torn tail of records that were not synced is cut on opening;
// * the first failed write or sync poisons the log: everything after it is refused with the same error, nothing is retried.
// Not detected here: a log folder deleted or replaced as a whole by an older copy (bbft.md S5 covers that), and bit rot in
// the very last synced records when a power cut also took the mark behind them.

import type { Rng } from "@bystack/utils/ports";
import { type Disk, type DiskFile, joinPath } from "./disk.ts";
import { isStorageError, storageError } from "./errors.ts";
import { LogCursor, type LogRecord } from "./log-cursor.ts";
import { encodeRecord, MARK_TYPE, parseSegmentName, SEGMENT_HEADER_BYTES, sealRecord } from "./log-format.ts";
import {
  createSegment,
  damaged,
  LOG_RECORD_BYTES_MAX,
  loadSegment,
  recoverTail,
  removeUnfinished,
  type Segment,
  scanClosed,
  verifyClosed,
} from "./log-segment.ts";

export type { LogRecord } from "./log-cursor.ts";
export { LOG_RECORD_BYTES_MAX } from "./log-segment.ts";

/** Bytes of records that may wait in memory for the disk; more is refused as LOG_BUSY instead of growing. */
export const LOG_PENDING_BYTES_MAX = 134_217_728;
/** Largest segment that may be configured: offsets within a segment are 32-bit. */
export const LOG_SEGMENT_BYTES_MAX = 1_073_741_824;
const SEGMENT_BYTES_DEFAULT = 67_108_864;

export type LogOptions = {
  readonly disk: Disk;
  /** The log's folder on the disk; beside segments only what was set aside from it is in it. */
  readonly folder: string;
  /** Source of the segments' salts. */
  readonly rng: Rng;
  /** A segment that would grow beyond this is closed and a new one begun. Default 64 MiB. */
  readonly segmentBytesMax?: number;
  readonly recordBytesMax?: number;
  /** Number of the first record of a new log. Default 1. */
  readonly firstSeq?: bigint;
  /** A log that must be there already: an empty folder is FILE_MISSING, not a new log. */
  readonly mustExist?: boolean;
  /**
   * `all` reads every segment on opening; `tail` (default) the last one, the others are checked when they are read;
   * `bytesMax`: all of a log up to this size, the tail of a longer one.
   */
  readonly verify?: "tail" | "all" | { readonly bytesMax: number };
};

type LogSettings = Required<Pick<LogOptions, "disk" | "folder" | "rng" | "segmentBytesMax" | "recordBytesMax">>;

type Waiter = {
  readonly seq: bigint;
  readonly sync: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** An open log; made by {@link openLog}. One writer, any number of readers in the same process. */
export class Log {
  readonly #options: LogSettings;
  readonly #segments: Segment[];
  #file: DiskFile;
  #nextSeq: bigint;
  #writtenSeq: bigint;
  #syncedSeq: bigint;
  #markedSeq: bigint;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #waiters: Waiter[] = [];
  #pump: Promise<void> | undefined;
  #failure: unknown;
  #closed = false;

  /** @internal use openLog */
  constructor(options: LogSettings, state: { segments: Segment[]; file: DiskFile; nextSeq: bigint }) {
    this.#options = options;
    this.#segments = state.segments;
    this.#file = state.file;
    this.#nextSeq = state.nextSeq;
    this.#writtenSeq = state.nextSeq - 1n;
    this.#syncedSeq = this.#writtenSeq;
    this.#markedSeq = this.#writtenSeq;
  }

  /** Number of the oldest record still held; one more than `lastSeq` when the log is empty. */
  get firstSeq(): bigint {
    return this.#segments[0]?.header.firstSeq ?? this.#nextSeq;
  }

  /** Number of the newest record appended, written or not. */
  get lastSeq(): bigint {
    return this.#nextSeq - 1n;
  }

  /** Number of the newest record that is known to be durable. */
  get syncedSeq(): bigint {
    return this.#syncedSeq;
  }

  /** What poisoned the log, or undefined while it is sound. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Bytes of the segments on the disk. */
  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0);
  }

  /**
   * Appends one record; `type` is 1 to 255, the body is copied. Resolves with its number once it was handed to the operating
   * system, with `sync` once it is durable. Appends made together share one write and one sync.
   * @throws RECORD_TOO_LARGE, LOG_BUSY, STORE_CLOSED, or what poisoned the log (FSYNC_FAILED, DISK_FULL, DISK_IO)
   */
  async append(type: number, body: Uint8Array, options: { readonly sync?: boolean } = {}): Promise<bigint> {
    this.#assertOpen();
    if (!Number.isInteger(type) || type <= MARK_TYPE || type > 255) throw new RangeError(`record type ${type}`);
    if (body.length > this.#options.recordBytesMax)
      throw storageError("RECORD_TOO_LARGE", {
        details: { bytes: body.length, bytesMax: this.#options.recordBytesMax },
      });
    if (this.#pendingBytes + body.length > LOG_PENDING_BYTES_MAX)
      throw storageError("LOG_BUSY", { details: { pendingBytes: this.#pendingBytes } });
    const seq = this.#nextSeq;
    const record = encodeRecord(seq, type, body);
    this.#nextSeq += 1n;
    this.#pending.push(record);
    this.#pendingBytes += record.length;
    await this.#wait(seq, options.sync === true);
    return seq;
  }

  /** Resolves when everything appended before is durable. */
  async sync(): Promise<void> {
    this.#assertOpen();
    await this.#wait(this.lastSeq, true);
  }

  /** One record. @throws SEQ_UNKNOWN, LOG_DAMAGED */
  async get(seq: bigint): Promise<LogRecord> {
    for await (const record of this.iterate(seq, seq)) return record;
    throw storageError("SEQ_UNKNOWN", { details: { seq, firstSeq: this.firstSeq, lastSeq: this.lastSeq } });
  }

  /**
   * The records from `from` to `to` (default: the newest at the time of the call), each checked.
   * @throws SEQ_UNKNOWN when `from` is not held; LOG_DAMAGED naming file and offset
   */
  async *iterate(from: bigint, to: bigint = this.lastSeq): AsyncGenerator<LogRecord, void, undefined> {
    this.#assertOpen();
    if (from < this.firstSeq || to > this.lastSeq)
      throw storageError("SEQ_UNKNOWN", { details: { from, to, firstSeq: this.firstSeq, lastSeq: this.lastSeq } });
    if (to > this.#writtenSeq) await this.#wait(to, false);
    let seq = from;
    while (seq <= to) {
      const segment = this.#segmentOf(seq);
      const file = await this.#options.disk.open(segment.path, "read");
      try {
        const offset = await this.#locate(segment, file, seq);
        const cursor = this.#cursor(segment, file, { offset, seq });
        const end = this.#lastSeqOf(segment);
        while (seq <= to && seq <= end) {
          const step = await cursor.next();
          if (step.kind !== "record") throw damaged(segment.path, cursor.offset, `record ${seq} is not sound`);
          seq += 1n;
          yield step.record;
        }
      } finally {
        await file.close();
      }
    }
  }

  /** Removes whole segments whose records are all older than `keepFrom`; the newest segment stays. Returns how many. */
  async prune(keepFrom: bigint): Promise<number> {
    await this.#pump;
    this.#assertOpen();
    let removed = 0;
    for (
      let next = this.#segments[1];
      next !== undefined && next.header.firstSeq <= keepFrom;
      next = this.#segments[1]
    ) {
      const oldest = this.#segments.shift();
      if (oldest === undefined) break;
      try {
        await this.#options.disk.remove(oldest.path);
        // One at a time, oldest first: a crash may leave old segments, never a gap.
        await this.#options.disk.syncFolder(this.#options.folder);
      } catch (error) {
        this.#failure = error;
        throw error;
      }
      removed += 1;
    }
    return removed;
  }

  /** Makes everything durable and closes. A poisoned log closes without another attempt. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#failure === undefined) await this.sync();
    this.#closed = true;
    await this.#pump;
    if (this.#failure === undefined && this.#markedSeq === this.#syncedSeq) await this.#file.sync();
    await this.#file.close();
  }

  #assertOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw storageError("STORE_CLOSED");
  }

  #wait(seq: bigint, sync: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ seq, sync, resolve, reject });
      // Started in a microtask, so that appends of one turn share the write and the sync.
      this.#pump ??= Promise.resolve().then(() => this.#run());
    });
  }

  async #run(): Promise<void> {
    try {
      while (this.#pending.length > 0 || this.#waiters.length > 0) {
        await this.#writePending();
        const wantsSync = this.#waiters.some((waiter) => waiter.sync && waiter.seq > this.#syncedSeq);
        if (wantsSync) await this.#syncFile();
        this.#resolveWaiters();
        if (this.#syncedSeq > this.#markedSeq) await this.#writeMark();
      }
    } catch (error) {
      this.#failure = error;
      for (const waiter of this.#waiters) waiter.reject(error);
      this.#waiters = [];
      this.#pending = [];
      this.#pendingBytes = 0;
    } finally {
      this.#pump = undefined;
    }
  }

  #resolveWaiters(): void {
    const done = (waiter: Waiter): boolean => waiter.seq <= (waiter.sync ? this.#syncedSeq : this.#writtenSeq);
    const finished = this.#waiters.filter(done);
    this.#waiters = this.#waiters.filter((waiter) => !done(waiter));
    for (const waiter of finished) waiter.resolve();
  }

  async #syncFile(): Promise<void> {
    const upTo = this.#writtenSeq;
    await this.#file.sync();
    this.#syncedSeq = upTo;
  }

  /** Writes what waits in as few writes as segment ends allow. */
  async #writePending(): Promise<void> {
    const records = this.#pending;
    this.#pending = [];
    let group: Uint8Array[] = [];
    let groupBytes = 0;
    for (const record of records) {
      let segment = this.#last();
      const grown = segment.size + groupBytes + record.length;
      if (grown > this.#options.segmentBytesMax && segment.size + groupBytes > SEGMENT_HEADER_BYTES) {
        await this.#writeGroup(segment, group);
        await this.#roll();
        segment = this.#last();
        group = [];
        groupBytes = 0;
      }
      sealRecord(record, segment.header.seed);
      group.push(record);
      groupBytes += record.length;
    }
    await this.#writeGroup(this.#last(), group);
  }

  async #writeGroup(segment: Segment, records: readonly Uint8Array[]): Promise<void> {
    if (records.length === 0) return;
    const bytes = records.length === 1 ? records[0] : Buffer.concat(records);
    if (bytes === undefined) return;
    await this.#file.write(segment.size, bytes);
    for (const record of records) {
      segment.offsets?.push(segment.size);
      segment.size += record.length;
    }
    this.#writtenSeq += BigInt(records.length);
    this.#pendingBytes -= bytes.length;
  }

  async #writeMark(): Promise<void> {
    const segment = this.#last();
    const mark = encodeRecord(this.#syncedSeq, MARK_TYPE, new Uint8Array(0));
    sealRecord(mark, segment.header.seed);
    const marked = this.#syncedSeq;
    await this.#file.write(segment.size, mark);
    segment.size += mark.length;
    this.#markedSeq = marked;
  }

  /** Ends the segment durably before the next one exists: damage in any but the last segment is never a torn tail. */
  async #roll(): Promise<void> {
    await this.#syncFile();
    this.#resolveWaiters();
    await this.#file.close();
    const created = await createSegment(this.#options, this.#writtenSeq + 1n);
    this.#file = created.file;
    this.#segments.push(created.segment);
  }

  #last(): Segment {
    const segment = this.#segments.at(-1);
    if (segment === undefined) throw new Error("invariant broken: a log has a segment");
    return segment;
  }

  #segmentOf(seq: bigint): Segment {
    const segment = this.#segments.findLast((candidate) => candidate.header.firstSeq <= seq);
    if (segment === undefined) throw storageError("SEQ_UNKNOWN", { details: { seq, firstSeq: this.firstSeq } });
    return segment;
  }

  #lastSeqOf(segment: Segment): bigint {
    const next = this.#segments[this.#segments.indexOf(segment) + 1];
    return next === undefined ? this.#writtenSeq : next.header.firstSeq - 1n;
  }

  #cursor(segment: Segment, file: DiskFile, start: { offset: number; seq: bigint }): LogCursor {
    return new LogCursor(file, segment.header, { size: segment.size, bodyBytesMax: LOG_RECORD_BYTES_MAX, ...start });
  }

  /** Where a record starts; the first question to an older segment scans and thereby checks it. */
  async #locate(segment: Segment, file: DiskFile, seq: bigint): Promise<number> {
    if (segment.offsets === undefined) segment.offsets = await scanClosed(segment, file, this.#lastSeqOf(segment));
    const offset = segment.offsets.at(Number(seq - segment.header.firstSeq));
    if (offset === undefined) throw damaged(segment.path, segment.size, `record ${seq} is missing`);
    return offset;
  }
}

function verifiesAll(verify: LogOptions["verify"], segments: readonly Segment[]): boolean {
  if (typeof verify !== "object") return verify === "all";
  return segments.reduce((sum, segment) => sum + segment.size, 0) <= verify.bytesMax;
}

/**
 * Opens a log, or begins one in an empty folder; recovers from any crash.
 * @throws LOG_DAMAGED naming file and offset; FILE_MISSING with `mustExist`; the errors of the disk
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const { disk, folder } = options;
  const settings: LogSettings = {
    disk,
    folder,
    rng: options.rng,
    segmentBytesMax: Math.min(options.segmentBytesMax ?? SEGMENT_BYTES_DEFAULT, LOG_SEGMENT_BYTES_MAX),
    recordBytesMax: Math.min(options.recordBytesMax ?? LOG_RECORD_BYTES_MAX, LOG_RECORD_BYTES_MAX),
  };
  await disk.makeFolder(folder);
  const segments: Segment[] = [];
  for (const name of await disk.list(folder)) {
    const firstSeq = parseSegmentName(name);
    if (firstSeq !== undefined) segments.push(await loadSegment(disk, joinPath(folder, name), firstSeq));
  }
  await removeUnfinished({ disk, folder });
  const last = segments.at(-1);
  if (last === undefined) {
    if (options.mustExist === true)
      throw storageError("FILE_MISSING", { why: `${folder} holds no log segment`, details: { folder } });
    const created = await createSegment(settings, options.firstSeq ?? 1n);
    return new Log(settings, {
      segments: [created.segment],
      file: created.file,
      nextSeq: created.segment.header.firstSeq,
    });
  }
  if (verifiesAll(options.verify, segments)) await verifyClosed(disk, segments);
  // A segment's name may have survived the crash without having been synced.
  await disk.syncFolder(folder);
  const file = await disk.open(last.path, "update");
  try {
    const nextSeq = await recoverTail(last, file);
    return new Log(settings, { segments, file, nextSeq });
  } catch (error) {
    await file.close().catch((closing: unknown) => {
      if (!isStorageError(closing)) throw closing;
    });
    throw error;
  }
}
