// The shell around one engine inside a simulation: it does with virtual time, disk and network what a node does with
// real ones, and can die at each point where a real one can.

import { createBbftEngine } from "@bystack/consensus/bbft";
import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { VoteCrypto } from "@bystack/consensus/bbft/crypto";
import type { BbftEffect, BbftEvent, StoredTip, Target, TimerId } from "@bystack/consensus/bbft/events";
import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import type { Mutation } from "@bystack/consensus/bbft/mutation";
import type { RecordEntry } from "@bystack/consensus/bbft/record";
import type { BbftState } from "@bystack/consensus/bbft/state";
import { lastServedHeight } from "@bystack/consensus/bbft/sync";
import { EMPTY_BYTES } from "@bystack/utils/bytes";
import { SimDisk, SimStore } from "./disk.ts";
import type { CrashPoint } from "./node-plan.ts";
import type { SimRng } from "./rng.ts";
import type { Seats } from "./seats.ts";
import type { ToyLedger } from "./toy-ledger.ts";

/** An event without its clock reading, which the node adds when it happens. */
export type TimelessEvent = BbftEvent extends infer E ? (E extends BbftEvent ? Omit<E, "nowMs"> : never) : never;

/** What a node needs of the world around it. */
export type World = {
  nowMs(): number;
  /** What this node's clock shows. */
  localMs(place: number): number;
  keysOf(seats: Seats): Uint8Array[];
  started(node: SimNode): void;
  /** Runs an action of this node later; dropped if the node died in between. */
  after(node: SimNode, delayMs: number, action: () => void): void;
  send(node: SimNode, target: Target | "all", message: BbftMessage): void;
  /** Called with each effect, before it is carried out. */
  observe(node: SimNode, effect: BbftEffect): void;
  synced(node: SimNode, entries: readonly RecordEntry[]): void;
  /** The store has taken in final blocks. */
  appended(node: SimNode): void;
  /** The vote-time predicates of a block hold at this node from now on. */
  predicateHolds(node: SimNode, hash: Uint8Array): void;
  stepped(node: SimNode, event: TimelessEvent): void;
  crash(node: SimNode, point: CrashPoint): void;
};

export type SimNodeOptions = {
  readonly place: number;
  readonly config: BbftConfig;
  readonly crypto: VoteCrypto;
  readonly mutation: Mutation;
  readonly world: World;
  readonly ledger: ToyLedger;
  readonly rng: SimRng;
  readonly slowDisk: boolean;
  /** Of what was written and not synced, a crash may leave a part. */
  readonly torn: boolean;
  readonly predicateDelayMs: number;
};

export class SimNode {
  readonly place: number;
  readonly options: SimNodeOptions;
  readonly disk: SimDisk;
  readonly store: SimStore;
  readonly engine;
  state: BbftState;
  /** Grows at each start and crash: whatever was scheduled before is void. */
  incarnation = 0;
  isUp = false;
  /** The node dies when it next comes to this point. */
  armed: CrashPoint | undefined = undefined;
  #timers = new Map<TimerId, number>();
  #timerCount = 0;
  #salt = 0;
  /** fsync is one at a time: when the disk is free again. */
  #diskFreeMs = 0;

  constructor(options: SimNodeOptions) {
    this.options = options;
    this.place = options.place;
    const { config } = options;
    this.disk = new SimDisk(config.chainId, config.ownKey ?? EMPTY_BYTES);
    this.store = new SimStore(config.genesis.hash);
    this.engine = createBbftEngine(options.crypto, options.mutation);
    this.state = this.engine.init(config);
  }

  #tip(): StoredTip {
    const { config, ledger, world } = this.options;
    const seats = ledger.seatsAfter(this.store.at(this.store.height)?.block.hash ?? config.genesis.hash);
    const committees = seats && {
      previous: seats.previous && world.keysOf(seats.previous),
      present: world.keysOf(seats.present),
      next: world.keysOf(seats.next),
    };
    return this.store.tip(config.epochBlocks, ledger.rotates ? committees : undefined);
  }

  start(): void {
    const { config, rng, world } = this.options;
    this.incarnation += 1;
    this.isUp = true;
    this.#timers.clear();
    this.#diskFreeMs = 0;
    this.state = this.engine.init(config);
    const nonce = new Uint8Array(32);
    for (let i = 0; i < 8; i += 1) nonce[i] = rng.below(256);
    const record = config.ownKey === undefined ? [] : this.disk.read();
    world.started(this);
    this.step({ type: "start", record, tip: this.#tip(), nonce });
  }

  crash(): void {
    const { world, rng, torn } = this.options;
    this.incarnation += 1;
    this.isUp = false;
    this.armed = undefined;
    world.synced(this, this.disk.crash(torn ? rng : undefined, this.store.durableHeight));
    this.store.crash();
  }

  step(event: TimelessEvent): void {
    if (!this.isUp) return;
    const nowMs = this.options.world.localMs(this.place);
    const effects = this.engine.step(this.state, { ...event, nowMs } as BbftEvent);
    this.options.world.stepped(this, event);
    for (const effect of effects) {
      if (!this.isUp) return;
      this.#perform(effect);
    }
  }

  /** Dies here if that is planned. @returns whether it did. */
  #dies(...points: readonly CrashPoint[]): boolean {
    if (!this.isUp || this.armed === undefined || !points.includes(this.armed)) return false;
    this.options.world.crash(this, this.armed);
    return true;
  }

  #perform(effect: BbftEffect): void {
    const { world, rng, ledger } = this.options;
    world.observe(this, effect);
    switch (effect.type) {
      case "persist":
        this.#persist(effect);
        return;
      case "send":
        world.send(this, effect.to, effect.message);
        return;
      case "broadcast":
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
        const { block } = effect;
        const valid = ledger.judge(block);
        const seats = valid ? ledger.elected(block) : undefined;
        const elected = seats && world.keysOf(seats);
        const { hash } = block;
        world.after(this, rng.below(12), () => this.step({ type: "blockValidated", hash, valid, elected }));
        return;
      }
      case "evaluatePredicate": {
        const delayMs = rng.below(this.options.predicateDelayMs);
        const { hash } = effect.block;
        world.after(this, delayMs, () => {
          world.predicateHolds(this, hash);
          this.step({ type: "predicate", hash, holds: true });
        });
        return;
      }
      case "finalised":
        this.#store(effect);
        return;
      case "serveFinal":
        this.#serve(effect);
        return;
      case "viewEntered":
        if (effect.epoch > 1 && effect.view === 1) this.#dies("epoch");
        return;
      default:
        return;
    }
  }

  #setTimer(id: TimerId, atMs: number): void {
    const { world } = this.options;
    this.#timerCount += 1;
    const mark = this.#timerCount;
    this.#timers.set(id, mark);
    world.after(this, Math.max(0, atMs - world.localMs(this.place)), () => {
      if (this.#timers.get(id) !== mark) return;
      this.#timers.delete(id);
      this.step({ type: "timer", id });
    });
  }

  #persist(effect: BbftEffect & { type: "persist" }): void {
    const { world, rng, slowDisk, mutation } = this.options;
    if (this.#dies("beforeWrite", "diskFull")) return;
    this.disk.write(effect);
    // One in ten is slow on a slow disk, and a few take a second.
    const slowMs = rng.chance(0.1) ? rng.between(20, rng.chance(0.1) ? 1000 : 200) : 0;
    const now = world.nowMs();
    this.#diskFreeMs = Math.max(now, this.#diskFreeMs) + (slowDisk ? slowMs : 0) + rng.unit() * 2;
    if (this.#dies("beforeSync") || (effect.replace && this.#dies("replace"))) return;
    world.after(this, this.#diskFreeMs - now, () => {
      if (this.#dies("syncFails")) return;
      if (mutation !== "fsync") world.synced(this, this.disk.sync(this.store.durableHeight));
      if (this.#dies("beforeSend")) return;
      this.step({ type: "persisted", token: effect.token });
      this.#dies("afterSend");
    });
  }

  #store(effect: BbftEffect & { type: "finalised" }): void {
    const { world, rng } = this.options;
    if (this.#dies("beforeStore")) return;
    this.store.append(effect.blocks, effect.certificate);
    world.appended(this);
    if (this.#dies("afterStore")) return;
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
