// What peers may ask for a state in a second, each and all together.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createFakeClock } from "@bystack/testing/clock";
import { EMPTY_BYTES } from "@bystack/utils/bytes";
import { encodePair, METHOD, SNAPSHOT_PART_BYTES } from "../../src/side/state-sync/messages.ts";
import { STATE_BYTES_PER_SECOND, STATE_BYTES_PER_SECOND_ALL, StateServer } from "../../src/side/state-sync/server.ts";

/** A server without a chain, and how long it made its peers wait. */
function createServer() {
  const clock = createFakeClock();
  const waits: number[] = [];
  const server = new StateServer(clock, async (ms) => {
    waits.push(Math.round(ms));
  });
  const ask = (from: string, method: number) =>
    server.answer({ from, method, body: method === METHOD.offer ? EMPTY_BYTES : encodePair([1, 0]) });
  return { clock, waits, ask };
}

test("a peer that has had its share of a second waits, and a moment of rest is given back", async () => {
  const { clock, waits, ask } = createServer();
  const parts = STATE_BYTES_PER_SECOND / SNAPSHOT_PART_BYTES;
  for (let i = 0; i < parts; i += 1) await ask("a", METHOD.snapshotPart);
  clock.advance(1000);
  waits.length = 0;
  await ask("a", METHOD.snapshotPart);
  assert.deepEqual(waits, [], "a second later nothing is owed");
  await ask("a", METHOD.snapshotPart);
  assert.equal(waits[0], Math.round((1000 * SNAPSHOT_PART_BYTES) / STATE_BYTES_PER_SECOND));
});

test("blocks count as much as what it costs to read them, however short the answer is", async () => {
  const { waits, ask } = createServer();
  await ask("a", METHOD.finalBlocks);
  await ask("a", METHOD.offer);
  assert.equal(waits[0], 125, "eight such questions a second");
});

test("many peers share what all together are given", async () => {
  const { waits, ask } = createServer();
  for (const peer of ["a", "b", "c", "d"]) await ask(peer, METHOD.finalBlocks);
  const each = (1000 * 2_097_152) / STATE_BYTES_PER_SECOND_ALL;
  assert.deepEqual(
    waits,
    [1, 2, 3].map((before) => Math.round(before * each)),
  );
});
