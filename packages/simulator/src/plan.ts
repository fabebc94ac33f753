// The plan of one schedule, drawn from its seed: which faults are on, how strong, when (swarm testing). A plan is data:
// shrinking a failure switches faults off and runs the rest again. Each part of it has its own stream of chance, so that
// switching off one fault leaves the others as they were.

import { quorumSize } from "@bystack/protocol/side/certificate";
import { CHANCES, FAULTS, type Fault } from "./faults.ts";
import { drawCuts, drawPhases, drawSlow, type NetworkPlan } from "./network-plan.ts";
import { type Clock, type Crash, drawClocks, drawCrashes, drawRelapse, type Relapse } from "./node-plan.ts";
import { SimRng } from "./rng.ts";

export type Plan = NetworkPlan & {
  readonly seed: number;
  /** Seats of the first committee: the places from 0. */
  readonly nodes: number;
  /** Places that hold a vote key; those above `nodes` wait to be elected. */
  readonly pool: number;
  /** Hostile places: never more in a committee than it tolerates. */
  readonly byzantine: readonly number[];
  readonly faults: ReadonlySet<Fault>;
  readonly healMs: number;
  readonly run: number;
  readonly epochBlocks: number;
  readonly crashes: readonly Crash[];
  /** Counts as one of the faulty. */
  readonly relapse: Relapse | undefined;
  /** A validator that goes down for good; counts as one of the faulty. */
  readonly dead: { readonly node: number; readonly atMs: number } | undefined;
  /** When an observer without a key joins, if one does; its place is `pool`. */
  readonly observerMs: number | undefined;
  readonly clocks: readonly Clock[];
  readonly predicateDelayMs: number;
  /** Entries after which records are rewritten: small ones bring many rewrites into short runs. */
  readonly recordCompactEntries: number;
  /** How keen the hostile places are, 0 to 1. */
  readonly malice: number;
};

export type PlanOptions = {
  readonly nodes: number;
  /** Number of hostile nodes, at most what the committee tolerates. */
  readonly byzantine: number;
  /** Faults switched off, by shrinking. */
  readonly without?: readonly Fault[];
  /** A shorter unruly phase, by shrinking. */
  readonly healMs?: number;
  /** Instead of drawing: exactly these faults, with the hostile as keen as can be; for named attacks. */
  readonly attack?: Attack;
};

/** What a named attack takes, see `attacks.ts`. */
export type Attack = {
  readonly faults: readonly Fault[];
  readonly epochBlocks?: number;
  readonly run?: number;
  readonly healMs?: number;
};

function drawPlaces(rng: SimRng, below: number, count: number): number[] {
  const places = Array.from({ length: below }, (_, i) => i);
  while (places.length > count) places.splice(rng.below(places.length), 1);
  return places;
}

/** Draws the plan of one seed; the same seed and options give the same plan. */
export function drawPlan(seed: number, options: PlanOptions): Plan {
  const stream = (part: number): SimRng => new SimRng(seed * 7919 + 17 + part * 0x9e3779b1);
  const chance = stream(0);
  const { attack } = options;
  const drawn = attack?.faults ?? FAULTS.filter((fault) => chance.chance(CHANCES[fault]));
  const faults = new Set(drawn.filter((fault) => !(options.without ?? []).includes(fault)));
  const rng = stream(1);
  const { nodes } = options;
  const byzantine = drawPlaces(rng, nodes, options.byzantine);
  const healMs = options.healMs ?? attack?.healMs ?? rng.between(4000, 9000);
  const run = attack?.run ?? rng.between(1, 4);
  // A committee that changes has to change often in a short run.
  const epochBlocks = attack?.epochBlocks ?? (faults.has("rotation") ? rng.between(1, 4) : rng.between(2, 8));
  const spares = rng.between(1, Math.floor(nodes / 3) + 1);
  const pool = faults.has("rotation") ? nodes + spares : nodes;
  const observerMs = rng.between(0, healMs);
  const tolerated = nodes - quorumSize(nodes) - byzantine.length;
  const honest = Array.from({ length: pool }, (_, i) => i).filter((place) => !byzantine.includes(place));
  const dead = { node: rng.pick(honest), atMs: rng.below(healMs) };
  const shape = { nodes: pool, byzantine, healMs, faults };
  const relapse = tolerated > 0 ? drawRelapse(stream(2), { ...shape, honest }) : undefined;
  const mayDie = relapse === undefined ? tolerated > 0 : tolerated > 1;
  return {
    seed,
    nodes,
    pool,
    byzantine,
    faults,
    healMs,
    run,
    epochBlocks,
    ...drawSlow(stream(3), shape),
    cuts: drawCuts(stream(4), shape),
    phases: drawPhases(stream(5), shape),
    crashes: drawCrashes(stream(6), shape),
    relapse,
    dead: faults.has("dead") && mayDie && dead.node !== relapse?.node ? dead : undefined,
    observerMs: faults.has("observer") ? observerMs : undefined,
    clocks: drawClocks(stream(7), { ...shape, nodes: pool + 1 }),
    predicateDelayMs: rng.between(5, 500),
    recordCompactEntries: rng.between(10, 200),
    malice: attack === undefined ? 0.2 + 0.8 * rng.unit() : 0.9,
  };
}
