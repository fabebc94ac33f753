// When work of the chain lets the event loop turn.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createPause, STRETCH_MS } from "../../src/main/turns.ts";

test("work goes on for one stretch, then others have their turn, and a new stretch begins", async () => {
  let nowMs = 0;
  const pause = createPause(() => nowMs);
  assert.equal(pause(), undefined);
  nowMs += STRETCH_MS - 1;
  assert.equal(pause(), undefined);
  nowMs += 1;
  const order: string[] = [];
  setImmediate(() => order.push("others"));
  const waited = pause();
  assert.ok(waited !== undefined);
  await waited;
  order.push("work");
  assert.deepEqual(order, ["others", "work"]);
  assert.equal(pause(), undefined);
  nowMs += STRETCH_MS;
  assert.notEqual(pause(), undefined);
});
