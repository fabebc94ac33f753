// What the payouts recorded at a height were derived from (M2), kept for the member that runs in this node.

import type { FinalBlock } from "@bystack/chain/side/side-chain";
import type { PayoutView } from "@bystack/protocol/peg/payout";

/** Payout boundaries whose view is kept: as many as may have an open payout. */
export const PAYOUT_VIEWS_MAX = 16;

export class PayoutViews {
  readonly #views = new Map<number, PayoutView>();

  follow({ block, summary }: FinalBlock): void {
    if (summary.payoutView === undefined) return;
    this.#views.set(block.header.height, summary.payoutView);
    const [oldest] = this.#views.keys();
    if (this.#views.size > PAYOUT_VIEWS_MAX && oldest !== undefined) this.#views.delete(oldest);
  }

  /** The view of a recorded height; undefined when it is older than what is kept or than the node's start. */
  at(recordedHeight: number): PayoutView | undefined {
    return this.#views.get(recordedHeight);
  }
}
