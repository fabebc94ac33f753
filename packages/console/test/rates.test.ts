// Rates from blocks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHashRate, formatRate, transactionsPerSecond } from "../src/view/rates.ts";

const block = (height: number, timestampMs: number, count: number) => ({
  height,
  timestampMs,
  transactions: Array.from({ length: count }, () => ""),
});

test("transactions of the oldest block were before the time that is measured", () => {
  const blocks = [block(12, 11_000, 3), block(11, 10_500, 2), block(10, 10_000, 100)];
  assert.equal(transactionsPerSecond(blocks), 5);
  assert.equal(formatRate(5), "5.0/s");
  assert.equal(formatRate(12.4), "12/s");
});

test("without a time between them there is no rate", () => {
  assert.equal(transactionsPerSecond([]), null);
  assert.equal(transactionsPerSecond([block(1, 5, 9)]), null);
  assert.equal(transactionsPerSecond([block(2, 5, 9), block(1, 5, 9)]), null);
  assert.equal(formatRate(null), "–");
});

test("hash rates have a unit that keeps them short", () => {
  assert.deepEqual([0.5, 999, 1_900, 3_250_000].map(formatHashRate), ["0.5 H/s", "999 H/s", "1.9 kH/s", "3.3 MH/s"]);
});
