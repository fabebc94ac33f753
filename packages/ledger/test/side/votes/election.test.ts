// Elections (sidechain.md section 5, bbft.md section 10): ranking, an epoch of notice, at most a third of the seats, too few
// candidates, standbys, absence. Which committee leads which view, and what headers and peers are told of it.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { committeeRoot } from "@bystack/protocol/side/header";
import { bytesToHex } from "@bystack/utils/bytes";
import fc from "fast-check";
import { applySideBlock } from "../../../src/side/apply.ts";
import { bondReleaseHeight } from "../../../src/side/votes/candidates.ts";
import { committeeOf, leaderOfView, missedViews } from "../../../src/side/votes/committee.ts";
import { electSeats, rankCandidates, seatChangesMax } from "../../../src/side/votes/election.ts";
import type { CandidateRecord, CommitteeMember } from "../../../src/side/votes/records.ts";
import { COIN, createUser } from "../kit.ts";
import { createCandidate, EPOCH_BLOCKS, TEST_VOTES, VotesKit } from "./kit.ts";

const alice = createUser("alice");
const bob = createUser("bob");
const c1 = createCandidate("c1");
const c2 = createCandidate("c2");
const c3 = createCandidate("c3");
const c4 = createCandidate("c4");
const c5 = createCandidate("c5");
const candidates = [c1, c2, c3, c4, c5];

function record(i: number, votes: bigint): CandidateRecord {
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(i);
  const rewardProgram = Uint8Array.of(0x51, i);
  const rest = { voterShare: 0, index: 0n, bond: undefined, resignedEpoch: undefined, lastSeatEpoch: 0 };
  return { key: bytes(64), voteKey: bytes(32), rewardProgram, votes, ...rest };
}

function memberOf({ voteKey, rewardProgram, key }: CandidateRecord): CommitteeMember {
  return { voteKey, rewardProgram, candidate: key, voterShare: 0 };
}

const ids = (members: readonly CommitteeMember[]): number[] => members.map(({ voteKey }) => voteKey[0] ?? -1);

suite("ranking", () => {
  test("votes descending, ties by key descending, only from the threshold on", () => {
    const ranked = rankCandidates([record(1, 10n), record(2, 12n), record(3, 10n), record(4, 9n)], 10n);
    assert.deepEqual(
      ranked.map(({ key }) => key[0]),
      [2, 3, 1],
    );
  });
});

suite("seats", () => {
  const votes = { ...TEST_VOTES, committeeMax: 10 };
  const nobody = (): boolean => false;

  test("at most a third changes, the best come first and the worst go first", () => {
    const present = [1, 2, 3, 4, 5, 6, 7].map((i) => memberOf(record(i, 0n)));
    // 2 and 3 are still wanted; 9, 8 and 10 are new; 1, 4, 5, 6, 7 have no rank any more.
    const ranked = [record(9, 90n), record(3, 80n), record(8, 70n), record(2, 60n), record(10, 50n)];
    const members = electSeats({ present, ranked, isBarred: nobody }, votes);
    assert.deepEqual(ids(members), [9, 3, 8, 2, 5, 6, 7]);
    const barred = electSeats({ present, ranked, isBarred: (key) => key[0] === 7 || key[0] === 5 }, votes);
    assert.deepEqual(ids(barred), [9, 3, 8, 2, 1, 4, 6]);
  });

  test("fewer than the minimum: the present committee stays, in its order", () => {
    const present = [1, 2, 3, 4, 5].map((i) => memberOf(record(i, 0n)));
    const ranked = [record(4, 90n), record(8, 80n), record(9, 70n)];
    assert.deepEqual(ids(electSeats({ present, ranked, isBarred: nobody }, votes)), [1, 2, 3, 4, 5]);
    // But for the seat of a barred member, which the best standby gets.
    const isBarred = (key: Uint8Array): boolean => key[0] === 2;
    assert.deepEqual(ids(electSeats({ present, ranked, isBarred }, votes)), [1, 3, 4, 5, 8]);
    assert.deepEqual(ids(electSeats({ present, ranked: [], isBarred }, votes)), [1, 3, 4, 5]);
    const small = present.slice(0, 4);
    assert.deepEqual(ids(electSeats({ present: small, ranked: [], isBarred }, votes)).sort(), [1, 2, 3, 4]);
  });

  test("from any committee to any ranking: bounded steps, never below the minimum, arrives and stays", () => {
    const arbitrary = fc.record({
      present: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 4, maxLength: 10 }),
      wanted: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 4, maxLength: 14 }),
      barred: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ present, wanted, barred }) => {
        const ranked = wanted.filter((i) => !barred.includes(i)).map((i, rank) => record(i, BigInt(100 - rank)));
        const isBarred = (key: Uint8Array): boolean => barred.includes(key[0] ?? -1);
        let members = present.map((i) => memberOf(record(i, 0n)));
        for (let step = 0; step < 12; step += 1) {
          const next = electSeats({ present: members, ranked, isBarred }, votes);
          const max = seatChangesMax(members.length, votes);
          const [old, now] = [ids(members), ids(next)];
          assert.ok(old.filter((i) => !now.includes(i)).length <= max, "seats lost");
          assert.ok(now.filter((i) => !old.includes(i)).length <= max, "seats won");
          assert.equal(new Set(now).size, now.length, "nobody sits twice");
          assert.ok(now.length >= 4 && now.length <= 10, `${now.length} seats`);
          members = next;
        }
        if (ranked.length < 4) return;
        assert.deepEqual(
          ids(members),
          ranked.slice(0, 10).map(({ voteKey }) => voteKey[0]),
        );
      }),
      { numRuns: 500, seed: 4 },
    );
  });
});

suite("leaders and missed views", () => {
  test("views are led in runs, and every view between two blocks is charged to its leader", () => {
    for (const [run, members] of [
      [1, 4],
      [4, 4],
      [3, 5],
      [12, 7],
    ] as const) {
      const schedule = { run, members };
      for (let parentView = 0; parentView < 60; parentView += 7) {
        for (let view = parentView + 1; view < parentView + 50; view += 1) {
          const slow = Array.from({ length: members }, () => 0);
          for (let v = parentView + 1; v < view; v += 1) {
            const leader = leaderOfView(v, schedule);
            slow[leader] = (slow[leader] ?? 0) + 1;
          }
          assert.deepEqual(missedViews({ view, parentView }, schedule), slow);
        }
      }
    }
    const far = missedViews({ view: Number.MAX_SAFE_INTEGER, parentView: 0 }, { run: 4, members: 4 });
    assert.equal(far.length, 4);
    assert.deepEqual(missedViews({ view: 1, parentView: 9 }, { run: 1, members: 2 }), [0, 0]);
  });
});

suite("elections on a chain", () => {
  const names = (kit: VotesKit, epoch: number): string[] => kit.committee(epoch, [...kit.validators, ...candidates]);

  test("a state knows the committees of the epoch before, its own and the next", () => {
    const kit = new VotesKit();
    for (let height = 0; height <= 4 * EPOCH_BLOCKS; height += 1) {
      // After the last block of e - 1 it knows e - 1, e and e + 1.
      const e = Math.floor(height / EPOCH_BLOCKS) + 1;
      for (let epoch = 0; epoch < 9; epoch += 1) {
        const isKnown = epoch >= e - 1 && epoch <= e + 1;
        assert.equal(committeeOf(kit.state, epoch) !== undefined, isKnown, `height ${height}, epoch ${epoch}`);
      }
      kit.block();
    }
  });

  test("the votes at the end of e choose the committee of e + 2; the header at the end of e + 1 names it", () => {
    const kit = new VotesKit({ votes: { committeeMax: 4 } });
    kit.block(kit.register(alice, c1), kit.register(bob, c2));
    kit.block(kit.register(alice, c3), kit.register(bob, c4));
    kit.block(kit.vote(alice, c1, 60n * COIN), kit.vote(bob, c2, 70n * COIN));
    // Below the threshold of 100 so far; these two count with the last block of epoch 1.
    kit.block(kit.vote(alice, c3, 80n * COIN), kit.vote(bob, c4, 50n * COIN));
    assert.deepEqual(names(kit, 2), ["m0", "m1", "m2", "m3"]);
    // One seat of four changes: the best candidate has it, the first without a rank has lost it.
    assert.deepEqual(names(kit, 3), ["c3", "m1", "m2", "m3"]);
    kit.endEpoch(2);
    assert.deepEqual(names(kit, 4), ["c3", "c2", "m2", "m3"]);
    const members = committeeOf(kit.state, 3) ?? [];
    kit.until(3 * EPOCH_BLOCKS - 1);
    assert.equal(kit.state.fees.current.blocksByLeader.length, 4);
    const built = kit.build([]);
    const next = committeeOf(kit.state, 4) ?? [];
    assert.equal(bytesToHex(built.header.nextCommitteeRoot), bytesToHex(committeeRoot(next.map((m) => m.voteKey))));
    const wrong = { ...built.header, nextCommitteeRoot: committeeRoot(members.map((m) => m.voteKey)) };
    const verdict = applySideBlock({ ...built, header: wrong, parent: kit.state, verdicts: "assumed" });
    assert.equal(verdict.ok ? "ok" : verdict.code, "BLOCK_COMMITTEE");
    kit.endEpoch(5);
    assert.deepEqual(names(kit, 7), ["c3", "c2", "c1", "c4"]);
  });

  test("a vote in the first block after the end comes an epoch later", () => {
    const kit = new VotesKit();
    kit.stand(
      alice,
      [c1, c2].map((c) => [c, 100n * COIN] as const),
    );
    assert.equal(kit.state.position.height, EPOCH_BLOCKS);
    kit.stand(
      alice,
      [c3, c4].map((c) => [c, 100n * COIN] as const),
    );
    assert.equal(kit.state.position.height, 2 * EPOCH_BLOCKS);
    assert.deepEqual(names(kit, 3), ["m0", "m1", "m2", "m3"]);
    assert.equal(names(kit, 4).filter((name) => name.startsWith("c")).length, 1);
  });

  test("who lets too many views pass has no seat for an epoch; the next in rank fills it", () => {
    const kit = new VotesKit({ votes: { committeeMax: 4 } });
    kit.stand(
      alice,
      [c1, c2, c3, c4, c5].map((c, i) => [c, (100n + BigInt(9 - i)) * COIN] as const),
    );
    kit.endEpoch(7);
    assert.deepEqual(names(kit, 8), ["c1", "c2", "c3", "c4"]);
    assert.deepEqual(
      kit.votesState.committee(8)?.standbys.map(({ votes }) => votes),
      [105n * COIN],
    );
    // Views 1 and 2 are led by places 1 and 2: eight skipped views are two for each place, nine a third for place 1.
    kit.skip(8);
    assert.deepEqual(kit.votesState.control.missed, [2, 2, 2, 2]);
    kit.skip(1);
    assert.deepEqual(kit.votesState.control.missed, [2, 2, 3, 2]);
    kit.endEpoch(8);
    assert.deepEqual(kit.votesState.control.missed, [0, 0, 0, 0]);
    assert.deepEqual(names(kit, 10), ["c1", "c2", "c4", "c5"]);
    kit.endEpoch(9);
    assert.deepEqual(names(kit, 11), ["c1", "c2", "c3", "c4"]);
    assert.ok(kit.candidate(c3).bond !== undefined, "absence costs no bond");
  });

  test("views are led and blocks are counted by the places of their epoch's committee", () => {
    const kit = new VotesKit();
    kit.stand(
      alice,
      candidates.map((one) => [one, 100n * COIN] as const),
    );
    // The first four seats go to c1 … c4 one by one, then a fifth comes.
    kit.endEpoch(8);
    assert.equal(names(kit, 9).length, 5);
    assert.deepEqual(kit.state.fees.current.blocksByLeader, [0, 1, 1, 1, 1]);
    kit.skip(3);
    assert.deepEqual(kit.votesState.control.missed, [0, 1, 1, 1, 0]);
    assert.deepEqual(kit.state.fees.current.blocksByLeader, [0, 0, 0, 0, 1]);
  });

  test("a view number near 2^53 is counted up to a limit and breaks nothing", () => {
    const kit = new VotesKit();
    kit.skip(Number.MAX_SAFE_INTEGER - 9);
    kit.endEpoch(1);
    const other = new VotesKit();
    other.skip(Number.MAX_SAFE_INTEGER - 9);
    assert.deepEqual(other.votesState.control.missed, [1_000_000_001, 1_000_000_001, 1_000_000_001, 1_000_000_001]);
    assert.ok(kit.state.root().length === 32 && other.state.root().length === 32);
  });

  test("a validator of the spec that stands keeps its seat and is paid as a candidate", () => {
    const kit = new VotesKit();
    const [m0] = kit.validators;
    assert.ok(m0 !== undefined);
    kit.block(kit.register(alice, m0, { share: 10 }));
    assert.equal(kit.candidate(m0).lastSeatEpoch, 2);
    kit.stand(
      alice,
      [c1, c2, c3].map((c) => [c, 100n * COIN] as const),
    );
    kit.block(kit.vote(bob, m0, 500n * COIN));
    kit.endEpoch(4);
    const [first] = committeeOf(kit.state, 6) ?? [];
    assert.equal(bytesToHex(first?.candidate ?? new Uint8Array()), bytesToHex(m0.key));
    assert.equal(kit.candidate(m0).lastSeatEpoch, 6);
  });

  test("a bond is answerable until the unbonding time after the last seat has passed", () => {
    const kit = new VotesKit();
    kit.stand(
      alice,
      candidates.map((c) => [c, 110n * COIN] as const),
    );
    const elected = candidates.find((c) => kit.candidate(c).lastSeatEpoch > 0);
    assert.ok(elected !== undefined);
    kit.block(kit.resign(bob, elected));
    // As long as it has a seat its bond stays: with four others eligible it loses the seat at the next election.
    kit.endEpoch(kit.state.position.epoch);
    const last = kit.candidate(elected).lastSeatEpoch;
    assert.equal(last, kit.state.position.epoch + 1);
    const release = last * EPOCH_BLOCKS + 16 + 1;
    assert.equal(bondReleaseHeight(kit.candidate(elected), kit.rules, kit.votes), release);
    const [bond] = kit.votesOf(alice, elected);
    assert.ok(bond !== undefined);
    kit.until(release - 2);
    assert.equal(kit.judge(kit.veto(alice, [bond])), "TX_LOCKED");
    kit.block();
    assert.equal(kit.judge(kit.veto(alice, [bond])), "ok");
  });
});
