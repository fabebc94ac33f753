// A whole federation in virtual time: one main chain, one side chain, four members on disks in memory, a mesh that can lose,
// repeat and cut. One `round` is half a second: every member takes a step, messages are delivered, the side chain makes a
// block, and every fourth round the main chain one.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import type { MainOutput } from "@bystack/protocol/main/transaction";
import { depositHintProgram } from "@bystack/protocol/peg/hint";
import { createVaultKeys, depositProgram, type VaultKeys } from "@bystack/protocol/peg/vault";
import type { SideChainSpec } from "@bystack/protocol/spec";
import { createMemoryDisk, type MemoryDisk } from "@bystack/storage/disk-memory";
import type { KvStore } from "@bystack/storage/kv";
import { createMemoryStore } from "@bystack/storage/memory";
import { createFakeClock } from "@bystack/testing/clock";
import { createMemoryLogger, type MemoryLogger } from "@bystack/testing/logger";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { encodeEnvelope } from "../../src/exchange/envelope.ts";
import { encodeMessage, type Message } from "../../src/exchange/messages.ts";
import type { CrashPoint } from "../../src/member/context.ts";
import type { MainChainPort, SideChainPort } from "../../src/ports.ts";
import { createFederationService, type FederationService } from "../../src/service.ts";
import { MEMBERS, seedsOf, sideSpec, signerOf } from "./keys.ts";
import { MainChainFake, mainPortOf } from "./main-chain.ts";
import { SideChainFake } from "./side-chain.ts";
import { sidePortOf } from "./side-port.ts";

/** Stands for the end of a process. */
export class Killed extends Error {}

export type MemberHost = {
  readonly index: number;
  disk: MemoryDisk;
  store: KvStore;
  logger: MemoryLogger;
  service: FederationService | undefined;
  /** Kills the process the next time this point is reached. */
  crashAt: CrashPoint | undefined;
  crashes: number;
};

export type WorldOptions = {
  readonly confirmations?: number;
  readonly withView?: boolean;
  /** A chain with elections, whose committees are `side.elected`. */
  readonly elections?: boolean;
  /** How often an envelope is delivered: 0 loses it, 2 repeats it. */
  readonly deliveries?: (from: number, to: number) => number;
  /** Changes what one member's side node says. */
  readonly wrapSide?: (port: SideChainPort, index: number) => SideChainPort;
  readonly wrapMain?: (port: MainChainPort, index: number) => MainChainPort;
};

export class World {
  readonly spec: SideChainSpec;
  readonly keys: VaultKeys;
  readonly main: MainChainFake;
  readonly side: SideChainFake;
  readonly clock = createFakeClock();
  readonly hosts: MemberHost[];
  readonly #options: WorldOptions;
  #rounds = 0;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.spec = sideSpec(options.confirmations ?? 3, options.elections);
    this.keys = createVaultKeys(
      MEMBERS.map((i) => signerOf(`vault ${i}`).publicKey),
      3,
    );
    this.main = new MainChainFake(this.keys);
    this.side = new SideChainFake(this.spec, { main: this.main, keys: this.keys });
    this.hosts = MEMBERS.map((index) => ({
      index,
      disk: createMemoryDisk(),
      store: createMemoryStore(),
      logger: createMemoryLogger(),
      service: undefined,
      crashAt: undefined,
      crashes: 0,
    }));
  }

  host(index: number): MemberHost {
    const host = this.hosts[index];
    if (host === undefined) throw new Error(`no member ${index}`);
    return host;
  }

  service(index: number): FederationService {
    const { service } = this.host(index);
    if (service === undefined) throw new Error(`member ${index} is down`);
    return service;
  }

  async startAll(): Promise<void> {
    for (const { index } of this.hosts) await this.start(index);
  }

  async start(index: number): Promise<void> {
    const host = this.host(index);
    const { wrapSide, wrapMain, deliveries, withView } = this.#options;
    const side = sidePortOf(this.side, { withView: withView ?? false });
    const main = mainPortOf(this.main);
    host.service = await createFederationService({
      spec: this.spec,
      index,
      seeds: seedsOf(index),
      main: wrapMain?.(main, index) ?? main,
      side: wrapSide?.(side, index) ?? side,
      peers: [],
      transport: async (to, envelope) => {
        const times = deliveries?.(index, to) ?? 1;
        for (let i = 0; i < times; i += 1) {
          const { service } = this.host(to);
          if (service === undefined) throw new Error("down");
          await service.handlers.memberMessage({ params: {}, query: {}, body: { envelope: bytesToHex(envelope) } });
        }
      },
      mainAddressPrefix: "sm",
      disk: host.disk,
      folder: "federation",
      store: host.store,
      clock: this.clock,
      timers: this.clock,
      rng: createSeededRng(index + 1),
      logger: host.logger,
      crashPoint: (name) => {
        if (host.crashAt !== name) return;
        host.crashAt = undefined;
        host.crashes += 1;
        throw new Killed(name);
      },
    });
  }

  /** The process ends here and now; what was not synced is lost. The collector's store is emptied when `forget` is set. */
  kill(index: number, options: { forget?: boolean } = {}): void {
    const host = this.host(index);
    host.service = undefined;
    host.disk = host.disk.crash(() => "lost");
    if (options.forget === true) host.store = createMemoryStore();
  }

  async round(count = 1): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      for (const host of this.hosts) {
        const crashes = host.crashes;
        try {
          await host.service?.step();
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
        await host.service?.drained();
        for (const other of this.hosts) if (other.crashes > 0 && other.service !== undefined) this.#bury(other);
        if (host.crashes > crashes && host.service !== undefined) this.#bury(host);
      }
      this.side.produce();
      this.#rounds += 1;
      if (this.#rounds % 4 === 0) this.main.mine();
      this.clock.advance(500);
    }
  }

  readonly #buried = new Map<number, number>();

  #bury(host: MemberHost): void {
    if ((this.#buried.get(host.index) ?? 0) >= host.crashes) return;
    this.#buried.set(host.index, host.crashes);
    this.kill(host.index);
  }

  /** Rounds until something holds; fails after `max`. */
  async until(what: string, holds: () => boolean, max = 200): Promise<void> {
    for (let i = 0; i < max; i += 1) {
      if (holds()) return;
      await this.round();
    }
    throw new Error(`did not happen within ${max} rounds: ${what}`);
  }

  depositOutputs(
    recipient: Uint8Array,
    amount: bigint,
    options: { assetId?: Hash; hint?: boolean } = {},
  ): MainOutput[] {
    const chainId = this.side.chainId;
    const program = depositProgram({ keys: this.keys, chainId, recipient });
    const deposit: MainOutput = { kind: "output", assetId: options.assetId ?? BTM_ASSET_ID, amount, program };
    if (options.hint === false) return [deposit];
    return [
      deposit,
      { kind: "output", assetId: BTM_ASSET_ID, amount: 1n, program: depositHintProgram(chainId, recipient) },
    ];
  }

  /** Pays a deposit on the main chain; the result is its nullifier in hexadecimal. */
  deposit(recipient: Uint8Array, amount: bigint, options: { assetId?: Hash; hint?: boolean } = {}): string {
    const mapped = this.main.pay(this.depositOutputs(recipient, amount, options));
    return bytesToHex(mapped.results[0]?.id ?? new Uint8Array(0));
  }

  /** The float that payouts pay their fees from. */
  async fund(amount = 20_000_000_000n): Promise<void> {
    const nullifier = this.deposit(Uint8Array.of(0x6a), amount);
    await this.until("float credited", () => this.side.claims.has(nullifier));
  }

  async call<K extends keyof FederationService["handlers"]>(index: number, name: K, input: unknown) {
    const handler = this.service(index).handlers[name] as (input: unknown) => unknown;
    return (await handler(input)) as Awaited<ReturnType<FederationService["handlers"][K]>>;
  }
}

/** Sends one message with a member's real identity key, whatever that member's process does. */
export async function sayAs(world: World, route: { from: number; to: number }, message: Message): Promise<boolean> {
  const content = {
    chainId: world.side.chainId,
    epoch: 1,
    from: route.from,
    sequence: 1n << 62n,
    ...encodeMessage(message),
  };
  const envelope = bytesToHex(encodeEnvelope(content, signerOf(`identity ${route.from}`)));
  return (await world.call(route.to, "memberMessage", { params: {}, query: {}, body: { envelope } })).accepted;
}
