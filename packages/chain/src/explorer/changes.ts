// What some blocks do to the rows of the index, before it is written: reads go through to the store for what was not touched.
// For a chain that can be reorganised it also remembers, block by block, what each touched row was before: undoing a block
// puts exactly these bytes back.

import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { type KvBatch, type KvEntry, type KvReader, prefixRange } from "@bystack/storage/kv";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { explorerError } from "./errors.ts";
import { EXPLORER_BUCKET, key } from "./rows.ts";

/** Main-chain blocks that can be undone; a deeper reorganisation has the index made anew. A day of 2.5-minute blocks is 576. */
export const EXPLORER_UNDO_BLOCKS = 600;
/** Bytes of one part of what undoing a block needs: a full block touches more than one value may hold. */
const UNDO_PART_BYTES = 1 << 20;

export class ExplorerChanges {
  readonly #reader: KvReader;
  /** By key in hexadecimal; undefined deletes. */
  readonly #values = new Map<string, { readonly row: Uint8Array; readonly value: Uint8Array | undefined }>();
  /** What this block's rows were before it; undefined when nobody asks. */
  #before: Map<string, Uint8Array | undefined> | undefined;

  constructor(reader: KvReader) {
    this.#reader = reader;
  }

  /** Rows to be written. */
  get size(): number {
    return this.#values.size;
  }

  async get(row: Uint8Array): Promise<Uint8Array | undefined> {
    const known = this.#values.get(bytesToHex(row));
    return known === undefined ? this.#reader.get(row) : known.value;
  }

  /** Writes a row; undefined deletes it. */
  async set(row: Uint8Array, value: Uint8Array | undefined): Promise<void> {
    const text = bytesToHex(row);
    if (this.#before !== undefined && !this.#before.has(text)) this.#before.set(text, await this.get(row));
    this.#values.set(text, { row, value });
  }

  #put(row: Uint8Array, value: Uint8Array | undefined): void {
    this.#values.set(bytesToHex(row), { row, value });
  }

  /** From here on {@link endBlock} can tell how to undo what follows. */
  beginBlock(): void {
    this.#before = new Map();
  }

  /** Writes down how the block is undone, and forgets how one too deep would be. */
  async endBlock(height: number): Promise<void> {
    const before = this.#before ?? new Map<string, Uint8Array | undefined>();
    this.#before = undefined;
    for (const [part, value] of undoParts(before).entries()) this.#put(key.undo(height, part), value);
    if (height >= EXPLORER_UNDO_BLOCKS) await this.#forget(height - EXPLORER_UNDO_BLOCKS);
  }

  /** A batch holds fewer blocks than can be undone, so what goes is in the store. */
  async #forget(height: number): Promise<void> {
    for await (const { key: row } of this.#reader.iterate(prefixRange(key.undoOf(height)))) this.#put(row, undefined);
  }

  /** Takes a block back; false when how to do that is not written down. One block a batch. */
  async undo(height: number): Promise<boolean> {
    let parts = 0;
    for await (const { key: row, value } of this.#reader.iterate(prefixRange(key.undoOf(height)))) {
      parts += 1;
      this.#put(row, undefined);
      for (const before of readUndo(value)) this.#put(before.row, before.value);
    }
    return parts > 0;
  }

  /** What to write. */
  batch(): Required<Pick<KvBatch, "puts" | "deletes">> {
    const puts: KvEntry[] = [];
    const deletes: Uint8Array[] = [];
    for (const { row, value } of this.#values.values()) {
      if (value === undefined) deletes.push(row);
      else puts.push({ key: row, value });
    }
    return { puts, deletes };
  }
}

/** In the order of keys, so that a rebuilt index has the same bytes. */
function undoParts(before: ReadonlyMap<string, Uint8Array | undefined>): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let writer = new ByteWriter(4096);
  for (const text of [...before.keys()].sort()) {
    const value = before.get(text);
    writer.varstr(hexToBytes(text)).byte(value === undefined ? 0 : 1);
    if (value !== undefined) writer.varstr(value);
    if (writer.length < UNDO_PART_BYTES) continue;
    parts.push(writer.finish());
    writer = new ByteWriter(4096);
  }
  return writer.length > 0 || parts.length === 0 ? [...parts, writer.finish()] : parts;
}

function readUndo(bytes: Uint8Array): { readonly row: Uint8Array; readonly value: Uint8Array | undefined }[] {
  const reader = new ByteReader(bytes);
  const rows: { row: Uint8Array; value: Uint8Array | undefined }[] = [];
  while (reader.error === undefined && reader.remaining > 0) {
    const row = reader.varstr().slice();
    rows.push({ row, value: reader.byte() === 1 ? reader.varstr().slice() : undefined });
    if (row[0] === EXPLORER_BUCKET.undo) reader.fail("INVALID");
  }
  if (reader.error !== undefined)
    throw explorerError("EXPLORER_INCONSISTENT", { why: "a record of how to undo a block is damaged" });
  return rows;
}
