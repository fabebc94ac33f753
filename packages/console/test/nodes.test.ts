// Choosing and judging nodes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filterNodes, lagOf } from "../src/view/nodes.ts";

const node = (id: string, chain: string, height: number | null, ready = true) => ({ id, chain, height, ready });
const NODES = [
  node("demo-1", "demo", 100),
  node("demo-2", "demo", 97),
  node("main-1", "main", 5),
  node("demo-3", "demo", null, false),
];

test("a node is behind the highest of its own chain, and unknown is not zero", () => {
  assert.deepEqual(
    NODES.map((one) => lagOf(one, { nodes: NODES })),
    [0, 3, 0, null],
  );
});

test("filters narrow each other down", () => {
  const ids = (filter: Partial<Parameters<typeof filterNodes>[1]>) =>
    filterNodes(NODES, { text: "", chain: null, onlyNotReady: false, ...filter }).map(({ id }) => id);
  assert.deepEqual(ids({}), ["demo-1", "demo-2", "main-1", "demo-3"]);
  assert.deepEqual(ids({ text: " DEMO-" }), ["demo-1", "demo-2", "demo-3"]);
  assert.deepEqual(ids({ chain: "main" }), ["main-1"]);
  assert.deepEqual(ids({ onlyNotReady: true, text: "demo" }), ["demo-3"]);
});
