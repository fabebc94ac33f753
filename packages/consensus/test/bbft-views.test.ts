// Views: timers, leading, skipping, rebroadcast, epochs (bbft.md sections 5, 6 and 10).

import assert from "node:assert/strict";
import { test } from "node:test";
import { committeeRoot } from "@bystack/protocol/side/header";
import { equalBytes } from "@bystack/utils/bytes";
import type { BbftConfig } from "../src/bbft/config.ts";
import { BASE, Bench, keyOf, START_MS } from "./harness.ts";

const NEXT = committeeRoot(BASE.committee);

test("t_l and t_a are 2 and 3 deltas after the slot, grow by 1.5 to 2 s, and fall back at a final block", () => {
  const bench = new Bench().wake();
  assert.equal(bench.timerMs("leader"), START_MS + 300);
  assert.equal(bench.timerMs("advance"), START_MS + 450);
  const waits: number[] = [];
  for (let view = 1; view <= 8; view += 1) {
    bench.notes(2, { certificates: [bench.certificate(2, view)], view });
    waits.push((bench.timerMs("advance") ?? 0) - bench.nowMs);
  }
  assert.deepEqual(waits.slice(0, 4), [675, 1013, 1519, 2000]);
  const skips = [1, 2, 3, 4, 5, 6, 7, 8].map((view) => bench.certificate(2, view));
  const block = bench.block({ view: 9, skips });
  bench.propose(1, block);
  bench.notes(2, { certificates: [bench.certificate(3, 9, { block })], view: 9 });
  assert.equal(bench.engine.finality(bench.state).height, 1);
  assert.equal(bench.timerMs("advance"), block.header.timestampMs + 500 + 450);
});

test("the leader builds ahead and releases at the slot boundary, its record first", () => {
  const bench = new Bench({ own: 1, genesis: { ...BASE.genesis, timestampMs: START_MS - 100 } });
  bench.start();
  bench.answerAll([0, 2, 3]);
  assert.equal(bench.timerMs("release"), START_MS + 400);
  assert.ok(!bench.messages().some((message) => message.type === "PROPOSE"));
  const made = bench.timer("release", START_MS + 400);
  const order = made.map((effect) => (effect.type === "broadcast" ? effect.message.type : effect.type));
  assert.ok(order.indexOf("persist") < order.indexOf("PROPOSE") && order.indexOf("PROPOSE") < order.indexOf("NOTES"));
  const [proposal] = bench.messages(made).filter((message) => message.type === "PROPOSE");
  assert.equal(proposal?.type === "PROPOSE" && proposal.proposal.block.header.timestampMs, START_MS + 400);
});

test("a timer that comes a millisecond early is set again, and the block leaves at its slot", () => {
  const bench = new Bench({ own: 1, genesis: { ...BASE.genesis, timestampMs: START_MS - 100 } });
  bench.start();
  bench.answerAll([0, 2, 3]);
  const early = bench.timer("release", START_MS + 399);
  assert.ok(!bench.messages(early).some((message) => message.type === "PROPOSE"));
  const again = early.find((effect) => effect.type === "setTimer" && effect.id === "release");
  assert.equal(again?.type === "setTimer" && again.atMs, START_MS + 400);
  assert.ok(bench.messages(bench.timer("release", START_MS + 400)).some((message) => message.type === "PROPOSE"));
});

test("a failed build is NULLIFY at once, and so is the leader's own NULLIFY", () => {
  const leader = new Bench({ own: 1 });
  leader.autoBuild = false;
  leader.start();
  const made = leader.answerAll([0, 2, 3]);
  const build = [...leader.effects, ...made].find((effect) => effect.type === "buildBlock");
  assert.ok(build?.type === "buildBlock");
  leader.feed({ type: "blockBuilt", token: build.token, content: undefined });
  assert.deepEqual(leader.ownVotes(), ["NULLIFY 1:1"]);
  const member = new Bench().wake();
  member.notes(2, { votes: [member.vote(2, 2, 1)] });
  assert.deepEqual(member.ownVotes(), []);
  member.notes(1, { votes: [member.vote(1, 2, 1)] });
  assert.deepEqual(member.ownVotes(), ["NULLIFY 1:1"]);
});

test("a leader that lacks a certificate fetches it before it gives up", () => {
  const bench = new Bench().wake();
  bench.notes(2, { certificates: [bench.certificate(2, 3)], view: 3 });
  assert.equal(bench.state.view, 4, "the certificate alone leads there");
  const fetch = bench.messages().find((message) => message.type === "FETCH");
  assert.deepEqual(
    fetch?.type === "FETCH" && fetch.views,
    [2, 1].toSorted((a, b) => b - a),
  );
  bench.notes(3, { certificates: [bench.certificate(2, 1), bench.certificate(2, 2)], view: 4 });
  const proposal = bench.messages().find((message) => message.type === "PROPOSE");
  assert.ok(proposal?.type === "PROPOSE" && proposal.proposal.block.skipCertificates.length === 3);
});

test("a silent leader is skipped for the rest of its run, until it is heard", () => {
  const bench = new Bench({ run: 4, own: 3 });
  bench.start();
  bench.answerAll([0, 1, 2]);
  bench.notes(1, {
    certificates: [
      bench.certificate(2, 1, {
        signers: [1, 2, 3]
          .filter((s) => s !== 3)
          .concat(0)
          .sort(),
      }),
    ],
  });
  assert.equal(bench.state.view, 2);
  assert.equal(bench.timerMs("leader"), bench.nowMs, "leader 0 said nothing in view 1");
  bench.notes(0, { votes: [bench.vote(0, 2, 1)], view: 1 });
  bench.notes(1, { certificates: [bench.certificate(2, 2, { signers: [0, 1, 2] })], view: 2 });
  assert.ok((bench.timerMs("leader") ?? 0) > bench.nowMs, "it has been heard since");
});

test("a rebroadcast holds the votes of the view, the highest NOTARIZE and every NULLIFY above it, and doubles", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  bench.propose(1, block);
  bench.notes(2, {
    certificates: [bench.certificate(1, 1, { block }), bench.certificate(2, 2), bench.certificate(2, 3)],
  });
  assert.equal(bench.state.view, 4);
  bench.effects = [];
  bench.timer("advance");
  const first = bench.timerMs("rebroadcast") ?? 0;
  const made = bench.messages(bench.timer("rebroadcast", first));
  const notes = made.find((message) => message.type === "NOTES");
  assert.ok(notes?.type === "NOTES");
  assert.deepEqual(
    notes.votes.map((vote) => [vote.kind, vote.view]),
    [[2, 4]],
  );
  assert.deepEqual(
    notes.certificates.map((c) => [c.kind, c.view]),
    [
      [1, 1],
      [2, 2],
      [2, 3],
    ],
  );
  const second = (bench.timerMs("rebroadcast") ?? 0) - bench.nowMs;
  const third = (() => {
    bench.timer("rebroadcast", bench.timerMs("rebroadcast"));
    return (bench.timerMs("rebroadcast") ?? 0) - bench.nowMs;
  })();
  assert.equal(third, Math.min(4000, second * 2));
});

/** Heights 1 and 2 notarized in views 1 and 2; height 2 ends the epoch. */
function atEpochEnd(changed: Partial<BbftConfig> & { own?: number } = {}): {
  bench: Bench;
  last: ReturnType<Bench["block"]>;
  first: ReturnType<Bench["block"]>;
} {
  const bench = new Bench({ epochBlocks: 2, ...changed });
  bench.start();
  bench.answerAll([0, 1, 2, 3].filter((place) => place !== bench.own));
  const first = bench.block({ view: 1 });
  bench.propose(1, first);
  bench.notes(2, { certificates: [bench.certificate(1, 1, { block: first })] });
  bench.nowMs += 500;
  const last = bench.block({ view: 2, parent: first, nextCommitteeRoot: NEXT });
  bench.propose(2, last);
  return { bench, last, first };
}

test("the last block of an epoch is not extended inside it, but proposed again with its certificates", () => {
  const { bench, last } = atEpochEnd();
  const notarized = bench.certificate(1, 2, { block: last });
  bench.timer("advance");
  bench.notes(1, { certificates: [notarized], view: 2 });
  bench.nowMs += 500;
  bench.propose(3, bench.block({ view: 3, parent: last, parentCertificate: notarized }));
  assert.ok(!bench.ownVotes().includes("NOTARIZE 1:3"));
  const other = atEpochEnd();
  const again = other.bench.certificate(1, 2, { block: other.last });
  other.bench.timer("advance");
  other.bench.notes(1, { certificates: [again, other.bench.certificate(2, 2)], view: 2 });
  // An hour later: no clock judges a block that is notarized already.
  other.bench.nowMs += 3_600_000;
  other.bench.propose(3, other.last, { view: 3, justifyView: 2, justification: [again] });
  assert.ok(other.bench.ownVotes().includes("NOTARIZE 1:3"));
});

test("a re-proposal without every NULLIFY since, or without the NOTARIZE, gets no vote", () => {
  const { bench, last } = atEpochEnd();
  const notarized = bench.certificate(1, 2, { block: last });
  bench.notes(1, { certificates: [bench.certificate(2, 4)], view: 4 });
  assert.equal(bench.state.view, 5);
  bench.propose(1, last, { view: 5, justifyView: 2, justification: [notarized, bench.certificate(2, 4)] });
  assert.ok(!bench.ownVotes().includes("NOTARIZE 1:5"));
  bench.propose(1, last, {
    view: 5,
    justifyView: 2,
    justification: [notarized, bench.certificate(2, 3), bench.certificate(2, 4)],
  });
  assert.ok(bench.ownVotes().includes("NOTARIZE 1:5"));
});

test("the leader proposes a last block again by itself", () => {
  const { bench, last } = atEpochEnd();
  bench.timer("advance");
  bench.notes(1, { certificates: [bench.certificate(1, 2, { block: last }), bench.certificate(2, 3)], view: 3 });
  assert.equal(bench.state.view, 4, "view 4 is its own");
  const proposal = bench.messages().find((message) => message.type === "PROPOSE");
  assert.ok(proposal?.type === "PROPOSE");
  assert.ok(equalBytes(proposal.proposal.block.hash, last.hash));
  assert.deepEqual([proposal.proposal.view, proposal.proposal.justifyView], [4, 2]);
  assert.deepEqual(
    proposal.proposal.justification.map((c) => [c.kind, c.view]),
    [
      [1, 2],
      [2, 3],
    ],
  );
});

test("the next leader gives a last block that was just notarized one assumed delay to become final (ADR 0004)", () => {
  const { bench, last } = atEpochEnd({ own: 3 });
  const proposals = (): number => bench.messages().filter(({ type }) => type === "PROPOSE").length;
  bench.notes(1, { certificates: [bench.certificate(1, 2, { block: last, signers: [0, 1, 2] })], view: 2 });
  assert.deepEqual([bench.state.view, proposals()], [3, 0]);
  assert.equal(bench.timerMs("release"), bench.nowMs + bench.config.deltaMs);
  bench.timer("release", bench.nowMs + bench.config.deltaMs - 1);
  assert.equal(proposals(), 0);
  bench.timer("release", bench.nowMs + 1);
  assert.equal(proposals(), 1);
});

test("an epoch is entered with the FINALIZE certificate of the last block, of whatever view, and with nothing less", () => {
  const { bench, last } = atEpochEnd();
  bench.notes(1, { certificates: [bench.certificate(1, 2, { block: last })], view: 2 });
  assert.equal(bench.state.epoch, 1);
  bench.notes(1, { certificates: [bench.certificate(3, 7, { block: last })], view: 7 });
  assert.deepEqual([bench.state.epoch, bench.state.view], [2, 1]);
  const opening = bench.certificate(3, 7, { block: last });
  bench.nowMs += 500;
  const next = bench.block({ view: 1, epoch: 2, parent: last, parentView: 0, parentCertificate: opening });
  bench.propose(1, next);
  assert.ok(bench.ownVotes().includes("NOTARIZE 2:1"));
});

test("a message of an earlier epoch is answered with that epoch's last block and its certificate", () => {
  const { bench, last } = atEpochEnd();
  bench.notes(1, { certificates: [bench.certificate(3, 2, { block: last })], view: 2 });
  const made = bench.messages(bench.notes(3, { votes: [bench.vote(3, 2, 2)], view: 2 }));
  assert.ok(
    made.some((message) => message.type === "SYNC_BLOCKS" && equalBytes(message.certificate.blockHash, last.hash)),
  );
});

test("more than 64 skipped views: the block carries their root, and a peer fetches them before it votes", () => {
  const committee = [0, 1, 2, 3, 4, 5, 6].map(keyOf);
  const leader = new Bench({ own: 3, committee });
  leader.start();
  leader.answerAll([0, 1, 2, 4, 5, 6]);
  const member = new Bench({ committee });
  member.start();
  member.answerAll([1, 2, 3, 4, 5, 6]);
  const nulls = Array.from({ length: 65 }, (_, i) => leader.certificate(2, i + 1, { signers: [1, 2, 4, 5, 6] }));
  for (const bench of [leader, member]) bench.notes(1, { certificates: nulls, view: 66 });
  const proposal = leader.messages().find((message) => message.type === "PROPOSE" && message.proposal.view === 66);
  assert.ok(proposal?.type === "PROPOSE" && proposal.proposal.block.skipCertificates.length === 0);
  const asked = member.messages(member.message(3, proposal)).find((message) => message.type === "FETCH");
  assert.ok(asked !== undefined && !member.ownVotes().includes("NOTARIZE 1:66"));
  const pieces = leader.messages(leader.message(0, asked));
  for (const piece of pieces) member.message(3, piece);
  assert.ok(member.ownVotes().includes("NOTARIZE 1:66"));
});
