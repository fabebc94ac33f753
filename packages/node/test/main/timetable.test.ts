// The miner's timetable in virtual time: due times do not drift, nothing is mined twice, long absences are not made up for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CATCH_UP_SLOTS_MAX, dueMs, nextSlot } from "../../src/main/timetable.ts";

const TIMETABLE = { startMs: 500, everyMs: 2_000 };

test("slot k is due at start + k intervals, whenever one asks", () => {
  assert.equal(dueMs(TIMETABLE, 7), 14_500);
  assert.deepEqual(nextSlot(TIMETABLE, -1, 500), { slot: 0, waitMs: 0, skipped: 0 });
  assert.deepEqual(nextSlot(TIMETABLE, 0, 500), { slot: 1, waitMs: 2_000, skipped: 0 });
  assert.deepEqual(nextSlot(TIMETABLE, 0, 2_499), { slot: 1, waitMs: 1, skipped: 0 });
  assert.deepEqual(nextSlot(TIMETABLE, 0, 2_500), { slot: 1, waitMs: 0, skipped: 0 });
});

test("a short delay is made up for, a long one is skipped", () => {
  const late = (slots: number) => 500 + (4 + slots) * 2_000 + 10;
  assert.deepEqual(nextSlot(TIMETABLE, 3, late(CATCH_UP_SLOTS_MAX)), { slot: 4, waitMs: 0, skipped: 0 });
  assert.deepEqual(nextSlot(TIMETABLE, 3, late(CATCH_UP_SLOTS_MAX + 1)), {
    slot: 4 + CATCH_UP_SLOTS_MAX + 1,
    waitMs: 0,
    skipped: CATCH_UP_SLOTS_MAX + 1,
  });
});

test("over any run of clock readings slots only rise, and none comes before it is due", () => {
  let last = -1;
  let nowMs = 500;
  // Steps from a fraction of an interval to many of them.
  for (let i = 0; i < 2_000; i += 1) {
    const { slot, waitMs } = nextSlot(TIMETABLE, last, nowMs);
    assert.ok(slot > last);
    if (waitMs === 0) {
      assert.ok(dueMs(TIMETABLE, slot) <= nowMs);
      last = slot;
    } else assert.equal(dueMs(TIMETABLE, slot), nowMs + waitMs);
    nowMs += ((i * 7_919) % 37) * (i % 50 === 0 ? 5_000 : 97);
  }
});
