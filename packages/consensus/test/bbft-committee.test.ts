// Committees that change with the epochs (bbft.md section 10): the state at the end of epoch e - 1 elects the committee of
// e + 1, its root stands in the last header of e, and a key has power in the epochs that it was elected for and in no other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { committeeRoot } from "@bystack/protocol/side/header";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import type { BbftConfig } from "../src/bbft/config.ts";
import { answerSignedBytes } from "../src/bbft/messages.ts";
import { statusOf } from "../src/bbft/status.ts";
import { BASE, Bench, cryptoOf, keyOf } from "./harness.ts";

const FIRST = [0, 1, 2, 3];
const ELECTED = [1, 2, 3, 4, 5];
const rootOf = (places: readonly number[]): Uint8Array => committeeRoot(places.map(keyOf));

type Options = Partial<BbftConfig> & { own?: number };

/** Epochs of one block: block 1 elects the committee of epoch 3. The engine holds key `own`. */
function electing(options: Options = {}): { bench: Bench; first: SideBlock } {
  const own = options.own ?? 0;
  const bench = new Bench({ epochBlocks: 1, ...options, ownKey: keyOf(own), own });
  bench.elects.set(1, ELECTED);
  bench.elects.set(2, ELECTED);
  for (const epoch of [3, 4]) bench.seats.set(epoch, ELECTED);
  bench.start();
  bench.answerAll(FIRST.filter((place) => place !== own));
  const first = bench.block({ view: 1, nextCommitteeRoot: rootOf(FIRST) });
  bench.propose(1, first);
  bench.notes(2, { certificates: [bench.certificate(3, 1, { block: first })] });
  assert.equal(bench.state.epoch, 2);
  bench.nowMs += 500;
  return { bench, first };
}

function second(bench: Bench, first: SideBlock, nextCommitteeRoot: Uint8Array): SideBlock {
  const parentCertificate = bench.certificate(3, 1, { block: first });
  return bench.block({ view: 1, epoch: 2, parent: first, parentView: 0, parentCertificate, nextCommitteeRoot });
}

/** The engine in epoch 3, the first with the elected committee. */
function turned(options: Options = {}): { bench: Bench; last: SideBlock } {
  const { bench, first } = electing(options);
  const last = second(bench, first, rootOf(ELECTED));
  bench.propose(1, last);
  bench.notes(2, { certificates: [bench.certificate(3, 1, { block: last, epoch: 2 })], epoch: 2 });
  assert.equal(bench.state.epoch, 3);
  bench.nowMs += 500;
  return { bench, last };
}

function third(bench: Bench, last: SideBlock): SideBlock {
  const parentCertificate = bench.certificate(3, 1, { block: last, epoch: 2 });
  const nextCommitteeRoot = rootOf(ELECTED);
  return bench.block({ view: 1, epoch: 3, parent: last, parentView: 0, parentCertificate, nextCommitteeRoot });
}

test("the last block of an epoch has to name the committee that was elected an epoch before", () => {
  const wrong = electing();
  wrong.bench.propose(1, second(wrong.bench, wrong.first, rootOf(FIRST)));
  assert.deepEqual(wrong.bench.ownVotes().slice(-1), ["NULLIFY 2:1"]);
  const right = electing();
  right.bench.propose(1, second(right.bench, right.first, rootOf(ELECTED)));
  assert.deepEqual(right.bench.ownVotes().slice(-1), ["NOTARIZE 2:1"]);
});

test("a leader names it too", () => {
  const { bench } = electing({ own: 2 });
  bench.notes(1, { certificates: [bench.certificate(2, 1, { epoch: 2 })], epoch: 2, view: 2 });
  bench.timer("release");
  const proposal = bench.messages().findLast((message) => message.type === "PROPOSE");
  assert.ok(proposal?.type === "PROPOSE");
  assert.equal(proposal.proposal.block.header.height, 2);
  assert.deepEqual(proposal.proposal.block.header.nextCommitteeRoot, rootOf(ELECTED));
});

test("in its first epoch the new committee leads, votes and certifies by its own places and its own quorum", () => {
  const { bench, last } = turned({ own: 3 });
  assert.deepEqual([statusOf(bench.state).ownIndex, statusOf(bench.state).quorum], [2, 4]);
  const block = third(bench, last);
  // View 1 is led by place 1, which is key 2 now.
  bench.propose(1, block);
  const [vote] = bench
    .messages()
    .flatMap((message) => (message.type === "NOTES" ? message.votes.filter(({ epoch }) => epoch === 3) : []));
  assert.deepEqual([vote?.kind, vote?.signer], [1, 2]);
  bench.notes(1, { certificates: [bench.certificate(1, 1, { block, epoch: 3, signers: [0, 1, 3] })], epoch: 3 });
  assert.equal(bench.state.notarized.size, 0, "three of five are no quorum");
  bench.notes(1, { certificates: [bench.certificate(1, 1, { block, epoch: 3 })], epoch: 3 });
  assert.equal(bench.state.notarized.size, 1);
});

test("a key that was not elected again has no power: neither its proposals nor its votes nor certificates with it count", () => {
  const { bench, last } = turned({ own: 3 });
  const block = third(bench, last);
  // As if the first committee still sat: place 1 is key 1 there, and signs with it.
  bench.seats.delete(3);
  bench.propose(1, block);
  assert.equal(bench.state.proposals.size + bench.state.stash.size, 0);
  bench.notes(0, { votes: [bench.vote(0, 1, 1, block, 3), bench.vote(1, 1, 1, block, 3)], epoch: 3 });
  bench.notes(0, { certificates: [bench.certificate(1, 1, { block, epoch: 3, signers: [0, 1, 2, 3] })], epoch: 3 });
  assert.equal(bench.state.notarized.size, 0);
  assert.equal(bench.state.votes.get(1)?.[1]?.filter(Boolean).length ?? 0, 0);
});

test("whoever was not elected again signs nothing any more, follows, and answers those who ask", () => {
  const { bench, last } = turned();
  assert.equal(statusOf(bench.state).voting, "observer");
  const block = third(bench, last);
  bench.propose(1, block);
  bench.timer("leader");
  bench.timer("advance");
  assert.deepEqual(
    bench.ownVotes().filter((vote) => vote.includes(" 3:")),
    [],
  );
  bench.notes(1, { certificates: [bench.certificate(3, 1, { block, epoch: 3 })], epoch: 3 });
  assert.equal(bench.engine.finality(bench.state).height, 3);
  const ask = { type: "ASK", nonce: new Uint8Array(32).fill(9), asker: keyOf(4), from: { epoch: 1, view: 0 } } as const;
  assert.ok(bench.messages(bench.message(4, ask)).some((message) => message.type === "ANSWER"));
});

test("whoever is elected later keeps its record from the start and votes from its first epoch on", () => {
  const { bench, last } = turned({ own: 4 });
  assert.deepEqual([statusOf(bench.state).ownIndex, statusOf(bench.state).voting], [3, "voting"]);
  const block = third(bench, last);
  bench.propose(1, block);
  assert.deepEqual(bench.ownVotes(), ["NOTARIZE 3:1"]);
  assert.ok(bench.record.some((entry) => entry.type === "own" && entry.vote.epoch === 3));
  const made = bench.restart({
    tip: {
      height: 2,
      block: last,
      certificate: bench.certificate(3, 1, { block: last, epoch: 2 }),
      opening: undefined,
      committees: { previous: FIRST.map(keyOf), present: ELECTED.map(keyOf), next: ELECTED.map(keyOf) },
    },
  });
  assert.deepEqual(bench.ownVotes(made), ["NOTARIZE 3:1"], "the same vote, said again");
});

test("answers count by the present committee: a stranger's does not, nor that of a place which another holds now", () => {
  const { bench, last } = turned({ own: 3 });
  bench.restart({
    tip: {
      height: 2,
      block: last,
      certificate: bench.certificate(3, 1, { block: last, epoch: 2 }),
      opening: undefined,
      committees: { previous: FIRST.map(keyOf), present: ELECTED.map(keyOf), next: ELECTED.map(keyOf) },
    },
  });
  bench.answerAll([0, 6, 7]);
  assert.equal(bench.state.asking?.stage, "first");
  bench.answerAll([1, 2]);
  assert.equal(bench.state.asking?.stage, "first", "three of five, oneself included");
  bench.answerAll([4]);
  assert.equal(bench.state.asking?.stage, "more");
});

test("an answer from farther ahead than the committees that are known counts only when this node has come near", () => {
  const bench = new Bench({ epochBlocks: 1 });
  bench.start();
  const far = bench.certificate(3, 9, { block: bench.block({ view: 1 }), epoch: 7 });
  const made = bench.messages(bench.answerAll([1, 2, 3], { certificate: far }));
  assert.equal(bench.state.asking?.stage, "first");
  assert.ok(made.some((message) => message.type === "SYNC_REQUEST"));
  bench.answerAll([1, 2, 3]);
  assert.notEqual(bench.state.asking?.stage, "first");
});

test("an own vote that the record does not hold is seen in an answer from the epoch after, too", () => {
  const bench = new Bench({ epochBlocks: 1 });
  bench.start();
  const block = bench.block({ view: 1 });
  // Answered by a node that has entered epoch 2 and holds a vote of ours from there.
  bench.answerAll([1], { votes: [bench.vote(0, 1, 1, block, 2)] });
  assert.ok(bench.state.silences.some(({ reason, through }) => reason === "observe" && through.epoch === 3));
});

test("a proposal of an epoch whose committee is not known yet is asked about, not held against its sender", () => {
  const { bench, first } = electing();
  const effects = bench.propose(1, bench.block({ view: 1, epoch: 5, parent: first, parentView: 0 }));
  assert.ok(!effects.some((effect) => effect.type === "score"));
  assert.ok(bench.messages(effects).some((message) => message.type === "SYNC_REQUEST"));
  const late = bench.propose(1, first);
  assert.ok(!late.some((effect) => effect.type === "score"), "nor is one of an epoch that is over");
});

test("an answer is signed over the keys of both", () => {
  const { bench } = electing();
  const ask = { type: "ASK", nonce: new Uint8Array(32).fill(3), asker: keyOf(2), from: { epoch: 1, view: 0 } } as const;
  const answer = bench.messages(bench.message(2, ask)).find((message) => message.type === "ANSWER");
  assert.ok(answer?.type === "ANSWER");
  const verify = (changed: typeof answer): boolean =>
    cryptoOf(0).verify(keyOf(0), answerSignedBytes(BASE.chainId, changed), answer.signature);
  assert.ok(verify(answer));
  assert.ok(!verify({ ...answer, asker: keyOf(3) }));
  assert.ok(!verify({ ...answer, signer: keyOf(3) }));
});
