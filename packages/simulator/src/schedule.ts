// One schedule: a small network in virtual time, first unruly (safety), then healed (liveness: progress within bounded
// time), with every invariant looked at after every event. The same seed and options give the same trace.

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { BbftEffect, Target } from "@bystack/consensus/bbft/events";
import { type BbftMessage, decodeMessage, encodeMessage } from "@bystack/consensus/bbft/messages";
import { bytesToHex } from "@bystack/utils/bytes";
import { Adversary } from "./adversary.ts";
import { Chart, describeMessage, shortHash } from "./chart.ts";
import { Checker } from "./checker.ts";
import { fakeHash, fakeScheme } from "./fake-crypto.ts";
import { EventQueue } from "./heap.ts";
import { Links } from "./links.ts";
import { CLOCK_START_MS, SimNode, type TimelessEvent, type World } from "./node.ts";
import type { Coverage, Outcome, ScheduleOptions } from "./outcome.ts";
import { drawPlan, type Plan } from "./plan.ts";
import { SimRng } from "./rng.ts";
import { ToyLedger } from "./toy-ledger.ts";

/** A schedule counts when each honest node has got this far. */
export const VIEWS_LEAST = 12;
export const FINALS_LEAST = 6;
const LIVENESS_MS = 90_000;
const EVENTS_MAX = 400_000;

type Scheduled = { readonly node: SimNode | undefined; readonly incarnation: number; readonly run: () => void };

const EVENT_CODES: Readonly<Record<string, number>> = Object.fromEntries(
  ["start", "message", "timer", "blockBuilt", "blockValidated", "predicate", "persisted", "stored", "mark"].map(
    (type, i) => [type, i],
  ),
);

class Simulation implements World {
  readonly plan: Plan;
  readonly config: BbftConfig;
  readonly checker: Checker;
  readonly chart: Chart | undefined;
  readonly coverage: Coverage = {
    equivocation: false,
    nullified: false,
    restart: false,
    partition: false,
    bothCertificates: false,
    epochCrossed: false,
    reproposed: false,
  };
  readonly #queue = new EventQueue<Scheduled>();
  readonly #rng: SimRng;
  /** Engines by place: one each, two at the Byzantine place with twins. */
  readonly #nodes: SimNode[][] = [];
  readonly #honest: SimNode[] = [];
  readonly #links: Links;
  readonly #adversary: Adversary | undefined;
  readonly #views = new Map<number, Set<string>>();
  readonly #shown = new Map<string, Map<string, number>>();
  readonly #livenessMs: number;
  #nowMs = 0;
  #healed = false;
  #healHeight = 0;
  #dirty = true;
  #trace = 0;
  events = 0;

  constructor(plan: Plan, options: ScheduleOptions) {
    this.plan = plan;
    this.#livenessMs = options.livenessMs ?? LIVENESS_MS;
    this.#rng = new SimRng(plan.seed * 104_729 + 3);
    this.#links = new Links(plan, this.#rng);
    const chainId = fakeHash(7, Uint8Array.of(1));
    const scheme = options.scheme ?? fakeScheme;
    this.config = {
      chainId,
      committee: Array.from({ length: plan.nodes }, (_, place) => scheme.key(place)),
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
    const ledger = new ToyLedger(this.config.genesis.hash);
    // A validator with an old record may sign twice (bbft.md section 4): it counts as the faulty one, and stays under watch.
    const suspects = plan.byzantine >= 0 ? [plan.byzantine] : plan.relapse === undefined ? [] : [plan.relapse.node];
    this.checker = new Checker({ config: this.config, ledger, suspects, scheme, only: options.only });
    const rng = this.#rng;
    const places = plan.nodes + (plan.observerMs === undefined ? 0 : 1);
    for (let place = 0; place < places; place += 1) {
      const bad = place === plan.byzantine;
      const engines = bad && plan.faults.has("twins") ? 2 : 1;
      this.#nodes.push(
        Array.from(
          { length: engines },
          () =>
            new SimNode({
              place,
              crypto: scheme.crypto(place),
              config: { ...this.config, ownKey: this.config.committee[place] },
              mutation: bad ? "S5-forget" : (options.mutation ?? "none"),
              world: this,
              ledger,
              rng,
              skewMs: plan.skewMs[place] ?? 0,
              slowDisk: plan.faults.has("slowDisk"),
              predicateDelayMs: plan.predicateDelayMs,
            }),
        ),
      );
      if (!bad) this.#honest.push(...(this.#nodes[place] ?? []));
    }
    if (plan.byzantine >= 0) {
      const world = {
        transmit: (to: number, message: BbftMessage, delayMs: number) =>
          this.#transmit({ from: plan.byzantine, to, message, delayMs }),
        sawBlock: this.checker.sawBlock.bind(this.checker),
      };
      this.#adversary = new Adversary({
        plan,
        config: this.config,
        rng,
        ledger,
        world,
        crypto: scheme.crypto(plan.byzantine),
      });
    }
  }

  nowMs(): number {
    return this.#nowMs;
  }

  #at(delayMs: number, run: () => void, node?: SimNode): void {
    this.#queue.push(this.#nowMs + delayMs, { node, incarnation: node?.incarnation ?? 0, run });
  }

  after(node: SimNode, delayMs: number, action: () => void): void {
    this.#at(delayMs, action, node);
  }

  #isByzantine(place: number): boolean {
    return place === this.plan.byzantine;
  }

  send(node: SimNode, target: Target | "all", message: BbftMessage): void {
    let recipients: number[];
    if (target === "all") recipients = this.#nodes.map((_, place) => place).filter((place) => place !== node.place);
    else recipients = ["peer" in target ? Number(target.peer.slice(1)) : target.validator];
    if (this.#isByzantine(node.place)) {
      const reachable = recipients.filter((to) => this.#twinOf(to) === undefined || this.#twinOf(to) === node);
      this.#adversary?.outgoing(
        reachable.filter((to) => !this.#isByzantine(to)),
        message,
      );
      return;
    }
    for (const to of recipients) this.#transmit({ from: node.place, to, message, delayMs: 0 });
  }

  /** Which of the twins an honest place talks to just now; undefined when there is one engine only. */
  #twinOf(place: number): SimNode | undefined {
    const twins = this.#nodes[this.plan.byzantine] ?? [];
    if (twins.length < 2) return undefined;
    const period = Math.floor(this.#nowMs / 2500);
    return twins[((place * 2_654_435_761 + period * 40_503) >>> 3) % 2];
  }

  #transmit(sent: { from: number; to: number; message: BbftMessage; delayMs: number }): void {
    const { from, to, message } = sent;
    const passage = this.#links.pass({ from, to, nowMs: this.#nowMs, healed: this.#healed });
    if (passage === "cut") {
      if (this.plan.faults.has("partition")) this.coverage.partition = true;
      return;
    }
    for (const latency of passage) this.#at(sent.delayMs + latency, () => this.#deliver(from, to, message));
  }

  #deliver(from: number, to: number, message: BbftMessage): void {
    // One message in a hundred takes the real way through bytes.
    const decoded = this.#rng.chance(0.01) ? decodeMessage(encodeMessage(message)) : message;
    if (decoded === undefined) {
      this.checker.fail("CODEC", `${message.type} does not decode`);
      return;
    }
    if (this.chart !== undefined) this.chart.add(this.#nowMs, `n${from} -> n${to}  ${describeMessage(decoded)}`);
    if (this.#isByzantine(to)) this.#adversary?.incoming(decoded);
    else this.#noteShown(from, to, decoded);
    for (const node of this.#nodes[to] ?? []) {
      if (this.#isByzantine(to) && this.#twinOf(from) !== undefined && this.#twinOf(from) !== node) continue;
      node.step({ type: "message", from: `n${from}`, message: decoded });
    }
  }

  /** Coverage: two proposals of one view at different honest nodes; a last block proposed again. */
  #noteShown(from: number, to: number, message: BbftMessage): void {
    if (message.type !== "PROPOSE") return;
    const { proposal } = message;
    if (proposal.view !== proposal.block.header.view) this.coverage.reproposed = true;
    if (!this.#isByzantine(from) || this.coverage.equivocation) return;
    const view = `${message.epoch}:${proposal.view}`;
    const shown = this.#shown.get(view) ?? new Map<string, number>();
    this.#shown.set(view, shown);
    const hash = bytesToHex(proposal.block.hash);
    for (const [other, place] of shown) if (other !== hash && place !== to) this.coverage.equivocation = true;
    if (!shown.has(hash)) shown.set(hash, to);
  }

  observe(node: SimNode, effect: BbftEffect): void {
    if (this.#isByzantine(node.place)) return;
    const name = `n${node.place}`;
    switch (effect.type) {
      case "send":
      case "broadcast":
        this.checker.sent(node, effect.message);
        return;
      case "finalised": {
        this.checker.finalised(node, effect);
        this.#dirty = true;
        const heights = effect.blocks.map((block) => `h${block.header.height} ${shortHash(block.hash)}`).join(", ");
        this.chart?.add(this.#nowMs, `${name} FINAL ${heights}`);
        return;
      }
      case "viewEntered": {
        const views = this.#views.get(node.place) ?? new Set<string>();
        this.#views.set(node.place, views);
        views.add(`${effect.epoch}:${effect.view}`);
        this.#dirty = true;
        if (effect.nullified) this.coverage.nullified = true;
        if (effect.epoch > 1) this.coverage.epochCrossed = true;
        this.chart?.add(
          this.#nowMs,
          `${name} enters ${effect.epoch}:${effect.view}${effect.nullified ? " by NULLIFY" : ""}`,
        );
        return;
      }
      case "silence":
        this.chart?.add(this.#nowMs, `${name} silence: ${effect.reason} through ${effect.epoch}:${effect.view}`);
        if (effect.reason === "observe" && this.plan.relapse?.node !== node.place)
          this.checker.fail("OBSERVE", `${name} found an own vote that its exact record lacks`);
        return;
      case "halt":
        this.checker.fail("HALT", `${name}: ${effect.reason}`);
        return;
      case "evidence": {
        const { signer } = effect.evidence.first;
        if (!this.checker.suspects.includes(signer)) this.checker.fail("P35", `evidence against the honest n${signer}`);
        return;
      }
      default:
        return;
    }
  }

  synced(node: SimNode, entries: Parameters<World["synced"]>[1]): void {
    if (!this.#isByzantine(node.place)) this.checker.synced(node.place, entries);
  }

  stepped(node: SimNode, event: TimelessEvent): void {
    const code = (EVENT_CODES[event.type] ?? 0) + 16 * node.place;
    this.#trace = Math.imul(this.#trace ^ Math.round(this.#nowMs * 1000) ^ (code << 20), 0x01000193) >>> 0;
    if (!this.#isByzantine(node.place)) this.checker.stepped(node);
  }

  crash(node: SimNode): void {
    if (!node.isUp) return;
    node.crash();
    this.chart?.add(this.#nowMs, `n${node.place} CRASH`);
  }

  #isDead(node: SimNode): boolean {
    return this.plan.dead?.node === node.place && this.#nowMs >= this.plan.dead.atMs;
  }

  #restart(node: SimNode): void {
    if (node.isUp || this.#isDead(node)) return;
    this.coverage.restart = true;
    this.chart?.add(this.#nowMs, `n${node.place} RESTART`);
    node.start();
  }

  #scheduleFaults(): void {
    for (const crash of this.plan.crashes) {
      const node = this.#nodes[crash.node]?.[0];
      if (node === undefined) continue;
      this.#at(crash.atMs, () => {
        if (this.#healed || !node.isUp) return;
        if (crash.point === "time") this.crash(node);
        else node.armed = crash.point;
        // An armed node dies at its next persist; it is down by then or has been spared.
        this.#at(crash.downMs + (crash.point === "time" ? 0 : 600), () => {
          node.armed = undefined;
          this.#restart(node);
        });
      });
    }
    this.#scheduleRelapse();
    const { dead } = this.plan;
    if (dead !== undefined) {
      this.#at(dead.atMs, () => {
        for (const node of this.#nodes[dead.node] ?? []) this.crash(node);
      });
    }
    this.#at(this.plan.healMs, () => this.#heal());
  }

  #scheduleRelapse(): void {
    const { relapse } = this.plan;
    const node = relapse === undefined ? undefined : this.#nodes[relapse.node]?.[0];
    if (relapse === undefined || node === undefined) return;
    node.disk.keepsCopies = true;
    this.#at(relapse.atMs, () => {
      this.crash(node);
      if (relapse.kind === "missing") node.disk.lose();
      else node.disk.restoreCopy(this.#rng.unit() ** 2);
      this.chart?.add(this.#nowMs, `n${node.place} RECORD ${relapse.kind}`);
      this.#at(relapse.downMs, () => this.#restart(node));
    });
  }

  #heal(): void {
    this.#healed = true;
    this.#dirty = true;
    this.chart?.add(this.#nowMs, "HEALED");
    for (const node of this.#honest) {
      node.armed = undefined;
      this.#restart(node);
      this.#healHeight = Math.max(this.#healHeight, node.store.height);
    }
  }

  #isDone(): boolean {
    if (!this.#healed || !this.#dirty) return false;
    this.#dirty = false;
    return this.#honest.every(
      (node) => this.#isDead(node) || (this.#isFar(node) && node.isUp && node.store.height >= this.#healHeight + 2),
    );
  }

  #isFar(node: SimNode): boolean {
    if (node.place >= this.plan.nodes) return true;
    return (this.#views.get(node.place)?.size ?? 0) >= VIEWS_LEAST && node.store.height >= FINALS_LEAST;
  }

  #runLoop(): void {
    for (const engines of this.#nodes) {
      for (const node of engines) {
        const joinsMs = node.place < this.plan.nodes ? this.#rng.below(30) : (this.plan.observerMs ?? 0);
        this.#at(joinsMs, () => {
          if (!node.isUp && !this.#isDead(node)) node.start();
        });
      }
    }
    this.#scheduleFaults();
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
      }
      if (this.events > EVENTS_MAX) this.checker.fail("EVENTS", "the schedule does not end");
    }
  }

  run(): Outcome {
    this.#runLoop();
    for (const name of this.checker.certified) {
      if (name.endsWith(":1") && this.checker.certified.has(`${name.slice(0, -1)}2`))
        this.coverage.bothCertificates = true;
    }
    return {
      seed: this.plan.seed,
      events: this.events,
      virtualMs: this.#nowMs,
      counted: this.#honest.every((node) => this.#isDead(node) || this.#isFar(node)),
      violations: this.checker.violations,
      coverage: this.coverage,
      epochBlocks: this.plan.epochBlocks,
      run: this.plan.run,
      traceHash: this.#trace,
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
