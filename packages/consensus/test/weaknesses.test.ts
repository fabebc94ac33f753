// Weaknesses of the original's consensus, numbered as in docs/weaknesses.md, each tried on this engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Certificate } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex } from "@bystack/utils/bytes";
import { tableSizes } from "../src/bbft/state.ts";
import { Bench, cryptoOf } from "./harness.ts";

/** Block of a view as its leader makes it, certified by the others; the view after it begins. */
function grow(bench: Bench, view: number, parent: SideBlock | undefined): SideBlock {
  const block = bench.block({ view, ...(parent && { parent }) });
  bench.propose(view % 4, block);
  bench.notes(2, {
    certificates: [bench.certificate(1, view, { block }), bench.certificate(3, view, { block })],
    view,
  });
  bench.nowMs += 500;
  return block;
}

/** The engine with place 0 and three final blocks. */
function threeFinal(): { bench: Bench; last: SideBlock } {
  const bench = new Bench().wake();
  let last: SideBlock | undefined;
  for (const view of [1, 2, 3]) last = grow(bench, view, last);
  assert.ok(last !== undefined);
  assert.equal(bench.engine.finality(bench.state).height, 3);
  return { bench, last };
}

const votesFor = (bench: Bench, block: SideBlock): number =>
  bench
    .messages()
    .flatMap((message) => (message.type === "NOTES" ? message.votes : []))
    .filter((vote) => bytesToHex(vote.blockHash) === bytesToHex(block.hash)).length;

test("V13.1 finality cannot be undone by one producer", () => {
  const { bench, last } = threeFinal();
  // Its turn is view 7; the views between fail. All that it can sign alone goes under each certificate that it needs.
  const skips = [4, 5, 6].map((view) => bench.certificate(2, view));
  bench.notes(3, { certificates: skips, view: 7 });
  assert.equal(bench.state.view, 7);
  const alone = { signers: [3, 3, 3] };
  const forged = (view: number): Certificate => bench.certificate(2, view, alone);
  const fork: SideBlock[] = [];
  const everySkip = [1, 2, 3, 4, 5, 6].map(forged);
  fork.push(bench.block({ view: 7, parentView: 0, skips: everySkip, timestampMs: bench.nowMs }));
  for (let height = 2; height <= 4; height += 1) {
    const parent = fork.at(-1);
    assert.ok(parent !== undefined);
    const { view } = parent.header;
    const parentCertificate = bench.certificate(1, view, { block: parent, ...alone });
    fork.push(bench.block({ view: view + 1, parent, parentCertificate }));
  }
  for (const block of fork) {
    bench.propose(3, block);
    bench.message(3, { type: "BLOCK", block });
    const view = block.header.view;
    bench.notes(3, {
      votes: [bench.vote(3, 1, view, block), bench.vote(3, 3, view, block)],
      certificates: [bench.certificate(1, view, { block, ...alone }), bench.certificate(3, view, { block, ...alone })],
      view,
    });
  }
  const top = fork.at(-1) ?? assert.fail("no fork");
  bench.message(3, {
    type: "SYNC_BLOCKS",
    blocks: fork,
    certificate: bench.certificate(3, 10, { block: top, ...alone }),
  });
  for (const block of fork) assert.equal(votesFor(bench, block), 0, `height ${block.header.height} got a vote`);
  const { height, hash } = bench.engine.finality(bench.state);
  assert.deepEqual([height, bytesToHex(hash)], [3, bytesToHex(last.hash)]);
  assert.equal(bench.state.phase, "running");
});

test("V13.2 equivocation splits nobody off: the half that saw the other block fetches the certified one and goes on", () => {
  const bench = new Bench().wake();
  const [seen, certified] = [bench.block({ view: 1 }), bench.block({ view: 1, timestampMs: bench.nowMs + 7 })];
  bench.propose(1, seen);
  assert.equal(votesFor(bench, seen), 1);
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block: certified })] });
  const asked = bench
    .messages()
    .some(
      (message) =>
        message.type === "FETCH" && message.hashes.some((hash) => bytesToHex(hash) === bytesToHex(certified.hash)),
    );
  assert.ok(asked, "the certified block is asked for");
  bench.message(2, { type: "BLOCK", block: certified });
  bench.notes(2, { certificates: [bench.certificate(3, 1, { block: certified })] });
  assert.deepEqual(bench.engine.finality(bench.state).hash, certified.hash);
  // Whoever passed it on is not blamed; the next block stands on it.
  assert.ok(!bench.effects.some((effect) => effect.type === "score"));
  bench.nowMs += 500;
  const next = bench.block({ view: 2, parent: certified });
  bench.propose(2, next);
  assert.equal(votesFor(bench, next), 1);
});

test("V13.3 without a quorum nothing grows, and with one again the chain goes on", () => {
  const bench = new Bench().wake();
  const first = grow(bench, 1, undefined);
  // Nobody but one other is heard from here on: half of the committee.
  for (let round = 0; round < 200; round += 1) {
    bench.nowMs += 2000;
    for (const id of ["leader", "advance", "rebroadcast", "release", "fetch"] as const) bench.timer(id);
    bench.notes(1, { votes: [bench.vote(1, 2, bench.state.view)], view: bench.state.view });
  }
  assert.deepEqual([bench.state.view, bench.engine.finality(bench.state).height], [2, 1]);
  const { blocks, votes } = tableSizes(bench.state);
  assert.ok((blocks ?? 0) === 0 && (votes ?? 0) <= 2, "no tail without finality");
  bench.notes(2, { votes: [bench.vote(2, 2, 2)], view: 2 });
  assert.equal(bench.state.view, 3);
  bench.nowMs += 500;
  const skips = [bench.certificate(2, 2)];
  const next = bench.block({ view: 3, parent: first, skips, timestampMs: bench.nowMs });
  bench.propose(3, next);
  assert.equal(votesFor(bench, next), 1);
});

test("V13.7 votes of self-made keys evict no real ones, however many come", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.notes(2, { votes: [bench.vote(2, 1, 1, block)] });
  const content = bench.vote(1, 1, 1, block);
  for (let i = 0; i < 10_000; i += 1) {
    const made = cryptoOf(100 + (i % 100)).sign(Uint8Array.of(i >> 8, i & 255));
    bench.notes(3, { votes: [{ ...content, signer: i % 6, view: 1 + (i % 30), signature: made }] });
  }
  const held = [...bench.state.votes.values()].flatMap((rows) => rows.flatMap((row) => row.filter(Boolean)));
  assert.equal(held.length, 1);
  assert.equal(bench.state.votes.get(1)?.[1]?.[2]?.signer, 2);
  bench.propose(1, block);
  bench.notes(1, { votes: [bench.vote(1, 1, 1, block), bench.vote(3, 1, 1, block)] });
  assert.ok(bench.state.notarized.has(1), "the real ones make the certificate");
});

test("V13.11 the committee is made once an epoch, not at every block", () => {
  const bench = new Bench({ epochBlocks: 100 }).wake();
  const { present, next } = bench.state.committees;
  let last: SideBlock | undefined;
  for (const view of [1, 2, 3]) last = grow(bench, view, last);
  assert.equal(bench.engine.finality(bench.state).height, 3);
  assert.ok(bench.state.committees.present === present && bench.state.committees.next === next);
});

test("V13.13 a bad block does not take its height: the next leader fills it, and the same one may later", () => {
  const bench = new Bench().wake();
  const bad = bench.block({ view: 1 });
  bench.invalid.add(bytesToHex(bad.hash));
  bench.propose(1, bad);
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:1"]);
  const skip = bench.certificate(2, 1);
  bench.notes(2, { certificates: [skip], view: 2 });
  bench.nowMs += 500;
  const good = bench.block({ view: 2, skips: [skip], timestampMs: bench.nowMs });
  bench.propose(2, good);
  assert.equal(votesFor(bench, good), 1);
  bench.notes(1, {
    certificates: [bench.certificate(1, 2, { block: good }), bench.certificate(3, 2, { block: good })],
  });
  assert.equal(bench.engine.finality(bench.state).height, 1);
  bench.notes(1, { certificates: [bench.certificate(2, 3), bench.certificate(2, 4)], view: 5 });
  bench.nowMs += 1500;
  const skips = [bench.certificate(2, 3), bench.certificate(2, 4)];
  const again = bench.block({ view: 5, parent: good, skips, timestampMs: bench.nowMs });
  bench.propose(1, again);
  assert.equal(votesFor(bench, again), 1);
});
