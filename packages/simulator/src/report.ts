// Adds up the outcomes of a run of schedules and says whether the run covered what it is meant to cover.

import type { Coverage } from "./coverage.ts";
import type { Outcome } from "./outcome.ts";

export type RunReport = {
  schedules: number;
  counted: number;
  events: number;
  virtualMs: number;
  violations: number;
  firstSeed: number;
  lastSeed: number;
  /** Schedules in which each thing happened. */
  covered: Record<keyof Coverage, number>;
  /** Schedules by epoch length and by leader run. */
  epochBlocks: Record<string, number>;
  runs: Record<string, number>;
  /** Schedules by committee size and hostile members, such as "7/2". */
  sizes: Record<string, number>;
  /** Schedules by kind of fault that they had. */
  faults: Record<string, number>;
  /** Deaths of honest nodes by crash point. */
  died: Record<string, number>;
  /** Longest recovery after the healing, in ms of virtual time. */
  recoveredMs: number;
  /** Running hash of all traces. */
  traceHash: number;
};

/** Least share of schedules in which each thing must have happened, over a run of many. */
export const COVERAGE_LEAST: Readonly<Record<keyof Coverage, number>> = {
  equivocation: 0.3,
  nullified: 0.3,
  restart: 0.2,
  partition: 0.2,
  bothCertificates: 0.1,
  epochCrossed: 0.2,
  reproposed: 0.05,
  committeeChanged: 0.2,
};

const COVERAGE_TEXT: Readonly<Record<keyof Coverage, string>> = {
  equivocation: "equivocation that reached different honest nodes",
  nullified: "nullified view",
  restart: "crash and restart",
  partition: "partition",
  bothCertificates: "NOTARIZE and NULLIFY certificates in one view",
  epochCrossed: "epoch boundary crossed",
  reproposed: "last block proposed again",
  committeeChanged: "committee changed between two epochs",
};

/** Unfinished schedules, at most. */
export const UNFINISHED_MOST = 0.01;
/** Shares mean nothing in a short run. */
const SHARES_FROM_SCHEDULES = 200;

export function createReport(firstSeed: number): RunReport {
  const covered = Object.fromEntries(Object.keys(COVERAGE_LEAST).map((name) => [name, 0]));
  return {
    schedules: 0,
    counted: 0,
    events: 0,
    virtualMs: 0,
    violations: 0,
    firstSeed,
    lastSeed: firstSeed,
    covered: covered as Record<keyof Coverage, number>,
    epochBlocks: {},
    runs: {},
    sizes: {},
    faults: {},
    died: {},
    recoveredMs: 0,
    traceHash: 0,
  };
}

function count(table: Record<string, number>, name: string): void {
  table[name] = (table[name] ?? 0) + 1;
}

export function addOutcome(report: RunReport, outcome: Outcome): void {
  report.schedules += 1;
  report.counted += outcome.counted ? 1 : 0;
  report.events += outcome.events;
  report.virtualMs += outcome.virtualMs;
  report.violations += outcome.violations.length > 0 ? 1 : 0;
  report.lastSeed = outcome.seed;
  for (const name of Object.keys(report.covered) as (keyof Coverage)[]) {
    if (outcome.coverage[name]) report.covered[name] += 1;
  }
  const { nodes, byzantine, faults } = outcome.plan;
  count(report.epochBlocks, String(outcome.epochBlocks));
  count(report.runs, String(outcome.run));
  count(report.sizes, `${nodes}/${byzantine.length}`);
  for (const point of outcome.died) count(report.died, point);
  for (const fault of faults) count(report.faults, fault);
  report.recoveredMs = Math.max(report.recoveredMs, outcome.recoveredMs ?? 0);
  report.traceHash = Math.imul(report.traceHash ^ outcome.traceHash, 0x01000193) >>> 0;
}

/** What a long run fell short of, as sentences; shares are asked for where one leader in four is hostile. */
export function shortfalls(report: RunReport, asksForShares: boolean): string[] {
  const missing: string[] = [];
  if (report.counted < report.schedules * (1 - UNFINISHED_MOST)) {
    missing.push(`${report.schedules - report.counted} of ${report.schedules} schedules are unfinished`);
  }
  if (!asksForShares || report.schedules < SHARES_FROM_SCHEDULES) return missing;
  for (const name of Object.keys(COVERAGE_LEAST) as (keyof Coverage)[]) {
    const share = report.covered[name] / report.schedules;
    if (share < COVERAGE_LEAST[name]) {
      missing.push(
        `${COVERAGE_TEXT[name]}: ${(share * 100).toFixed(1)} %, at least ${COVERAGE_LEAST[name] * 100} % is asked for`,
      );
    }
  }
  return missing;
}

/** The report as lines for a person. */
export function formatReport(report: RunReport, seconds: number): string[] {
  const share = (count: number): string => `${((100 * count) / Math.max(1, report.schedules)).toFixed(1)} %`;
  const lines = [
    `schedules  ${report.schedules} (seeds ${report.firstSeed} to ${report.lastSeed}), ${report.counted} counted, in ${seconds.toFixed(1)} s`,
    `events     ${report.events} (${Math.round(report.events / Math.max(seconds, 0.001))} a second), ${Math.round(report.virtualMs / 1000)} s of virtual time`,
    `violations ${report.violations}`,
  ];
  for (const name of Object.keys(report.covered) as (keyof Coverage)[]) {
    const least = `at least ${COVERAGE_LEAST[name] * 100} %`;
    lines.push(`coverage   ${share(report.covered[name]).padStart(7)}  ${COVERAGE_TEXT[name]} (${least})`);
  }
  lines.push(`epochs     ${JSON.stringify(report.epochBlocks)} schedules by blocks an epoch`);
  lines.push(`runs       ${JSON.stringify(report.runs)} schedules by views of one leader`);
  lines.push(`deaths     ${JSON.stringify(report.died)} by crash point`);
  lines.push(`committees ${JSON.stringify(report.sizes)} schedules by validators/hostile`);
  lines.push(
    `recovery   ${Math.round(report.recoveredMs)} ms of virtual time at most, from the healing to two more final blocks at all`,
  );
  lines.push(`trace      ${report.traceHash.toString(16).padStart(8, "0")}`);
  return lines;
}
