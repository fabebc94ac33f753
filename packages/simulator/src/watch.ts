// What is looked at after every event of a schedule: the invariants, each node's conduct, what was covered, the trace and
// the chart. It changes nothing.

import type { BbftEffect } from "@bystack/consensus/bbft/events";
import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import type { RecordEntry } from "@bystack/consensus/bbft/record";
import { type Chart, describeEffect, describeMessage } from "./chart.ts";
import type { Checker } from "./checker.ts";
import type { Conduct } from "./conduct.ts";
import { createCoverage, Shown } from "./coverage.ts";
import type { Conformance } from "./model/conformance.ts";
import type { SimNode, TimelessEvent } from "./node.ts";
import type { CrashPoint } from "./node-plan.ts";
import type { Plan } from "./plan.ts";
import type { SeatMap } from "./seats.ts";

const EVENT_CODES: Readonly<Record<string, number>> = Object.fromEntries(
  ["start", "message", "timer", "blockBuilt", "blockValidated", "predicate", "persisted", "stored", "mark"].map(
    (type, i) => [type, i],
  ),
);

export type Moment = { readonly ms: number; readonly localMs: number };

export class Watch {
  readonly coverage = createCoverage();
  /** Points at which honest nodes have died. */
  readonly died: CrashPoint[] = [];
  trace = 0;
  readonly #plan: Plan;
  readonly #seats: SeatMap;
  readonly #checker: Checker;
  readonly #conduct: Conduct;
  readonly #conformance: Conformance | undefined;
  readonly #chart: Chart | undefined;
  readonly #hostile: ReadonlySet<number>;
  readonly #shown = new Shown(this.coverage);
  readonly #views = new Map<number, Set<string>>();

  constructor(input: {
    plan: Plan;
    seats: SeatMap;
    checker: Checker;
    conduct: Conduct;
    conformance: Conformance | undefined;
    chart: Chart | undefined;
  }) {
    this.#plan = input.plan;
    this.#seats = input.seats;
    this.#checker = input.checker;
    this.#conduct = input.conduct;
    this.#conformance = input.conformance;
    this.#chart = input.chart;
    this.#hostile = new Set(input.plan.byzantine);
  }

  /** Different views that a place has been in. */
  viewsOf(place: number): number {
    return this.#views.get(place)?.size ?? 0;
  }

  note(ms: number, text: string): void {
    this.#chart?.add(ms, text);
  }

  /** A message is about to reach a place. */
  delivered(crossing: { from: number; to: number; ms: number }, nodes: readonly SimNode[], message: BbftMessage): void {
    const { from, to, ms } = crossing;
    if (this.#chart !== undefined) this.#chart.add(ms, `n${from} -> n${to}  ${describeMessage(message)}`);
    if (this.#hostile.has(to)) return;
    if (message.type === "PROPOSE") this.#shown.proposal(from, to, message, this.#hostile.has(from));
    for (const node of nodes) this.#conduct.delivered(node, message);
  }

  /** An effect of a node, before it is carried out. */
  observe(node: SimNode, effect: BbftEffect, now: Moment): void {
    const { place } = node;
    if (this.#hostile.has(place)) return;
    this.#conduct.observe(node, effect, now);
    this.#conformance?.observe(place, effect);
    const text = this.#chart === undefined ? undefined : describeEffect(effect);
    if (text !== undefined) this.note(now.ms, `n${place} ${text}`);
    switch (effect.type) {
      case "send":
      case "broadcast":
        this.#checker.sent(node, effect.message);
        return;
      case "finalised":
        this.#checker.finalised(node, effect);
        return;
      case "viewEntered":
        this.#entered(place, effect);
        return;
      case "silence":
        if (effect.reason === "observe" && this.#plan.relapse?.node !== place)
          this.#checker.fail("OBSERVE", `n${place} found an own vote that its exact record lacks`);
        return;
      case "halt":
        this.#checker.fail("HALT", `n${place}: ${effect.reason}`);
        return;
      case "evidence": {
        const { epoch, signer } = effect.evidence.first;
        const named = this.#seats.placeOf(epoch, signer) ?? -1;
        if (!this.#checker.suspects.includes(named)) this.#checker.fail("P35", `evidence against the honest n${named}`);
        return;
      }
      case "score": {
        const named = Number(effect.peer.slice(1));
        if (!this.#checker.suspects.includes(named))
          this.#checker.fail("SCORE", `n${place} holds ${effect.reason} against the honest n${named}`);
        return;
      }
      default:
        return;
    }
  }

  #entered(place: number, effect: BbftEffect & { type: "viewEntered" }): void {
    const views = this.#views.get(place) ?? new Set<string>();
    this.#views.set(place, views);
    views.add(`${effect.epoch}:${effect.view}`);
    if (effect.nullified) this.coverage.nullified = true;
    if (effect.epoch > 1) this.coverage.epochCrossed = true;
    const [before, seats] = [this.#seats.of(effect.epoch - 1), this.#seats.of(effect.epoch)];
    if (before !== undefined && seats?.some((one) => !before.includes(one))) this.coverage.committeeChanged = true;
  }

  started(node: SimNode, ms: number): void {
    if (this.#hostile.has(node.place)) return;
    this.#conduct.started(node, ms);
    this.#conformance?.started(node.place);
  }

  crashed(node: SimNode, point: CrashPoint, ms: number): void {
    if (!this.#hostile.has(node.place)) this.died.push(point);
    this.note(ms, `n${node.place} CRASH (${point})`);
  }

  restarted(node: SimNode, ms: number): void {
    this.coverage.restart = true;
    this.note(ms, `n${node.place} RESTART`);
  }

  synced(node: SimNode, entries: readonly RecordEntry[]): void {
    if (this.#hostile.has(node.place) || entries.length === 0) return;
    this.#checker.synced(node.place, entries);
    this.#conduct.synced(node, entries);
    this.#conformance?.synced(node.place, entries);
  }

  appended(node: SimNode): void {
    if (!this.#hostile.has(node.place)) this.#checker.appended(node);
  }

  stepped(node: SimNode, event: TimelessEvent, ms: number): void {
    const code = (EVENT_CODES[event.type] ?? 0) + 16 * node.place;
    this.trace = Math.imul(this.trace ^ Math.round(ms * 1000) ^ (code << 20), 0x01000193) >>> 0;
    if (this.#hostile.has(node.place)) return;
    this.#checker.stepped(node);
    this.#conformance?.stepped(node.place);
  }

  /** At the end of a schedule: what only the sum of it shows. */
  conclude(): void {
    for (const name of this.#checker.certified) {
      if (name.endsWith(":1") && this.#checker.certified.has(`${name.slice(0, -1)}2`))
        this.coverage.bothCertificates = true;
    }
  }
}
