// A world of a few engines for scenarios that are laid out, not drawn: one queue of events in virtual time, exact clocks, and
// a rule of the scenario's own for which message gets where, and when.

import type { BbftEffect, Target } from "@bystack/consensus/bbft/events";
import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import { CLOCK_START_MS } from "./clock.ts";
import { fakeScheme } from "./fake-crypto.ts";
import { EventQueue } from "./heap.ts";
import type { SimNode, World } from "./node.ts";

type Scheduled = { readonly node: SimNode | undefined; readonly incarnation: number; readonly run: () => void };

export abstract class SmallWorld implements World {
  readonly #queue = new EventQueue<Scheduled>();
  #nowMs = 0;

  /** All engines. Twins have the same place. */
  protected abstract readonly engines: readonly SimNode[];

  /** How long a message takes; undefined when it does not arrive. */
  protected abstract passage(from: SimNode, to: SimNode): number | undefined;

  nowMs(): number {
    return this.#nowMs;
  }

  localMs(): number {
    return Math.floor(CLOCK_START_MS + this.#nowMs);
  }

  keysOf(places: readonly number[]): Uint8Array[] {
    return places.map((place) => fakeScheme.key(place));
  }

  at(ms: number, run: () => void): void {
    this.#queue.push(ms, { node: undefined, incarnation: 0, run });
  }

  after(node: SimNode, delayMs: number, run: () => void): void {
    this.#queue.push(this.#nowMs + delayMs, { node, incarnation: node.incarnation, run });
  }

  send(node: SimNode, target: Target | "all", message: BbftMessage): void {
    const place = target === "all" ? -1 : "peer" in target ? Number(target.peer.slice(1)) : target.validator;
    for (const to of this.engines) {
      if (to.place === node.place || (target !== "all" && to.place !== place)) continue;
      const delayMs = this.passage(node, to);
      if (delayMs === undefined) continue;
      this.after(to, delayMs, () => to.step({ type: "message", from: `n${node.place}`, message }));
    }
  }

  started(): void {}
  observe(_node: SimNode, _effect: BbftEffect): void {}
  synced(): void {}
  appended(_node: SimNode): void {}
  predicateHolds(): void {}
  stepped(): void {}
  crash(): void {}

  /** Runs until there is nothing left or `endMs()` is over; it is asked before every event. Can be gone on with. */
  protected runUntil(endMs: () => number): void {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      if (next.timeMs > endMs()) {
        this.#queue.push(next.timeMs, next.value);
        return;
      }
      this.#nowMs = next.timeMs;
      const { node, incarnation, run } = next.value;
      if (node === undefined || node.incarnation === incarnation) run();
    }
  }
}
