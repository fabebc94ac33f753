// `npm run simulate`: many schedules, one replayed with its chart, or the mutants. Exit code 0 when nothing broke.

import { parseArgs } from "node:util";
import { formatFailure } from "./failure.ts";
import { findMutant, MUTANTS } from "./mutants.ts";
import type { ScheduleOptions } from "./outcome.ts";
import { FAULTS, type Fault } from "./plan.ts";
import { addOutcome, createReport, formatReport, shortfalls } from "./report.ts";
import { runSchedule } from "./schedule.ts";

const HELP = `npm run simulate -- [options]
  --nodes <n>       validators, 4 or more (4)
  --byzantine <b>   Byzantine validators, 0 or 1 (1)
  --seeds <count>   schedules to run (2000)
  --seed <first>    first seed (1)
  --minutes <m>     stop after this long, whatever is left
  --json            the report as JSON
  --mutants         take out one rule at a time; each must be found within 5 minutes
  --chart           print the message chart of each schedule; meant for --seeds 1
  --without <list>  faults to switch off, with commas: ${FAULTS.join(" ")}
  --heal-ms <ms>    length of the unruly phase, otherwise drawn`;

/** A whole schedule fits; a chart is asked for one schedule at a time. */
const CHART_LINES = 20_000;
const MUTANT_SECONDS = 300;

type Options = ScheduleOptions & {
  readonly first: number;
  readonly count: number;
  readonly minutes: number;
  readonly json: boolean;
};

function toNumber(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`not a number: ${text}`);
  return value;
}

function toFaults(text: string | undefined): Fault[] {
  const names = text === undefined || text === "" ? [] : text.split(",");
  return names.map((name) => {
    const fault = FAULTS.find((known) => known === name);
    if (fault === undefined) throw new RangeError(`unknown fault ${name}: one of ${FAULTS.join(", ")}`);
    return fault;
  });
}

function runMany(options: Options): number {
  const report = createReport(options.first);
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  let shown = 0;
  for (let seed = options.first; seed < options.first + options.count; seed += 1) {
    if (seconds() > options.minutes * 60) break;
    const outcome = runSchedule(seed, options);
    addOutcome(report, outcome);
    if ((options.chartLines ?? 0) > 0) console.log(outcome.chart.join("\n"));
    if (outcome.violations.length > 0 && shown < 3) {
      shown += 1;
      console.log(formatFailure(outcome, options).join("\n"));
    }
    if (!options.json && report.schedules % 2000 === 0) {
      console.error(`${report.schedules} schedules, ${report.violations} violations, ${seconds().toFixed(0)} s`);
    }
  }
  // The shares are asked for where one leader in four is Byzantine.
  const missing = options.nodes === 4 ? shortfalls(report, options.byzantine) : [];
  if (options.json) console.log(JSON.stringify({ ...report, seconds: seconds(), shortfalls: missing }));
  else console.log([...formatReport(report, seconds()), ...missing.map((line) => `short of   ${line}`)].join("\n"));
  return report.violations === 0 && missing.length === 0 ? 0 : 1;
}

function runMutants(json: boolean): number {
  let lost = 0;
  for (const mutant of MUTANTS) {
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    const outcome = findMutant(mutant, () => seconds() > MUTANT_SECONDS);
    const violation = outcome?.violations[0];
    if (outcome === undefined) lost += 1;
    if (json) console.log(JSON.stringify({ ...mutant, seed: outcome?.seed, violation, seconds: seconds() }));
    else if (outcome === undefined)
      console.log(`LOST   ${mutant.mutation}: nothing broke in ${seconds().toFixed(0)} s`);
    else
      console.log(
        `found  ${mutant.mutation.padEnd(10)} seed ${outcome.seed}, ${seconds().toFixed(2)} s: ${violation?.invariant}, ${violation?.detail}`,
      );
  }
  return lost === 0 ? 0 : 1;
}

function main(): number {
  const { values } = parseArgs({
    options: {
      nodes: { type: "string" },
      byzantine: { type: "string" },
      seeds: { type: "string" },
      seed: { type: "string" },
      minutes: { type: "string" },
      without: { type: "string" },
      "heal-ms": { type: "string" },
      json: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
      chart: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.mutants) return runMutants(values.json);
  const nodes = toNumber(values.nodes, 4);
  const byzantine = toNumber(values.byzantine, 1);
  if (nodes < 4 || nodes > 100 || byzantine > 1)
    throw new RangeError("4 to 100 nodes, and at most one of them Byzantine");
  return runMany({
    nodes,
    byzantine,
    first: toNumber(values.seed, 1),
    count: toNumber(values.seeds, 2000),
    minutes: toNumber(values.minutes, Number.MAX_SAFE_INTEGER),
    json: values.json,
    chartLines: values.chart ? CHART_LINES : 0,
    without: toFaults(values.without),
    ...(values["heal-ms"] === undefined ? {} : { healMs: toNumber(values["heal-ms"], 4000) }),
  });
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`simulate: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  process.exitCode = 2;
}
