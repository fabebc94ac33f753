// Transactions whose inputs are not known (spec/bytom.md section 12): kept for a while in case the transaction that creates
// them comes later. Anybody can fill this pool, so it is bounded in number, in bytes and in time.

import type { MappedMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

/** As in the reference. */
export const ORPHAN_TRANSACTIONS_MAX = 2_000;
export const ORPHAN_TRANSACTION_LIFETIME_MS = 600_000;
/** All of them together. */
export const ORPHAN_TRANSACTIONS_BYTES_MAX = 33_554_432;

export type OrphanTransaction = {
  readonly id: Hash;
  readonly transaction: MainTransaction;
  readonly mapped: MappedMainTransaction;
};

type Kept = OrphanTransaction & { readonly missing: readonly string[]; readonly expiresMs: number };

export class OrphanTransactions {
  readonly #orphans = new Map<string, Kept>();
  /** Missing output id to the ids of the transactions that wait for it. */
  readonly #waiting = new Map<string, Set<string>>();
  #bytes = 0;

  get size(): number {
    return this.#orphans.size;
  }

  /** False when there is no room. */
  add(orphan: OrphanTransaction, missing: readonly Hash[], nowMs: number): boolean {
    const key = bytesToHex(orphan.id);
    if (this.#orphans.has(key)) return true;
    const bytes = this.#bytes + orphan.transaction.size;
    if (this.#orphans.size >= ORPHAN_TRANSACTIONS_MAX || bytes > ORPHAN_TRANSACTIONS_BYTES_MAX) return false;
    const ids = missing.map(bytesToHex);
    this.#orphans.set(key, { ...orphan, missing: ids, expiresMs: nowMs + ORPHAN_TRANSACTION_LIFETIME_MS });
    this.#bytes = bytes;
    for (const id of ids) this.#waiting.set(id, (this.#waiting.get(id) ?? new Set()).add(key));
    return true;
  }

  delete(key: string): void {
    const orphan = this.#orphans.get(key);
    if (orphan === undefined) return;
    this.#orphans.delete(key);
    this.#bytes -= orphan.transaction.size;
    for (const id of orphan.missing) {
      const waiting = this.#waiting.get(id);
      waiting?.delete(key);
      if (waiting?.size === 0) this.#waiting.delete(id);
    }
  }

  /** Takes out everything that waits for one of these outputs. */
  takeWaitingFor(outputs: readonly Hash[]): OrphanTransaction[] {
    const taken: OrphanTransaction[] = [];
    for (const output of outputs) {
      for (const key of [...(this.#waiting.get(bytesToHex(output)) ?? [])]) {
        const orphan = this.#orphans.get(key);
        if (orphan !== undefined) taken.push(orphan);
        this.delete(key);
      }
    }
    return taken;
  }

  sweep(nowMs: number): void {
    for (const [key, { expiresMs }] of [...this.#orphans]) if (expiresMs <= nowMs) this.delete(key);
  }
}
