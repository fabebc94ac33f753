// Final blocks in order, on an append-only log: record number = height. An append resolves when the block is durable; only
// then may anybody be told that it is final.

import { type Certificate, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import type { Log } from "@bystack/storage/log";
import { assertInvariant } from "@bystack/utils/errors";
import { chainSideError } from "./errors.ts";
import { decodeStoredBlock, encodeStoredBlock, STORED_BLOCK_TYPE, type StoredBlock } from "./stored-block.ts";

/** Bytes of blocks that are handed to the disk at once; the log refuses what would wait beyond its own limit. */
const APPEND_BYTES_MAX = 33_554_432;

/** Bytes of blocks that are copied at once: at most one of the largest more. */
const COPY_BYTES = 262_144;

export type Certified = { readonly block: SideBlock; readonly certificate: Certificate };

export class BlockStore {
  readonly #log: Log;
  constructor(log: Log) {
    this.#log = log;
  }

  /** Height of the newest stored block; 0 when there is none. */
  get height(): number {
    return Number(this.#log.lastSeq);
  }

  /** Height of the oldest stored block: 1 unless older ones were pruned or lost. */
  get firstHeight(): number {
    return Number(this.#log.firstSeq);
  }

  /** Appends final blocks, ascending; the certificate is the last one's. Resolves when all are durable. */
  async append(blocks: readonly SideBlock[], certificate: Certificate): Promise<void> {
    let appended: Promise<bigint>[] = [];
    let bytes = 0;
    const first = this.height + 1;
    for (const [index, block] of blocks.entries()) {
      const own = index === blocks.length - 1 ? certificate : undefined;
      // Not compared with the log each time: one that has failed takes no number, and says so below.
      assertInvariant(
        block.header.height === first + index,
        `final blocks come in order: ${block.header.height} instead of ${first + index}`,
      );
      const encoded = encodeStoredBlock({ block, certificate: own });
      if (bytes + encoded.length > APPEND_BYTES_MAX) {
        await Promise.all(appended);
        appended = [];
        bytes = 0;
      }
      appended.push(this.#log.append(STORED_BLOCK_TYPE, encoded, { sync: true }));
      bytes += encoded.length;
    }
    await Promise.all(appended);
  }

  /**
   * The newest block at or below a height that has a FINALIZE certificate of its own. A crash between the blocks of one
   * batch leaves some without, at the end of the log.
   */
  async newestCertified(height = this.height): Promise<Certified | undefined> {
    for (let at = height; at >= this.firstHeight; at -= 1) {
      const stored = await this.read(at);
      if (stored?.certificate !== undefined) return { block: stored.block, certificate: stored.certificate };
    }
    return undefined;
  }

  /** A block with its FINALIZE certificate; after the last one of an epoch the block above carries it too. */
  async certified(height: number): Promise<Certified | undefined> {
    const stored = await this.read(height);
    if (stored === undefined) return undefined;
    const above = stored.certificate ?? (await this.read(height + 1))?.block.parentCertificate;
    return above?.kind === VOTE_KINDS.FINALIZE ? { block: stored.block, certificate: above } : undefined;
  }

  /** Removes blocks below a height, oldest first; only whole files of the log go, so some below it stay. */
  async prune(keepFrom: number): Promise<void> {
    await this.#log.prune(BigInt(keepFrom));
  }

  async read(height: number): Promise<StoredBlock | undefined> {
    if (height < this.firstHeight || height > this.height) return undefined;
    const record = await this.#log.get(BigInt(height));
    return this.#decode(height, record.body);
  }

  #decode(height: number, body: Uint8Array): StoredBlock {
    const stored = decodeStoredBlock(body);
    if (stored === undefined || stored.block.header.height !== height)
      throw chainSideError("BLOCK_LOG_DAMAGED", { details: { height } });
    return stored;
  }

  /** Bytes of the log on the disk. */
  get sizeBytes(): number {
    return this.#log.sizeBytes;
  }

  /**
   * Appends blocks as this log has them to a log that begins with the first of them; durable when it resolves. A few at a
   * time: whoever votes meanwhile gets its turn. @throws LOG_DAMAGED, SEQ_UNKNOWN, and what the other log refuses
   */
  async copyTo(
    log: Log,
    range: { readonly from: number; readonly to: number },
    onCopied: (bytes: number) => void,
  ): Promise<void> {
    let appended: Promise<bigint>[] = [];
    let waiting = 0;
    for await (const { type, body } of this.#log.iterate(BigInt(range.from), BigInt(range.to))) {
      appended.push(log.append(type, body));
      waiting += body.length;
      if (waiting < COPY_BYTES) continue;
      await Promise.all(appended);
      onCopied(waiting);
      appended = [];
      waiting = 0;
    }
    await Promise.all(appended);
    onCopied(waiting);
    await log.sync();
  }

  /** Stored blocks from a height upwards, in order. */
  async *iterate(from: number, to = this.height): AsyncGenerator<StoredBlock, void, undefined> {
    if (from > to) return;
    for await (const record of this.#log.iterate(BigInt(from), BigInt(to))) {
      const stored = this.#decode(Number(record.seq), record.body);
      yield stored;
    }
  }
}
