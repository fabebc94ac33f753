// Limits and order of a body (sidechain.md section 2): bytes, counts of system transactions and claims, and the order
// of kinds. Taking a transaction in says nothing about its validity.

import type { SideTransaction } from "@bystack/protocol/side/transaction";
import type { SideErrorCode } from "./errors.ts";
import { RANK, type Rank, rankOf } from "./progress.ts";
import type { SideRules } from "./rules.ts";

/** Where a body stands: a copy of it can be taken back when a candidate does not fit. */
type Used = { bytes: number; system: number; claims: number; headers: number; rank: Rank };

export class BlockLimits {
  readonly #rules: SideRules;
  #used: Used = { bytes: 0, system: 0, claims: 0, headers: 0, rank: RANK.coinbase };

  constructor(rules: SideRules) {
    this.#rules = rules;
  }

  mark(): Used {
    return { ...this.#used };
  }

  restore(mark: Used): void {
    this.#used = { ...mark };
  }

  /** Counts one transaction in; the code of the limit or order that it breaks. */
  take(transaction: SideTransaction): SideErrorCode | undefined {
    const { limits } = this.#rules.spec;
    const used = this.#used;
    used.bytes += transaction.size;
    if (used.bytes > limits.blockBytesMax) return "BLOCK_BYTES";
    const rank = rankOf(transaction);
    if (rank < used.rank) return "BLOCK_ORDER";
    used.rank = rank;
    if (rank === RANK.headers) used.headers += 1;
    if (used.headers > 1) return "BLOCK_ORDER";
    if (rank === RANK.headers || rank === RANK.system) used.system += 1;
    if (used.system > limits.systemTransactionsMax) return "BLOCK_SYSTEM_COUNT";
    if (rank === RANK.claim) used.claims += 1;
    return used.claims > limits.claimsMax ? "BLOCK_CLAIM_COUNT" : undefined;
  }
}
