// What a tab remembers of its chains: bounded, one picture a moment.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HISTORY_MAX, historyOf, remember } from "../src/platform/history.ts";

const picture = (network: string, height: number) => ({
  network,
  main: { chain: "main", height, intervalMs: 2_000 },
  sides: [{ chain: "demo", height: height * 4, intervalMs: 500 }],
});

test("the newest fifteen minutes are kept, of each chain by itself", () => {
  for (let i = 0; i < HISTORY_MAX + 50; i += 1) remember(picture("long", i), 1_000 * (i + 1));
  const demo = historyOf("long", "demo");
  assert.equal(demo.length, HISTORY_MAX);
  assert.equal(demo.at(-1)?.height, (HISTORY_MAX + 49) * 4);
  assert.equal(demo[0]?.height, 50 * 4);
  assert.equal(historyOf("long", "nowhere").length, 0);
});

test("two pictures of one moment are one", () => {
  remember(picture("twice", 1), 10_000);
  remember(picture("twice", 2), 10_100);
  remember(picture("twice", 3), 11_000);
  assert.deepEqual(
    historyOf("twice", "main").map(({ height }) => height),
    [1, 3],
  );
});
