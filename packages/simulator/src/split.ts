// A scenario in which the chain can fork: f + 1 validators are hostile and run two engines each under one key. The honest
// ones are split in two halves, and each half sees one engine of each hostile key, so that both halves have a quorum.
// Before the split everybody hears everybody: who starts waits to hear all. A few messages get across it later, too.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import { type Certificate, quorumSize } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { equalBytes } from "@bystack/utils/bytes";
import { CLOCK_START_MS } from "./clock.ts";
import { certificatesOfChain } from "./culprits.ts";
import { fakeHash, fakeScheme } from "./fake-crypto.ts";
import { SimNode } from "./node.ts";
import { SimRng } from "./rng.ts";
import { SmallWorld } from "./small-world.ts";
import { ToyLedger } from "./toy-ledger.ts";

/** Virtual time of a scenario in which nothing forks; one that forks goes on for a part of {@link AFTER_FORK_MS}. */
const END_MS = 6000;
const AFTER_FORK_MS = 1500;

/** What an honest validator can show of its chain. */
export type Shown = {
  readonly place: number;
  readonly blocks: readonly SideBlock[];
  /** What the chain of final blocks carries. */
  readonly chain: readonly Certificate[];
  /** What the record of votes holds besides. */
  readonly record: readonly Certificate[];
};

export type SplitOutcome = {
  readonly config: BbftConfig;
  readonly hostile: readonly number[];
  /** Two honest validators whose chains contradict each other; undefined when there is no fork. */
  readonly fork: readonly [Shown, Shown] | undefined;
  /** Height of the first two different final blocks. */
  readonly forkHeight: number;
};

class Split extends SmallWorld {
  readonly config: BbftConfig;
  readonly hostile: readonly number[];
  readonly #rng: SimRng;
  /** Engines by side; a hostile place has one on each. */
  readonly #sides: readonly [SimNode[], SimNode[]];
  readonly #honest: readonly SimNode[];
  readonly #splitMs: number;
  readonly #leak: number;
  readonly #loss: number;
  readonly #latencyMs: number;
  readonly #finalByHeight = new Map<number, Uint8Array>();
  #endMs = END_MS;

  constructor(seed: number, nodes: number) {
    super();
    const rng = new SimRng(seed * 6151 + 11);
    this.#rng = rng;
    const places = Array.from({ length: nodes }, (_, place) => place);
    const shuffled = places.map((place) => ({ place, at: rng.unit() })).sort((a, b) => a.at - b.at);
    const order = shuffled.map(({ place }) => place);
    const count = nodes - quorumSize(nodes) + 1;
    this.hostile = order.slice(0, count);
    this.#splitMs = rng.between(350, 2000);
    this.#leak = rng.chance(0.5) ? 0 : 0.02;
    this.#loss = rng.chance(0.5) ? 0 : 0.2 * rng.unit();
    this.#latencyMs = rng.between(5, 150);
    this.config = {
      chainId: fakeHash(7, Uint8Array.of(2)),
      committee: places.map((place) => fakeScheme.key(place)),
      ownKey: undefined,
      run: rng.between(1, 4),
      epochBlocks: rng.between(1, 6),
      blockMs: 500,
      deltaMs: 150,
      genesis: { hash: fakeHash(9, Uint8Array.of(3)), timestampMs: CLOCK_START_MS - 500 },
      predicates: false,
      recordCompactEntries: rng.between(10, 200),
    };
    const { hash } = this.config.genesis;
    const { epochBlocks } = this.config;
    const ledger = new ToyLedger({ genesis: hash, first: places, epochBlocks, elector: undefined });
    const honest = order.slice(count);
    const half = Math.ceil(honest.length / 2);
    const engines = (members: readonly number[]): SimNode[] =>
      [...members, ...this.hostile].map((place) => this.#createNode(place, ledger));
    this.#sides = [engines(honest.slice(0, half)), engines(honest.slice(half))];
    this.#honest = this.#sides.flat().filter((node) => !this.hostile.includes(node.place));
  }

  #createNode(place: number, ledger: ToyLedger): SimNode {
    return new SimNode({
      place,
      crypto: fakeScheme.crypto(place),
      config: { ...this.config, ownKey: fakeScheme.key(place) },
      // Twins do not mind that the other one has signed something else.
      mutation: this.hostile.includes(place) ? "S5-forget" : "none",
      world: this,
      ledger,
      rng: this.#rng,
      slowDisk: false,
      torn: false,
      predicateDelayMs: 0,
    });
  }

  protected get engines(): readonly SimNode[] {
    return this.#sides.flat();
  }

  #crosses(from: SimNode, to: SimNode): boolean {
    const isTogether = this.#sides.some((side) => side.includes(from) && side.includes(to));
    return isTogether || this.nowMs() < this.#splitMs || this.#rng.chance(this.#leak);
  }

  protected passage(from: SimNode, to: SimNode): number | undefined {
    if (!this.#crosses(from, to) || this.#rng.chance(this.#loss)) return undefined;
    return 1 + this.#rng.unit() * this.#latencyMs;
  }

  /** Two honest validators that disagree: there is little more to wait for. */
  override appended(node: SimNode): void {
    if (this.hostile.includes(node.place)) return;
    for (let height = 1; height <= node.store.height; height += 1) {
      const hash = node.store.at(height)?.block.hash;
      const other = this.#finalByHeight.get(height);
      if (hash === undefined || this.#endMs < END_MS) return;
      if (other === undefined) this.#finalByHeight.set(height, hash);
      else if (!equalBytes(hash, other))
        this.#endMs = Math.min(END_MS - 1, this.nowMs() + this.#rng.between(0, AFTER_FORK_MS));
    }
  }

  #shown(node: SimNode): Shown {
    const finals = Array.from({ length: node.store.height }, (_, i) => node.store.at(i + 1));
    const blocks = finals.flatMap((final) => final?.block ?? []);
    const certificates = finals.flatMap((final) => final?.certificate ?? []);
    const record = node.disk.entries().flatMap((entry) => (entry.type === "certificate" ? [entry.certificate] : []));
    return { place: node.place, blocks, chain: certificatesOfChain(blocks, certificates), record };
  }

  run(): SplitOutcome {
    for (const node of this.engines) this.at(this.#rng.below(30), () => node.start());
    this.runUntil(() => this.#endMs);
    const shown = this.#honest.map((node) => this.#shown(node));
    for (const one of shown) {
      for (const other of shown) {
        const at = one.blocks.findIndex((block, i) => {
          const against = other.blocks[i];
          return against !== undefined && !equalBytes(block.hash, against.hash);
        });
        if (at >= 0) return { config: this.config, hostile: this.hostile, fork: [one, other], forkHeight: at + 1 };
      }
    }
    return { config: this.config, hostile: this.hostile, fork: undefined, forkHeight: 0 };
  }
}

/** Runs one scenario to its end; the same seed gives the same course. */
export function runSplit(seed: number, nodes: number): SplitOutcome {
  return new Split(seed, nodes).run();
}
