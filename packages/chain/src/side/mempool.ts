// Transactions that wait for a block (sidechain.md section 4: the same entry rules as a block, at the tip plus one height).
// First seen wins: a second spend of one output is refused. Pure: the state of the tip comes in, nothing goes out.

import { sha3_256 } from "@bystack/crypto/hash";
import { createPendingState, type PendingState } from "@bystack/ledger/side/builder";
import { RANK, type Rank } from "@bystack/ledger/side/progress";
import type { SignatureCheck } from "@bystack/ledger/side/rules";
import type { SideState } from "@bystack/ledger/side/state";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

/**
 * Waiting transactions: all are judged again after a final block, 0.08 to 0.1 ms each when their signatures are known, and
 * nothing else runs meanwhile. A full pool must not take as long as a leader's timeout (0.3 s), or it costs a view.
 */
export const SIDE_MEMPOOL_TRANSACTIONS_MAX = 2000;
/** Bytes of waiting transactions: eight full blocks. */
export const SIDE_MEMPOOL_BYTES_MAX = 33_554_432;

export type Waiting = { readonly id: Hash; readonly raw: Uint8Array; readonly rank: Rank };

export type SubmitVerdict =
  | { readonly ok: true; readonly id: Hash; readonly known: boolean }
  | { readonly ok: false; readonly code: string };

/** Dropped transactions that are kept for whoever asks why; the oldest go first. */
export const SIDE_DROPPED_MAX = SIDE_MEMPOOL_TRANSACTIONS_MAX;

/** A transaction that waited and does not stand any more: a block took it, or took what it needs. */
export type Dropped = { readonly id: Hash; readonly code: string };

export class SideMempool {
  readonly #verifySignature: SignatureCheck;
  /** By H(exact bytes): no transaction id covers a witness. In order of arrival. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #byId = new Map<string, string>();
  #bytes = 0;
  #dropped: Dropped[] = [];
  #pending: PendingState;

  constructor(options: { tip: SideState; verifySignature: SignatureCheck }) {
    this.#verifySignature = options.verifySignature;
    this.#pending = createPendingState({ tip: options.tip, verifySignature: this.#verifySignature });
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(id: Hash): boolean {
    return this.#byId.has(bytesToHex(id));
  }

  get(id: Hash): Waiting | undefined {
    const key = this.#byId.get(bytesToHex(id));
    return key === undefined ? undefined : this.#waiting.get(key);
  }

  /** Waiting transactions as a block takes them: by kind, within a kind in order of arrival. */
  *candidates(): Generator<Waiting> {
    for (const rank of [RANK.system, RANK.claim, RANK.ordinary]) {
      for (const waiting of this.#waiting.values()) if (waiting.rank === rank) yield waiting;
    }
  }

  ids(limit: number): Hash[] {
    const ids: Hash[] = [];
    for (const waiting of this.#waiting.values()) {
      if (ids.length >= limit) break;
      ids.push(waiting.id);
    }
    return ids;
  }

  submit(raw: Uint8Array): SubmitVerdict {
    const key = bytesToHex(sha3_256(raw));
    const known = this.#waiting.get(key);
    if (known !== undefined) return { ok: true, id: known.id, known: true };
    if (this.#waiting.size >= SIDE_MEMPOOL_TRANSACTIONS_MAX || this.#bytes + raw.length > SIDE_MEMPOOL_BYTES_MAX)
      return { ok: false, code: "MEMPOOL_FULL" };
    const result = this.#pending.add(raw);
    if (!result.ok) return { ok: false, code: result.code };
    this.#insert(key, { id: result.effect.id, raw: Uint8Array.from(raw), rank: result.effect.rank });
    return { ok: true, id: result.effect.id, known: false };
  }

  #insert(key: string, waiting: Waiting): void {
    this.#waiting.set(key, waiting);
    this.#byId.set(bytesToHex(waiting.id), key);
    this.#bytes += waiting.raw.length;
  }

  /** After a final block: drops what it holds and what no longer stands, and judges the rest anew in its old order. */
  advance(tip: SideState): { readonly dropped: readonly Dropped[] } {
    const before = [...this.#waiting];
    this.#waiting.clear();
    this.#byId.clear();
    this.#bytes = 0;
    this.#pending = createPendingState({ tip, verifySignature: this.#verifySignature });
    const dropped: Dropped[] = [];
    for (const [key, waiting] of before) {
      const result = this.#pending.add(waiting.raw);
      if (result.ok) this.#insert(key, waiting);
      else dropped.push({ id: waiting.id, code: result.code });
    }
    this.#dropped = [...this.#dropped, ...dropped].slice(-SIDE_DROPPED_MAX);
    return { dropped };
  }

  /** What was dropped since this was last asked. */
  takeDropped(): readonly Dropped[] {
    const dropped = this.#dropped;
    this.#dropped = [];
    return dropped;
  }
}
