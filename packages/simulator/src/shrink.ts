// Makes a failing schedule smaller: fewer kinds of fault, then a shorter unruly phase, as long as the same invariant
// still breaks. Greedy and bounded; every try is one run.

import { FAULTS, type Fault } from "./faults.ts";
import type { Outcome, ScheduleOptions } from "./outcome.ts";
import { runSchedule } from "./schedule.ts";

export type Shrunk = { readonly options: ScheduleOptions; readonly outcome: Outcome; readonly tries: number };

export function shrink(seed: number, options: ScheduleOptions, failed: Outcome): Shrunk {
  const invariant = failed.violations[0]?.invariant;
  // Once more as it is: the failed run may have been made without a chart.
  let best: Shrunk = { options, outcome: runSchedule(seed, options), tries: 0 };
  let tries = 0;
  const attempt = (changed: ScheduleOptions): boolean => {
    tries += 1;
    const outcome = runSchedule(seed, changed);
    if (outcome.violations[0]?.invariant !== invariant) return false;
    best = { options: changed, outcome, tries };
    return true;
  };
  for (const fault of FAULTS) {
    if (!failed.plan.faults.has(fault)) continue;
    const without: Fault[] = [...(best.options.without ?? []), fault];
    attempt({ ...best.options, without });
  }
  for (let healMs = Math.round(failed.plan.healMs / 2); healMs >= 500; healMs = Math.round(healMs / 2)) {
    if (!attempt({ ...best.options, healMs })) break;
  }
  return { ...best, tries };
}
