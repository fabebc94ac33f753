// The collector order (A107): rank = (H(epoch | id) + member index) mod n, and rank i waits 2i seconds. It only saves
// double work; whoever comes first is right, because the proof is the authority.

import { sha3_256Parts } from "@bystack/crypto/hash";
import { bytesToBigintLe, bytesToHex, type Hash, u64ToBytesLe } from "@bystack/utils/bytes";
import { COLLECTOR_RANK_DELAY_MS, RESUBMIT_INTERVAL_MS } from "../limits.ts";

/** This member's rank for a piece of work: 0 goes first. */
export function collectorRank(options: {
  readonly epoch: number;
  readonly id: Hash;
  readonly index: number;
  readonly members: number;
}): number {
  const digest = sha3_256Parts(u64ToBytesLe(BigInt(options.epoch)), options.id);
  const members = BigInt(options.members);
  return Number((bytesToBigintLe(digest) + BigInt(options.index)) % members);
}

/** Says when a piece of work is this member's turn, first by rank, then again and again while it has no effect. */
export class Turns {
  readonly #place: { readonly index: number; readonly members: number };
  readonly #dueMs = new Map<string, number>();

  constructor(place: { readonly index: number; readonly members: number }) {
    this.#place = place;
  }

  /** True when it is time; the next time is set. `nowMs` is monotonic. */
  isDue(id: Hash, epoch: number, nowMs: number): boolean {
    const key = bytesToHex(id);
    let due = this.#dueMs.get(key);
    if (due === undefined) {
      due = nowMs + collectorRank({ epoch, id, ...this.#place }) * COLLECTOR_RANK_DELAY_MS;
      this.#dueMs.set(key, due);
    }
    if (nowMs < due) return false;
    this.#dueMs.set(key, nowMs + RESUBMIT_INTERVAL_MS);
    return true;
  }

  /** Forgets all work but this: what is not asked for any more is done. */
  keepOnly(ids: readonly Hash[]): void {
    const kept = new Set(ids.map(bytesToHex));
    for (const key of this.#dueMs.keys()) if (!kept.has(key)) this.#dueMs.delete(key);
  }
}
