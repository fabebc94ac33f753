// A side chain of real engines in virtual time that answers as nodes do: what `bystack why` collects from a network comes here
// from the engines' own status, through the same functions that a node answers with. Validators are killed, cut off, robbed
// of their record, given another clock or a slow disk; proposals of one can be lost, and one key can run twice.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { BbftEffect, Target } from "@bystack/consensus/bbft/events";
import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import { statusOf } from "@bystack/consensus/bbft/status";
import { RecentValues } from "@bystack/node/recent-values";
import { LeaderRecord } from "@bystack/node/side/leader-record";
import { consensusReply } from "@bystack/node/side/node-info";
import type { Evidence, Incident, NodeEvidence } from "@bystack/platform/why/evidence";
import { CLOCK_START_MS } from "@bystack/simulator/clock";
import { fakeHash, fakeScheme } from "@bystack/simulator/fake-crypto";
import { SimNode, type TimelessEvent } from "@bystack/simulator/node";
import { SimRng } from "@bystack/simulator/rng";
import { SmallWorld } from "@bystack/simulator/small-world";
import { ToyLedger } from "@bystack/simulator/toy-ledger";
import { bytesToHex } from "@bystack/utils/bytes";
import { vitalsOf } from "./recorded-network.ts";

const CHAIN = "demo";
const BLOCK_MS = 500;
const EPOCH_BLOCKS = 60;
/** Over which the interval and the rate of blocks are taken, as in a node. */
const INTERVAL_BLOCKS = 20;
const RATE_MS = 5_000;

export type SimOptions = {
  readonly nodes?: number;
  /** Views of a leader in a row. */
  readonly run?: number;
  /** Clocks that are apart, by place. */
  readonly skewMs?: Readonly<Record<number, number>>;
  /** A place whose disk takes long now and then. */
  readonly slowDisk?: number;
  /** A place whose key runs in two engines. */
  readonly twin?: number;
};

/** What a node counts beside its engine. */
type Side = {
  readonly leaders: LeaderRecord;
  readonly voteSync: RecentValues;
  readonly persistedAtMs: Map<number, number>;
  readonly finalAtMs: { readonly atMs: number; readonly timestampMs: number }[];
  nullified: number;
  startedMs: number;
  killedMs: number | undefined;
  incidents: Incident[];
};

const nameOf = (place: number): string => `${CHAIN}-${place + 1}`;

export class SimNetwork extends SmallWorld {
  protected readonly engines: readonly SimNode[];
  readonly #options: SimOptions;
  readonly #config: BbftConfig;
  readonly #rng = new SimRng(20_771);
  readonly #ledger: ToyLedger;
  readonly #sides = new Map<SimNode, Side>();
  readonly #names: ReadonlyMap<string, string>;
  #groups: readonly (readonly number[])[] = [];
  #muteLeader: number | undefined;

  constructor(options: SimOptions = {}) {
    super();
    this.#options = options;
    const places = Array.from({ length: options.nodes ?? 4 }, (_, place) => place);
    const run = options.run ?? 4;
    this.#config = {
      chainId: fakeHash(7, Uint8Array.of(9)),
      committee: this.keysOf(places),
      ownKey: undefined,
      run,
      epochBlocks: EPOCH_BLOCKS,
      blockMs: BLOCK_MS,
      deltaMs: 150,
      genesis: { hash: fakeHash(9, Uint8Array.of(9)), timestampMs: CLOCK_START_MS - BLOCK_MS },
      predicates: false,
    };
    const { hash } = this.#config.genesis;
    this.#ledger = new ToyLedger({ genesis: hash, first: places, epochBlocks: EPOCH_BLOCKS, elector: undefined });
    this.#names = new Map(places.map((place) => [bytesToHex(fakeScheme.key(place)), nameOf(place)]));
    const twins = options.twin === undefined ? [] : [options.twin];
    this.engines = [...places, ...twins].map((place) => this.#createNode(place));
    for (const node of this.engines) this.at(this.#rng.below(30), () => this.#start(node));
  }

  #createNode(place: number): SimNode {
    const node = new SimNode({
      place,
      world: this,
      ledger: this.#ledger,
      rng: this.#rng,
      crypto: fakeScheme.crypto(place),
      config: { ...this.#config, ownKey: fakeScheme.key(place) },
      mutation: "none",
      slowDisk: this.#options.slowDisk === place,
      torn: false,
      predicateDelayMs: 0,
    });
    this.#sides.set(node, {
      leaders: new LeaderRecord(this.#config.run),
      voteSync: new RecentValues(),
      persistedAtMs: new Map(),
      finalAtMs: [],
      nullified: 0,
      startedMs: 0,
      killedMs: undefined,
      incidents: [],
    });
    return node;
  }

  #side(node: SimNode): Side {
    const side = this.#sides.get(node);
    if (side === undefined) throw new RangeError("an engine of another network");
    return side;
  }

  #at(place: number): SimNode {
    const node = this.engines[place];
    if (node === undefined) throw new RangeError(`there is no place ${place}`);
    return node;
  }

  #start(node: SimNode): void {
    const side = this.#side(node);
    side.startedMs = this.localMs(node.place);
    side.killedMs = undefined;
    node.start();
  }

  override localMs(place = 0): number {
    return Math.floor(CLOCK_START_MS + this.nowMs() + (this.#options.skewMs?.[place] ?? 0));
  }

  #isCut(a: number, b: number): boolean {
    const groupOf = (place: number): number => this.#groups.findIndex((group) => group.includes(place));
    return this.#groups.length > 0 && groupOf(a) !== groupOf(b);
  }

  protected passage(from: SimNode, to: SimNode): number | undefined {
    return this.#isCut(from.place, to.place) ? undefined : 1 + this.#rng.unit() * 10;
  }

  override send(node: SimNode, target: Target | "all", message: BbftMessage): void {
    if (message.type === "PROPOSE" && node.place === this.#muteLeader) return;
    super.send(node, target, message);
  }

  override observe(node: SimNode, effect: BbftEffect): void {
    const side = this.#side(node);
    const nowMs = this.nowMs();
    if (effect.type === "persist") side.persistedAtMs.set(effect.token, nowMs);
    if (effect.type === "viewEntered") {
      if (effect.nullified) side.nullified += 1;
      side.leaders.entered(effect, node.state.committees.present, nowMs);
    }
    if (effect.type !== "finalised") return;
    for (const { header } of effect.blocks) side.finalAtMs.push({ atMs: nowMs, timestampMs: header.timestampMs });
  }

  /** The base class tells of a step without saying which. */
  override stepped(...[node, event]: readonly unknown[]): void {
    const persisted = event as TimelessEvent;
    if (persisted.type !== "persisted") return;
    const side = this.#side(node as SimNode);
    const sinceMs = side.persistedAtMs.get(persisted.token);
    side.persistedAtMs.delete(persisted.token);
    if (sinceMs !== undefined) side.voteSync.add(this.nowMs() - sinceMs, this.nowMs());
  }

  /** Lets the network go on for so long. */
  pass(ms: number): this {
    const endMs = this.nowMs() + ms;
    // Time passes also where nothing happens.
    this.at(endMs, () => {});
    this.runUntil(() => endMs);
    return this;
  }

  kill(...places: readonly number[]): this {
    for (const place of places) {
      this.#at(place).crash();
      this.#side(this.#at(place)).killedMs = this.localMs();
    }
    return this;
  }

  restart(place: number): this {
    this.#start(this.#at(place));
    return this;
  }

  /** The record of votes is gone when it starts again, as after a restored disk. */
  loseRecord(place: number): this {
    this.#at(place).disk.lose();
    const what = "the record of own votes is missing";
    this.#side(this.#at(place)).incidents.push({
      code: "record-missing",
      atMs: this.localMs(),
      file: "data/side/record.log",
      what,
      done: "it observes until it can have signed nothing any more",
    });
    return this;
  }

  /** Only those within a group hear each other. */
  cut(...groups: readonly (readonly number[])[]): this {
    this.#groups = groups;
    return this;
  }

  /** Proposals of this place reach nobody; its votes do. */
  muteLeader(place: number): this {
    this.#muteLeader = place;
    return this;
  }

  #info(node: SimNode): NonNullable<NodeEvidence["info"]> {
    const side = this.#side(node);
    const { height } = node.store;
    const tip = node.store.at(height);
    const timestampMs = tip?.block.header.timestampMs ?? this.#config.genesis.timestampMs;
    const times = side.finalAtMs.slice(-INTERVAL_BLOCKS).map((final) => final.timestampMs);
    const [first = 0] = times;
    const ageMs = Math.max(0, this.localMs(node.place) - timestampMs);
    const hash = bytesToHex(tip?.block.hash ?? this.#config.genesis.hash);
    const because = ageMs > 10_000 ? `no final block for ${Math.round(ageMs / 1000)} s` : null;
    return {
      kind: "side",
      chain: CHAIN,
      chainId: bytesToHex(this.#config.chainId),
      node: nameOf(node.place),
      version: "simulated",
      instance: `place ${node.place}`,
      startedAtMs: side.startedMs,
      height,
      tip: hash,
      finalHeight: height,
      finalHash: hash,
      finalAgeMs: ageMs,
      blockIntervalMs: times.length < 2 ? null : ((times.at(-1) ?? 0) - first) / (times.length - 1),
      ready: because === null,
      notReadyBecause: because,
      peers: this.#peers(node).filter(({ connected }) => connected).length,
      mempool: 0,
      rssBytes: 0,
      addressPrefix: "sp",
      backends: {},
    };
  }

  #peers(node: SimNode): NodeEvidence["peers"] {
    return this.#validators()
      .filter(({ place }) => place !== node.place)
      .map(({ place, isUp }) => ({
        id: nameOf(place),
        connected: isUp && !this.#isCut(node.place, place),
        score: 0,
        finalHeight: null,
      }));
  }

  /** Of a key that runs twice the first engine is the network's own; the other one runs elsewhere. */
  #validators(): SimNode[] {
    return this.engines.slice(0, this.#config.committee.length);
  }

  #vitals(node: SimNode): NonNullable<NodeEvidence["vitals"]> {
    const side = this.#side(node);
    const status = statusOf(node.state);
    const { keys } = node.state.committees.present;
    const tip = node.store.at(node.store.height);
    const root = bytesToHex((tip && this.#ledger.stateAfter(tip.block.hash)?.root) ?? this.#config.genesis.hash);
    const recent = side.finalAtMs.filter(({ atMs }) => atMs > this.nowMs() - RATE_MS);
    const name = (key: Uint8Array | undefined): string => this.#names.get(bytesToHex(key ?? new Uint8Array(0))) ?? "";
    return vitalsOf(
      nameOf(node.place),
      { instance: `place ${node.place}`, nowMs: this.localMs(node.place) },
      {
        voteSync: side.voteSync.summary(this.nowMs()),
        epochBlocks: EPOCH_BLOCKS,
        stateRoot: { height: node.store.height, root },
        blocksPerSecond: (recent.length * 1000) / RATE_MS,
        silentThrough: status.voting === "voting" ? null : (status.silentThrough ?? null),
        leaders: side.leaders.leaders(),
        viewsPerTurn: this.#config.run,
        accused: node.state.evidence.map(({ first }) => name(keys[first.signer])),
        peg: null,
      },
    );
  }

  #evidenceOf(node: SimNode): NodeEvidence {
    const side = this.#side(node);
    const base = {
      id: nameOf(node.place),
      chain: CHAIN,
      kind: "side" as const,
      founder: true,
      unreachable: undefined,
      miner: undefined,
      peg: undefined,
      seat: undefined,
      crashesMs: [],
      main: undefined,
    };
    if (!node.isUp) {
      const atMs = side.killedMs ?? 0;
      const exit = { code: null, signal: "SIGKILL", atMs, meaning: "killed from outside", tail: [] };
      const nothing = {
        info: undefined,
        consensus: undefined,
        vitals: undefined,
        clock: undefined,
        peers: [],
        incidents: [],
      };
      return { ...base, ...nothing, phase: "stopped", instance: undefined, exit };
    }
    const consensus = consensusReply({
      status: statusOf(node.state),
      nullifiedTotal: side.nullified,
      nowMs: this.localMs(node.place),
      nameOf: (key) => this.#names.get(bytesToHex(key)) ?? "",
      supplyProblem: null,
    });
    return {
      ...base,
      phase: "running",
      instance: `place ${node.place}`,
      exit: undefined,
      info: this.#info(node),
      consensus,
      vitals: this.#vitals(node),
      clock: { offsetMs: this.#options.skewMs?.[node.place] ?? 0, uncertainMs: 2 },
      peers: this.#peers(node),
      incidents: side.incidents,
    };
  }

  /** What `bystack why` would collect at this moment, by a clock that is right. */
  evidence(): Evidence {
    return {
      nowMs: CLOCK_START_MS + this.nowMs(),
      chains: [{ chain: CHAIN, kind: "side", chainId: bytesToHex(this.#config.chainId) }],
      nodes: this.#validators().map((node) => this.#evidenceOf(node)),
    };
  }
}
