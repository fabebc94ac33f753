// The indexes of the main chain: transaction → block, program → unspent outputs, output → spender. They follow the main
// chain block by block, reorganisations included, and are written in the same batch as the state, so they never disagree
// with it. What an output was is kept when it is spent: undoing a block needs it, and people ask who spent it.

import { type AppliedMainTransaction, createdOutputs, spentOutputs } from "@bystack/ledger/main/utxo";
import { type KvBatch, type KvReader, prefixRange } from "@bystack/storage/kv";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { mainChainError } from "../main/errors.ts";
import {
  decodeOutputRecord,
  decodeSpentRecord,
  decodeTransactionRecord,
  encodeOutputRecord,
  encodeSpentRecord,
  encodeTransactionRecord,
  type OutputRecord,
  outputKey,
  programKey,
  programPrefix,
  type SpentRecord,
  spentKey,
  type TransactionRecord,
  transactionKey,
} from "./main-records.ts";

/** A block of the main chain as the indexes need it. */
export type IndexedMainBlock = {
  readonly hash: Hash;
  readonly height: number;
  readonly transactions: readonly AppliedMainTransaction[];
};

/** Some drivers would not keep an empty value. */
const PRESENT = Uint8Array.of(1);

function inconsistent(why: string): Error {
  return mainChainError("STORE_INCONSISTENT", { why: `index: ${why}` });
}

/** Collects what a change of the main chain does to the indexes; reads through to the store for what it did not touch. */
export class MainIndexChanges {
  readonly #reader: KvReader;
  /** By key in hexadecimal; undefined deletes. */
  readonly #values = new Map<string, Uint8Array | undefined>();

  constructor(reader: KvReader) {
    this.#reader = reader;
  }

  get size(): number {
    return this.#values.size;
  }

  async #get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const text = bytesToHex(key);
    return this.#values.has(text) ? this.#values.get(text) : await this.#reader.get(key);
  }

  #set(key: Uint8Array, value: Uint8Array | undefined): void {
    this.#values.set(bytesToHex(key), value);
  }

  #add(id: Hash, output: OutputRecord): void {
    this.#set(outputKey(id), encodeOutputRecord(output));
    this.#set(programKey(output.program, id), PRESENT);
  }

  #remove(id: Hash, program: Uint8Array): void {
    this.#set(outputKey(id), undefined);
    this.#set(programKey(program, id), undefined);
  }

  /** A block joins the main chain. @throws BystackError STORE_INCONSISTENT */
  async apply(block: IndexedMainBlock): Promise<void> {
    const { hash, height } = block;
    for (const [position, applied] of block.transactions.entries()) {
      const { mapped, statusFail } = applied;
      this.#set(transactionKey(mapped.id), encodeTransactionRecord({ blockHash: hash, height, position, statusFail }));
      for (const id of spentOutputs(applied)) {
        const bytes = await this.#get(outputKey(id));
        const output = bytes === undefined ? undefined : decodeOutputRecord(bytes);
        if (output === undefined)
          throw inconsistent(`block ${height} spends ${bytesToHex(id)}, which it does not hold`);
        this.#remove(id, output.program);
        this.#set(spentKey(id), encodeSpentRecord({ transactionId: mapped.id, height, output }));
      }
      const created = new Set(createdOutputs(applied).map(bytesToHex));
      for (const { id, value, program, position: sourcePosition } of mapped.results) {
        if (!created.has(bytesToHex(id))) continue;
        const { assetId, amount } = value;
        const coinbase = position === 0;
        this.#add(id, { assetId, amount, program, sourceId: mapped.muxId, sourcePosition, height, coinbase });
      }
    }
  }

  /** A block leaves the main chain; from the tip down. @throws BystackError STORE_INCONSISTENT */
  async undo(block: IndexedMainBlock): Promise<void> {
    for (const applied of block.transactions.toReversed()) {
      const { mapped } = applied;
      const created = new Set(createdOutputs(applied).map(bytesToHex));
      for (const { id, program } of mapped.results) if (created.has(bytesToHex(id))) this.#remove(id, program);
      for (const id of spentOutputs(applied)) {
        const bytes = await this.#get(spentKey(id));
        const spent = bytes === undefined ? undefined : decodeSpentRecord(bytes);
        if (spent === undefined) throw inconsistent(`the output ${bytesToHex(id)} has no record of its spend`);
        this.#set(spentKey(id), undefined);
        this.#add(id, spent.output);
      }
      this.#set(transactionKey(mapped.id), undefined);
    }
  }

  /** What to write. */
  batch(): Required<Pick<KvBatch, "puts" | "deletes">> {
    const puts: { key: Uint8Array; value: Uint8Array }[] = [];
    const deletes: Uint8Array[] = [];
    for (const [text, value] of this.#values) {
      const key = hexToBytes(text);
      if (value === undefined) deletes.push(key);
      else puts.push({ key, value });
    }
    return { puts, deletes };
  }
}

export type UnspentOutput = OutputRecord & { readonly id: Hash };

/** Questions to the indexes. They answer about the main chain alone, as of the last batch. */
export class MainIndex {
  readonly #reader: KvReader;

  constructor(reader: KvReader) {
    this.#reader = reader;
  }

  /** Where a transaction is; undefined when it is in no block of the main chain. */
  async transaction(id: Hash): Promise<TransactionRecord | undefined> {
    const bytes = await this.#reader.get(transactionKey(id));
    if (bytes === undefined) return undefined;
    const record = decodeTransactionRecord(bytes);
    if (record === undefined) throw inconsistent(`the record of transaction ${bytesToHex(id)} is damaged`);
    return record;
  }

  /** An unspent output. */
  async output(id: Hash): Promise<UnspentOutput | undefined> {
    const bytes = await this.#reader.get(outputKey(id));
    return bytes === undefined ? undefined : this.#decodeOutput(id, bytes);
  }

  #decodeOutput(id: Hash, bytes: Uint8Array): UnspentOutput {
    const record = decodeOutputRecord(bytes);
    if (record === undefined) throw inconsistent(`the record of output ${bytesToHex(id)} is damaged`);
    return { id, ...record };
  }

  /** Which transaction of the main chain spent an output. */
  async spender(id: Hash): Promise<SpentRecord | undefined> {
    const bytes = await this.#reader.get(spentKey(id));
    if (bytes === undefined) return undefined;
    const record = decodeSpentRecord(bytes);
    if (record === undefined) throw inconsistent(`the record of the spent output ${bytesToHex(id)} is damaged`);
    return record;
  }

  /** Unspent outputs of a program by id, those after `after` first; at most `limit`. */
  async unspentOf(program: Uint8Array, options: { limit: number; after?: Hash }): Promise<UnspentOutput[]> {
    const prefix = programPrefix(program);
    const range = prefixRange(prefix);
    // The smallest key above `after`: ids have a fixed length, so a longer key comes right behind it.
    const from = options.after === undefined ? prefix : Uint8Array.of(...programKey(program, options.after), 0);
    const ids: Hash[] = [];
    for await (const { key } of this.#reader.iterate({ ...range, from, limit: options.limit })) {
      ids.push(key.slice(prefix.length));
    }
    const records = await this.#reader.getMany(ids.map(outputKey));
    return ids.flatMap((id, index) => {
      const bytes = records[index];
      // Spent between the two reads.
      return bytes === undefined ? [] : [this.#decodeOutput(id, bytes)];
    });
  }
}
