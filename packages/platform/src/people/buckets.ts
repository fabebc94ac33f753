// Token buckets in a table of bounded size. A key whose bucket is full again is the same as one never seen, so it is forgotten
// when its place is needed; while no place is free, newcomers share one bucket: a flood of names neither grows the table, nor
// gives anybody a fresh bucket, nor shuts out those who are in it.

import type { Clock } from "@bystack/utils/ports";

export type BucketOptions = {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Calls that may come at once. */
  readonly burst: number;
  /** In how many milliseconds an empty bucket is full again. */
  readonly refillMs: number;
  readonly keysMax: number;
};

type Bucket = { level: number; atMs: number };

export class Buckets {
  readonly #options: BucketOptions;
  /** The one used longest ago comes first. */
  readonly #byKey = new Map<string, Bucket>();
  #shared: Bucket;

  constructor(options: BucketOptions) {
    this.#options = options;
    this.#shared = { level: options.burst, atMs: options.clock.monotonicMs() };
  }

  /** Keys that have a bucket of their own. */
  get size(): number {
    return this.#byKey.size;
  }

  #levelAt({ level, atMs }: Bucket, nowMs: number): number {
    const { burst, refillMs } = this.#options;
    return Math.min(burst, level + ((nowMs - atMs) * burst) / refillMs);
  }

  #makeRoom(nowMs: number): boolean {
    for (const [key, bucket] of this.#byKey) {
      if (this.#byKey.size < this.#options.keysMax) return true;
      if (this.#levelAt(bucket, nowMs) < this.#options.burst) return false;
      this.#byKey.delete(key);
    }
    return true;
  }

  /** Takes one. @returns 0 when it was there, otherwise in how many milliseconds the next one is */
  take(key: string): number {
    const { clock, burst, refillMs } = this.#options;
    const nowMs = clock.monotonicMs();
    let bucket = this.#byKey.get(key);
    if (bucket !== undefined) this.#byKey.delete(key);
    else if (this.#makeRoom(nowMs)) bucket = { level: burst, atMs: nowMs };
    if (bucket !== undefined) this.#byKey.set(key, bucket);
    else bucket = this.#shared;
    const level = this.#levelAt(bucket, nowMs);
    bucket.atMs = nowMs;
    bucket.level = level >= 1 ? level - 1 : level;
    return level >= 1 ? 0 : Math.ceil(((1 - level) * refillMs) / burst);
  }
}
