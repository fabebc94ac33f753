// The main-chain store over the KvStore port: blocks, headers, the set of unspent outputs, the heights of the main chain,
// and the indexes that follow it (index/main-index.ts). A commit is one flushed batch, so a crash leaves the state before
// or after it and nothing in between. Indexes of another version, or none, are built anew when the store is opened.

import type { MainUtxo } from "@bystack/ledger/main/utxo";
import {
  decodeMainBlock,
  decodeMainHeader,
  encodeMainBlock,
  encodeMainHeader,
  type MainHeader,
} from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bucketKey, bucketRange, type KvEntry, type KvReader, type KvStore } from "@bystack/storage/kv";
import { bytesToHex, equalBytes, type Hash, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { type IndexedMainBlock, MainIndex, MainIndexChanges } from "../index/main-index.ts";
import { MAIN_INDEX_BUCKET } from "../index/main-records.ts";
import { mainChainError } from "./errors.ts";
import { NEVER_PAUSE, type Pause } from "./pause.ts";
import type { FreshMainBlock, MainChainStore, MainStoreCommit, MainTipCommit, StoredMainBlock } from "./store.ts";

/** Single values · height and hash → header · hash → block · output id → state · height → hash of the main chain. */
const BUCKET = { meta: 1, header: 2, block: 3, utxo: 4, main: 5 } as const;

const BEST_KEY = bucketKey(BUCKET.meta, utf8ToBytes("best"));
const SPEC_KEY = bucketKey(BUCKET.meta, utf8ToBytes("spec"));
const INDEX_KEY = bucketKey(BUCKET.meta, utf8ToBytes("index"));

/** Raised when the records of the indexes change. */
const INDEX_VERSION = Uint8Array.of(1);

/** Index entries of one batch while an index is rebuilt: a few megabytes. */
const REBUILD_ENTRIES = 20_000;

function heightBytes(height: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, height);
  return bytes;
}

const headerKey = (height: bigint, hash: Hash): Uint8Array => bucketKey(BUCKET.header, heightBytes(height), hash);
const blockKey = (hash: Hash): Uint8Array => bucketKey(BUCKET.block, hash);
const mainKey = (height: bigint): Uint8Array => bucketKey(BUCKET.main, heightBytes(height));
const utxoKey = (id: Hash): Uint8Array => bucketKey(BUCKET.utxo, id);

function encodeUtxo({ coinbase, height, spent }: MainUtxo): Uint8Array {
  return new ByteWriter(12)
    .byte((coinbase ? 1 : 0) | (spent ? 2 : 0))
    .varint63(height)
    .finish();
}

function decodeUtxo(bytes: Uint8Array): MainUtxo | undefined {
  const reader = new ByteReader(bytes);
  const flags = reader.byte();
  const height = reader.varint63();
  reader.finish();
  if (reader.error !== undefined) return undefined;
  return { coinbase: (flags & 1) === 1, height, spent: (flags & 2) === 2 };
}

/** Statuses as a bit a transaction, then the block as on the wire. */
function encodeStored({ block, statusFail }: StoredMainBlock): Uint8Array {
  const bits = new Uint8Array(Math.ceil(statusFail.length / 8));
  statusFail.forEach((fail, i) => {
    if (fail) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  });
  const raw = encodeMainBlock(block);
  return new ByteWriter(raw.length + bits.length + 5).varstr(bits).raw(raw).finish();
}

function decodeStored(hash: Hash, bytes: Uint8Array): StoredMainBlock {
  const reader = new ByteReader(bytes);
  const bits = reader.varstr();
  const decoded = decodeMainBlock(bytes.subarray(reader.position));
  if (reader.error !== undefined || !decoded.ok) throw damaged(`block ${bytesToHex(hash)}`);
  const block = decoded.value;
  return { hash, block, statusFail: block.transactions.map((_, i) => (((bits[i >> 3] ?? 0) >> (i & 7)) & 1) === 1) };
}

function damaged(what: string): Error {
  return mainChainError("STORE_INCONSISTENT", { why: `${what} is damaged` });
}

function indexedBlock({ hash, block, statusFail, mapped }: FreshMainBlock): IndexedMainBlock {
  const transactions = block.transactions.map((item, i) => ({
    mapped: mapped?.[i] ?? mapMainTransaction(item),
    statusFail: statusFail[i] === true,
  }));
  return { hash, height: Number(block.header.height), transactions };
}

/** The store for work that asks for thousands of records: some drivers answer at once, without ever leaving the loop. */
function pausing(kv: KvStore, pause: Pause): KvReader {
  return {
    get: async (key) => {
      await pause();
      return kv.get(key);
    },
    getMany: (keys) => kv.getMany(keys),
    iterate: (range) => kv.iterate(range),
  };
}

export class KvMainChainStore implements MainChainStore {
  /** Answers questions of the API about the main chain. */
  readonly index: MainIndex;
  readonly #kv: KvStore;
  readonly #pause: Pause;

  private constructor(kv: KvStore, pause: Pause) {
    this.#kv = kv;
    this.#pause = pause;
    this.index = new MainIndex(kv);
  }

  /**
   * Opens the main chain in a store and rebuilds its indexes when they are missing or old. The store stays the caller's to
   * close. @throws BystackError STORE_INCONSISTENT
   */
  static async open(kv: KvStore, pause: Pause = NEVER_PAUSE): Promise<KvMainChainStore> {
    const store = new KvMainChainStore(kv, pause);
    const best = await store.best();
    if (best !== undefined && !(await store.#isIndexed())) await store.#rebuildIndex(best.height);
    return store;
  }

  /** Ties an empty store to a chain spec; false when it belongs to another one. */
  async bindSpec(specHash: Hash): Promise<boolean> {
    const found = await this.#kv.get(SPEC_KEY);
    if (found !== undefined) return equalBytes(found, specHash);
    if ((await this.best()) !== undefined) return false;
    await this.#kv.batch({ puts: [{ key: SPEC_KEY, value: specHash }], flush: true });
    return true;
  }

  async best(): Promise<{ hash: Hash; height: bigint } | undefined> {
    const bytes = await this.#kv.get(BEST_KEY);
    if (bytes === undefined) return undefined;
    if (bytes.length !== 40) throw damaged("the record of the tip");
    return { hash: bytes.slice(8), height: new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) };
  }

  async *headers(maxHeight: bigint): AsyncIterable<{ hash: Hash; header: MainHeader }> {
    const { from } = bucketRange(BUCKET.header);
    const to = bucketKey(BUCKET.header, heightBytes(maxHeight + 1n));
    // Keys begin with the height, so parents come before children.
    for await (const { key, value } of this.#kv.iterate({ ...(from === undefined ? {} : { from }), to })) {
      const decoded = decodeMainHeader(value);
      if (!decoded.ok) throw damaged("a header");
      yield { hash: key.slice(9), header: decoded.value };
    }
  }

  async block(hash: Hash): Promise<StoredMainBlock | undefined> {
    const bytes = await this.#kv.get(blockKey(hash));
    return bytes === undefined ? undefined : decodeStored(hash, bytes);
  }

  async utxos(ids: readonly Hash[]): Promise<readonly (MainUtxo | undefined)[]> {
    const found = await this.#kv.getMany(ids.map(utxoKey));
    return found.map((bytes) => {
      if (bytes === undefined) return undefined;
      const utxo = decodeUtxo(bytes);
      if (utxo === undefined) throw damaged("an unspent output");
      return utxo;
    });
  }

  /** Every unspent output as it is stored, in the order of ids. */
  async *utxoEntries(): AsyncIterable<KvEntry> {
    for await (const entry of this.#kv.iterate(bucketRange(BUCKET.utxo))) {
      await this.#pause();
      yield entry;
    }
  }

  async commit(commit: MainStoreCommit): Promise<void> {
    const puts: KvEntry[] = [];
    const deletes: Uint8Array[] = [];
    for (const stored of commit.blocks) {
      const { header } = stored.block;
      puts.push({ key: headerKey(header.height, stored.hash), value: encodeMainHeader(header) });
      puts.push({ key: blockKey(stored.hash), value: encodeStored(stored) });
    }
    if (commit.tip !== undefined) await this.#addTip(commit, commit.tip, { puts, deletes });
    await this.#kv.batch({ puts, deletes, flush: true });
  }

  async #addTip(
    commit: MainStoreCommit,
    tip: MainTipCommit,
    { puts, deletes }: { puts: KvEntry[]; deletes: Uint8Array[] },
  ): Promise<void> {
    const fresh = new Map(commit.blocks.map((stored) => [bytesToHex(stored.hash), stored]));
    const load = async (hash: Hash): Promise<IndexedMainBlock> => {
      const stored = fresh.get(bytesToHex(hash)) ?? (await this.block(hash));
      if (stored === undefined) throw damaged(`block ${bytesToHex(hash)}, which is missing,`);
      return indexedBlock(stored);
    };
    const index = new MainIndexChanges(pausing(this.#kv, this.#pause));
    const { to } = bucketRange(BUCKET.main);
    const replaced = { from: mainKey(tip.fromHeight), ...(to === undefined ? {} : { to }), reverse: true };
    for await (const { key, value } of this.#kv.iterate(replaced)) {
      deletes.push(key);
      await index.undo(await load(value));
    }
    for (const [i, hash] of tip.attached.entries()) {
      puts.push({ key: mainKey(tip.fromHeight + BigInt(i)), value: hash });
      await index.apply(await load(hash));
    }
    for (const [id, utxo] of tip.utxos) {
      const key = utxoKey(hexToBytes(id));
      if (utxo === undefined) deletes.push(key);
      else puts.push({ key, value: encodeUtxo(utxo) });
    }
    await this.#pause();
    const indexed = index.batch();
    puts.push(...indexed.puts);
    deletes.push(...indexed.deletes);
    puts.push({ key: BEST_KEY, value: encodeBest(tip) });
    puts.push({ key: INDEX_KEY, value: INDEX_VERSION });
    await this.#pause();
  }

  async #isIndexed(): Promise<boolean> {
    const version = await this.#kv.get(INDEX_KEY);
    return version !== undefined && equalBytes(version, INDEX_VERSION);
  }

  /** Walks the main chain from its genesis. The version is written last: after a crash the rebuilding starts again. */
  async #rebuildIndex(height: bigint): Promise<void> {
    await this.#kv.batch({ deletes: [INDEX_KEY], flush: true });
    for (const bucket of Object.values(MAIN_INDEX_BUCKET)) await this.#clearBucket(bucket);
    let changes = new MainIndexChanges(this.#kv);
    for (let at = 0n; at <= height; at += 1n) {
      const hash = await this.#kv.get(mainKey(at));
      const stored = hash === undefined ? undefined : await this.block(hash);
      if (stored === undefined) throw damaged(`the main chain's block ${at}`);
      await changes.apply(indexedBlock(stored));
      if (changes.size < REBUILD_ENTRIES) continue;
      await this.#kv.batch(changes.batch());
      changes = new MainIndexChanges(this.#kv);
    }
    const { puts, deletes } = changes.batch();
    await this.#kv.batch({ puts: [...puts, { key: INDEX_KEY, value: INDEX_VERSION }], deletes, flush: true });
  }

  async #clearBucket(bucket: number): Promise<void> {
    for (;;) {
      const keys: Uint8Array[] = [];
      for await (const { key } of this.#kv.iterate({ ...bucketRange(bucket), limit: REBUILD_ENTRIES })) keys.push(key);
      if (keys.length === 0) return;
      await this.#kv.batch({ deletes: keys });
    }
  }
}

/** Height, then hash. */
function encodeBest({ tip, height }: MainTipCommit): Uint8Array {
  return new ByteWriter(40).raw(heightBytes(height)).raw(tip).finish();
}
