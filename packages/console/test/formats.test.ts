// How numbers, times and hashes are written.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  counted,
  formatAge,
  formatAmount,
  formatBytes,
  formatCount,
  formatDuration,
  formatInterval,
  listed,
  shortHash,
} from "../src/view/formats.ts";

test("durations change their unit where a person would", () => {
  assert.deepEqual([0, 507, 9_940, 12_400, 61_000, 3_600_000, 7_805_000, 266_400_000].map(formatDuration), [
    "0.0 s",
    "0.5 s",
    "9.9 s",
    "12 s",
    "1 min 1 s",
    "1 h",
    "2 h 10 min",
    "3 d 2 h",
  ]);
});

test("ages are whole seconds, and a clock that lags does not make them negative", () => {
  assert.equal(formatAge(10_000, 10_900), "just now");
  assert.equal(formatAge(10_000, 15_900), "5 s ago");
  assert.equal(formatAge(10_000, 82_000), "1 min 12 s ago");
  assert.equal(formatAge(20_000, 10_000), "just now");
});

test("unknown numbers are a dash, large ones have thin spaces", () => {
  assert.equal(formatCount(null), "–");
  assert.equal(formatCount(1_204_000), "1\u202f204\u202f000");
  assert.equal(formatInterval(null), "–");
  assert.equal(formatInterval(507), "0.51 s");
  assert.equal(formatBytes(138_412_032), "132 MiB");
  assert.equal(formatBytes(3 * 2 ** 30), "3.0 GiB");
});

test("amounts are exact beyond what a number can hold", () => {
  assert.equal(formatAmount(900_719_925_474_099_301n, 2), "9\u202f007\u202f199\u202f254\u202f740\u202f993.01");
  assert.equal(formatAmount(5n, 8), "0.00000005");
  assert.equal(formatAmount(-1_250n, 2), "−12.50");
  assert.equal(formatAmount(12n, 0), "12");
});

test("hashes are shortened in the middle, names in a sentence at the end", () => {
  assert.equal(shortHash(`aabbcc${"0".repeat(52)}ddeeff`), "aabbcc…ddeeff");
  assert.equal(shortHash("main-1"), "main-1");
  assert.equal(listed(["a"]), "a");
  assert.equal(listed(["a", "b", "c"]), "a, b and c");
  assert.equal(listed(["a", "b", "c", "d", "e"]), "a, b and 3 more");
  assert.equal(counted(1, "node"), "1 node");
  assert.equal(counted(2, "node"), "2 nodes");
});
