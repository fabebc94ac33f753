// What people and programs look up on a side chain, beside the state: where a transaction is, which outputs a program has.
// Indexes follow final blocks only, lag at most one batch behind a crash, and can always be built again from the blocks.

import { sha3_256 } from "@bystack/crypto/hash";
import { readBatch } from "@bystack/ledger/side/apply";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bucketKey, type KvBatch, type KvEntry, type KvStore } from "@bystack/storage/kv";
import { bytesToHex, EMPTY_BYTES, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import type { FinalBlock } from "./side-chain.ts";

/** Buckets of the store; numbers are never used again. */
const BUCKET = { meta: 1, transactions: 2, programs: 3 } as const;
const HEIGHT_KEY = utf8ToBytes("height");

export type TransactionPlace = { readonly height: number; readonly index: number };

/** Outputs of one program in one answer. */
export const PROGRAM_OUTPUTS_MAX = 10_000;

function programKey(program: Uint8Array): Uint8Array {
  return sha3_256(program).subarray(0, 20);
}

function encodePlace({ height, index }: TransactionPlace): Uint8Array {
  return new ByteWriter(12).varint63(BigInt(height)).varint31(index).finish();
}

function decodePlace(bytes: Uint8Array): TransactionPlace {
  const reader = new ByteReader(bytes);
  return { height: reader.varint53(), index: reader.varint31() };
}

/** A transaction of a body with its place there and its mapping. */
export type BodyTransaction = { readonly raw: Uint8Array; readonly index: number; readonly id: Hash };

/** The transactions of a block's one batch, in order; the block was executed, so they decode. */
export function bodyTransactions(batches: readonly Uint8Array[]): BodyTransaction[] {
  const [batch] = batches;
  const list = batch === undefined ? [] : (readBatch(batch) ?? []);
  return list.flatMap((raw, index) => {
    const decoded = decodeSideTransaction(raw);
    return decoded.ok ? [{ raw, index, id: mapSideTransaction(decoded.value).id }] : [];
  });
}

/** One transaction of a body by its place; only this one is decoded. */
export function bodyTransactionAt(batches: readonly Uint8Array[], index: number): BodyTransaction | undefined {
  const [batch] = batches;
  const raw = batch === undefined ? undefined : readBatch(batch)?.[index];
  const decoded = raw === undefined ? undefined : decodeSideTransaction(raw);
  return raw === undefined || decoded?.ok !== true
    ? undefined
    : { raw, index, id: mapSideTransaction(decoded.value).id };
}

export class SideIndexes {
  readonly #store: KvStore;

  constructor(store: KvStore) {
    this.#store = store;
  }

  /** Height up to which the indexes are complete. */
  async height(): Promise<number> {
    const bytes = await this.#store.get(bucketKey(BUCKET.meta, HEIGHT_KEY));
    return bytes === undefined ? 0 : new ByteReader(bytes).varint53();
  }

  async transaction(id: Hash): Promise<TransactionPlace | undefined> {
    const bytes = await this.#store.get(bucketKey(BUCKET.transactions, id));
    return bytes === undefined ? undefined : decodePlace(bytes);
  }

  /** Ids of outputs a program has received and not spent, in the order of ids, after a cursor. */
  async outputsOf(program: Uint8Array, options: { after: Hash | undefined; limit: number }): Promise<Hash[]> {
    const prefix = bucketKey(BUCKET.programs, programKey(program));
    const from = options.after === undefined ? prefix : Uint8Array.of(...prefix, ...options.after, 0);
    const to = Uint8Array.of(...prefix, ...new Uint8Array(33).fill(0xff));
    const ids: Hash[] = [];
    for await (const { key } of this.#store.iterate({ from, to, limit: Math.min(options.limit, PROGRAM_OUTPUTS_MAX) }))
      ids.push(key.slice(-32));
    return ids;
  }

  /** Follows one final block. Blocks come in order; one that is in already changes nothing. */
  async follow({ block, summary, state }: FinalBlock): Promise<void> {
    const puts: KvEntry[] = [];
    const deletes: Uint8Array[] = [];
    // Genesis has no final event of its own; its outputs come with the first block above it.
    const genesis = block.header.height === 1 ? sideGenesis(state.rules.spec).transactions : [];
    for (const { raw } of genesis) this.#followOutputs(raw, puts, deletes);
    const dropped = new Set(summary.dropped.map((entry) => entry.index));
    for (const { raw, index, id } of bodyTransactions(block.batches)) {
      if (dropped.has(index)) continue;
      puts.push({
        key: bucketKey(BUCKET.transactions, id),
        value: encodePlace({ height: block.header.height, index }),
      });
      this.#followOutputs(raw, puts, deletes);
    }
    const height = new ByteWriter(9).varint63(BigInt(block.header.height)).finish();
    puts.push({ key: bucketKey(BUCKET.meta, HEIGHT_KEY), value: height });
    await this.#store.batch(withoutSpentHere({ puts, deletes }));
  }

  #followOutputs(raw: Uint8Array, puts: KvEntry[], deletes: Uint8Array[]): void {
    const decoded = decodeSideTransaction(raw);
    if (!decoded.ok) return;
    const mapped = mapSideTransaction(decoded.value);
    for (const source of mapped.sources) {
      if (source.kind === "spend" || source.kind === "veto")
        deletes.push(bucketKey(BUCKET.programs, programKey(source.input.program), source.spentOutputId));
    }
    for (const result of mapped.results) {
      if (result.kind === "intra" || result.kind === "vote")
        puts.push({ key: bucketKey(BUCKET.programs, programKey(result.program), result.id), value: EMPTY_BYTES });
    }
  }
}

/** In a batch deletes happen before puts: an output made and spent in one block must be in neither list. */
function withoutSpentHere(batch: { puts: KvEntry[]; deletes: Uint8Array[] }): KvBatch {
  const spent = new Set(batch.deletes.map(bytesToHex));
  return { puts: batch.puts.filter((entry) => !spent.has(bytesToHex(entry.key))), deletes: batch.deletes };
}
