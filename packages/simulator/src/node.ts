// The shell around one engine inside a simulation: it does with virtual time, disk and network what a node does with
// real ones, and can die at each point where a real one can.

import { createBbftEngine } from "@bystack/consensus/bbft";
import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { VoteCrypto } from "@bystack/consensus/bbft/crypto";
import type { BbftEffect, BbftEvent, Target, TimerId } from "@bystack/consensus/bbft/events";
import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import type { Mutation } from "@bystack/consensus/bbft/mutation";
import type { RecordEntry } from "@bystack/consensus/bbft/record";
import type { BbftState } from "@bystack/consensus/bbft/state";
import { lastServedHeight } from "@bystack/consensus/bbft/sync";
import { SimDisk, SimStore } from "./disk.ts";
import type { CrashPoint } from "./plan.ts";
import type { SimRng } from "./rng.ts";
import type { ToyLedger } from "./toy-ledger.ts";

/** Local clocks start here, so that no time is ever near zero. */
export const CLOCK_START_MS = 1_700_000_000_000;

/** An event without its clock reading, which the node adds when it happens. */
export type TimelessEvent = BbftEvent extends infer E ? (E extends BbftEvent ? Omit<E, "nowMs"> : never) : never;

/** What a node needs of the world around it. */
export type World = {
  nowMs(): number;
  /** Runs an action of this node later; dropped if the node died in between. */
  after(node: SimNode, delayMs: number, action: () => void): void;
  send(node: SimNode, target: Target | "all", message: BbftMessage): void;
  /** Called after each effect that others may judge. */
  observe(node: SimNode, effect: BbftEffect): void;
  synced(node: SimNode, entries: readonly RecordEntry[]): void;
  stepped(node: SimNode, event: TimelessEvent): void;
  crash(node: SimNode): void;
};

export type SimNodeOptions = {
  readonly place: number;
  readonly config: BbftConfig;
  readonly crypto: VoteCrypto;
  readonly mutation: Mutation;
  readonly world: World;
  readonly ledger: ToyLedger;
  readonly rng: SimRng;
  readonly skewMs: number;
  readonly slowDisk: boolean;
  readonly predicateDelayMs: number;
};

export class SimNode {
  readonly place: number;
  readonly options: SimNodeOptions;
  readonly disk: SimDisk;
  readonly store = new SimStore();
  readonly engine;
  state: BbftState;
  /** Grows at each start and crash: whatever was scheduled before is void. */
  incarnation = 0;
  isUp = false;
  /** The node dies at the next persist, at this point of it. */
  armed: CrashPoint | undefined = undefined;
  #timers = new Map<TimerId, number>();
  #timerCount = 0;
  #salt = 0;
  /** fsync is one at a time: when the disk is free again. */
  #diskFreeMs = 0;

  constructor(options: SimNodeOptions) {
    this.options = options;
    this.place = options.place;
    const { config, place } = options;
    this.disk = new SimDisk(config.chainId, config.committee[place] ?? new Uint8Array(32));
    this.engine = createBbftEngine(options.crypto, options.mutation);
    this.state = this.engine.init(config);
  }

  localMs(): number {
    return Math.floor(CLOCK_START_MS + this.options.world.nowMs() + this.options.skewMs);
  }

  start(): void {
    const { config, rng } = this.options;
    this.incarnation += 1;
    this.isUp = true;
    this.#timers.clear();
    this.#diskFreeMs = 0;
    this.state = this.engine.init(config);
    const nonce = new Uint8Array(32);
    for (let i = 0; i < 8; i += 1) nonce[i] = rng.below(256);
    this.step({ type: "start", record: this.disk.read(), tip: this.store.tip(config.epochBlocks), nonce });
  }

  crash(): void {
    this.incarnation += 1;
    this.isUp = false;
    this.armed = undefined;
    this.disk.crash();
    this.store.crash();
  }

  step(event: TimelessEvent): void {
    if (!this.isUp) return;
    const effects = this.engine.step(this.state, { ...event, nowMs: this.localMs() } as BbftEvent);
    this.options.world.stepped(this, event);
    for (const effect of effects) {
      if (!this.isUp) return;
      this.#perform(effect);
    }
  }

  #perform(effect: BbftEffect): void {
    const { world, rng, ledger } = this.options;
    switch (effect.type) {
      case "persist":
        this.#persist(effect);
        break;
      case "send":
        world.observe(this, effect);
        world.send(this, effect.to, effect.message);
        return;
      case "broadcast":
        world.observe(this, effect);
        world.send(this, "all", effect.message);
        return;
      case "setTimer":
        this.#setTimer(effect.id, effect.atMs);
        return;
      case "cancelTimer":
        this.#timers.delete(effect.id);
        return;
      case "buildBlock": {
        this.#salt += 1;
        const salt = this.#salt * 64 + this.place;
        const content = ledger.build(effect.parentHash, salt, false);
        world.after(this, rng.below(20), () => this.step({ type: "blockBuilt", token: effect.token, content }));
        return;
      }
      case "validateBlock": {
        const valid = ledger.judge(effect.block);
        world.after(this, rng.below(12), () => this.step({ type: "blockValidated", hash: effect.block.hash, valid }));
        return;
      }
      case "evaluatePredicate": {
        const delayMs = rng.below(this.options.predicateDelayMs);
        world.after(this, delayMs, () => this.step({ type: "predicate", hash: effect.block.hash, holds: true }));
        return;
      }
      case "finalised":
        world.observe(this, effect);
        this.#store(effect);
        return;
      case "serveFinal":
        this.#serve(effect);
        return;
      default:
        world.observe(this, effect);
    }
  }

  #setTimer(id: TimerId, atMs: number): void {
    this.#timerCount += 1;
    const mark = this.#timerCount;
    this.#timers.set(id, mark);
    this.options.world.after(this, Math.max(0, atMs - this.localMs()), () => {
      if (this.#timers.get(id) !== mark) return;
      this.#timers.delete(id);
      this.step({ type: "timer", id });
    });
  }

  #persist(effect: BbftEffect & { type: "persist" }): void {
    const { world, rng, slowDisk } = this.options;
    const crashes = (point: CrashPoint): boolean => {
      if (this.armed !== point || !this.isUp) return false;
      world.crash(this);
      return true;
    };
    if (crashes("beforeWrite")) return;
    this.disk.write(effect);
    world.observe(this, effect);
    const cost = slowDisk && rng.chance(0.1) ? rng.between(20, 200) : rng.unit() * 2;
    const now = world.nowMs();
    this.#diskFreeMs = Math.max(now, this.#diskFreeMs) + cost;
    if (crashes("beforeSync")) return;
    world.after(this, this.#diskFreeMs - now, () => {
      world.synced(this, this.disk.sync());
      if (crashes("beforeSend")) return;
      this.step({ type: "persisted", token: effect.token });
      crashes("afterSend");
    });
  }

  #store(effect: BbftEffect & { type: "finalised" }): void {
    const { world, rng } = this.options;
    this.store.append(effect.blocks, effect.certificate);
    const height = this.store.height;
    world.after(this, rng.between(1, 40), () => {
      this.store.durableHeight = Math.max(this.store.durableHeight, height);
      this.step({ type: "stored", height: this.store.durableHeight });
    });
  }

  #serve(effect: BbftEffect & { type: "serveFinal" }): void {
    const { world, config } = this.options;
    const request = { fromHeight: effect.fromHeight, countMax: effect.countMax, tipHeight: this.store.height };
    const to = lastServedHeight(config, request, (height) => this.store.at(height)?.certificate !== undefined);
    const certificate = to === undefined ? undefined : this.store.at(to)?.certificate;
    if (to === undefined || certificate === undefined) return;
    const blocks = [];
    for (let height = effect.fromHeight; height <= to; height += 1) {
      const final = this.store.at(height);
      if (final !== undefined) blocks.push(final.block);
    }
    const message: BbftMessage = { type: "SYNC_BLOCKS", blocks, certificate };
    world.after(this, 1, () => world.send(this, effect.to, message));
  }
}
