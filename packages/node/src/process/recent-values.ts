// The newest measurements of one kind, for "how is it now": percentiles over the last minute and never more than a limit.
// A histogram since the start would tell a good week and hide the bad minute that somebody asks about.

/** What counts as now. */
export const RECENT_MS = 60_000;
/** Measurements kept: a minute of votes at a block every 0.1 s, three for each; the oldest go first. */
export const RECENT_VALUES_MAX = 2_048;

export type RecentSummary = {
  /** 99 of 100 were not above this; 0 without any. */
  readonly p99Ms: number;
  readonly longestMs: number;
  readonly samples: number;
};

export class RecentValues {
  readonly #items: { readonly atMs: number; readonly value: number }[] = [];

  /** @param atMs of a clock that never goes back */
  add(value: number, atMs: number): void {
    this.#items.push({ value, atMs });
    if (this.#items.length > RECENT_VALUES_MAX) this.#items.shift();
  }

  summary(nowMs: number): RecentSummary {
    while ((this.#items[0]?.atMs ?? nowMs) < nowMs - RECENT_MS) this.#items.shift();
    const sorted = this.#items.map(({ value }) => value).sort((a, b) => a - b);
    const at = Math.max(0, Math.ceil(sorted.length * 0.99) - 1);
    return { p99Ms: sorted[at] ?? 0, longestMs: sorted.at(-1) ?? 0, samples: sorted.length };
  }
}
