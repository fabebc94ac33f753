// The network's part of a plan: latency, loss, cuts, slow spells, phases and the width of links.

import type { Fault } from "./faults.ts";
import type { SimRng } from "./rng.ts";

export type Window = { readonly fromMs: number; readonly toMs: number };
export type Cut = Window & {
  /** Messages from a place in `from` to a place in `to` are lost; a partition lists both ways. */
  readonly from: readonly number[];
  readonly to: readonly number[];
};

/** A stretch of time in which the network as a whole is worse. */
export type Phase = Window & { readonly loss: number; readonly latencyFactor: number };

export type NetworkPlan = {
  /** Least and greatest one-way delay of a link, in ms. */
  readonly latency: readonly [number, number];
  readonly loss: number;
  readonly duplication: number;
  readonly jitterMs: number;
  readonly slow: readonly (Window & { readonly factor: number })[];
  /** Bytes a second over one link in one direction; 0 for no limit. */
  readonly bandwidth: number;
  readonly cuts: readonly Cut[];
  readonly phases: readonly Phase[];
};

export type Shape = {
  readonly nodes: number;
  readonly byzantine: readonly number[];
  readonly healMs: number;
  readonly faults: ReadonlySet<Fault>;
};

export function drawSlow(rng: SimRng, shape: Shape): Omit<NetworkPlan, "cuts" | "phases"> {
  const { faults, healMs } = shape;
  const low = rng.between(1, 40);
  const high = low + rng.between(1, 60);
  const loss = rng.unit() ** 2 * 0.35;
  const duplication = rng.unit() * 0.2;
  const jitterMs = rng.between(20, 300);
  // The narrowest takes 0.3 s for a certificate of four: a view then needs its longest patience.
  const bandwidth = rng.between(1, 40) * 1000;
  const slow = Array.from({ length: rng.between(1, 3) }, () => {
    const fromMs = rng.below(healMs);
    return { fromMs, toMs: Math.min(healMs, fromMs + rng.between(500, 3000)), factor: rng.between(3, 12) };
  });
  return {
    latency: [low, high],
    loss: faults.has("loss") ? loss : 0,
    duplication: faults.has("duplication") ? duplication : 0,
    jitterMs: faults.has("jitter") ? jitterMs : 0,
    bandwidth: faults.has("bandwidth") ? bandwidth : 0,
    slow: faults.has("slow") ? slow : [],
  };
}

export function drawCuts(rng: SimRng, { nodes, healMs, faults }: Shape): Cut[] {
  const cuts: Cut[] = [];
  const places = Array.from({ length: nodes }, (_, i) => i);
  const window = (): Window => {
    const fromMs = rng.below(healMs);
    return { fromMs, toMs: Math.min(healMs, fromMs + rng.between(300, 4000)) };
  };
  if (faults.has("partition")) {
    for (let i = rng.between(1, 3); i > 0; i -= 1) {
      const from = rng.subset(places, 0.5);
      const to = places.filter((place) => !from.includes(place));
      const when = window();
      cuts.push({ ...when, from, to }, { ...when, from: to, to: from });
    }
  }
  if (faults.has("oneWay")) {
    for (let i = rng.between(1, 3); i > 0; i -= 1) {
      cuts.push({ ...window(), from: rng.subset(places, 0.4), to: rng.subset(places, 0.4) });
    }
  }
  if (faults.has("flapping")) {
    const [from, to] = [[rng.below(nodes)], rng.subset(places, 0.6)];
    const { fromMs, toMs } = window();
    const periodMs = rng.between(40, 400);
    for (let at = fromMs; at < toMs; at += 2 * periodMs) cuts.push({ fromMs: at, toMs: at + periodMs, from, to });
  }
  return cuts;
}

export function drawPhases(rng: SimRng, { healMs, faults }: Shape): Phase[] {
  if (!faults.has("phases")) return [];
  const phases: Phase[] = [];
  for (let fromMs = 0; fromMs < healMs; ) {
    const toMs = fromMs + rng.between(300, 2500);
    if (rng.chance(0.6)) phases.push({ fromMs, toMs, loss: rng.unit() ** 2 * 0.7, latencyFactor: rng.between(1, 6) });
    fromMs = toMs;
  }
  return phases;
}
