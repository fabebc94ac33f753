// What people and programs look up on a side chain, beside the state: where a transaction is, which outputs a program has,
// how each epoch ended. Indexes follow final blocks only, lag at most one batch behind a crash, and are built again from the
// blocks, or from a state where the blocks below it are not there.

import { sha3_256 } from "@bystack/crypto/hash";
import { readBatch } from "@bystack/ledger/side/apply";
import type { SideState } from "@bystack/ledger/side/state";
import { committeeOf } from "@bystack/ledger/side/votes/committee";
import { type Certificate, encodeCertificate } from "@bystack/protocol/side/certificate";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { encodeEpochEndHead, readEpochEnd } from "@bystack/protocol/side/epoch-end";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import type { EpochEnd } from "@bystack/protocol/side/light-client";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bucketKey, type KvBatch, type KvEntry, type KvStore } from "@bystack/storage/kv";
import { bytesToHex, EMPTY_BYTES, type Hash, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import type { FinalBlock } from "./side-chain.ts";

/** Buckets of the store; numbers are never used again. */
const BUCKET = { meta: 1, transactions: 2, programs: 3, epochEnds: 4, epochEndCertificates: 5 } as const;
const HEIGHT_KEY = utf8ToBytes("height");

export type TransactionPlace = { readonly height: number; readonly index: number };

/** Outputs of one program in one answer. */
export const PROGRAM_OUTPUTS_MAX = 10_000;
/** Entries written or removed at once while the indexes begin anew. */
const RESTART_ENTRIES = 20_000;

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

function epochKey(bucket: number, epoch: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(epoch));
  return bucketKey(bucket, bytes);
}

function heightEntry(height: number): KvEntry {
  return {
    key: bucketKey(BUCKET.meta, HEIGHT_KEY),
    value: new ByteWriter(9).varint63(BigInt(height)).finish(),
  };
}

function endEntry(end: Omit<EpochEnd, "certificate">): KvEntry {
  return { key: epochKey(BUCKET.epochEnds, end.header.epoch), value: encodeEpochEndHead(end) };
}

function endCertificateEntry(certificate: Certificate): KvEntry {
  return {
    key: epochKey(BUCKET.epochEndCertificates, certificate.epoch),
    value: encodeCertificate(certificate),
  };
}

/**
 * What a block tells of an epoch's end, on a chain with elections: the last block its header and the next committee, the
 * first block of the next epoch its certificate.
 */
function epochEndEntries({ block, state }: FinalBlock): KvEntry[] {
  const { spec } = state.rules;
  const { header, parentCertificate } = block;
  if (spec.votes === undefined) return [];
  const entries: KvEntry[] = [];
  if (header.height % spec.consensus.epochBlocks === 0) {
    const nextKeys = (committeeOf(state, header.epoch + 1) ?? []).map(({ voteKey }) => voteKey);
    entries.push(endEntry({ header, nextKeys }));
  }
  const opens = header.height > 1 && header.height % spec.consensus.epochBlocks === 1;
  if (opens && parentCertificate !== undefined) entries.push(endCertificateEntry(parentCertificate));
  return entries;
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
    puts.push(...epochEndEntries({ block, summary, state }), heightEntry(block.header.height));
    await this.#store.batch(withoutSpentHere({ puts, deletes }));
  }

  /** How epochs ended, from `from` upwards as far as they are known here without a gap. */
  async epochEnds(from: number, count: number): Promise<EpochEnd[]> {
    const epochs = Array.from({ length: count }, (_, i) => from + i);
    const ends = await this.#store.getMany(epochs.map((epoch) => epochKey(BUCKET.epochEnds, epoch)));
    const keys = epochs.map((epoch) => epochKey(BUCKET.epochEndCertificates, epoch));
    const certificates = await this.#store.getMany(keys);
    const found: EpochEnd[] = [];
    for (const [i, end] of ends.entries()) {
      const certificate = certificates[i];
      if (end === undefined || certificate === undefined) break;
      const reader = new ByteReader(Uint8Array.of(...end, ...certificate));
      const decoded = readEpochEnd(reader);
      if (reader.error !== undefined) break;
      found.push(decoded);
    }
    return found;
  }

  /**
   * Begins anew from a state, for a node without the blocks below it: outputs by program, and the ends of epochs that the
   * caller has verified. Transactions up to its height are not found afterwards. A crash in between leaves height 0.
   */
  async restart(state: SideState, ends: readonly EpochEnd[]): Promise<void> {
    await this.#store.batch({ puts: [heightEntry(0)] });
    for (let more = true; more; ) {
      const deletes: Uint8Array[] = [];
      for await (const { key } of this.#store.iterate({ limit: RESTART_ENTRIES })) deletes.push(key);
      more = deletes.length === RESTART_ENTRIES;
      await this.#store.batch({ deletes, puts: [heightEntry(0)] });
    }
    let puts: KvEntry[] = ends.flatMap((end) => [endEntry(end), endCertificateEntry(end.certificate)]);
    for (const [id, { program }] of state.utxos.map.entries()) {
      puts.push({ key: bucketKey(BUCKET.programs, programKey(program), hexToBytes(id)), value: EMPTY_BYTES });
      if (puts.length < RESTART_ENTRIES) continue;
      await this.#store.batch({ puts });
      puts = [];
    }
    await this.#store.batch({ puts: [...puts, heightEntry(state.position.height)], flush: true });
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
