// `npm run soak -- interval|kill-one|kill-all|partition|attack|federation [--rounds N] [--minutes M] [--seconds S] [--json]`:
// real processes under load, for as long as one likes, with oracles: nothing final is lost, nothing is signed twice, the rhythm
// holds.

import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { checkFrames, type FrameReport } from "@bystack/node/frame-check";
import { attack, attackerPeers } from "./attack.ts";
import { federationRounds } from "./federation.ts";
import { killAll } from "./kill-all.ts";
import { raiseNetwork, tapFilesOf, waitUntilReady } from "./network.ts";
import { gapsIn, quantile } from "./observer.ts";
import { partition } from "./partition.ts";
import { type Check, LOAD_PER_SECOND, nowMs, prepare, type Run, say } from "./run.ts";

/** A transaction that is not final this long after it was submitted is a finding. */
const FINAL_DEADLINE_MS = 5_000;

function latencies(run: Run): number[] {
  const times: number[] = [];
  for (const [id, submitted] of run.load.submittedMs) {
    const final = run.observer.transactions.get(id);
    if (final !== undefined) times.push(final - submitted);
  }
  return times;
}

/** Accepted by a node, but not final in time. */
function neverFinal(run: Run): number {
  const overdue = nowMs() - FINAL_DEADLINE_MS;
  return [...run.load.submittedMs].filter(([id, at]) => at < overdue && !run.observer.transactions.has(id)).length;
}

function round(value: number): number {
  return Math.round(value);
}

async function interval(run: Run, minutes: number): Promise<Check[]> {
  say(`measuring for ${minutes} minutes at ${LOAD_PER_SECOND} transactions a second`);
  const from = nowMs();
  await delay(minutes * 60_000);
  const gaps = gapsIn(run.observer.blocks, from, nowMs());
  const times = latencies(run);
  const median = quantile(gaps, 0.5);
  const p99 = quantile(gaps, 0.99);
  const latency = quantile(times, 0.99);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  return [
    { name: "blocks", value: gaps.length, limit: "", ok: gaps.length > 0 },
    { name: "block interval, mean ms", value: round(mean), limit: "450 to 550", ok: mean >= 450 && mean <= 550 },
    {
      name: "block interval, median ms",
      value: round(median),
      limit: "450 to 550",
      ok: median >= 450 && median <= 550,
    },
    { name: "block interval, p99 ms", value: round(p99), limit: "at most 700", ok: p99 <= 700 },
    { name: "transactions final", value: times.length, limit: "", ok: times.length > 0 },
    { name: "not final within 5 s", value: neverFinal(run), limit: "0", ok: neverFinal(run) === 0 },
    { name: "submissions refused", value: run.load.refused(), limit: "0", ok: run.load.refused() === 0 },
    { name: "submitted to final, median ms", value: round(quantile(times, 0.5)), limit: "", ok: true },
    { name: "submitted to final, p99 ms", value: round(latency), limit: "at most 1200", ok: latency <= 1200 },
  ];
}

/** A validator is away for so long: three turns of its own as the leader, four blocks of 0.5 s each, of sixteen. */
const AWAY_MS = 30_000;
/** By then its first turn is over: a whole round of all leaders and what the first one costs. */
const FIRST_TURN_MS = 11_000;
const FIRST_GAP_MS = 2_000;
/** One is away at a time: the one that came back has taken part in some views before the next is killed. */
const BETWEEN_MS = 5_000;
const LATER_GAP_MS = 1_000;

async function killOne(run: Run, rounds: number): Promise<Check[]> {
  const checks: Check[] = [];
  const { network, observer } = run;
  for (let n = 0; n < rounds; n += 1) {
    const victim = network.sides[n % network.sides.length] ?? "";
    await delay(BETWEEN_MS);
    say(`round ${n + 1} of ${rounds}: killing ${victim}`);
    process.kill(network.pid(victim), "SIGKILL");
    const from = nowMs();
    await delay(AWAY_MS);
    const first = Math.max(...gapsIn(observer.blocks, from, from + FIRST_TURN_MS));
    const later = Math.max(...gapsIn(observer.blocks, from + FIRST_TURN_MS, nowMs()));
    await network.start([victim]);
    observer.connect([victim]);
    await waitUntilReady(network, [victim]);
    const name = `${victim} away for ${AWAY_MS / 1000} s: longest gap`;
    checks.push(
      {
        name: `${name} in its first turn, ms`,
        value: round(first),
        limit: `at most ${FIRST_GAP_MS}`,
        ok: first <= FIRST_GAP_MS,
      },
      { name: `${name} later, ms`, value: round(later), limit: `at most ${LATER_GAP_MS}`, ok: later <= LATER_GAP_MS },
    );
  }
  return checks;
}

function frameChecks(report: FrameReport): Check[] {
  for (const problem of report.problems.slice(0, 10)) say(`PROBLEM ${problem}`);
  return [
    { name: "consensus frames recorded", value: report.frames, limit: "", ok: report.frames > 0 },
    { name: "votes seen", value: report.votes, limit: "", ok: report.votes > 0 },
    { name: "signed twice", value: report.problems.length, limit: "0", ok: report.problems.length === 0 },
  ];
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "4" },
      minutes: { type: "string", default: "5" },
      seconds: { type: "string", default: "60" },
      json: { type: "boolean", default: false },
    },
  });
  const [kind = ""] = positionals;
  if (!["interval", "kill-one", "kill-all", "partition", "attack", "federation"].includes(kind)) {
    process.stderr.write(
      "usage: npm run soak -- interval|kill-one|kill-all|partition|attack|federation [--rounds N] [--minutes M] [--seconds S] [--json]\n",
    );
    process.exitCode = 2;
    return;
  }
  if (kind === "federation") return runFederation(values.json);
  const tap = kind !== "interval" && kind !== "attack";
  const run = await prepare({
    tap,
    relays: kind === "partition" || kind === "attack",
    peers: kind === "attack" ? attackerPeers() : [],
  });
  const checks: Check[] = [];
  try {
    if (kind === "interval") checks.push(...(await interval(run, Number(values.minutes))));
    else if (kind === "kill-one") checks.push(...(await killOne(run, Number(values.rounds))));
    else if (kind === "partition")
      checks.push(...(await partition(run, { rounds: Number(values.rounds), seconds: Number(values.seconds) })));
    else if (kind === "attack") checks.push(...(await attack(run, { seconds: Number(values.seconds) })));
    else checks.push(...(await killAll(run, Number(values.rounds))));
    run.load.stop();
    await run.running;
    checks.push({
      name: "conflicting final blocks",
      value: run.observer.conflicts.length,
      limit: "0",
      ok: run.observer.conflicts.length === 0,
    });
    if (tap)
      checks.push(...frameChecks(checkFrames(run.network.sides.flatMap((id) => tapFilesOf(run.network.layout, id)))));
  } finally {
    run.load.stop();
    run.observer.close();
    await run.network.end({ keepFolder: !checks.every((check) => check.ok) });
  }
  report(kind, checks, values.json);
}

function report(kind: string, checks: readonly Check[], json: boolean): void {
  const ok = checks.every((check) => check.ok);
  if (json) process.stdout.write(`${JSON.stringify({ schemaVersion: 1, ok, data: { kind, checks } })}\n`);
  else
    for (const check of checks)
      process.stdout.write(
        `${check.ok ? "ok  " : "FAIL"}  ${check.name}: ${check.value}${check.limit === "" ? "" : ` (${check.limit})`}\n`,
      );
  process.exitCode = ok ? 0 : 1;
}

async function runFederation(json: boolean): Promise<void> {
  say("raising a network of its own");
  const network = await raiseNetwork({ tap: false });
  try {
    report("federation", await federationRounds(network, say), json);
  } finally {
    await network.end({ keepFolder: false });
  }
}

await main();
