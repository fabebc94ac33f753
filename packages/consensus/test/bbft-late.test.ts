// A node that learned a NOTARIZE certificate before it has the blocks below, and then gets that view's proposal late.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
import { storeBlock } from "../src/bbft/finalise.ts";
import { BLOCKS_MAX } from "../src/bbft/limits.ts";
import { Bench } from "./harness.ts";

test("the parent of a block that came with a late proposal is asked for", () => {
  const bench = new Bench().wake();
  const first = bench.block({ view: 1 });
  const second = bench.block({ view: 2, parent: first });
  const third = bench.block({ view: 3, parent: second });
  bench.notes(1, { certificates: [bench.certificate(1, 3, { block: third })], view: 4 });
  assert.equal(bench.state.view, 4);
  bench.propose(Math.floor(3 / bench.config.run) % 4, third);
  assert.equal(bench.state.blocks.get(bytesToHex(third.hash))?.status, "waiting");
  bench.timer("fetch", bench.timerMs("fetch"));
  const asked = bench.messages().flatMap((message) => (message.type === "FETCH" ? message.hashes.map(bytesToHex) : []));
  assert.ok(asked.includes(bytesToHex(second.hash)), "the block below is never asked for");
});

test("a full table makes room for the next block by those of past views without a certificate, and for no other", () => {
  const bench = new Bench().wake();
  const { blocks } = bench.state;
  const first = bench.block({ view: 1 });
  const leaderOf = (view: number): number => Math.floor(view / bench.config.run) % 4;
  bench.propose(leaderOf(1), first);
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block: first })], view: 2 });
  assert.equal(bench.state.view, 2);
  for (let late = 1; blocks.size < BLOCKS_MAX; late += 1) {
    const block = bench.block({ view: 1, timestampMs: first.header.timestampMs + late });
    const key = bytesToHex(block.hash);
    blocks.set(key, { block, key, certified: false, status: "valid", elected: undefined, predicate: "new" });
  }
  const beside = bench.block({ view: 2, parent: bench.block({ view: 1, timestampMs: first.header.timestampMs + 1 }) });
  assert.equal(storeBlock(bench.state, beside), undefined);
  assert.equal(blocks.size, BLOCKS_MAX);
  const second = bench.block({ view: 2, parent: first });
  assert.ok(storeBlock(bench.state, second) !== undefined);
  assert.deepEqual(
    [...blocks.keys()],
    [first, second].map(({ hash }) => bytesToHex(hash)),
  );
});
