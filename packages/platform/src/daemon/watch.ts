// What the platform sees of its networks at the moment: each is looked at again and again, its picture is kept for whoever asks,
// and what changed for good (a chain halts, a node is away) becomes an event. Nothing here changes anything.

import type { Clock, Logger } from "@bystack/utils/ports";
import type { NetworkStatus } from "../network/status.ts";
import type { EventDraft } from "../store/store.ts";

/** From one look to the next, seen from its end: a dead validator is seen within 3 s (platform.md section 12). */
export const LOOK_EVERY_MS = 1_000;
/** Pictures of a network that are kept: 15 minutes at one a second. */
export const SAMPLES_MAX = 900;

export type Sample = {
  readonly atMs: number;
  readonly rssBytes: number;
  readonly chains: Readonly<
    Record<string, { readonly height: number | null; readonly intervalMs: number | null; readonly mempool: number }>
  >;
};

export type WatchOptions = {
  /** Networks that there are, and how one stands. */
  readonly networks: () => Promise<readonly string[]>;
  readonly look: (network: string) => Promise<NetworkStatus>;
  readonly record: (events: readonly EventDraft[]) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
};

type Listener = (status: NetworkStatus) => void;

/** What is told of a network when it changes, beside its picture: the states of its chains and nodes. */
function changesOf(before: NetworkStatus | undefined, after: NetworkStatus): EventDraft[] {
  if (before === undefined) return [];
  const { network } = after;
  const chains = (status: NetworkStatus) => [status.main, ...status.sides];
  const chainEvents = chains(after).flatMap(({ chain, state }): EventDraft[] => {
    const old = chains(before).find((candidate) => candidate.chain === chain)?.state;
    if (old === undefined || old === state) return [];
    return [{ topic: "chain", subject: chain, data: { network, state, before: old } }];
  });
  const nodeEvents = after.nodes.flatMap(({ id, phase, ready, why }): EventDraft[] => {
    const old = before.nodes.find((candidate) => candidate.id === id);
    if (old === undefined || (old.phase === phase && old.ready === ready)) return [];
    return [{ topic: "node", subject: id, data: { network, phase, ready, why } }];
  });
  return [...chainEvents, ...nodeEvents];
}

function sampleOf(status: NetworkStatus, atMs: number): Sample {
  const chains = [status.main, ...status.sides].map(({ chain, height, intervalMs }) => {
    const mempool = status.nodes.reduce(
      (most, node) => (node.chain === chain ? Math.max(most, node.mempool ?? 0) : most),
      0,
    );
    return [chain, { height, intervalMs, mempool }] as const;
  });
  return { atMs, rssBytes: status.rssBytes, chains: Object.fromEntries(chains) };
}

export class Watch {
  readonly #options: WatchOptions;
  readonly #latest = new Map<string, NetworkStatus>();
  readonly #samples = new Map<string, Sample[]>();
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isEnded = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** The newest picture; undefined before the first one. */
  latest(network: string): NetworkStatus | undefined {
    return this.#latest.get(network);
  }

  samples(network: string): readonly Sample[] {
    return this.#samples.get(network) ?? [];
  }

  /** Called with each picture that is not like the one before. @returns what ends it */
  onPicture(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.look()
        .catch((error: unknown) => this.#options.logger.warn("a look at the networks failed", { why: String(error) }))
        .finally(() => {
          if (!this.#isEnded) this.start();
        });
    }, LOOK_EVERY_MS);
    // It keeps no process alive that has nothing else to do.
    this.#timer.unref();
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Looks at every network once. */
  async look(): Promise<void> {
    const names = await this.#options.networks();
    for (const known of this.#latest.keys()) {
      if (names.includes(known)) continue;
      this.#latest.delete(known);
      this.#samples.delete(known);
    }
    await Promise.all(names.map((name) => this.#lookAt(name)));
  }

  async #lookAt(network: string): Promise<void> {
    const { look, record, clock, logger } = this.#options;
    let status: NetworkStatus;
    try {
      status = await look(network);
    } catch (error) {
      // It is being made or removed at this moment; the next look finds it whole or gone.
      logger.debug("a network cannot be looked at", { network, why: String(error) });
      return;
    }
    const before = this.#latest.get(network);
    this.#latest.set(network, status);
    const samples = this.#samples.get(network) ?? [];
    samples.push(sampleOf(status, clock.nowMs()));
    if (samples.length > SAMPLES_MAX) samples.shift();
    this.#samples.set(network, samples);
    const events = changesOf(before, status);
    if (events.length > 0) await record(events);
    for (const listener of this.#listeners) listener(status);
  }
}
