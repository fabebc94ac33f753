// What the chains of a network looked like since this tab was opened: one picture a second, the newest fifteen minutes. The plots
// are drawn from it; nothing is kept beyond the tab.

import { useSyncExternalStore } from "react";

/** Pictures that are kept of each chain: fifteen minutes at one a second. */
export const HISTORY_MAX = 900;
/** Chains whose history is kept; a network has at most 51. */
export const HISTORY_CHAINS_MAX = 200;

export type Moment = { readonly atMs: number; readonly height: number | null; readonly intervalMs: number | null };

const histories = new Map<string, readonly Moment[]>();
const listeners = new Set<() => void>();
const NOTHING: readonly Moment[] = [];

type Picture = {
  readonly network: string;
  readonly main: { readonly chain: string; readonly height: number | null; readonly intervalMs: number | null };
  readonly sides: readonly {
    readonly chain: string;
    readonly height: number | null;
    readonly intervalMs: number | null;
  }[];
};

/** Adds one picture; two within half a second are one. */
export function remember({ network, main, sides }: Picture, atMs: number): void {
  for (const { chain, height, intervalMs } of [main, ...sides]) {
    const key = `${network}/${chain}`;
    const known = histories.get(key) ?? NOTHING;
    if (atMs - (known.at(-1)?.atMs ?? 0) < 500) continue;
    if (known.length === 0 && histories.size >= HISTORY_CHAINS_MAX) continue;
    histories.set(key, [...known.slice(1 - HISTORY_MAX), { atMs, height, intervalMs }]);
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function historyOf(network: string, chain: string): readonly Moment[] {
  return histories.get(`${network}/${chain}`) ?? NOTHING;
}

export function useHistory(network: string, chain: string): readonly Moment[] {
  return useSyncExternalStore(subscribe, () => historyOf(network, chain));
}
