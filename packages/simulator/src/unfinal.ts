// A scenario in which blocks pile up: no FINALIZE vote arrives for a long time, while everything else does. Blocks go on
// being notarized until the tables of blocks are full; then the network heals, and the chain has to go on.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { Target } from "@bystack/consensus/bbft/events";
import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import { VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { CLOCK_START_MS } from "./clock.ts";
import { fakeHash, fakeScheme } from "./fake-crypto.ts";
import { SimNode } from "./node.ts";
import { SimRng } from "./rng.ts";
import { SmallWorld } from "./small-world.ts";
import { ToyLedger } from "./toy-ledger.ts";

export type UnfinalOptions = { readonly seed: number; readonly healMs: number; readonly endMs: number };

export type UnfinalOutcome = {
  /** Blocks held by the fullest table when the network heals. */
  readonly blocks: number;
  /** Final height at the healing and at the end, of whoever is lowest. */
  readonly healHeight: number;
  readonly endHeight: number;
  readonly view: number;
};

class Unfinal extends SmallWorld {
  protected readonly engines: readonly SimNode[];
  readonly #options: UnfinalOptions;
  readonly #rng: SimRng;

  constructor(options: UnfinalOptions) {
    super();
    this.#options = options;
    this.#rng = new SimRng(options.seed * 12_289 + 3);
    const places = [0, 1, 2, 3];
    const config: BbftConfig = {
      chainId: fakeHash(7, Uint8Array.of(6)),
      committee: this.keysOf(places),
      ownKey: undefined,
      run: 1,
      epochBlocks: 100_000,
      blockMs: 500,
      deltaMs: 150,
      genesis: { hash: fakeHash(9, Uint8Array.of(7)), timestampMs: CLOCK_START_MS - 500 },
      predicates: false,
    };
    const ledger = new ToyLedger({
      genesis: config.genesis.hash,
      first: places,
      epochBlocks: 100_000,
      elector: undefined,
    });
    const shared = { world: this, ledger, rng: this.#rng, slowDisk: false, torn: false, predicateDelayMs: 0 } as const;
    this.engines = places.map((place) => {
      const own = { ...config, ownKey: fakeScheme.key(place) };
      return new SimNode({ ...shared, place, crypto: fakeScheme.crypto(place), config: own, mutation: "none" });
    });
  }

  protected passage(): number {
    return 1 + this.#rng.unit() * 20;
  }

  override send(node: SimNode, target: Target | "all", message: BbftMessage): void {
    const isCut = message.type === "NOTES" && this.nowMs() < this.#options.healMs;
    if (!isCut) super.send(node, target, message);
    else {
      const votes = message.votes.filter(({ kind }) => kind !== VOTE_KINDS.FINALIZE);
      super.send(node, target, { ...message, votes });
    }
  }

  run(): UnfinalOutcome {
    for (const node of this.engines) this.at(this.#rng.below(30), () => node.start());
    const { healMs, endMs } = this.#options;
    const lowest = (): number => Math.min(...this.engines.map(({ store }) => store.height));
    this.runUntil(() => healMs);
    const blocks = Math.max(...this.engines.map(({ state }) => state.blocks.size));
    const healHeight = lowest();
    this.runUntil(() => endMs);
    return { blocks, healHeight, endHeight: lowest(), view: Math.max(...this.engines.map(({ state }) => state.view)) };
  }
}

/** Runs one scenario to its end. */
export function runUnfinal(options: UnfinalOptions): UnfinalOutcome {
  return new Unfinal(options).run();
}
