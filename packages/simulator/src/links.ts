// The network between places: latency, slow spells, bad phases, loss, duplication, cuts, narrow links. Once healed it only
// delays.

import type { Phase } from "./network-plan.ts";
import type { Plan } from "./plan.ts";
import type { SimRng } from "./rng.ts";

/** Jitter meets this share of the messages. */
const JITTER_SHARE = 0.3;

/** A backlog longer than this is not kept by any socket: what comes on top of it is lost. */
const BACKLOG_MAX_MS = 3000;

export type Crossing = {
  readonly from: number;
  readonly to: number;
  readonly nowMs: number;
  readonly healed: boolean;
  /** About the size of the message on the wire. */
  readonly bytes: number;
};

export class Links {
  readonly #plan: Plan;
  readonly #rng: SimRng;
  /** When each narrow link has sent all it was given, by `from * 256 + to`. */
  readonly #freeMs = new Map<number, number>();

  constructor(plan: Plan, rng: SimRng) {
    this.#plan = plan;
    this.#rng = rng;
  }

  #isCut({ from, to, nowMs }: Crossing): boolean {
    for (const cut of this.#plan.cuts) {
      if (nowMs < cut.fromMs || nowMs >= cut.toMs) continue;
      if (cut.from.includes(from) && cut.to.includes(to)) return true;
    }
    return false;
  }

  #latency({ nowMs, healed }: Crossing): number {
    const [low, high] = this.#plan.latency;
    let latency = low + this.#rng.unit() * (high - low);
    if (healed) return latency;
    for (const slow of this.#plan.slow) if (nowMs >= slow.fromMs && nowMs < slow.toMs) latency *= slow.factor;
    latency *= this.#phase(nowMs)?.latencyFactor ?? 1;
    if (this.#plan.jitterMs > 0 && this.#rng.chance(JITTER_SHARE)) latency += this.#rng.unit() * this.#plan.jitterMs;
    return latency;
  }

  #phase(nowMs: number): Phase | undefined {
    return this.#plan.phases.find((phase) => nowMs >= phase.fromMs && nowMs < phase.toMs);
  }

  /** How long a message waits for those before it on a narrow link; undefined when too many are before it. */
  #queue({ from, to, nowMs, bytes }: Crossing): number | undefined {
    if (this.#plan.bandwidth === 0) return 0;
    const link = from * 256 + to;
    const startMs = Math.max(nowMs, this.#freeMs.get(link) ?? 0);
    if (startMs - nowMs > BACKLOG_MAX_MS) return undefined;
    const doneMs = startMs + (1000 * bytes) / this.#plan.bandwidth;
    this.#freeMs.set(link, doneMs);
    return doneMs - nowMs;
  }

  /** What becomes of one message: the latency of each copy that arrives, none when it is lost, or "cut". */
  pass(crossing: Crossing): readonly number[] | "cut" {
    const { healed, nowMs } = crossing;
    if (healed) return [this.#latency(crossing)];
    if (this.#isCut(crossing)) return "cut";
    if (this.#rng.chance(this.#phase(nowMs)?.loss ?? this.#plan.loss)) return [];
    const queuedMs = this.#queue(crossing);
    if (queuedMs === undefined) return [];
    const twice = this.#rng.chance(this.#plan.duplication);
    const first = queuedMs + this.#latency(crossing);
    return twice ? [first, queuedMs + this.#latency(crossing)] : [first];
  }
}
