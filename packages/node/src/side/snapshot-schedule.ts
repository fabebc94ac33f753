// When a snapshot of the final state is worth its cost. A restart replays everything behind the newest one, about 4,000
// transactions a second on one core: without a limit in transactions a busy chain would take minutes to come back, and
// without counting from the newest snapshot a node that restarts often would never take one.

/** Transactions behind the newest snapshot from which on a new one is due: two seconds of replay. */
export const SNAPSHOT_TRANSACTIONS = 8_000;
/**
 * A snapshot writes every output, 1 to 2 us each, and a transaction costs 250 us: at one snapshot for a tenth as many
 * transactions as there are outputs it takes less than a tenth of the node's time.
 */
export const SNAPSHOT_OUTPUTS_SHARE = 10;

export class SnapshotSchedule {
  readonly #blocksMax: number;
  #height: number;
  #transactions = 0;

  /** `height`: of the newest snapshot, 0 when there is none. */
  constructor(options: { readonly blocksMax: number; readonly height: number }) {
    this.#blocksMax = options.blocksMax;
    this.#height = options.height;
  }

  /** Counts the transactions of a block behind the newest snapshot, replayed or new. */
  add(transactions: number): void {
    this.#transactions += transactions;
  }

  isDue(now: { readonly height: number; readonly outputs: number }): boolean {
    const enough = Math.max(SNAPSHOT_TRANSACTIONS, now.outputs / SNAPSHOT_OUTPUTS_SHARE);
    return now.height - this.#height >= this.#blocksMax || this.#transactions >= enough;
  }

  taken(height: number): void {
    this.#height = height;
    this.#transactions = 0;
  }
}
