// What people read of elections: the list says of each candidate what the next election would do with it, and of each vote
// output from when on the rules let it go.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import {
  type CandidateView,
  candidateViews,
  presentEpoch,
  seatViews,
  voteView,
} from "../../../src/side/votes/views.ts";
import { COIN, createUser } from "../kit.ts";
import { type Coin, createCandidate, EPOCH_BLOCKS, type TestCandidate, VOTE_LOCK, VotesKit } from "./kit.ts";

const alice = createUser("alice");
const c = [1, 2, 3, 4, 5].map((i) => createCandidate(`c${i}`));

function at(index: number): TestCandidate {
  return c[index] ?? assert.fail(`there is no candidate ${index}`);
}

const nameOf = ({ key }: { readonly key: Uint8Array }): string =>
  c.find((candidate) => equalBytes(candidate.key, key))?.name ?? "?";

function views(kit: VotesKit): CandidateView[] {
  return candidateViews(kit.state) ?? assert.fail("a chain with elections");
}

function viewOf(kit: VotesKit, candidate: TestCandidate): CandidateView {
  return views(kit).find(({ key }) => equalBytes(key, candidate.key)) ?? assert.fail(`${candidate.name} stands`);
}

/** Whether the rules take a vote output back in the next block. */
const isFree = (kit: VotesKit, coin: Coin): boolean => kit.judge(kit.veto(alice, [coin])) === "ok";

function firstVote(kit: VotesKit, candidate: TestCandidate): Coin {
  return kit.votesOf(alice, candidate)[0] ?? assert.fail("a vote output");
}

suite("candidates", () => {
  test("nobody at first; by rank, then those below the threshold by votes", () => {
    const kit = new VotesKit();
    assert.deepEqual(views(kit), []);
    kit.stand(alice, [
      [at(0), 60n * COIN],
      [at(1), 150n * COIN],
      [at(2), 90n * COIN],
      [at(3), 200n * COIN],
    ]);
    assert.deepEqual(
      views(kit).map((view) => [nameOf(view), view.rank, view.status, view.votes / COIN]),
      [
        ["c4", 1, "standing", 200n],
        ["c2", 2, "standing", 150n],
        ["c3", undefined, "below-threshold", 90n],
        ["c1", undefined, "below-threshold", 60n],
      ],
    );
  });

  test("seats of this epoch and the next are those of the state, and missed views count for the present ones", () => {
    const kit = new VotesKit();
    kit.stand(
      alice,
      c.slice(0, 4).map((candidate) => [candidate, 200n * COIN] as const),
    );
    while (kit.committee(presentEpoch(kit.state), c).includes("?")) kit.block();
    for (const candidate of c.slice(0, 4)) {
      const view = viewOf(kit, candidate);
      const place = kit.committee(presentEpoch(kit.state), c).indexOf(candidate.name);
      assert.deepEqual([view.seatNow, view.missed], [place, 0]);
      assert.equal(view.seatNext, kit.committee(presentEpoch(kit.state) + 1, c).indexOf(candidate.name));
    }
    kit.skip(4 * (kit.votes.missedMax + 1));
    const seats = kit.votesState.committee(presentEpoch(kit.state)) ?? assert.fail("a committee");
    assert.deepEqual(
      seatViews(kit.state, seats).map(({ missed }) => missed),
      [3, 3, 3, 3],
    );
    assert.deepEqual(
      views(kit).map(({ status, rank }) => [status, rank]),
      Array.from({ length: 4 }, () => ["demoted", undefined]),
    );
    kit.endEpoch(presentEpoch(kit.state));
    assert.ok(views(kit).every(({ status, missed }) => status === "standing" && missed === 0));
  });

  test("who resigned or was caught has no rank, and a barred seat says so", () => {
    const kit = new VotesKit();
    kit.stand(
      alice,
      c.slice(0, 3).map((candidate) => [candidate, 200n * COIN] as const),
    );
    kit.block(kit.resign(alice, at(0)), kit.doubleVote(at(1), 1));
    assert.deepEqual(
      views(kit).map((view) => [nameOf(view), view.status, view.rank]),
      [
        ["c3", "standing", 1],
        ["c1", "resigned", undefined],
        ["c2", "removed", undefined],
      ],
    );
    assert.equal(viewOf(kit, at(1)).bond, undefined);
    const [first] = kit.validators;
    kit.block(kit.doubleVote(first ?? assert.fail("a validator"), 1));
    const seats = kit.votesState.committee(1) ?? kit.votesState.committee(2) ?? assert.fail("a committee");
    assert.deepEqual(
      seatViews(kit.state, seats).map(({ barred }) => barred),
      [true, false, false, false],
    );
  });
});

suite("vote outputs", () => {
  const viewOfVote = (kit: VotesKit, coin: Coin) =>
    voteView(kit.state, coin.id, coin.utxo) ?? assert.fail("it is a vote output");

  test("a vote is free from the height that it says on, not a block earlier", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, at(0)));
    kit.block(kit.vote(alice, at(0), 70n * COIN));
    const coin = kit.votesOf(alice, at(0))[1] ?? assert.fail("the vote beside the bond");
    const { freeFrom, isBond, candidate } = viewOfVote(kit, coin);
    assert.deepEqual([freeFrom, isBond, bytesToHex(candidate)], [2 + VOTE_LOCK, false, bytesToHex(at(0).key)]);
    kit.until((freeFrom ?? 0) - 2);
    assert.equal(isFree(kit, coin), false);
    kit.block();
    assert.equal(isFree(kit, coin), true);
  });

  test("a bond is bound until its owner resigns, and then free from the height that it says on", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, at(0)));
    const bond = firstVote(kit, at(0));
    assert.deepEqual([viewOfVote(kit, bond).isBond, viewOfVote(kit, bond).freeFrom], [true, undefined]);
    kit.until(2 * VOTE_LOCK);
    assert.equal(isFree(kit, bond), false);
    kit.block(kit.resign(alice, at(0)));
    const { freeFrom } = viewOfVote(kit, bond);
    assert.equal(freeFrom, viewOf(kit, at(0)).bondRelease);
    kit.until((freeFrom ?? 0) - 2);
    assert.equal(isFree(kit, bond), false);
    kit.block();
    assert.equal(isFree(kit, bond), true);
  });

  test("what is due is what a claim pays, from the epoch on that it says", () => {
    const kit = new VotesKit({ subsidyNeu: 1_000_000n });
    for (const candidate of c.slice(0, 4)) {
      kit.block(kit.register(alice, candidate, { share: 50 }));
      kit.block(kit.vote(alice, candidate, 50n * COIN));
    }
    kit.endEpoch(8);
    const coin = firstVote(kit, at(0));
    const { dueNeu, claimFrom } = viewOfVote(kit, coin);
    assert.ok(dueNeu > 0n && claimFrom <= presentEpoch(kit.state));
    kit.block(kit.claim(alice, [coin]));
    assert.deepEqual(
      [viewOfVote(kit, coin).dueNeu, viewOfVote(kit, coin).claimFrom],
      [0n, presentEpoch(kit.state) + 1],
    );
    assert.equal(kit.state.position.height, 8 * EPOCH_BLOCKS + 1);
  });

  test("an ordinary output is none", () => {
    const kit = new VotesKit();
    kit.block();
    const [coin] = kit.coinsOf(alice);
    assert.ok(coin !== undefined);
    assert.equal(voteView(kit.state, coin.id, coin.utxo), undefined);
  });
});
