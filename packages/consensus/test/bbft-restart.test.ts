// After every start (bbft.md S5): the exact record, ASK and ANSWER, the silence through V + 2, and what a missing record
// or an unknown own vote costs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { committeeRoot } from "@bystack/protocol/side/header";
import { equalBytes } from "@bystack/utils/bytes";
import { ASK_INTERVAL_MS, BAR_PATIENCE_MS, RECORD_COMPACT_ENTRIES } from "../src/bbft/limits.ts";
import { answerSignedBytes } from "../src/bbft/messages.ts";
import { decodeRecordEntry, encodeRecordEntry } from "../src/bbft/record.ts";
import { replayRecord } from "../src/bbft/replay.ts";
import { statusOf } from "../src/bbft/status.ts";
import { BASE, Bench, cryptoOf, keyOf, START_MS } from "./harness.ts";

test("until q have answered, oneself included, nothing is signed; others are answered all the while", () => {
  const bench = new Bench();
  bench.start();
  bench.timer("leader");
  bench.answerAll([1]);
  assert.deepEqual(bench.ownVotes(), []);
  const ask = { type: "ASK", nonce: new Uint8Array(32).fill(9), asker: keyOf(2), from: { epoch: 1, view: 0 } } as const;
  const [answer] = bench.messages(bench.message(2, ask));
  assert.ok(answer?.type === "ANSWER");
  assert.ok(cryptoOf(0).verify(keyOf(0), answerSignedBytes(BASE.chainId, answer), answer.signature));
  bench.answerAll([2, 3]);
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:1"], "what was due in the meantime is done now");
});

test("ASK is repeated; an answer with another nonce, a false signature or one's own name does not count", () => {
  const bench = new Bench();
  bench.start();
  assert.equal(bench.timerMs("ask"), START_MS + ASK_INTERVAL_MS);
  const [ask] = bench.messages(bench.timer("ask", START_MS + ASK_INTERVAL_MS));
  assert.ok(ask?.type === "ASK");
  const content = { nonce: ask.nonce, signer: keyOf(1), asker: keyOf(0), certificate: undefined, votes: [] };
  const signature = cryptoOf(1).sign(answerSignedBytes(BASE.chainId, content));
  bench.message(1, { type: "ANSWER", ...content, signer: keyOf(2), signature });
  bench.message(1, { type: "ANSWER", ...content, nonce: new Uint8Array(32), signature });
  bench.message(1, {
    type: "ANSWER",
    ...content,
    signer: keyOf(0),
    signature: cryptoOf(0).sign(answerSignedBytes(BASE.chainId, { ...content, signer: keyOf(0) })),
  });
  assert.equal(bench.state.asking?.answers.size, 1);
  bench.message(1, { type: "ANSWER", ...content, signature });
  assert.equal(bench.state.asking?.answers.size, 2);
});

test("q answers: silence through V + 2, late FINALIZE included; all n answers lift it", () => {
  const bench = new Bench();
  bench.start();
  const highest = bench.certificate(2, 5);
  bench.answerAll([1, 2], { certificate: highest });
  assert.equal(bench.state.view, 6);
  bench.timer("advance");
  bench.notes(1, { certificates: [bench.certificate(2, 6)], view: 6 });
  bench.notes(1, {
    certificates: [
      bench.certificate(1, 6, {
        block: bench.block({ view: 6, skips: [1, 2, 3, 4, 5].map((v) => bench.certificate(2, v)) }),
      }),
    ],
    view: 6,
  });
  bench.timer("advance");
  assert.deepEqual(bench.ownVotes(), [], "views 6 and 7 are barred, and a late FINALIZE in 6");
  bench.notes(1, { certificates: [bench.certificate(2, 7)], view: 7 });
  bench.timer("advance");
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:8"]);
  const other = new Bench();
  other.start();
  other.answerAll([1, 2], { certificate: highest });
  other.timer("advance");
  other.answerAll([3]);
  assert.deepEqual(other.ownVotes(), ["NULLIFY 1:6"]);
});

test("all n answers from a later epoch: nothing is signed in the views on the way there", () => {
  const bench = new Bench();
  bench.start();
  bench.answerAll([1, 2, 3], { certificate: bench.certificate(2, 2, { epoch: 2 }) });
  assert.equal(bench.state.asking, undefined, "the silence is lifted");
  // The old copy knows nothing of what it signed here before; its first view is over long since.
  for (const id of ["leader", "advance"] as const) bench.timer(id, (bench.timerMs(id) ?? START_MS) + 10_000);
  assert.deepEqual(bench.ownVotes(), []);
  assert.deepEqual(bench.state.floor, { epoch: 2, view: 2 });
  // Rewriting the record on the way does not bring the floor down again.
  bench.state.entriesSinceCompaction = RECORD_COMPACT_ENTRIES;
  bench.feed({ type: "stored", height: 0 });
  assert.deepEqual(bench.state.floor, { epoch: 2, view: 2 });
  assert.ok(bench.record.some((entry) => entry.type === "init" && entry.floor.epoch === 2));
});

test("ten quiet seconds and q fresh answers lift the silence", () => {
  const bench = new Bench();
  bench.start();
  bench.answerAll([1, 2]);
  bench.timer("advance");
  assert.equal(bench.timerMs("bar"), START_MS + BAR_PATIENCE_MS);
  bench.timer("bar", START_MS + BAR_PATIENCE_MS);
  bench.answerAll([1]);
  assert.deepEqual(bench.ownVotes(), [], "two of three needed");
  bench.answerAll([2]);
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:1"]);
});

test("the silence survives a restart, and so does its end", () => {
  const bench = new Bench();
  bench.start();
  bench.answerAll([1, 2]);
  assert.deepEqual(replayRecord(bench.record, { chainId: BASE.chainId, key: keyOf(0) })?.silences.length, 1);
  bench.answerAll([3]);
  assert.deepEqual(replayRecord(bench.record, { chainId: BASE.chainId, key: keyOf(0) })?.silences.length, 0);
});

test("an exact restart keeps every vote: nothing else is signed, the votes of the view are said again", () => {
  const bench = new Bench().wake();
  const [a, b] = [bench.block({ view: 1 }), bench.block({ view: 1 })];
  bench.propose(1, a);
  const made = bench.restart();
  assert.deepEqual(bench.ownVotes(made), ["NOTARIZE 1:1"]);
  bench.answerAll([1, 2, 3]);
  bench.propose(1, b);
  const votes = bench.messages().flatMap((message) => (message.type === "NOTES" ? message.votes : []));
  assert.ok(votes.every((vote) => equalBytes(vote.blockHash, a.hash)));
});

test("a leader that restarts in its view sends the same proposal with the same signature", () => {
  const bench = new Bench({ own: 1 });
  bench.start();
  bench.answerAll([0, 2, 3]);
  const [first] = bench.messages().filter((message) => message.type === "PROPOSE");
  bench.restart();
  bench.answerAll([0, 2, 3]);
  const again = bench.messages().filter((message) => message.type === "PROPOSE");
  assert.equal(again.length, 1);
  assert.ok(first?.type === "PROPOSE" && again[0]?.type === "PROPOSE");
  assert.deepEqual(again[0].proposal.signature, first.proposal.signature);
  assert.ok(equalBytes(again[0].proposal.block.hash, first.proposal.block.hash));
});

test("a crash before the record is durable leaves no trace of the vote", () => {
  const bench = new Bench().wake();
  bench.autoPersist = false;
  const [a, b] = [bench.block({ view: 1 }), bench.block({ view: 1 })];
  bench.propose(1, a);
  bench.autoPersist = true;
  bench.restart();
  bench.answerAll([1, 2, 3]);
  bench.propose(1, b);
  assert.deepEqual(bench.ownVotes(), ["NOTARIZE 1:1"]);
});

/** Two blocks, the second ends epoch 1 and is final. */
function finishEpoch(bench: Bench): void {
  const first = bench.block({ view: 1 });
  const next = committeeRoot(BASE.committee);
  bench.nowMs += 500;
  const last = bench.block({ view: 2, parent: first, nextCommitteeRoot: next });
  bench.message(1, {
    type: "SYNC_BLOCKS",
    blocks: [first, last],
    certificate: bench.certificate(3, 2, { block: last }),
  });
}

for (const [name, options] of [
  ["missing", { missing: true }],
  [
    "of another key",
    { record: [{ type: "init", chainId: BASE.chainId, key: keyOf(2), floor: { epoch: 1, view: 0 } }] },
  ],
] as const) {
  test(`a record that is ${name}: observe to the end of the epoch and through views 1 and 2 of the next`, () => {
    const bench = new Bench({ epochBlocks: 2 });
    bench.start({ ...options, record: "record" in options ? [...options.record] : undefined });
    bench.timer("advance");
    bench.answerAll([1, 2, 3]);
    bench.timer("advance");
    assert.deepEqual(bench.ownVotes(), []);
    bench.restart();
    bench.answerAll([1, 2, 3]);
    bench.timer("advance");
    assert.deepEqual(bench.ownVotes(), [], "a restart does not forget it");
    finishEpoch(bench);
    assert.equal(bench.state.epoch, 2);
    for (const view of [1, 2]) {
      bench.timer("advance");
      assert.deepEqual(bench.ownVotes(), []);
      bench.notes(1, { certificates: [bench.certificate(2, view, { epoch: 2 })], epoch: 2, view });
    }
    bench.timer("advance");
    assert.deepEqual(bench.ownVotes(), ["NULLIFY 2:3"]);
  });
}

test("an own vote that the record does not hold: observe, whether an answer shows it or a certificate does", () => {
  const inAnswer = new Bench();
  inAnswer.start();
  const lost = inAnswer.vote(0, 2, 1);
  inAnswer.answerAll([1, 2, 3], { votes: [lost] });
  const inCertificate = new Bench().wake();
  inCertificate.notes(1, { certificates: [inCertificate.certificate(2, 1, { signers: [0, 1, 2] })] });
  for (const bench of [inAnswer, inCertificate]) {
    bench.timer("advance");
    assert.deepEqual(bench.ownVotes(), []);
    assert.ok(bench.state.silences.some((silence) => silence.reason === "observe" && silence.through.epoch === 2));
  }
});

test("an own vote in a certificate of a block that a sync brings is seen too", () => {
  const bench = new Bench().wake();
  const first = bench.block({ view: 1 });
  const parentCertificate = bench.certificate(1, 1, { block: first, signers: [0, 1, 2] });
  const second = bench.block({ view: 2, parent: first, parentCertificate });
  bench.message(1, {
    type: "SYNC_BLOCKS",
    blocks: [first, second],
    certificate: bench.certificate(3, 2, { block: second }),
  });
  assert.equal(statusOf(bench.state).voting, "observe");
});

test("nobody is asked any more once the silence has passed by itself", () => {
  const bench = new Bench();
  bench.start();
  bench.answerAll([1, 2]);
  const asks = (): number => bench.messages().filter((message) => message.type === "ASK").length;
  bench.timer("ask");
  assert.equal(asks(), 2);
  bench.notes(1, { certificates: [1, 2].map((view) => bench.certificate(2, view)) });
  bench.timer("ask");
  bench.timer("bar", START_MS + BAR_PATIENCE_MS);
  assert.equal(asks(), 2);
});

test("what does not verify under one's own key proves nothing", () => {
  const bench = new Bench();
  bench.start();
  const forged = { ...bench.vote(0, 2, 1), signature: bench.vote(1, 2, 1).signature };
  bench.answerAll([1, 2, 3], { votes: [forged] });
  bench.timer("advance");
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:1"]);
});

test("answers give back the asker's own votes and proposals", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.notes(1, { votes: [bench.vote(1, 1, 1, block), bench.vote(2, 1, 1, block)] });
  const ask = { type: "ASK", nonce: new Uint8Array(32), asker: keyOf(1), from: { epoch: 1, view: 0 } } as const;
  const [answer] = bench.messages(bench.message(1, ask));
  assert.ok(answer?.type === "ANSWER");
  assert.deepEqual(
    answer.votes.map((vote) => [vote.signer, vote.kind]),
    [
      [1, 0],
      [1, 1],
    ],
  );
  assert.equal(answer.certificate?.kind, 1);
});

test("an operator's mark ends an observe state; nothing is signed up to the mark", () => {
  const bench = new Bench();
  bench.start({ missing: true });
  bench.answerAll([1, 2, 3]);
  bench.feed({ type: "mark", epoch: 1, view: 1 });
  bench.timer("advance");
  assert.deepEqual(bench.ownVotes(), []);
  bench.notes(1, { certificates: [bench.certificate(2, 1)] });
  bench.timer("advance");
  assert.deepEqual(bench.ownVotes(), ["NULLIFY 1:2"]);
});

test("record entries go through their bytes, and a record is rewritten when final blocks are stored", () => {
  const bench = new Bench().wake();
  let parent: ReturnType<Bench["block"]> | undefined;
  for (let view = 1; view <= 60; view += 1) {
    bench.nowMs += 500;
    const leader = view % 4;
    if (leader === 0) {
      bench.timer("release");
      const own = bench.messages().findLast((message) => message.type === "PROPOSE");
      assert.ok(own?.type === "PROPOSE" && own.proposal.view === view);
      parent = own.proposal.block;
    } else {
      const timestampMs = bench.nowMs;
      parent = bench.block({ view, timestampMs, ...(parent === undefined ? {} : { parent }) });
      bench.propose(leader, parent);
    }
    for (const kind of [1, 3] as const) {
      for (const signer of [1, 2, 3]) bench.notes(signer, { votes: [bench.vote(signer, kind, view, parent)], view });
    }
    bench.feed({ type: "stored", height: view });
  }
  assert.equal(bench.engine.finality(bench.state).height, 60);
  assert.ok(bench.record.length < 400, `${bench.record.length} entries`);
  for (const entry of bench.record)
    assert.deepEqual(encodeRecordEntry(entry), encodeRecordEntry(decodeRecordEntry(encodeRecordEntry(entry)) ?? entry));
  assert.notEqual(replayRecord(bench.record, { chainId: BASE.chainId, key: keyOf(0) }), undefined);
});

test("a node tells why it does not vote", () => {
  const bench = new Bench();
  bench.start();
  assert.equal(statusOf(bench.state).voting, "asking");
  bench.answerAll([1, 2]);
  assert.deepEqual(statusOf(bench.state).silentThrough, { epoch: 1, view: 2 });
  assert.equal(statusOf(bench.state).voting, "bar");
  bench.answerAll([3]);
  assert.equal(statusOf(bench.state).voting, "voting");
});

test("a committee of one, for development, goes on by itself", () => {
  const bench = new Bench({ committee: BASE.committee.slice(0, 1), allowNoFaultTolerance: true, epochBlocks: 3 });
  bench.start();
  for (let slot = 0; slot < 7; slot += 1) {
    bench.nowMs += 500;
    bench.timer("release");
  }
  assert.equal(bench.engine.finality(bench.state).height, 8, "one at the start, one a slot");
  assert.equal(statusOf(bench.state).epoch, 3);
});
