// What became of transactions that this node does not hold: refused when they were submitted here, or dropped while they
// waited. The node's memory is short; the chain itself remembers what took effect.

import { bytesToHex, type Hash } from "@bystack/utils/bytes";

/** Transactions remembered, the oldest go first: some minutes of a node whose every tenth submission is refused. */
export const REFUSED_TRANSACTIONS_MAX = 1_000;

export type RefusedTransaction = {
  /** `refused` at its submission, `dropped` after it had waited. */
  readonly how: "refused" | "dropped";
  /** The ledger's or the mempool's own code. */
  readonly code: string;
  readonly atMs: number;
};

export class RefusedTransactions {
  readonly #known = new Map<string, RefusedTransaction>();

  note(id: Hash, refused: RefusedTransaction): void {
    const key = bytesToHex(id);
    this.#known.delete(key);
    this.#known.set(key, refused);
    const [oldest] = this.#known.keys();
    if (this.#known.size > REFUSED_TRANSACTIONS_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  /** Transactions that waited and do not any more, apart from those that a block took. */
  noteDropped(
    dropped: readonly { readonly id: Hash; readonly code: string }[],
    taken: readonly Hash[],
    atMs: number,
  ): void {
    if (dropped.length === 0) return;
    const inBlocks = new Set(taken.map(bytesToHex));
    for (const { id, code } of dropped)
      if (!inBlocks.has(bytesToHex(id))) this.note(id, { how: "dropped", code, atMs });
  }

  get(idHex: string): RefusedTransaction | undefined {
    return this.#known.get(idHex);
  }

  /** It is there after all. */
  forget(id: Hash): void {
    this.#known.delete(bytesToHex(id));
  }
}
