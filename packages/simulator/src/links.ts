// The network between places: latency, slow spells, loss, duplication, cuts. Once healed it only delays.

import type { Plan } from "./plan.ts";
import type { SimRng } from "./rng.ts";

/** Jitter meets this share of the messages. */
const JITTER_SHARE = 0.3;

export type Crossing = { readonly from: number; readonly to: number; readonly nowMs: number; readonly healed: boolean };

export class Links {
  readonly #plan: Plan;
  readonly #rng: SimRng;

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
    if (this.#plan.jitterMs > 0 && this.#rng.chance(JITTER_SHARE)) latency += this.#rng.unit() * this.#plan.jitterMs;
    return latency;
  }

  /** What becomes of one message: the latency of each copy that arrives, none when it is lost, or "cut". */
  pass(crossing: Crossing): readonly number[] | "cut" {
    if (!crossing.healed) {
      if (this.#isCut(crossing)) return "cut";
      if (this.#rng.chance(this.#plan.loss)) return [];
    }
    const twice = !crossing.healed && this.#rng.chance(this.#plan.duplication);
    const first = this.#latency(crossing);
    return twice ? [first, this.#latency(crossing)] : [first];
  }
}
