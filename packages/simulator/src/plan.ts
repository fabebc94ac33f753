// The plan of one schedule, drawn from its seed: which faults are on, how strong, when (swarm testing). A plan is data:
// shrinking a failure switches faults off and runs the rest again.

import { SimRng } from "./rng.ts";

export const FAULTS = [
  "loss",
  "duplication",
  "jitter",
  "slow",
  "partition",
  "oneWay",
  "crash",
  "skew",
  "slowDisk",
  "predicates",
  "equivocate",
  "doubleVote",
  "withhold",
  "fork",
  "invalid",
  "stale",
  "mutate",
  "delay",
  "subset",
  "twins",
  "silent",
  "record",
  "observer",
  "dead",
] as const;
export type Fault = (typeof FAULTS)[number];

export type Window = { readonly fromMs: number; readonly toMs: number };
export type Cut = Window & {
  /** Messages from a place in `from` to a place in `to` are lost; a partition lists both ways. */
  readonly from: readonly number[];
  readonly to: readonly number[];
};

/** Where a node dies: at a time, or at the next persist, at one of its three points. */
export type CrashPoint = "time" | "beforeWrite" | "beforeSync" | "beforeSend" | "afterSend";
export type Crash = {
  readonly node: number;
  readonly atMs: number;
  readonly point: CrashPoint;
  readonly downMs: number;
};

/** One validator comes back with a record that is gone, or with an older copy of it. */
export type Relapse = {
  readonly node: number;
  readonly atMs: number;
  readonly kind: "missing" | "old";
  readonly downMs: number;
};

export type Plan = {
  readonly seed: number;
  readonly nodes: number;
  readonly byzantine: number;
  readonly faults: ReadonlySet<Fault>;
  readonly healMs: number;
  readonly run: number;
  readonly epochBlocks: number;
  readonly latency: readonly [number, number];
  readonly loss: number;
  readonly duplication: number;
  readonly jitterMs: number;
  readonly slow: readonly (Window & { readonly factor: number })[];
  readonly cuts: readonly Cut[];
  readonly crashes: readonly Crash[];
  /** Only without a Byzantine node: the two together are more than f. */
  readonly relapse: Relapse | undefined;
  /** Only without a Byzantine node and without a relapse: a validator that goes down for good. */
  readonly dead: { readonly node: number; readonly atMs: number } | undefined;
  /** When an observer without a key joins, if one does. */
  readonly observerMs: number | undefined;
  readonly skewMs: readonly number[];
  readonly predicateDelayMs: number;
  /** Entries after which records are rewritten: small ones bring many rewrites into short runs. */
  readonly recordCompactEntries: number;
  /** How keen the Byzantine node is, 0 to 1. */
  readonly malice: number;
};

/** Which faults a schedule has by default: the chance of each. */
const CHANCES: Readonly<Record<Fault, number>> = {
  loss: 0.5,
  duplication: 0.3,
  jitter: 0.5,
  slow: 0.5,
  partition: 0.45,
  oneWay: 0.2,
  crash: 0.5,
  skew: 0.3,
  slowDisk: 0.2,
  predicates: 0.15,
  equivocate: 0.6,
  doubleVote: 0.6,
  withhold: 0.3,
  fork: 0.3,
  invalid: 0.25,
  stale: 0.25,
  mutate: 0.25,
  delay: 0.25,
  subset: 0.25,
  twins: 0.2,
  silent: 0.08,
  record: 0.3,
  observer: 0.2,
  dead: 0.25,
};

function drawCuts(rng: SimRng, plan: { nodes: number; healMs: number; faults: ReadonlySet<Fault> }): Cut[] {
  const cuts: Cut[] = [];
  const places = Array.from({ length: plan.nodes }, (_, i) => i);
  const window = (): Window => {
    const fromMs = rng.below(plan.healMs);
    return { fromMs, toMs: Math.min(plan.healMs, fromMs + rng.between(300, 4000)) };
  };
  if (plan.faults.has("partition")) {
    for (let i = rng.between(1, 3); i > 0; i -= 1) {
      const from = rng.subset(places, 0.5);
      const to = places.filter((place) => !from.includes(place));
      const when = window();
      cuts.push({ ...when, from, to }, { ...when, from: to, to: from });
    }
  }
  if (plan.faults.has("oneWay")) {
    for (let i = rng.between(1, 3); i > 0; i -= 1) {
      cuts.push({ ...window(), from: rng.subset(places, 0.4), to: rng.subset(places, 0.4) });
    }
  }
  return cuts;
}

function drawCrashes(
  rng: SimRng,
  plan: { nodes: number; byzantine: number; healMs: number; faults: ReadonlySet<Fault> },
): Crash[] {
  if (!plan.faults.has("crash")) return [];
  const crashes: Crash[] = [];
  const points: CrashPoint[] = ["time", "beforeWrite", "beforeSync", "beforeSend", "afterSend"];
  const together = rng.chance(0.15);
  const atMs = rng.between(200, plan.healMs);
  for (let node = 0; node < plan.nodes; node += 1) {
    const count = together ? 1 : rng.below(3);
    for (let i = 0; i < count && node !== plan.byzantine; i += 1) {
      const when = together ? atMs + rng.below(40) : rng.between(100, plan.healMs);
      crashes.push({
        node,
        atMs: when,
        point: rng.pick(points),
        downMs: rng.between(10, rng.chance(0.2) ? 6000 : 800),
      });
    }
  }
  return crashes;
}

export type PlanOptions = {
  readonly nodes: number;
  /** Number of Byzantine nodes: 0 or 1. */
  readonly byzantine: number;
  /** Faults switched off, by shrinking. */
  readonly without?: readonly Fault[];
  /** A shorter unruly phase, by shrinking. */
  readonly healMs?: number;
};

/** Draws the plan of one seed; the same seed and options give the same plan. */
export function drawPlan(seed: number, options: PlanOptions): Plan {
  const rng = new SimRng(seed * 7919 + 17);
  const drawn = FAULTS.filter((fault) => rng.chance(CHANCES[fault]));
  const faults = new Set(drawn.filter((fault) => !(options.without ?? []).includes(fault)));
  const nodes = options.nodes;
  const byzantine = options.byzantine > 0 ? rng.below(nodes) : -1;
  const healMs = options.healMs ?? rng.between(4000, 9000);
  const run = rng.between(1, 4);
  const epochBlocks = rng.between(2, 8);
  const low = rng.between(1, 40);
  const shape = { nodes, byzantine, healMs, faults };
  const cuts = drawCuts(rng, shape);
  const crashes = drawCrashes(rng, shape);
  const slow = faults.has("slow")
    ? Array.from({ length: rng.between(1, 3) }, () => {
        const fromMs = rng.below(healMs);
        return { fromMs, toMs: Math.min(healMs, fromMs + rng.between(500, 3000)), factor: rng.between(3, 12) };
      })
    : [];
  const kind: Relapse["kind"] = rng.chance(0.4) ? "missing" : "old";
  const relapse: Relapse = {
    node: rng.below(nodes),
    atMs: rng.between(500, healMs - 200),
    kind,
    downMs: rng.between(50, 1500),
  };
  const dead = { node: rng.below(nodes), atMs: rng.below(healMs) };
  const observerMs = rng.between(0, healMs);
  return {
    seed,
    nodes,
    byzantine,
    faults,
    healMs,
    run,
    epochBlocks,
    latency: [low, low + rng.between(1, 60)],
    loss: faults.has("loss") ? rng.unit() ** 2 * 0.35 : 0,
    duplication: faults.has("duplication") ? rng.unit() * 0.2 : 0,
    jitterMs: faults.has("jitter") ? rng.between(20, 300) : 0,
    slow,
    cuts,
    crashes,
    relapse: faults.has("record") && byzantine < 0 ? relapse : undefined,
    dead: faults.has("dead") && !faults.has("record") && byzantine < 0 ? dead : undefined,
    observerMs: faults.has("observer") ? observerMs : undefined,
    skewMs: Array.from({ length: nodes + 1 }, () => (faults.has("skew") ? rng.between(-120, 120) : 0)),
    predicateDelayMs: rng.between(5, 500),
    recordCompactEntries: rng.between(10, 200),
    malice: 0.2 + 0.8 * rng.unit(),
  };
}
