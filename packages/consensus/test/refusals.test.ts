// What the engine does not take in is scored when no honest node sends it, and only told when one that was away may: one
// effect for each message, with the reason by which the node counts it.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { BbftEffect } from "../src/bbft/events.ts";
import { Bench, keyOf } from "./harness.ts";

/** "score REASON peer" or "refused REASON peer", in order. */
function refusals(effects: readonly BbftEffect[]): string[] {
  return effects.flatMap((effect) =>
    effect.type === "score" || effect.type === "refused" ? [`${effect.type} ${effect.reason} ${effect.peer}`] : [],
  );
}

/** An engine in epoch 2 of a chain with one block an epoch. */
function second(): { bench: Bench; first: ReturnType<Bench["block"]> } {
  const bench = new Bench({ epochBlocks: 1 }).wake();
  const first = bench.block({ view: 1, nextCommitteeRoot: bench.state.committees.next.root });
  bench.propose(1, first);
  bench.notes(2, { certificates: [bench.certificate(3, 1, { block: first })] });
  assert.equal(bench.state.epoch, 2);
  bench.nowMs += 500;
  return { bench, first };
}

test("a certificate with a signature that does not verify is scored", () => {
  const bench = new Bench().wake();
  const good = bench.certificate(2, 1);
  const signatures = good.signatures.slice();
  signatures[0] = (signatures[0] ?? 0) ^ 1;
  assert.deepEqual(refusals(bench.notes(3, { certificates: [{ ...good, signatures }] })), ["score CERTIFICATE n3"]);
  assert.equal(bench.state.nullified.size, 0);
});

test("an expired certificate among those of the present epoch is scored; the one that opened the epoch is not", () => {
  const { bench, first } = second();
  const expired = bench.certificate(1, 1, { block: first });
  assert.deepEqual(refusals(bench.notes(3, { certificates: [expired], epoch: 2 })), ["score CERTIFICATE_EPOCH n3"]);
  assert.equal(bench.state.notarized.size, 0);
  const opening = bench.certificate(3, 1, { block: first });
  assert.deepEqual(refusals(bench.notes(3, { certificates: [opening], epoch: 2 })), []);
});

test("what a node says that is an epoch behind is told, not scored: it was away", () => {
  const { bench, first } = second();
  const late = bench.notes(3, { votes: [bench.vote(3, 1, 1, first)], certificates: [bench.certificate(2, 1)] });
  assert.deepEqual(refusals(late), ["refused OLD_EPOCH n3"]);
  assert.deepEqual(refusals(bench.propose(1, first)), ["refused OLD_EPOCH n1"]);
});

test("a vote of another epoch than its message is scored and not counted", () => {
  const { bench, first } = second();
  const made = bench.notes(3, { votes: [bench.vote(3, 1, 1, first, 1)], epoch: 2 });
  assert.deepEqual(refusals(made), ["score VOTE_EPOCH n3"]);
  assert.equal(bench.state.votes.get(1)?.[1]?.[3], undefined);
});

test("a block of another chain is scored, however well its leader signed it", () => {
  const bench = new Bench().wake();
  const block = bench.block({ view: 1 });
  const elsewhere = { ...block, header: { ...block.header, chainId: new Uint8Array(32).fill(0xee) } };
  assert.deepEqual(refusals(bench.propose(1, elsewhere)), ["score PROPOSAL n1"]);
  assert.equal(bench.state.blocks.size + bench.state.stash.size, 0);
});

test("a block whose height is of another epoch than its header says is scored and brings NULLIFY", () => {
  const { bench, first } = second();
  const parentCertificate = bench.certificate(3, 1, { block: first });
  const beyond = { ...first, header: { ...first.header, height: 4 } };
  const block = bench.block({ view: 1, epoch: 2, parent: beyond, parentView: 0, parentCertificate });
  const made = bench.propose(1, block);
  assert.deepEqual(refusals(made), ["score PROPOSAL n1"]);
  assert.deepEqual(bench.ownVotes(made), ["NULLIFY 2:1"]);
});

test("a vote by a removed key is scored: under a place that is another's now, and under one that is gone", () => {
  const bench = new Bench({ epochBlocks: 1 });
  const [removing, without] = [
    [0, 1, 2, 3, 4],
    [0, 1, 2, 3],
  ];
  const committees = { previous: removing.map(keyOf), present: without.map(keyOf), next: without.map(keyOf) };
  bench.start({ tip: { height: 0, block: undefined, certificate: undefined, opening: undefined, committees } });
  bench.answerAll([1, 2, 3]);
  // The removed key signs for a place that it does not have, and for the one that it had.
  bench.seats.set(1, [0, 1, 2, 4, 4]);
  assert.deepEqual(refusals(bench.notes(3, { votes: [bench.vote(3, 2, 1)] })), ["score VOTE_SIGNATURE n3"]);
  assert.deepEqual(refusals(bench.notes(3, { votes: [bench.vote(4, 2, 1)] })), ["score VOTE_SIGNER n3"]);
  assert.equal(bench.state.votes.get(1)?.[2]?.filter(Boolean).length ?? 0, 0);
});
