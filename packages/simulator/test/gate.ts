// Runs schedules for the merge gate and fails with the seed of whatever broke.

import assert from "node:assert/strict";
import type { Sizes } from "../src/profiles.ts";
import { addOutcome, createReport, formatReport, type RunReport } from "../src/report.ts";
import { runSchedule } from "../src/schedule.ts";

/** Not the first seeds: those are what the code was written against. */
const FIRST_SEED = 5_000_001;

export function gate(count: number, sizesOf: (seed: number) => Sizes): RunReport {
  const report = createReport(FIRST_SEED);
  const failed: string[] = [];
  const started = performance.now();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + count; seed += 1) {
    const outcome = runSchedule(seed, sizesOf(seed));
    addOutcome(report, outcome);
    for (const violation of outcome.violations) failed.push(`seed ${seed}: ${violation.invariant} ${violation.detail}`);
  }
  console.log(formatReport(report, (performance.now() - started) / 1000).join("\n"));
  assert.deepEqual(failed, []);
  return report;
}
