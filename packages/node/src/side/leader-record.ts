// Whose views ended how, of the newest views that this node saw: who led, whether the view was nullified, how long it took.
// A leader whose views always end nullified costs each round its timeouts while everything else looks well.

import { type Committee, leaderOf } from "@bystack/consensus/bbft/committee";
import { EMPTY_BYTES, equalBytes } from "@bystack/utils/bytes";

/** Views remembered: 16 turns of a committee of four at 4 views a turn, some minutes; the oldest go first. */
export const LEADER_VIEWS_MAX = 256;

/** A view that this node has entered; `nullified`: the one before it ended without a block. */
export type EnteredView = { readonly epoch: number; readonly view: number; readonly nullified: boolean };

export type LedViews = {
  /** Place in the committee of the present epoch. */
  readonly index: number;
  readonly led: number;
  readonly nullified: number;
  /** Nullified in a row, up to the newest that it led. */
  readonly nullifiedInRow: number;
  /** Mean time of its nullified views; 0 without any. */
  readonly nullifiedMeanMs: number;
};

type View = { readonly index: number; readonly nullified: boolean; readonly tookMs: number };

function sameKeys(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((key, place) => equalBytes(key, b[place] ?? EMPTY_BYTES));
}

export class LeaderRecord {
  readonly #run: number;
  #epoch = 0;
  #keys: readonly Uint8Array[] = [];
  #views: View[] = [];
  #last: { readonly view: number; readonly atMs: number } | undefined;

  /** @param run views of one leader in a row */
  constructor(run: number) {
    this.#run = run;
  }

  /** @param atMs of a clock that never goes back */
  entered(entry: EnteredView, committee: Pick<Committee, "n" | "keys">, atMs: number): void {
    // Places mean other validators after an election.
    if (entry.epoch !== this.#epoch && !sameKeys(this.#keys, committee.keys)) this.#views = [];
    this.#keys = committee.keys;
    const last = entry.epoch === this.#epoch ? this.#last : undefined;
    this.#epoch = entry.epoch;
    this.#last = { view: entry.view, atMs };
    // Views that were jumped over while catching up were not seen from their beginning.
    if (last === undefined || last.view !== entry.view - 1) return;
    const index = leaderOf(committee, this.#run, last.view);
    this.#views.push({ index, nullified: entry.nullified, tookMs: atMs - last.atMs });
    if (this.#views.length > LEADER_VIEWS_MAX) this.#views.shift();
  }

  leaders(): LedViews[] {
    const indices = [...new Set(this.#views.map(({ index }) => index))].sort((a, b) => a - b);
    return indices.map((index) => {
      const own = this.#views.filter((view) => view.index === index);
      const failed = own.filter(({ nullified }) => nullified);
      const total = failed.reduce((sum, { tookMs }) => sum + tookMs, 0);
      return {
        index,
        led: own.length,
        nullified: failed.length,
        nullifiedInRow: own.length - 1 - own.findLastIndex(({ nullified }) => !nullified),
        nullifiedMeanMs: failed.length === 0 ? 0 : total / failed.length,
      };
    });
  }
}
