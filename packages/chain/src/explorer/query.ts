// Questions to the explorer's index. Every answer has a limit and goes on behind the last item given: a page costs what it
// shows, never what the chain holds. Pages of what happened are newest first; while the chain moves on, a page stays
// what it was, but what a main chain took back may be missing from it.

import type { KvEntry, KvRange, KvReader } from "@bystack/storage/kv";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import {
  ASSET_ROW,
  type AssetRow,
  BLOCK_ROW,
  type BlockRow,
  CURSOR_ROW,
  type CursorRow,
  EXPLORER_BUCKET,
  key,
  OUTPUT_ROW,
  type OutputRow,
  PLACE_BYTES,
  type Place,
  PROGRAM_KEY_BYTES,
  PROGRAM_ROW,
  type ProgramRow,
  programId,
  readBalance,
  readPlace,
  TRANSACTION_ROW,
  type TransactionRow,
} from "./rows.ts";

export type PlacedTransaction = TransactionRow & { readonly id: Hash };
export type Holder = { readonly program: Uint8Array; readonly amount: bigint };
export type Balance = { readonly assetId: Hash; readonly amount: bigint };
/** Whose ids can be looked for by their first digits. */
export type IdKind = "block" | "transaction" | "output" | "asset";

const ID_BUCKET: Readonly<Record<IdKind, number>> = {
  block: EXPLORER_BUCKET.blockHash,
  transaction: EXPLORER_BUCKET.transaction,
  output: EXPLORER_BUCKET.output,
  asset: EXPLORER_BUCKET.asset,
};
const HASH_BYTES = 32;
const HIGHEST = 0xff;

/** All keys that begin with a prefix, below one of them where it is given. */
function below(prefix: Uint8Array, before: Uint8Array | undefined): KvRange {
  const end = Uint8Array.of(...prefix, ...new Uint8Array(HASH_BYTES + 1).fill(HIGHEST));
  return { from: prefix, to: before ?? end, reverse: true };
}

function above(prefix: Uint8Array, after: Uint8Array | undefined): KvRange {
  const to = Uint8Array.of(...prefix, ...new Uint8Array(HASH_BYTES + 1).fill(HIGHEST));
  return { from: after === undefined ? prefix : Uint8Array.of(...after, 0), to };
}

export class ExplorerIndex {
  readonly #reader: KvReader;

  constructor(reader: KvReader) {
    this.#reader = reader;
  }

  async #list(range: KvRange, limit: number): Promise<KvEntry[]> {
    const entries: KvEntry[] = [];
    for await (const entry of this.#reader.iterate({ ...range, limit })) entries.push(entry);
    return entries;
  }

  async cursor(): Promise<CursorRow | undefined> {
    const bytes = await this.#reader.get(key.cursor);
    return bytes === undefined ? undefined : CURSOR_ROW.decode(bytes);
  }

  async block(height: number): Promise<BlockRow | undefined> {
    const bytes = await this.#reader.get(key.block(height));
    return bytes === undefined ? undefined : BLOCK_ROW.decode(bytes);
  }

  /** Height of a block of the chain. */
  async heightOf(hash: Hash): Promise<number | undefined> {
    const bytes = await this.#reader.get(key.blockHash(hash));
    return bytes === undefined ? undefined : readPlace(bytes).height;
  }

  /** Blocks below a height, newest first. */
  async blocks(before: number | undefined, limit: number): Promise<(BlockRow & { readonly height: number })[]> {
    const prefix = Uint8Array.of(EXPLORER_BUCKET.block);
    const entries = await this.#list(below(prefix, before === undefined ? undefined : key.block(before)), limit);
    return entries.map(({ key: row, value }) => ({
      ...BLOCK_ROW.decode(value),
      height: readPlace(Uint8Array.of(...row.subarray(1), 0, 0, 0, 0)).height,
    }));
  }

  async transaction(id: Hash): Promise<PlacedTransaction | undefined> {
    const bytes = await this.#reader.get(key.transaction(id));
    return bytes === undefined ? undefined : { id, ...TRANSACTION_ROW.decode(bytes) };
  }

  /** One that was taken back between two reads is left out. */
  async #transactions(ids: readonly Hash[]): Promise<PlacedTransaction[]> {
    const rows = await this.#reader.getMany(ids.map(key.transaction));
    return ids.flatMap((id, i) => {
      const bytes = rows[i];
      return bytes === undefined ? [] : [{ id, ...TRANSACTION_ROW.decode(bytes) }];
    });
  }

  /** Transactions of all blocks, newest first. */
  async newest(before: Place | undefined, limit: number): Promise<PlacedTransaction[]> {
    const prefix = Uint8Array.of(EXPLORER_BUCKET.place);
    const entries = await this.#list(below(prefix, before === undefined ? undefined : key.place(before)), limit);
    return this.#transactions(entries.map(({ value }) => value));
  }

  /** Transactions of one block that took effect, in its order. */
  async ofBlock(height: number, after: number | undefined, limit: number): Promise<PlacedTransaction[]> {
    const prefix = key.place({ height, position: 0 }).subarray(0, 9);
    const range = above(prefix, after === undefined ? undefined : key.place({ height, position: after }));
    const entries = await this.#list(range, limit);
    return this.#transactions(entries.map(({ value }) => value));
  }

  /** Ids of all transactions of a block that took effect, by their position. */
  async idsOfBlock(height: number): Promise<Map<number, Hash>> {
    const prefix = key.place({ height, position: 0 }).subarray(0, 9);
    const ids = new Map<number, Hash>();
    for await (const { key: row, value } of this.#reader.iterate(above(prefix, undefined)))
      ids.set(readPlace(row.slice(1)).position, value);
    return ids;
  }

  async program(program: Uint8Array): Promise<ProgramRow | undefined> {
    const bytes = await this.#reader.get(key.program(programId(program)));
    return bytes === undefined ? undefined : PROGRAM_ROW.decode(bytes);
  }

  /** What a program holds, by asset id. */
  async balances(program: Uint8Array, after: Hash | undefined, limit: number): Promise<Balance[]> {
    const id = programId(program);
    const prefix = key.balance(id, new Uint8Array(0));
    const entries = await this.#list(above(prefix, after === undefined ? undefined : key.balance(id, after)), limit);
    return entries.map(({ key: row, value }) => ({
      assetId: row.slice(1 + PROGRAM_KEY_BYTES),
      amount: readBalance(value),
    }));
  }

  /** Transactions that paid to a program or spent from it, newest first. */
  async ofProgram(program: Uint8Array, before: Place | undefined, limit: number): Promise<PlacedTransaction[]> {
    const id = programId(program);
    const prefix = Uint8Array.of(EXPLORER_BUCKET.programTransaction, ...id);
    const range = below(prefix, before === undefined ? undefined : key.programTransaction(id, before));
    const entries = await this.#list(range, limit);
    const places = entries.map(({ key: row }) => readPlace(row.slice(row.length - PLACE_BYTES)));
    const ids = await this.#reader.getMany(places.map(key.place));
    return this.#transactions(ids.filter((found) => found !== undefined));
  }

  /** An output, spent or not. */
  async output(id: Hash): Promise<OutputRow | undefined> {
    const bytes = await this.#reader.get(key.output(id));
    return bytes === undefined ? undefined : OUTPUT_ROW.decode(bytes);
  }

  /** One answer for each id. */
  async outputs(ids: readonly Hash[]): Promise<(OutputRow | undefined)[]> {
    const rows = await this.#reader.getMany(ids.map(key.output));
    return rows.map((bytes) => (bytes === undefined ? undefined : OUTPUT_ROW.decode(bytes)));
  }

  /** Assets by id. */
  async assets(after: Hash | undefined, limit: number): Promise<(AssetRow & { readonly assetId: Hash })[]> {
    const prefix = Uint8Array.of(EXPLORER_BUCKET.asset);
    const entries = await this.#list(above(prefix, after === undefined ? undefined : key.asset(after)), limit);
    return entries.map(({ key: row, value }) => ({ assetId: row.slice(1), ...ASSET_ROW.decode(value) }));
  }

  async asset(id: Hash): Promise<AssetRow | undefined> {
    const bytes = await this.#reader.get(key.asset(id));
    return bytes === undefined ? undefined : ASSET_ROW.decode(bytes);
  }

  /** What assets say of themselves; one answer for each id. */
  definitions(ids: readonly Hash[]): Promise<(Uint8Array | undefined)[]> {
    return this.#reader.getMany(ids.map(key.definition));
  }

  /** Who holds most of an asset first; `before` is the last holder given. */
  async holders(
    assetId: Hash,
    before: { readonly amount: bigint; readonly programId: Uint8Array } | undefined,
    limit: number,
  ): Promise<(Holder & { readonly programId: Uint8Array })[]> {
    const prefix = Uint8Array.of(EXPLORER_BUCKET.holder, ...assetId);
    const range = below(
      prefix,
      before === undefined ? undefined : key.holder(assetId, before.amount, before.programId),
    );
    const entries = await this.#list(range, limit);
    const found = entries.map(({ key: row }) => ({
      amount: readBalance(row.slice(1 + HASH_BYTES, row.length - PROGRAM_KEY_BYTES)),
      programId: row.slice(row.length - PROGRAM_KEY_BYTES),
    }));
    const rows = await this.#reader.getMany(found.map((holder) => key.program(holder.programId)));
    return found.flatMap((holder, i) => {
      const bytes = rows[i];
      return bytes === undefined ? [] : [{ ...holder, program: PROGRAM_ROW.decode(bytes).program }];
    });
  }

  /** Ids of one kind that begin with these hexadecimal digits. */
  async idsBeginning(kind: IdKind, digits: string, limit: number): Promise<Hash[]> {
    const bucket = ID_BUCKET[kind];
    const from = hexToBytes(digits.length % 2 === 0 ? digits : `${digits}0`);
    const last = hexToBytes(digits.length % 2 === 0 ? digits : `${digits}f`);
    const to = Uint8Array.of(bucket, ...last, ...new Uint8Array(HASH_BYTES + 1 - last.length).fill(HIGHEST));
    const entries = await this.#list({ from: Uint8Array.of(bucket, ...from), to }, limit);
    return entries.map(({ key: row }) => row.slice(1)).filter((id) => bytesToHex(id).startsWith(digits));
  }
}
