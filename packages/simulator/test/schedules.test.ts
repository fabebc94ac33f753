// The merge gate: schedules with one Byzantine node of four, all invariants after every event, and what they cover
// (promises P1, P3, P8, P9, P15). `npm run simulate` runs many more.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519Scheme } from "../src/real-crypto.ts";
import { addOutcome, createReport, formatReport, shortfalls } from "../src/report.ts";
import { runSchedule } from "../src/schedule.ts";

/** Not the first seeds: those are what the code was written against. */
const FIRST_SEED = 5_000_001;

function gate(nodes: number, byzantine: number, count: number) {
  const report = createReport(FIRST_SEED);
  const failed: string[] = [];
  const started = performance.now();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + count; seed += 1) {
    const outcome = runSchedule(seed, { nodes, byzantine });
    addOutcome(report, outcome);
    for (const violation of outcome.violations) failed.push(`seed ${seed}: ${violation.invariant} ${violation.detail}`);
  }
  console.log(formatReport(report, (performance.now() - started) / 1000).join("\n"));
  assert.deepEqual(failed, []);
  return report;
}

test("one Byzantine node of four: no violation, every schedule counted, every kind of event covered", () => {
  const report = gate(4, 1, 800);
  assert.deepEqual(shortfalls(report, 1), []);
  assert.equal(Object.keys(report.epochBlocks).length, 7);
  assert.equal(Object.keys(report.runs).length, 4);
});

test("honest nodes only, one of which loses its record or gets an old one back: no violation", () => {
  gate(4, 0, 400);
});

test("committees of five and of seven", () => {
  gate(5, 1, 100);
  gate(7, 1, 60);
});

test("the same seed gives the same trace, another one another", () => {
  const run = (seed: number) => runSchedule(seed, { nodes: 4, byzantine: 1 });
  for (const seed of [1, 2, 3]) {
    const [first, second] = [run(seed), run(seed)];
    assert.equal(first.traceHash, second.traceHash);
    assert.equal(first.events, second.events);
  }
  assert.notEqual(run(1).traceHash, run(2).traceHash);
});

test("the chart does not change the trace", () => {
  const plain = runSchedule(9, { nodes: 4, byzantine: 1 });
  const charted = runSchedule(9, { nodes: 4, byzantine: 1, chartLines: 50 });
  assert.equal(plain.traceHash, charted.traceHash);
  assert.equal(charted.chart.length, 50);
});

test("real Ed25519 signatures take the same course as the fake ones", () => {
  for (const seed of [11, 12, 13]) {
    const fake = runSchedule(seed, { nodes: 4, byzantine: 1, without: ["mutate"] });
    const real = runSchedule(seed, { nodes: 4, byzantine: 1, without: ["mutate"], scheme: ed25519Scheme });
    assert.deepEqual(real.violations, []);
    assert.equal(real.traceHash, fake.traceHash);
    assert.equal(real.finalHeight, fake.finalHeight);
  }
});
