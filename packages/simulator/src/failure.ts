// What a person gets when a schedule breaks an invariant: what, with which seed, the smallest set of faults that still does
// it, the message chart up to that moment, and the command that replays it.

import { ATTACK_NAMES, ATTACKS } from "./attacks.ts";
import type { Outcome, ScheduleOptions } from "./outcome.ts";
import { shrink } from "./shrink.ts";

/** Lines of the chart before the violation. */
const CHART_LINES = 200;

/** One line that runs exactly this schedule again and prints its chart. */
export function replayCommand(seed: number, options: ScheduleOptions): string {
  const { nodes, byzantine, without = [], healMs, attack, mutation } = options;
  const parts = [`npm run simulate -- --nodes ${nodes} --byzantine ${byzantine} --seed ${seed} --seeds 1`];
  const name = ATTACK_NAMES.find((known) => ATTACKS[known] === attack);
  if (name !== undefined) parts.push(`--attack ${name}`);
  if (mutation !== undefined) parts.push(`--mutation ${mutation}`);
  if (without.length > 0) parts.push(`--without ${without.join(",")}`);
  if (healMs !== undefined) parts.push(`--heal-ms ${healMs}`);
  return [...parts, "--chart"].join(" ");
}

/** Shrinks a failed schedule and describes it, line by line. */
export function formatFailure(outcome: Outcome, options: ScheduleOptions): string[] {
  const [violation] = outcome.violations;
  const shrunk = shrink(outcome.seed, { ...options, chartLines: CHART_LINES }, outcome);
  const left = [...shrunk.outcome.plan.faults].join(" ");
  return [
    `VIOLATION of ${violation?.invariant} with seed ${outcome.seed}: ${violation?.detail}`,
    `faults left after ${shrunk.tries} tries: ${left === "" ? "none" : left}`,
    ...shrunk.outcome.chart,
    `replay: ${replayCommand(outcome.seed, shrunk.options)}`,
  ];
}
