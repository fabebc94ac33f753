// One schedule: a small network in virtual time, first unruly (safety), then healed (liveness: progress within bounded
// time), with every invariant looked at after every event. The same seed and options give the same trace.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { BbftEffect, Target } from "@bystack/consensus/bbft/events";
import { TIMEOUT_MAX_MS } from "@bystack/consensus/bbft/limits";
import { type BbftMessage, decodeMessage, encodeMessage } from "@bystack/consensus/bbft/messages";
import { bytesToHex } from "@bystack/utils/bytes";
import { Adversary } from "./adversary.ts";
import { Chart } from "./chart.ts";
import { Checker } from "./checker.ts";
import { CLOCK_START_MS, readClock } from "./clock.ts";
import { Conduct } from "./conduct.ts";
import { fakeHash, fakeScheme, type Scheme } from "./fake-crypto.ts";
import { EventQueue } from "./heap.ts";
import { Links } from "./links.ts";
import { Mishaps } from "./mishaps.ts";
import { Conformance } from "./model/conformance.ts";
import { SimNode, type TimelessEvent, type World } from "./node.ts";
import type { CrashPoint } from "./node-plan.ts";
import type { Outcome, ScheduleOptions } from "./outcome.ts";
import { drawPlan, type Plan } from "./plan.ts";
import { SimRng } from "./rng.ts";
import { SeatMap } from "./seats.ts";
import { ToyLedger } from "./toy-ledger.ts";
import { Watch } from "./watch.ts";

/** A schedule counts when each honest node has got this far. */
export const VIEWS_LEAST = 12;
export const FINALS_LEAST = 6;
/** After a healing: restarts with their silences, growing timers and catching up. */
const LIVENESS_MS = 90_000;
/** On top of that, for each of the two blocks that are waited for: views of hostile leaders that fail, at the longest timeout. */
const LIVENESS_BLOCKS = 2;
const EVENTS_MAX = 3_000_000;
/** Honest places change the twin that they talk to this often. */
const TWIN_PERIOD_MS = 2500;

type Scheduled = { readonly node: SimNode | undefined; readonly incarnation: number; readonly run: () => void };

/** About the bytes of a message on the wire. */
function sizeOf(message: BbftMessage): number {
  switch (message.type) {
    case "NOTES":
      return message.certificates.reduce(
        (sum, one) => sum + 60 + one.signatures.length,
        40 + 120 * message.votes.length,
      );
    case "PROPOSE":
      return 900;
    case "SYNC_BLOCKS":
      return 700 * message.blocks.length;
    default:
      return 300;
  }
}

class Simulation implements World {
  readonly plan: Plan;
  readonly config: BbftConfig;
  readonly checker: Checker;
  readonly chart: Chart | undefined;
  readonly #queue = new EventQueue<Scheduled>();
  readonly #rng: SimRng;
  /** Engines by place: one each, two at a hostile place with twins. */
  readonly #nodes: SimNode[][] = [];
  readonly #honest: SimNode[] = [];
  readonly #hostile: ReadonlySet<number>;
  readonly #keys: readonly Uint8Array[];
  readonly #placeByKey: ReadonlyMap<string, number>;
  readonly #seats: SeatMap;
  readonly #links: Links;
  readonly #adversary: Adversary;
  readonly #conduct: Conduct;
  readonly #conformance: Conformance | undefined;
  readonly #watch: Watch;
  readonly #mishaps: Mishaps;
  readonly #livenessMs: number;
  readonly #onSent: ScheduleOptions["onSent"];
  #nowMs = 0;
  #healed = false;
  #healHeight = 0;
  #recoveredMs: number | undefined;
  #dirty = true;
  events = 0;

  constructor(plan: Plan, options: ScheduleOptions) {
    this.plan = plan;
    this.#onSent = options.onSent;
    const failingMs = LIVENESS_BLOCKS * options.byzantine * this.plan.run * TIMEOUT_MAX_MS;
    this.#livenessMs = options.livenessMs ?? LIVENESS_MS + failingMs;
    this.#rng = new SimRng(plan.seed * 104_729 + 3);
    this.#links = new Links(plan, this.#rng);
    this.#hostile = new Set(plan.byzantine);
    const scheme = options.scheme ?? fakeScheme;
    this.#keys = Array.from({ length: plan.pool }, (_, place) => scheme.key(place));
    this.#placeByKey = new Map(this.#keys.map((key, place) => [bytesToHex(key), place]));
    const first = Array.from({ length: plan.nodes }, (_, place) => place);
    this.config = {
      chainId: fakeHash(7, Uint8Array.of(1)),
      committee: this.keysOf(first),
      ownKey: undefined,
      run: plan.run,
      epochBlocks: plan.epochBlocks,
      blockMs: 500,
      deltaMs: 150,
      genesis: { hash: fakeHash(9, Uint8Array.of(2)), timestampMs: CLOCK_START_MS - 500 },
      predicates: plan.faults.has("predicates"),
      recordCompactEntries: plan.recordCompactEntries,
    };
    this.chart = (options.chartLines ?? 0) > 0 ? new Chart(options.chartLines ?? 0) : undefined;
    // A validator with an old record may sign twice (bbft.md section 4): it counts as a faulty one, and stays under watch.
    const suspects = plan.relapse === undefined ? plan.byzantine : [...plan.byzantine, plan.relapse.node];
    const faulty = new Set(plan.dead === undefined ? suspects : [...suspects, plan.dead.node]);
    const pool = Array.from({ length: plan.pool }, (_, place) => place);
    const elector = plan.faults.has("rotation") ? { pool, faulty, seatsLeast: plan.nodes } : undefined;
    this.#seats = new SeatMap(first, elector !== undefined);
    const { hash } = this.config.genesis;
    const ledger = new ToyLedger({ genesis: hash, first, epochBlocks: plan.epochBlocks, elector });
    const shared = { config: this.config, ledger, seats: this.#seats, rng: this.#rng };
    const keysOf = this.keysOf.bind(this);
    this.checker = new Checker({ ...shared, suspects, scheme, keysOf, only: options.only });
    this.#conduct = new Conduct({
      ...shared,
      crypto: scheme.crypto(0),
      isHonest: (place) => !suspects.includes(place),
      placeOfKey: (key) => this.#placeByKey.get(bytesToHex(key)) ?? -1,
      fail: this.checker.fail.bind(this.checker),
    });
    const conforms = options.conform ?? (options.mutation ?? "none") === "none";
    this.#conformance = conforms ? this.#createConformance() : undefined;
    const { checker, chart } = this;
    this.#watch = new Watch({
      plan,
      seats: this.#seats,
      checker,
      conduct: this.#conduct,
      conformance: this.#conformance,
      chart,
    });
    this.#createNodes(ledger, scheme, options);
    this.#adversary = new Adversary({
      ...shared,
      plan,
      honest: this.#honest.map(({ place }) => place),
      world: { transmit: this.#transmit.bind(this), sawBlock: this.checker.sawBlock.bind(this.checker) },
      crypto: scheme.crypto,
      keyOf: scheme.key,
    });
    const world = {
      at: (delayMs: number, run: () => void) => this.#at(delayMs, run),
      nowMs: () => this.#nowMs,
      isHealed: () => this.#healed,
      crash: (node: SimNode) => this.crash(node, "time"),
      restarted: (node: SimNode) => this.#watch.restarted(node, this.#nowMs),
      note: (text: string) => this.#watch.note(this.#nowMs, text),
    };
    this.#mishaps = new Mishaps({ plan, rng: this.#rng, nodes: this.#nodes, world });
  }

  #createConformance(): Conformance {
    const { blocks, suspects } = this.checker;
    const fail = this.checker.fail.bind(this.checker);
    return new Conformance({ config: this.config, seats: this.#seats, suspects, blocks, fail });
  }

  #createNodes(ledger: ToyLedger, scheme: Scheme, options: ScheduleOptions): void {
    const { plan } = this;
    const places = plan.pool + (plan.observerMs === undefined ? 0 : 1);
    for (let place = 0; place < places; place += 1) {
      const bad = this.#isHostile(place);
      const create = (): SimNode =>
        new SimNode({
          place,
          crypto: scheme.crypto(place),
          config: { ...this.config, ownKey: this.#keys[place] },
          mutation: bad ? "S5-forget" : (options.mutation ?? "none"),
          world: this,
          ledger,
          rng: this.#rng,
          slowDisk: plan.faults.has("slowDisk"),
          torn: plan.faults.has("torn"),
          predicateDelayMs: plan.predicateDelayMs,
        });
      const engines = bad && plan.faults.has("twins") ? [create(), create()] : [create()];
      this.#nodes.push(engines);
      if (!bad) this.#honest.push(...engines);
    }
  }

  nowMs(): number {
    return this.#nowMs;
  }

  localMs(place: number): number {
    const clock = this.plan.clocks[place] ?? { skewMs: 0, drift: 0, jumps: [] };
    return readClock(clock, { ms: this.#nowMs, healed: this.#healed });
  }

  keysOf(places: readonly number[]): Uint8Array[] {
    return places.flatMap((place) => this.#keys[place] ?? []);
  }

  #at(delayMs: number, run: () => void, node?: SimNode): void {
    this.#queue.push(this.#nowMs + delayMs, { node, incarnation: node?.incarnation ?? 0, run });
  }

  after(node: SimNode, delayMs: number, action: () => void): void {
    this.#at(delayMs, action, node);
  }

  #isHostile(place: number): boolean {
    return this.#hostile.has(place);
  }

  /** Place of a target; a seat is one of the committee that the sender is in at present. */
  #placeOf(node: SimNode, target: Target): number {
    if ("peer" in target) return Number(target.peer.slice(1));
    const key = node.state.committees.present.keys[target.validator];
    return key === undefined ? -1 : (this.#placeByKey.get(bytesToHex(key)) ?? -1);
  }

  send(node: SimNode, target: Target | "all", message: BbftMessage): void {
    const all = this.#nodes.keys();
    const recipients = target === "all" ? [...all] : [this.#placeOf(node, target)];
    const others = recipients.filter((place) => place !== node.place && this.#nodes[place] !== undefined);
    if (!this.#isHostile(node.place)) {
      for (const to of others) this.#transmit({ from: node.place, to, message, delayMs: 0 });
      return;
    }
    const reachable = others.filter((to) => this.#twinOf(node.place, to) === node);
    const honest = reachable.filter((to) => !this.#isHostile(to));
    if (honest.length > 0) this.#adversary.outgoing(node.place, honest, message);
    for (const to of reachable) if (this.#isHostile(to)) this.#transmit({ from: node.place, to, message, delayMs: 0 });
  }

  /** Which of the engines behind a hostile place another place talks to just now. */
  #twinOf(hostile: number, other: number): SimNode | undefined {
    const twins = this.#nodes[hostile] ?? [];
    if (twins.length < 2) return twins[0];
    const period = Math.floor(this.#nowMs / TWIN_PERIOD_MS);
    return twins[((other * 2_654_435_761 + period * 40_503) >>> 3) % 2];
  }

  #transmit(sent: { from: number; to: number; message: BbftMessage; delayMs: number }): void {
    const { from, to, message } = sent;
    this.#onSent?.(from, message);
    const bytes = this.plan.bandwidth === 0 ? 0 : sizeOf(message);
    const passage = this.#links.pass({ from, to, nowMs: this.#nowMs, healed: this.#healed, bytes });
    if (passage === "cut") {
      if (this.plan.faults.has("partition")) this.#watch.coverage.partition = true;
      return;
    }
    for (const latency of passage) this.#at(sent.delayMs + latency, () => this.#deliver(from, to, message));
  }

  #deliver(from: number, to: number, message: BbftMessage): void {
    // One message in a hundred takes the real way through bytes.
    const decoded = this.#rng.chance(0.01) ? decodeMessage(encodeMessage(message)) : message;
    if (decoded === undefined) {
      // A hostile one may make what no bytes can say.
      if (!this.#isHostile(from)) this.checker.fail("CODEC", `${message.type} does not decode`);
      return;
    }
    const nodes = this.#nodes[to] ?? [];
    this.#watch.delivered({ from, to, ms: this.#nowMs }, nodes, decoded);
    const event: TimelessEvent = { type: "message", from: `n${from}`, message: decoded };
    if (this.#isHostile(to)) {
      this.#adversary.incoming(to, decoded);
      this.#twinOf(to, from)?.step(event);
    } else for (const node of nodes) node.step(event);
  }

  observe(node: SimNode, effect: BbftEffect): void {
    if (effect.type === "finalised" || effect.type === "viewEntered") this.#dirty = true;
    this.#watch.observe(node, effect, { ms: this.#nowMs, localMs: this.localMs(node.place) });
  }

  synced(node: SimNode, entries: Parameters<World["synced"]>[1]): void {
    this.#watch.synced(node, entries);
  }

  appended(node: SimNode): void {
    this.#watch.appended(node);
  }

  predicateHolds(node: SimNode, hash: Uint8Array): void {
    this.#conduct.predicateHolds(node.place, hash);
  }

  started(node: SimNode): void {
    this.#watch.started(node, this.#nowMs);
  }

  stepped(node: SimNode, event: TimelessEvent): void {
    this.#watch.stepped(node, event, this.#nowMs);
  }

  crash(node: SimNode, point: CrashPoint): void {
    if (!node.isUp) return;
    this.#watch.crashed(node, point, this.#nowMs);
    node.crash();
  }

  #heal(): void {
    this.#healed = true;
    this.#dirty = true;
    this.#watch.note(this.#nowMs, "HEALED");
    for (const node of this.#honest) {
      node.armed = undefined;
      this.#mishaps.restart(node);
      this.#healHeight = Math.max(this.#healHeight, node.store.height);
    }
  }

  #isDone(): boolean {
    if (!this.#healed || !this.#dirty) return false;
    this.#dirty = false;
    const live = this.#honest.filter((node) => !this.#mishaps.isDead(node));
    if (!live.every((node) => node.isUp && node.store.height >= this.#healHeight + 2)) return false;
    this.#recoveredMs ??= this.#nowMs - this.plan.healMs;
    return live.every((node) => this.#isFar(node));
  }

  #isFar(node: SimNode): boolean {
    // Whoever was not there from the start may have taken in the first epochs as final blocks.
    if (node.place >= this.plan.nodes) return true;
    return this.#watch.viewsOf(node.place) >= VIEWS_LEAST && node.store.height >= FINALS_LEAST;
  }

  #runLoop(): void {
    for (const engines of this.#nodes) {
      for (const node of engines) {
        const joinsMs = node.place < this.plan.pool ? this.#rng.below(30) : (this.plan.observerMs ?? 0);
        this.#at(joinsMs, () => {
          if (!node.isUp && !this.#mishaps.isDead(node)) node.start();
        });
      }
    }
    this.#mishaps.schedule();
    this.#at(this.plan.healMs, () => this.#heal());
    const endMs = this.plan.healMs + this.#livenessMs;
    while (this.checker.violations.length === 0) {
      const next = this.#queue.pop();
      if (next === undefined) break;
      this.#nowMs = next.timeMs;
      const { node, incarnation, run } = next.value;
      if (node !== undefined && node.incarnation !== incarnation) continue;
      this.events += 1;
      run();
      if (this.#isDone()) return;
      if (this.#nowMs > endMs) {
        const heights = this.#honest.map((honest) => `n${honest.place} h${honest.store.height}`).join(", ");
        this.checker.fail("LIVENESS", `no progress within ${this.#livenessMs / 1000} s of the healing: ${heights}`);
        return;
      }
      if (this.events > EVENTS_MAX) {
        this.checker.fail("EVENTS", "the schedule does not end");
        return;
      }
    }
  }

  run(): Outcome {
    this.#runLoop();
    this.#watch.conclude();
    return {
      seed: this.plan.seed,
      events: this.events,
      modelSteps: this.#conformance?.steps ?? 0,
      virtualMs: this.#nowMs,
      recoveredMs: this.#recoveredMs,
      counted: this.#honest.every((node) => this.#mishaps.isDead(node) || this.#isFar(node)),
      violations: this.checker.violations,
      coverage: this.#watch.coverage,
      died: this.#watch.died,
      epochBlocks: this.plan.epochBlocks,
      run: this.plan.run,
      traceHash: this.#watch.trace,
      finalHeight: Math.max(...this.#honest.map((node) => node.store.height)),
      chart: this.chart?.lines() ?? [],
      plan: this.plan,
    };
  }
}

/** Runs one schedule to its end or to its first violation. */
export function runSchedule(seed: number, options: ScheduleOptions): Outcome {
  return new Simulation(drawPlan(seed, options), options).run();
}
