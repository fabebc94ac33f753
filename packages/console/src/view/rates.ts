// Rates from blocks. Pure.

type BlockLike = { readonly height: number; readonly timestampMs: number; readonly transactions: readonly unknown[] };

/**
 * Transactions a second over some blocks, newest first; the oldest one only says when it began.
 * @returns null with fewer than two blocks, or when their clocks do not rise
 */
export function transactionsPerSecond(blocks: readonly BlockLike[]): number | null {
  const [newest] = blocks;
  const oldest = blocks.at(-1);
  if (newest === undefined || oldest === undefined || newest === oldest) return null;
  const ms = newest.timestampMs - oldest.timestampMs;
  if (ms <= 0) return null;
  const count = blocks.slice(0, -1).reduce((sum, { transactions }) => sum + transactions.length, 0);
  return (count * 1000) / ms;
}

/** `0.4/s`, `12/s`; a dash when it is not known. */
export function formatRate(rate: number | null): string {
  if (rate === null) return "–";
  return `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`;
}

/** Hashes a second with a unit: `1.9 H/s`, `3.2 kH/s`. */
export function formatHashRate(perSecond: number): string {
  const units = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s"];
  let value = perSecond;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
