// A machine of a test: a home folder, nodes without chains that live on, and a platform that can be killed and started again.

import { rmSync } from "node:fs";
import { Platform, type PurseOrder } from "@bystack/platform/daemon/platform";
import { layoutOf } from "@bystack/platform/network/layout";
import { PlatformStore } from "@bystack/platform/store";
import type { KvStore } from "@bystack/storage/kv";
import { createMemoryStore } from "@bystack/storage/memory";
import { nullLogger } from "@bystack/utils/ports";
import { FakeBackups } from "./fake-backups.ts";
import { homeFolder, NOW_MS, programOf } from "./kit.ts";
import { LiveNodes, LiveProvider } from "./live-nodes.ts";

/** A home with a platform that can be killed and started again, and nodes that do not notice. */
export class Machine {
  readonly home = homeFolder();
  readonly layout = layoutOf(this.home, "dev");
  #nowMs = NOW_MS;
  readonly clock = {
    // Every look at the clock is later: what was started after a change is told from what was before.
    nowMs: () => {
      this.#nowMs += 1;
      return this.#nowMs;
    },
    monotonicMs: () => 0,
  };
  /** Time goes on. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  readonly nodes = new LiveNodes(this.layout, this.clock);
  kv = createMemoryStore();
  /** Chains on which a round trip was made, in order. */
  readonly proofs: string[] = [];
  isProofSound = true;
  /** Of the newest platform. */
  store: PlatformStore | undefined;

  async platform(life: { isDead: boolean; point?: () => void } = { isDead: false }): Promise<Platform> {
    const never = <T>(): Promise<T> => new Promise(() => {});
    const { kv } = this;
    const mortal: KvStore = {
      ...kv,
      get: (key) => (life.isDead ? never() : kv.get(key)),
      batch: (batch) => (life.isDead ? never() : kv.batch(batch)),
    };
    const store = await PlatformStore.open(mortal, this.clock);
    this.store = store;
    const platform = new Platform({
      home: this.home,
      store,
      ports: {
        mainTargetSeconds: 2,
        createProvider: () => new LiveProvider(this.nodes),
        wallet: () => async (definition) => ({
          accounts: definition.accounts.map(({ account }) => ({ name: account, program: programOf(account) })),
          assets: definition.assets.map(({ asset }) => ({ name: asset, id: new Uint8Array(32).fill(asset.length) })),
        }),
        purse: () => ({
          accounts: async () => [{ account: "alice", programs: ["0014ab"], receive: `0014${"ab".repeat(20)}` }],
          pay: async (order) => this.#sent(order),
          pegIn: async (order) => this.#sent(order),
          pegOut: async (order) => this.#sent(order),
        }),
        backups: this.backups.ports,
        prove: () => async (_, chain) => {
          this.proofs.push(chain);
          return this.isProofSound ? undefined : "it did not hold";
        },
      },
      clock: this.clock,
      logger: nullLogger,
      random: () => 0.5,
      onBroken: () => {},
      ...(life.point && { onPoint: life.point }),
    });
    await platform.start();
    return platform;
  }

  readonly backups = new FakeBackups();

  /** What the wallet was asked to pay. */
  readonly orders: PurseOrder[] = [];
  #sent(order: PurseOrder) {
    this.orders.push(order);
    return { transaction: "ab".repeat(32), chain: order.chain, feeNeu: "1000" };
  }

  /** Applies a definition to its end. */
  async apply(platform: Platform, definition: string) {
    const { hash } = await platform.plan(definition);
    const { id } = await platform.apply(definition, hash, "test");
    return platform.journal.settled(id);
  }

  running(): string[] {
    return [...this.nodes.lives.keys()].sort();
  }

  async end(): Promise<void> {
    await this.nodes.end();
    rmSync(this.home, { recursive: true, force: true });
  }
}
