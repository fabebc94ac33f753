// How full a leader's block may be: what the slowest credible validator checks in time, whoever lies.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createFakeClock } from "@bystack/testing/clock";
import {
  CHECK_MS,
  decodeReport,
  encodeReport,
  LoadLimit,
  REPORT_INTERVAL_MS,
  REPORTS_MAX,
} from "../../src/side/load-limit.ts";

const OTHERS = ["b", "c", "d"];

/** A node that has checked one block of so much gas in so many ms. */
function nodeThatChecks(gas: number, ms: number) {
  const clock = createFakeClock();
  const limit = new LoadLimit(clock);
  const check = (of: number, took: number): void => {
    limit.measure(
      () => clock.advance(took),
      () => of,
    );
  };
  check(gas, ms);
  return { clock, limit, check };
}

function withReports(reports: readonly number[]): LoadLimit {
  const { limit } = nodeThatChecks(1_000_000, 20);
  for (const [i, gas] of reports.entries()) limit.take(OTHERS[i] ?? "", gas);
  return limit;
}

test("a node measures itself in gas that it checks in 200 ms; one block moves the mean by a tenth", () => {
  const { limit, check } = nodeThatChecks(1_000_000, 20);
  assert.equal(limit.own(), (1_000_000 / 20) * CHECK_MS);
  check(1_000_000, 10);
  assert.equal(limit.own(), Math.floor((50_000 + 0.1 * 50_000) * CHECK_MS));
});

test("small blocks and refused ones say nothing", () => {
  const { limit, check } = nodeThatChecks(99_999, 1);
  assert.equal(limit.own(), undefined);
  check(0, 500);
  assert.equal(limit.own(), undefined);
  assert.equal(limit.gasMax(OTHERS, 1), undefined, "nobody knows anything: no limit");
});

test("the slowest decides, as long as it is credible", () => {
  assert.equal(withReports([9_000_000, 4_000_000, 20_000_000]).gasMax(OTHERS, 1), 4_000_000);
  assert.equal(withReports([20_000_000, 20_000_000, 20_000_000]).gasMax(OTHERS, 1), 10_000_000, "the own one");
});

test("a liar that can check nothing costs the chain three quarters at most, and one that can check all nothing", () => {
  assert.equal(withReports([0, 8_000_000, 9_000_000]).gasMax(OTHERS, 1), 2_000_000);
  assert.equal(withReports([Number.MAX_SAFE_INTEGER, 8_000_000, 9_000_000]).gasMax(OTHERS, 1), 8_000_000);
  // Two liars are more than f: what they say together is believed.
  assert.equal(withReports([0, 0, 9_000_000]).gasMax(OTHERS, 1), 0);
});

test("one other report is nobody's word against the own", () => {
  const { limit } = nodeThatChecks(1_000_000, 20);
  limit.take("b", 0);
  assert.equal(limit.gasMax(OTHERS, 1), 2_500_000);
  const silent = new LoadLimit(createFakeClock());
  silent.take("b", 0);
  assert.equal(silent.gasMax(OTHERS, 1), undefined);
  assert.equal(limit.gasMax(["b"], 0), 0, "where nobody may lie each is believed");
});

test("who is not of the committee, or was heard long ago, does not count", () => {
  const { limit, clock } = nodeThatChecks(1_000_000, 20);
  for (const peer of [...OTHERS, "observer"]) limit.take(peer, 1_000_000);
  assert.equal(limit.gasMax([undefined, "x", "y"], 1), 10_000_000);
  assert.equal(limit.gasMax(OTHERS, 1), 1_000_000);
  clock.advance(10 * REPORT_INTERVAL_MS + 1);
  assert.equal(limit.gasMax(OTHERS, 1), 10_000_000);
});

test("reports of many peers do not fill the memory, and known ones are kept up to date", () => {
  const { limit } = nodeThatChecks(1_000_000, 20);
  for (let i = 0; i < REPORTS_MAX; i += 1) limit.take(`p${i}`, 5_000_000);
  limit.take("late", 1_000_000);
  limit.take("p0", 3_000_000);
  assert.equal(limit.gasMax(["late", "p0", "p1"], 1), 3_000_000);
});

test("a report is one number in its one encoding", () => {
  assert.equal(decodeReport(encodeReport(12_345_678)), 12_345_678);
  for (const bytes of [[], [0x80], [0x80, 0x00], [1, 1], Array.from({ length: 9 }, () => 0xff)])
    assert.equal(decodeReport(Uint8Array.from(bytes)), undefined, bytes.join(" "));
});
