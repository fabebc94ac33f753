// What a node measures of itself and of its machine for `bystack why`: how late its event loop and its disk are now, how much
// room it has, what its clock says. Measured where it happens; asked for at /v1/vitals.

import { statfs } from "node:fs/promises";
import { getHeapStatistics } from "node:v8";
import type { Clock } from "@bystack/utils/ports";
import { type RecentSummary, RecentValues } from "./recent-values.ts";

export type ProcessVitals = {
  readonly instance: string;
  /** What the clock of this node says; whoever asked can compare it with its own. */
  readonly nowMs: number;
  readonly eventLoopLag: RecentSummary;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** Of the disk that holds the node's folder; null where the system does not say. */
  readonly diskFreeBytes: number | null;
};

export class Vitals {
  readonly #parts: { readonly clock: Clock; readonly instance: string; readonly folder: string };
  readonly #lag = new RecentValues();
  readonly #voteSync = new RecentValues();

  constructor(parts: { readonly clock: Clock; readonly instance: string; readonly folder: string }) {
    this.#parts = parts;
  }

  /** The event loop was held up for so long beyond a timer. */
  lagged(lagMs: number): void {
    this.#lag.add(lagMs, this.#parts.clock.monotonicMs());
  }

  /** Writing own votes to the record and syncing it took so long. */
  voteSynced(tookMs: number): void {
    this.#voteSync.add(tookMs, this.#parts.clock.monotonicMs());
  }

  voteSync(): RecentSummary {
    return this.#voteSync.summary(this.#parts.clock.monotonicMs());
  }

  async process(): Promise<ProcessVitals> {
    const { clock, instance, folder } = this.#parts;
    const free = await statfs(folder).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    );
    const { rss, heapUsed } = process.memoryUsage();
    return {
      instance,
      nowMs: clock.nowMs(),
      eventLoopLag: this.#lag.summary(clock.monotonicMs()),
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      diskFreeBytes: free,
    };
  }
}
