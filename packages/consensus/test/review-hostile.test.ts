// What one hostile validator, a slow disk or a clock that is set back may not do to an engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FETCH_BYTES_PER_SECOND, FETCH_INTERVAL_MS } from "../src/bbft/limits.ts";
import { Bench, keyOf } from "./harness.ts";

test("a leader that signs many blocks for a view that is over fills no table", () => {
  const bench = new Bench().wake();
  bench.notes(2, { certificates: [bench.certificate(2, 1)] });
  assert.equal(bench.state.view, 2);
  for (let i = 0; i < 40; i += 1) bench.propose(1, bench.block({ view: 1, timestampMs: bench.nowMs + 500 + i }));
  assert.equal(bench.state.blocks.size, 1);
  const evidence = bench.effects.filter((effect) => effect.type === "evidence");
  assert.equal(evidence.length, 1);
});

test("a key that signs twice in a hundred views hides no other one, and is named once an epoch", () => {
  const bench = new Bench({ epochBlocks: 1 }).wake();
  const [a, b] = [bench.block({ view: 1 }), bench.block({ view: 1, timestampMs: bench.nowMs + 7 })];
  const named = (): number[] =>
    bench.effects.flatMap((effect) => (effect.type === "evidence" ? [effect.evidence.first.signer] : []));
  for (let view = 1; view <= 30; view += 1)
    for (const block of [a, b]) bench.notes(1, { votes: [bench.vote(1, 1, view, block)], view });
  for (const block of [a, b]) bench.notes(2, { votes: [bench.vote(2, 1, 31, block)], view: 31 });
  assert.deepEqual(named(), [1, 2]);
  const last = bench.block({ view: 1, nextCommitteeRoot: bench.state.committees.next.root });
  bench.propose(1, last);
  bench.notes(3, { certificates: [bench.certificate(3, 1, { block: last })] });
  assert.equal(bench.state.epoch, 2);
  for (const block of [a, b]) bench.notes(1, { votes: [bench.vote(1, 1, 1, block, 2)], epoch: 2 });
  assert.deepEqual(named(), [1, 2, 1]);
});

test("a late block without a genuine parent certificate is not kept: others would blame this node for it", () => {
  const bench = new Bench().wake();
  const first = bench.block({ view: 1 });
  bench.propose(1, first);
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block: first }), bench.certificate(2, 2)] });
  assert.equal(bench.state.view, 3);
  const forged = bench.certificate(1, 1, { block: first, signers: [1, 1, 1] });
  bench.propose(2, bench.block({ view: 2, parent: first, parentCertificate: forged }));
  assert.equal(bench.state.blocks.size, 1);
});

test("blocks beside the final chain go with the next final block, however high they claim to be", () => {
  const bench = new Bench().wake();
  const junk = { ...bench.block({ view: 1 }) };
  const high = bench.block({ view: 1, parent: { ...junk, header: { ...junk.header, height: 50 } }, parentView: 0 });
  bench.propose(1, high);
  bench.notes(2, { certificates: [bench.certificate(2, 1)] });
  bench.propose(1, high);
  const good = bench.block({ view: 2, skips: [bench.certificate(2, 1)] });
  bench.propose(2, good);
  bench.notes(3, {
    certificates: [bench.certificate(1, 2, { block: good }), bench.certificate(3, 2, { block: good })],
  });
  assert.equal(bench.engine.finality(bench.state).height, 1);
  assert.equal(bench.state.blocks.size, 0);
});

test("one peer fetches no more bytes in a second than its share", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  const fetch = { type: "FETCH", epoch: 1, finalHeight: 0, hashes: Array(16).fill(block.hash), views: [] } as const;
  const ask = (): number => bench.messages(bench.message(3, fetch)).filter(({ type }) => type === "BLOCK").length;
  assert.equal(ask(), 16);
  let served = 16;
  for (let i = 0; i < 4000; i += 1) served += ask();
  assert.ok(served * 1024 <= FETCH_BYTES_PER_SECOND, `${served} blocks`);
  assert.equal(ask(), 0);
  bench.nowMs += 1000;
  assert.equal(ask(), 16);
});

test("an asker that repeats itself at once gets one answer", () => {
  const bench = new Bench().wake();
  const ask = (nonce: number): number => {
    const message = {
      type: "ASK",
      nonce: new Uint8Array(32).fill(nonce),
      asker: keyOf(2),
      from: { epoch: 1, view: 0 },
    } as const;
    return bench.messages(bench.message(2, message)).length;
  };
  assert.deepEqual([ask(1), ask(2), ask(3)], [1, 0, 0]);
  bench.nowMs += 500;
  assert.equal(ask(4), 1);
});

test("the record is rewritten although the store is always one block behind, and carries that block over a crash", () => {
  const bench = new Bench({ recordCompactEntries: 20 }).wake();
  let parent: ReturnType<Bench["block"]> | undefined;
  const blocks: ReturnType<Bench["block"]>[] = [];
  let replaced = 0;
  let longest = 0;
  for (let view = 1; view <= 40; view += 1) {
    bench.nowMs += 500;
    const block = bench.block({ view, ...(parent === undefined ? {} : { parent }) });
    if (view % 4 !== 0) bench.propose(view % 4, block);
    else bench.message(1, { type: "SYNC_BLOCKS", blocks: [block], certificate: bench.certificate(3, view, { block }) });
    bench.notes(1, {
      view,
      certificates: [bench.certificate(1, view, { block }), bench.certificate(3, view, { block })],
    });
    assert.equal(bench.engine.finality(bench.state).height, view);
    // The disk reports the block before.
    const made = bench.feed({ type: "stored", height: view - 1 });
    replaced += made.filter((effect) => effect.type === "persist" && effect.replace).length;
    longest = Math.max(longest, bench.record.length);
    parent = block;
    blocks.push(block);
  }
  assert.ok(replaced > 3, `${replaced} times`);
  assert.ok(longest < 100 && bench.state.own.size < 40, `${longest} entries, ${bench.state.own.size} own`);
  assert.ok(bench.state.unstored.length <= 1);
  // A crash now: the store has everything but the last blocks of the last rewriting, the record brings them back.
  const carried = bench.record.flatMap((entry) => (entry.type === "block" ? [entry.block] : []));
  const lowest = Math.min(...carried.map(({ header }) => header.height));
  const block = blocks.at(lowest - 2);
  assert.ok(block !== undefined && lowest > 1);
  const certificate = bench.certificate(3, block.header.view, { block });
  bench.restart({ tip: { height: lowest - 1, block, certificate, opening: undefined, committees: undefined } });
  assert.ok(bench.engine.finality(bench.state).height >= lowest);
});

test("nothing is signed below the floor of the record", () => {
  const bench = new Bench();
  const floor = { epoch: 1, view: 9 };
  bench.start({ record: [{ type: "init", chainId: bench.config.chainId, key: keyOf(0), floor }] });
  // Everybody answers, so the silence after the start ends; the store was an old copy.
  bench.answerAll([1, 2, 3]);
  bench.propose(1, bench.block({ view: 1 }));
  bench.timer("advance", bench.nowMs + 5000);
  assert.deepEqual(bench.ownVotes(), []);
});

test("a clock that is set back does not stop the asking for a missing block", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block })] });
  bench.nowMs -= 3_600_000;
  const made = bench.messages(bench.timer("fetch"));
  assert.ok(made.some(({ type }) => type === "FETCH"));
  bench.nowMs += FETCH_INTERVAL_MS;
  const later = bench.messages(bench.notes(2, { epoch: 2 }));
  assert.ok(later.some(({ type }) => type === "SYNC_REQUEST"));
  bench.nowMs -= 3_600_000;
  const earlier = bench.messages(bench.notes(2, { epoch: 2 }));
  assert.ok(earlier.some(({ type }) => type === "SYNC_REQUEST"));
});

test("an ancestor of a final block that is invalid here stops the engine", () => {
  const bench = new Bench().wake();
  const first = bench.block({ view: 1 });
  const second = bench.block({ view: 2, parent: first });
  bench.autoValidate = false;
  bench.message(1, {
    type: "SYNC_BLOCKS",
    blocks: [first, second],
    certificate: bench.certificate(3, 2, { block: second }),
  });
  const asked = bench.effects.filter((effect) => effect.type === "validateBlock");
  assert.deepEqual(
    asked.map((effect) => effect.type === "validateBlock" && effect.certified),
    [true],
  );
  const made = bench.feed({ type: "blockValidated", hash: first.hash, valid: false });
  assert.ok(made.some(({ type }) => type === "halt"));
});
