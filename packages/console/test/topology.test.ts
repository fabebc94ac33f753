// Where the boxes of the topology stand: inside the width, apart from each other, in as much detail as there is room for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DRAWN_NODES_MAX, type TopologyInput, topologyOf } from "../src/view/topology.ts";

function inputOf(chains: number, nodesPerChain: number): TopologyInput {
  const names = Array.from({ length: chains }, (_, i) => `side-${i}`);
  const node = (chain: string, i: number) =>
    ({ id: `${chain}-${i}`, chain, phase: "running", ready: true, hasSeat: true, voting: true }) as const;
  return {
    running: true,
    main: { chain: "main", height: 9, state: "running" },
    sides: names.map((chain) => ({
      chain,
      height: 7,
      state: "running" as const,
      voting: 4,
      quorum: 3,
      validators: 4,
      federation: { paused: [] },
    })),
    nodes: [
      node("main", 1),
      ...names.flatMap((chain) => Array.from({ length: nodesPerChain }, (_, i) => node(chain, i))),
    ],
  };
}

test("no box overlaps another or leaves the width, for any number of chains and any screen", () => {
  for (const chains of [0, 1, 3, 20])
    for (const perChain of [4, 12])
      for (const width of [330, 700, 1000, 1600]) {
        const { boxes, height } = topologyOf(inputOf(chains, perChain), width);
        assert.equal(boxes.length, chains + 1);
        for (const box of boxes) {
          assert.ok(box.x >= 0 && box.x + box.width <= width, `${box.chain} at ${width}`);
          assert.ok(box.y >= 0 && box.y + box.height <= height);
          for (const other of boxes) {
            if (other === box) continue;
            const apart =
              box.x + box.width <= other.x ||
              other.x + other.width <= box.x ||
              box.y + box.height <= other.y ||
              other.y + other.height <= box.y;
            assert.ok(apart, `${box.chain} and ${other.chain} at ${width}`);
          }
        }
      }
});

test("nodes have names while they are few, then dots, then only numbers", () => {
  assert.equal(topologyOf(inputOf(2, 4), 1000).detail, "named");
  assert.equal(topologyOf(inputOf(10, 10), 1000).detail, "dots");
  assert.equal(topologyOf(inputOf(1, DRAWN_NODES_MAX - 1), 1000).detail, "dots");
  assert.equal(topologyOf(inputOf(1, DRAWN_NODES_MAX), 1000).detail, "numbers");
});

test("a line moves while both of its ends do and the peg is open", () => {
  const input = inputOf(1, 4);
  const [side] = input.sides;
  assert.ok(side !== undefined);
  const movesWith = (change: Partial<typeof side>) =>
    topologyOf({ ...input, sides: [{ ...side, ...change }] }, 1000).edges[0]?.isMoving;
  assert.equal(movesWith({}), true);
  assert.equal(movesWith({ state: "halted" }), false);
  assert.equal(movesWith({ federation: { paused: ["deep-reorg"] } }), false);
  assert.equal(
    topologyOf({ ...input, main: { chain: "main", height: null, state: "halted" } }, 1000).edges[0]?.isMoving,
    false,
  );
});
