// When a snapshot is due: by blocks since the newest one, by transactions, and never for fewer than pay for it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SNAPSHOT_OUTPUTS_SHARE, SNAPSHOT_TRANSACTIONS, SnapshotSchedule } from "../../src/side/snapshot-schedule.ts";

test("blocks are counted from the newest snapshot, not from the last start", () => {
  const schedule = new SnapshotSchedule({ blocksMax: 1000, height: 400 });
  assert.equal(schedule.isDue({ height: 1399, outputs: 0 }), false);
  assert.equal(schedule.isDue({ height: 1400, outputs: 0 }), true);
  schedule.taken(1400);
  assert.equal(schedule.isDue({ height: 2399, outputs: 0 }), false);
});

test("transactions make it due much earlier, replayed ones too", () => {
  const schedule = new SnapshotSchedule({ blocksMax: 1000, height: 0 });
  schedule.add(SNAPSHOT_TRANSACTIONS - 1);
  assert.equal(schedule.isDue({ height: 1, outputs: 0 }), false);
  schedule.add(1);
  assert.equal(schedule.isDue({ height: 2, outputs: 0 }), true);
  schedule.taken(2);
  assert.equal(schedule.isDue({ height: 3, outputs: 0 }), false);
});

test("the more outputs there are to write, the more transactions must have come", () => {
  const schedule = new SnapshotSchedule({ blocksMax: 1000, height: 0 });
  const outputs = 10 * SNAPSHOT_TRANSACTIONS * SNAPSHOT_OUTPUTS_SHARE;
  schedule.add(9 * SNAPSHOT_TRANSACTIONS);
  assert.equal(schedule.isDue({ height: 1, outputs }), false);
  schedule.add(SNAPSHOT_TRANSACTIONS);
  assert.equal(schedule.isDue({ height: 2, outputs }), true);
});
