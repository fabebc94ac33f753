// Catching up while the committee goes on: what a lagging node hears live must not keep it from the blocks below.

import assert from "node:assert/strict";
import { test } from "node:test";
import { equalBytes } from "@bystack/utils/bytes";
import { BLOCKS_MAX, FETCH_INTERVAL_MS, SYNC_BLOCKS_MAX } from "../src/bbft/limits.ts";
import { Bench } from "./harness.ts";

type Block = ReturnType<Bench["block"]>;

function chain(bench: Bench, length: number): Block[] {
  const blocks: Block[] = [];
  for (let view = 1; view <= length; view += 1) {
    const parent = blocks[blocks.length - 1];
    blocks.push(bench.block({ view, ...(parent === undefined ? {} : { parent }) }));
  }
  return blocks;
}

/** Answers what the engine asked for, as an honest peer does whose memory holds only its newest block. */
function serve(
  bench: Bench,
  blocks: readonly Block[],
  effects: ReturnType<Bench["messages"]>,
): ReturnType<Bench["messages"]> {
  const made: ReturnType<Bench["messages"]> = [];
  const newest = blocks.at(-1);
  const sync = (fromHeight: number): void => {
    const served = blocks.slice(fromHeight - 1, fromHeight - 1 + SYNC_BLOCKS_MAX);
    const last = served.at(-1);
    if (last === undefined) return;
    const certificate = bench.certificate(3, last.header.view, { block: last });
    made.push(...bench.messages(bench.message(1, { type: "SYNC_BLOCKS", blocks: served, certificate })));
  };
  for (const message of effects) {
    if (message.type === "SYNC_REQUEST") sync(message.fromHeight);
    if (message.type !== "FETCH") continue;
    for (const hash of message.hashes) {
      if (newest !== undefined && equalBytes(newest.hash, hash))
        made.push(...bench.messages(bench.message(1, { type: "BLOCK", block: newest })));
      else sync(message.finalHeight + 1);
    }
  }
  return made;
}

test("a node more than one sync answer behind catches up although it hears the newest FINALIZE certificate", () => {
  const bench = new Bench({ epochBlocks: 1200 }).wake();
  const blocks = chain(bench, 3 * SYNC_BLOCKS_MAX);
  const newest = blocks.at(-1);
  assert.ok(newest !== undefined);
  const { view } = newest.header;
  const live = [bench.certificate(1, view, { block: newest }), bench.certificate(3, view, { block: newest })];
  let asked = bench.messages(bench.notes(1, { certificates: live, view }));
  for (let round = 0; round < 20; round += 1) {
    asked = serve(bench, blocks, asked);
    bench.nowMs += FETCH_INTERVAL_MS;
    asked.push(...bench.messages(bench.timer("fetch")));
  }
  assert.equal(bench.engine.finality(bench.state).height, newest.header.height);
  assert.ok(bench.state.blocks.size < BLOCKS_MAX);
});
