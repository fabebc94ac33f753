// Promise P9: with up to f validators stopped for good and no message later than the assumed delay, a block becomes final
// within the leader's timeout and three delays of the next slot of a leader that lives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runStopped, type Slot, type StoppedOptions } from "../src/stopped.ts";

type Delays = StoppedOptions["delays"];

const ALL = 0xff;
const NOBODY = 0;

/** Who stops when, over two rounds of leaders, in runs of one view and of four, in epochs short and long. */
function four(delays: Delays, heardBy: (place: number, round: number) => number): Slot[] {
  const slots: Slot[] = [];
  for (const run of [1, 4]) {
    for (let place = 0; place < 4; place += 1) {
      for (let round = 0; round < 12; round += 1) {
        const atMs = 1000 + 190 * round;
        const stops = [{ place, atMs, heardBy: heardBy(place, round) }];
        const epochBlocks = [1, 3, 50][round % 3] ?? 1;
        slots.push(...runStopped({ seed: atMs + place, nodes: 4, run, epochBlocks, stops, delays, endMs: 6500 }));
      }
    }
  }
  assert.ok(slots.length > 500);
  return slots;
}

function lateMs({ tookMs, withinMs }: Slot): number {
  return (tookMs ?? Number.POSITIVE_INFINITY) - withinMs;
}

function assertInTime(slots: readonly Slot[]): void {
  assert.deepEqual(
    slots.filter((slot) => lateMs(slot) > 0),
    [],
  );
}

for (const delays of ["full", "drawn"] as const) {
  test(`one of four stops, its last words heard by all or by nobody, delays ${delays}: final in time`, () => {
    assertInTime([...four(delays, () => ALL), ...four(delays, () => NOBODY)]);
  });
}

/** One or two of the three others. */
function some(place: number, round: number): number {
  const one = (place + 1 + (round % 3)) % 4;
  const two = (place + 1 + ((round + 1) % 3)) % 4;
  return round % 2 === 0 ? 1 << one : (1 << one) | (1 << two);
}

test("one of four stops and its last words reach some, delays drawn: final in time", () => {
  assertInTime(four("drawn", some));
});

test("the same with every message as late as can be: a slot may be lost to fetching what not all have heard", () => {
  const slots = four("full", some);
  const late = slots.filter((slot) => lateMs(slot) > 0);
  // Whoever lacks the last block of one that stopped asks for it: two delays more than the timeout of a certificate has.
  console.log(`${late.length} of ${slots.length} slots late`);
  assert.ok(late.length <= slots.length / 100);
  assert.ok(slots.every((slot) => lateMs(slot) < 2200));
});

test("two of seven stop, together or one after the other: final in time", () => {
  for (let pair = 0; pair < 42; pair += 1) {
    const [a, step] = [pair % 7, 1 + (Math.floor(pair / 7) % 6)];
    const atMs = 1000 + 67 * pair;
    const stops = [
      { place: a, atMs, heardBy: ALL },
      { place: (a + step) % 7, atMs: atMs + (pair % 4) * 110, heardBy: ALL },
    ];
    const delays = pair % 2 === 0 ? "full" : "drawn";
    const slots = runStopped({ seed: pair, nodes: 7, run: 1 + (pair % 4), epochBlocks: 5, stops, delays, endMs: 7500 });
    assert.ok(slots.length > 0);
    assertInTime(slots);
  }
});

test("when every message takes ten times the assumed delay, the measure finds slots that are late", () => {
  const stops = [{ place: 0, atMs: 2000, heardBy: ALL }];
  const slots = runStopped({ seed: 1, nodes: 4, run: 1, epochBlocks: 50, stops, delays: "tenfold", endMs: 40_000 });
  assert.ok(slots.some((slot) => lateMs(slot) > 0));
});
