// `npm run simulate`: many schedules, one replayed with its chart, the mutants, or the search of the model. Exit code 0 when nothing broke.

import { parseArgs } from "node:util";
import { MUTATION_TEXT, MUTATIONS } from "@bystack/consensus/bbft/mutation";
import { quorumSize } from "@bystack/protocol/side/certificate";
import { ATTACK_NAMES, attackOf } from "./attacks.ts";
import { formatFailure, replayCommand } from "./failure.ts";
import { FAULTS } from "./faults.ts";
import { runModel } from "./model/command.ts";
import { RULES } from "./model/rules.ts";
import { VIEWS_MAX } from "./model/state.ts";
import { findMutant, MUTANTS, settingsOf } from "./mutants.ts";
import type { ScheduleOptions } from "./outcome.ts";
import { drawSizes, PROFILE_NAMES, PROFILES, type Sizes } from "./profiles.ts";
import { addOutcome, createReport, formatReport, shortfalls } from "./report.ts";
import { runSchedule } from "./schedule.ts";

const HELP = `npm run simulate -- [options]
  --nodes <n>       validators, 4 to 100 (4)
  --byzantine <b>   hostile validators, 0 to (n - 1) / 3 (1)
  --profile <name>  draws both from each seed instead: ${PROFILE_NAMES.join(", ")}
  --seeds <count>   schedules to run (2000, or the profile's)
  --seed <first>    first seed (1)
  --minutes <m>     stop after this long, whatever is left
  --json            the report as JSON
  --mutants         take out one rule at a time; each must be found within 5 minutes
  --mutation <name> take out this rule, for a replay: ${MUTATIONS.join(" ")}
  --attack <name>   a known attack instead of drawn faults: ${ATTACK_NAMES.join(" ")}
  --model           every state of the voting rules (4 validators, 1 hostile) instead of schedules of the engine
  --views <v>       with --model: views to go through, 1 to ${VIEWS_MAX} (4)
  --rule <name>     with --model: take out this rule: ${RULES.join(" ")}
  --chart           print the message chart of each schedule; meant for --seeds 1
  --without <list>  faults to switch off, with commas: ${FAULTS.join(" ")}
  --heal-ms <ms>    length of the unruly phase, otherwise drawn`;

/** A whole schedule fits; a chart is asked for one schedule at a time. */
const CHART_LINES = 20_000;
const MUTANT_SECONDS = 300;
const SEEDS = 2000;
/** Failures that are shrunk and shown; the seeds of all are listed. */
const SHOWN_MAX = 3;

type Options = Omit<ScheduleOptions, "nodes" | "byzantine"> & {
  sizesOf(seed: number): Sizes;
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

function oneOf<T extends string>(names: readonly T[], text: string): T {
  const name = names.find((known) => known === text);
  if (name === undefined) throw new RangeError(`unknown name ${text}: one of ${names.join(", ")}`);
  return name;
}

function runMany(options: Options): number {
  const { first, count, minutes, json, sizesOf, ...rest } = options;
  const report = createReport(first);
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const failed: string[] = [];
  let isAllOfFour = true;
  for (let seed = first; seed < first + count; seed += 1) {
    if (seconds() > minutes * 60) break;
    const sizes = sizesOf(seed);
    const outcome = runSchedule(seed, { ...rest, ...sizes });
    addOutcome(report, outcome);
    if (sizes.nodes !== 4 || sizes.byzantine === 0) isAllOfFour = false;
    if ((rest.chartLines ?? 0) > 0) console.log(outcome.chart.join("\n"));
    if (outcome.violations.length > 0) {
      failed.push(replayCommand(seed, { ...rest, ...sizes }));
      if (failed.length <= SHOWN_MAX && !json) console.log(formatFailure(outcome, { ...rest, ...sizes }).join("\n"));
    }
    if (!json && report.schedules % 2000 === 0) {
      console.error(`${report.schedules} schedules, ${report.violations} violations, ${seconds().toFixed(0)} s`);
    }
  }
  // The shares are asked for where one leader in four is hostile and faults are drawn.
  const missing = rest.attack === undefined ? shortfalls(report, isAllOfFour) : [];
  if (json) console.log(JSON.stringify({ ...report, seconds: seconds(), shortfalls: missing, failed }));
  else {
    const lines = [...formatReport(report, seconds()), ...missing.map((line) => `short of   ${line}`)];
    console.log([...lines, ...failed.map((line) => `failed     ${line}`)].join("\n"));
  }
  return report.violations === 0 && missing.length === 0 ? 0 : 1;
}

function runMutants(json: boolean): number {
  let lost = 0;
  for (const mutant of MUTANTS) {
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    const { mutation } = mutant;
    const outcome = findMutant(mutant, () => seconds() > MUTANT_SECONDS);
    const violation = outcome?.violations[0];
    const what = mutation === "none" ? "" : MUTATION_TEXT[mutation];
    if (outcome === undefined) lost += 1;
    const replay = outcome && replayCommand(outcome.seed, { ...settingsOf(mutant), mutation });
    if (json)
      console.log(JSON.stringify({ mutation, what, seconds: seconds(), seed: outcome?.seed, violation, replay }));
    else if (outcome === undefined)
      console.log(`LOST   ${mutation} (${what}): nothing broke in ${seconds().toFixed(0)} s`);
    else {
      const found = `${violation?.invariant}, ${violation?.detail}`;
      console.log(
        `found  ${mutation} (${what}): seed ${outcome.seed}, ${seconds().toFixed(2)} s: ${found}\n       ${replay}`,
      );
    }
  }
  return lost === 0 ? 0 : 1;
}

function checkSizes({ nodes, byzantine }: Sizes): Sizes {
  if (nodes < 4 || nodes > 100 || byzantine > nodes - quorumSize(nodes))
    throw new RangeError("4 to 100 nodes, and at most as many hostile ones as they tolerate");
  return { nodes, byzantine };
}

function main(): number {
  const { values } = parseArgs({
    options: {
      nodes: { type: "string" },
      byzantine: { type: "string" },
      profile: { type: "string" },
      seeds: { type: "string" },
      seed: { type: "string" },
      minutes: { type: "string" },
      mutation: { type: "string" },
      attack: { type: "string" },
      without: { type: "string" },
      "heal-ms": { type: "string" },
      json: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
      chart: { type: "boolean", default: false },
      model: { type: "boolean", default: false },
      views: { type: "string" },
      rule: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.mutants) return runMutants(values.json);
  const profile = values.profile === undefined ? undefined : PROFILES[oneOf(PROFILE_NAMES, values.profile)];
  const attack = values.attack === undefined ? undefined : attackOf(oneOf(ATTACK_NAMES, values.attack));
  const sizes = checkSizes({
    nodes: toNumber(values.nodes, attack?.nodes ?? 4),
    byzantine: toNumber(values.byzantine, attack?.byzantine ?? 1),
  });
  if (values.model)
    return runModel({ ...sizes, views: toNumber(values.views, 4), json: values.json, rule: values.rule });
  const without = (values.without ?? "").split(",").filter((name) => name !== "");
  return runMany({
    sizesOf: (seed) => (profile === undefined ? sizes : drawSizes(profile, seed)),
    first: toNumber(values.seed, 1),
    count: toNumber(values.seeds, profile?.schedules ?? SEEDS),
    minutes: toNumber(values.minutes, Number.MAX_SAFE_INTEGER),
    json: values.json,
    chartLines: values.chart ? CHART_LINES : 0,
    without: without.map((name) => oneOf(FAULTS, name)),
    ...(attack === undefined ? {} : { attack }),
    ...(values.mutation === undefined ? {} : { mutation: oneOf(MUTATIONS, values.mutation) }),
    ...(values["heal-ms"] === undefined ? {} : { healMs: toNumber(values["heal-ms"], 4000) }),
  });
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`simulate: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  process.exitCode = 2;
}
