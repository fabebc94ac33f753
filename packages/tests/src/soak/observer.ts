// The outside client: follows the final events of every node and keeps what it was told. What it was told is final must
// be found on every node for ever after.

import { subscribeToEvents } from "@bystack/api/events";
import { NODE_EVENT } from "@bystack/api/node-routes";
import type { SoakNetwork } from "./network.ts";

export type FinalSeen = {
  readonly height: number;
  readonly hash: string;
  readonly atMs: number;
  readonly node: string;
};

export type Observer = {
  /** First sighting of each final block, by height. */
  readonly blocks: ReadonlyMap<number, FinalSeen>;
  /** First sighting of each final transaction, in ms. */
  readonly transactions: ReadonlyMap<string, number>;
  /** Two hashes reported final at one height. */
  readonly conflicts: readonly string[];
  /** Opens the streams of these nodes anew, after they were started. */
  connect(ids: readonly string[]): void;
  close(): void;
};

export function observe(
  network: SoakNetwork,
  options: { onTransaction: (id: string) => void; nowMs: () => number },
): Observer {
  const blocks = new Map<number, FinalSeen>();
  const transactions = new Map<string, number>();
  const conflicts: string[] = [];
  const streams = new Map<string, { close(): void }>();

  function note(node: string, event: unknown): void {
    const parsed = NODE_EVENT.safeParse(event);
    if (!parsed.success || parsed.data.type !== "final") return;
    const { height, hash } = parsed.data;
    const known = blocks.get(height);
    if (known === undefined) blocks.set(height, { height, hash, atMs: options.nowMs(), node });
    else if (known.hash !== hash)
      conflicts.push(`height ${height}: ${known.hash} by ${known.node}, ${hash} by ${node}`);
    for (const id of parsed.data.transactions) {
      if (transactions.has(id)) continue;
      transactions.set(id, options.nowMs());
      options.onTransaction(id);
    }
  }

  return {
    blocks,
    transactions,
    conflicts,
    connect: (ids) => {
      for (const id of ids) {
        streams.get(id)?.close();
        const { baseUrl } = network.client(id);
        streams.set(id, subscribeToEvents({ baseUrl, onEvent: (event) => note(id, event), onClose: () => {} }));
      }
    },
    close: () => {
      for (const stream of streams.values()) stream.close();
    },
  };
}

/**
 * Gaps between first sightings of consecutive final blocks, in ms, that ended in a span of time; the last one, which is
 * still open at its end, counts as it stands: a chain that stopped has no short gaps.
 */
export function gapsIn(blocks: ReadonlyMap<number, FinalSeen>, fromMs: number, toMs: number): number[] {
  const times = [...blocks.values()].sort((a, b) => a.height - b.height).map(({ atMs }) => atMs);
  const before = times.findLast((atMs) => atMs < fromMs) ?? fromMs;
  const within = [before, ...times.filter((atMs) => atMs >= fromMs && atMs <= toMs)];
  const gaps = within.slice(1).map((atMs, index) => atMs - (within[index] ?? atMs));
  return [...gaps, toMs - (within.at(-1) ?? fromMs)];
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
