// The safety rules S1 to S6 one by one (bbft.md section 4), each with an engine that is tempted to break it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex } from "@bystack/utils/bytes";
import { Bench, START_MS } from "./harness.ts";

test("S1: one NOTARIZE in a view, and the second proposal is evidence", () => {
  const bench = new Bench().wake();
  const [a, b] = [bench.block({ view: 1 }), bench.block({ view: 1 })];
  bench.propose(1, a);
  bench.propose(1, b);
  const hashes = bench
    .messages()
    .flatMap((message) => (message.type === "NOTES" ? message.votes : []))
    .filter((vote) => vote.kind === 1)
    .map((vote) => bytesToHex(vote.blockHash));
  assert.deepEqual([...new Set(hashes)], [bytesToHex(a.hash)]);
  const evidence = bench.effects.filter((effect) => effect.type === "evidence");
  assert.equal(evidence.length, 1);
  assert.equal(evidence[0]?.evidence.first.signer, 1);
});

test("S1: after NULLIFY no NOTARIZE in that view", () => {
  const bench = new Bench().wake();
  bench.timer("leader");
  bench.propose(1, bench.block({ view: 1 }));
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:1"]);
});

test("S2: NULLIFY, then a NOTARIZE certificate: no FINALIZE", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.timer("advance");
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block })] });
  assert.deepEqual(bench.ownVotes(), ["NOTARIZE 1:1", "NULLIFY 1:1"]);
  assert.equal(bench.state.view, 2);
});

test("S2: FINALIZE, then every timer: no NULLIFY of that view", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block })] });
  bench.timer("leader");
  bench.timer("advance");
  assert.deepEqual(bench.ownVotes(), ["NOTARIZE 1:1", "FINALIZE 1:1", "NULLIFY 1:2"]);
});

test("S2: a late NOTARIZE certificate of a view left without NULLIFY brings a late FINALIZE", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.notes(2, { certificates: [bench.certificate(2, 1)] });
  assert.equal(bench.state.view, 2);
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block })] });
  assert.deepEqual(bench.ownVotes(), ["FINALIZE 1:1"]);
});

test("S3: a skipped view needs its NULLIFY certificate, carried and genuine", () => {
  const bench = new Bench().wake();
  bench.notes(2, { certificates: [bench.certificate(2, 1)] });
  const forged = bench.certificate(2, 1, { signers: [2, 2, 2] });
  bench.propose(2, bench.block({ view: 2, skips: [forged] }));
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:2"], "what the leader signed is invalid: NULLIFY at once");
  const other = new Bench().wake();
  other.propose(2, other.block({ view: 2, skips: [other.certificate(2, 1)] }));
  assert.deepEqual(other.ownVotes(), ["NOTARIZE 1:2"], "the block brings what is needed to judge it");
});

test("S3: the parent needs a NOTARIZE certificate of the view that the header names", () => {
  const bench = new Bench().wake();
  const parent = bench.block({ view: 1 });
  const child = (certificate: ReturnType<Bench["certificate"]>) =>
    bench.block({ view: 2, parent, parentCertificate: certificate });
  bench.propose(1, parent);
  bench.notes(3, { certificates: [bench.certificate(1, 1, { block: parent })] });
  bench.propose(2, child(bench.certificate(1, 1, { block: parent, signers: [1, 2] })));
  bench.propose(2, child(bench.certificate(3, 1, { block: parent })));
  assert.deepEqual(
    bench.ownVotes(),
    ["NOTARIZE 1:1", "FINALIZE 1:1"],
    "dropped: it is not the leader who signed that part",
  );
  bench.propose(2, child(bench.certificate(1, 1, { block: parent })));
  assert.ok(bench.ownVotes().includes("NOTARIZE 1:2"));
});

test("S4: no vote before the block is executed, NULLIFY at once when it is invalid", () => {
  const bench = new Bench().wake();
  bench.autoValidate = false;
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  assert.deepEqual(bench.ownVotes(), []);
  bench.feed({ type: "blockValidated", hash: block.hash, valid: false });
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:1"]);
});

test("S4: a certificate that contradicts own execution stops the engine", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.invalid.add(bytesToHex(block.hash));
  bench.propose(1, block);
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block })] });
  assert.equal(bench.effects.filter((effect) => effect.type === "halt").length, 1);
  assert.deepEqual(bench.timer("advance"), [], "nothing comes out of it any more");
});

test("S4: a vote-time predicate withholds a vote until it holds", () => {
  const bench = new Bench({ predicates: true }).wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.feed({ type: "predicate", hash: block.hash, holds: false });
  assert.deepEqual(bench.ownVotes(), []);
  bench.feed({ type: "predicate", hash: block.hash, holds: true });
  assert.deepEqual(bench.ownVotes(), ["NOTARIZE 1:1"]);
});

test("S4: a predicate that never holds costs the view at t_a, and judges no certified block", () => {
  const bench = new Bench({ predicates: true }).wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.timer("leader");
  assert.deepEqual(bench.ownVotes(), [], "there is a valid proposal: t_l does not count");
  bench.timer("advance");
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:1"]);
  bench.notes(2, { certificates: [bench.certificate(3, 1, { block })] });
  assert.equal(bench.engine.finality(bench.state).height, 1);
});

test("S4: a time stamp ahead of the clock is looked at again when the clock has come near", () => {
  const bench = new Bench().wake();
  bench.propose(1, bench.block({ view: 1, timestampMs: START_MS + 700 }));
  assert.deepEqual(bench.ownVotes(), []);
  bench.timer("clock", bench.timerMs("clock"));
  assert.deepEqual(bench.ownVotes(), ["NOTARIZE 1:1"]);
  const late = new Bench().wake();
  late.nowMs = START_MS + 501;
  late.propose(1, late.block({ view: 1, timestampMs: START_MS }));
  assert.deepEqual(late.ownVotes(), [], "too old stays too old");
});

test("S4: a block closer to its parent than the block interval is invalid", () => {
  const bench = new Bench().wake();
  bench.propose(1, bench.block({ view: 1, timestampMs: START_MS - 1 }));
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:1"]);
});

test("S5: nothing leaves before its record is durable, and the record holds the body", () => {
  const bench = new Bench().wake();
  bench.autoPersist = false;
  const block = bench.block({ view: 1 });
  const before = bench.propose(1, block);
  assert.deepEqual(bench.ownVotes(before), []);
  const persist = before.find((effect) => effect.type === "persist");
  assert.ok(persist?.type === "persist");
  const own = persist.entries.find((entry) => entry.type === "own");
  assert.ok(own?.type === "own" && own.block === block);
  assert.ok(
    persist.entries.some((entry) => entry.type === "seen" && entry.vote.kind === 0),
    "the proposal as received",
  );
  assert.deepEqual(bench.ownVotes(bench.feed({ type: "persisted", token: persist.token })), ["NOTARIZE 1:1"]);
});

test("S5: an own vote that is not durable makes no certificate", () => {
  const bench = new Bench().wake();
  bench.autoPersist = false;
  const block = bench.block({ view: 1 });
  const persist = bench.propose(1, block).find((effect) => effect.type === "persist");
  bench.notes(1, { votes: [bench.vote(1, 1, 1, block)] });
  bench.notes(2, { votes: [bench.vote(2, 1, 1, block)] });
  assert.equal(bench.state.view, 1);
  assert.ok(persist?.type === "persist");
  bench.feed({ type: "persisted", token: persist.token });
  assert.equal(bench.state.view, 2);
});

test("S5: the FINALIZE record holds the NOTARIZE certificate", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block })] });
  const kinds = bench.record.map((entry) => (entry.type === "own" ? `own ${entry.vote.kind}` : entry.type));
  assert.ok(kinds.indexOf("certificate") < kinds.indexOf("own 3") && kinds.includes("certificate"));
});

test("S6: fewer than q signers, or one signer again and again, certify nothing", () => {
  const bench = new Bench().wake();
  bench.notes(2, { certificates: [bench.certificate(2, 1, { signers: [2, 3] })] });
  for (let i = 0; i < 5; i += 1) bench.notes(2, { votes: [bench.vote(2, 2, 1)] });
  bench.notes(3, { votes: [bench.vote(3, 2, 1)] });
  assert.equal(bench.state.view, 1);
  bench.timer("leader");
  assert.equal(bench.state.view, 2);
});

test("votes of different views are never added up", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.notes(1, { votes: [bench.vote(1, 3, 1, block), bench.vote(2, 3, 1, block), bench.vote(3, 3, 2, block)] });
  assert.equal(bench.engine.finality(bench.state).height, 0);
});
