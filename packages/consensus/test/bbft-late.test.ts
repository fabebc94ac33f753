// A node that learned a NOTARIZE certificate before it has the blocks below, and then gets that view's proposal late.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
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
