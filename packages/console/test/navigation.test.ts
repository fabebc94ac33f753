// What the navigation offers: the network's pages only inside one, and no endless list of chains.

import assert from "node:assert/strict";
import { test } from "node:test";
import { navigationOf } from "../src/shell/navigation.ts";

const GOOD = { tone: "good", word: "running" } as const;
const chains = (count: number) => Array.from({ length: count }, (_, i) => ({ chain: `c${i}`, status: GOOD }));

test("outside a network there are the platform's pages alone", () => {
  const labels = navigationOf({ network: undefined, chains: [], main: undefined }).flatMap(({ items }) =>
    items.map(({ label }) => label),
  );
  assert.deepEqual(labels, ["Networks", "Settings"]);
});

test("inside one its chains are listed by name, and many of them behind one line", () => {
  const groupOf = (count: number) =>
    navigationOf({ network: "dev", chains: chains(count), main: { chain: "main", status: GOOD } }).find(
      ({ title }) => title === "Chains",
    );
  assert.deepEqual(
    groupOf(2)?.items.map(({ href }) => href),
    ["/n/dev/main", "/n/dev/chains/c0", "/n/dev/chains/c1"],
  );
  const many = groupOf(20)?.items ?? [];
  assert.equal(many.length, 10);
  assert.equal(many.at(-1)?.label, "All 20 side chains");
});
