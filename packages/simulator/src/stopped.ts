// Scenarios for promise P9: up to f validators stop for good, each at a given moment, and every message takes at most the
// assumed delay. From each slot of a leader that lives it is measured how long it takes until everybody who lives has a new
// final block, next to what is promised: the leader's timeout as it stands, and three delays.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { BbftEffect } from "@bystack/consensus/bbft/events";
import { TIMEOUT_MAX_MS } from "@bystack/consensus/bbft/limits";
import { CLOCK_START_MS } from "./clock.ts";
import { fakeHash, fakeScheme } from "./fake-crypto.ts";
import { SimNode } from "./node.ts";
import { SimRng } from "./rng.ts";
import { SmallWorld } from "./small-world.ts";
import { ToyLedger } from "./toy-ledger.ts";

const DELTA_MS = 150;
const BLOCK_MS = 500;
/** What a hop takes besides the network: a block is built (20 ms), executed (12 ms) and a record synced (2 ms) at most. */
const LOCAL_MS = 34;
const START_MS = 40;
/** The last moments of one that stops: its last proposal and votes may reach only some. */
const LAST_WORDS_MS = 200;

/** In its last moments only those of `heardBy` (one bit for each place) hear a validator. */
export type Stop = { readonly place: number; readonly atMs: number; readonly heardBy: number };

export type StoppedOptions = {
  readonly seed: number;
  readonly nodes: number;
  readonly run: number;
  readonly epochBlocks: number;
  /** Who stops, and when. */
  readonly stops: readonly Stop[];
  /** Every message takes the whole assumed delay, or a part of it that is drawn; or ten times as long, against the promise. */
  readonly delays: "full" | "drawn" | "tenfold";
  readonly endMs: number;
};

/** t_l after so many nullified views in a row (bbft.md section 6). */
function leaderTimeoutMs(streak: number): number {
  return Math.min(TIMEOUT_MAX_MS, 2 * DELTA_MS * 1.5 ** streak);
}

/** One slot of a leader that lives. */
export type Slot = {
  readonly place: number;
  readonly epoch: number;
  readonly view: number;
  /** When its leader is in the view and the interval since the last final block's time is over. */
  readonly slotMs: number;
  /** The promise: the leader's timeout and three delays. */
  readonly withinMs: number;
  /** From the slot until all that live have a final block more than any had at the slot; undefined when it did not come. */
  readonly tookMs: number | undefined;
};

type Open = Omit<Slot, "tookMs"> & { readonly height: number };

class Stopped extends SmallWorld {
  protected readonly engines: readonly SimNode[];
  readonly #options: StoppedOptions;
  readonly #rng: SimRng;
  readonly #slots: Open[] = [];
  /** When the last of those that live had a height. */
  readonly #finalMs = new Map<number, number>();
  readonly #timeOfHeight = new Map<number, number>([[0, -BLOCK_MS]]);

  constructor(options: StoppedOptions) {
    super();
    this.#options = options;
    this.#rng = new SimRng(options.seed * 9311 + 7);
    const places = Array.from({ length: options.nodes }, (_, place) => place);
    const { run, epochBlocks } = options;
    const config: BbftConfig = {
      chainId: fakeHash(7, Uint8Array.of(4)),
      committee: this.keysOf(places),
      ownKey: undefined,
      run,
      epochBlocks,
      blockMs: BLOCK_MS,
      deltaMs: DELTA_MS,
      genesis: { hash: fakeHash(9, Uint8Array.of(5)), timestampMs: CLOCK_START_MS - BLOCK_MS },
      predicates: false,
    };
    const ledger = new ToyLedger({ genesis: config.genesis.hash, first: places, epochBlocks, elector: undefined });
    const shared = { world: this, ledger, rng: this.#rng, slowDisk: false, torn: false, predicateDelayMs: 0 } as const;
    this.engines = places.map((place) => {
      const own = { ...config, ownKey: fakeScheme.key(place) };
      return new SimNode({ ...shared, place, crypto: fakeScheme.crypto(place), config: own, mutation: "none" });
    });
  }

  protected passage(from: SimNode, to: SimNode): number | undefined {
    const stop = this.#options.stops.find(({ place }) => place === from.place);
    const isLast = stop !== undefined && this.nowMs() > stop.atMs - LAST_WORDS_MS;
    if (isLast && ((stop.heardBy >>> to.place) & 1) === 0) return undefined;
    const { delays } = this.#options;
    if (delays === "drawn") return 1 + this.#rng.unit() * (DELTA_MS - 1);
    return delays === "full" ? DELTA_MS : 10 * DELTA_MS;
  }

  #isLasting(place: number): boolean {
    return !this.#options.stops.some((stop) => stop.place === place);
  }

  override observe(node: SimNode, effect: BbftEffect): void {
    if (effect.type === "finalised") {
      for (const { header } of effect.blocks)
        this.#timeOfHeight.set(header.height, header.timestampMs - CLOCK_START_MS);
      return;
    }
    if (effect.type !== "viewEntered" || !this.#isLasting(node.place)) return;
    const { epoch, view } = effect;
    const { nodes, run, stops } = this.#options;
    // What is promised counts from when nobody stops any more.
    const isSettled = stops.every(({ atMs }) => this.nowMs() > atMs) && this.nowMs() > START_MS + BLOCK_MS;
    if (Math.floor(view / run) % nodes !== node.place || !isSettled) return;
    const height = Math.max(...this.engines.map(({ store }) => store.height));
    const slotMs = Math.max(this.nowMs(), (this.#timeOfHeight.get(height) ?? 0) + BLOCK_MS);
    const withinMs = leaderTimeoutMs(node.state.streak) + 3 * (DELTA_MS + LOCAL_MS);
    this.#slots.push({ place: node.place, epoch, view, slotMs, withinMs, height });
  }

  override appended(): void {
    const least = Math.min(
      ...this.engines.filter((node) => this.#isLasting(node.place)).map(({ store }) => store.height),
    );
    for (let height = least; height > 0 && !this.#finalMs.has(height); height -= 1)
      this.#finalMs.set(height, this.nowMs());
  }

  run(): Slot[] {
    for (const node of this.engines) this.at(this.#rng.below(START_MS), () => node.start());
    for (const { place, atMs } of this.#options.stops) this.at(atMs, () => this.engines[place]?.crash());
    const { endMs } = this.#options;
    this.runUntil(() => endMs);
    const judged = this.#slots.filter(({ slotMs, withinMs }) => slotMs + withinMs < endMs);
    return judged.map(({ height, ...slot }) => {
      const ms = this.#finalMs.get(height + 1);
      return { ...slot, tookMs: ms === undefined ? undefined : ms - slot.slotMs };
    });
  }
}

/** Runs one scenario to its end. @returns the slots of living leaders after the last one has stopped. */
export function runStopped(options: StoppedOptions): Slot[] {
  return new Stopped(options).run();
}
