// The voters' share (sidechain.md section 5): pro rata by votes that were there, claimed once an epoch, paid exactly to the vote
// output's program; what is not claimed before a veto goes to the pool.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex, equalBytes, hexToBytes } from "@bystack/utils/bytes";
import { entitlement, openPosition, shareWithVoters } from "../../../src/side/votes/voters.ts";
import { COIN, createUser } from "../kit.ts";
import { type Coin, createCandidate, EPOCH_BLOCKS, type TestCandidate, VotesKit } from "./kit.ts";

const alice = createUser("alice");
const bob = createUser("bob");
const carol = createUser("carol");
const c = [1, 2, 3, 4].map((i) => createCandidate(`c${i}`));

/** Four elected candidates that give half of everything to their voters; alice has all votes, 100 BTM each. */
function electedKit(): VotesKit {
  const kit = new VotesKit({ users: ["alice", "bob", "carol"], subsidyNeu: 1_000_000n });
  for (const candidate of c) {
    kit.block(kit.register(alice, candidate, { share: 50 }));
    kit.block(kit.vote(alice, candidate, 50n * COIN));
  }
  kit.endEpoch(8);
  return kit;
}

const first = (): TestCandidate => {
  const [candidate] = c;
  assert.ok(candidate !== undefined);
  return candidate;
};

/** All BTM there is. */
function everything(kit: VotesKit): bigint {
  const { current, due, poolNeu } = kit.state.fees;
  let sum = current.feesNeu + (due?.feesNeu ?? 0n) + poolNeu + kit.votesState.control.votersNeu;
  for (const [, utxo] of kit.state.utxos.map.entries()) sum += utxo.amount;
  return sum;
}

const dues = (kit: VotesKit, coins: readonly Coin[]): bigint[] => coins.map((coin) => kit.due(coin));

suite("voters' share", () => {
  test("half of what a candidate earned is its voters', by votes; a new vote has no part in the past", () => {
    const kit = electedKit();
    const candidate = first();
    const mine = kit.votesOf(alice, candidate);
    const before = dues(kit, mine);
    kit.block(kit.vote(bob, candidate, 300n * COIN));
    const his = kit.votesOf(bob, candidate);
    assert.deepEqual(dues(kit, his), [0n]);
    // The second block pays for the epoch before; bob's vote is there by then, so he has his part.
    const earned = kit.votesState.control.votersNeu;
    kit.block();
    const shared = kit.votesState.control.votersNeu - earned;
    assert.ok(shared > 0n);
    const [his1] = dues(kit, his);
    const gained = dues(kit, mine).map((due, i) => due - (before[i] ?? 0n));
    const [a, b] = gained;
    assert.ok(his1 !== undefined && a !== undefined && b !== undefined && a > 0n);
    assert.ok(a - b <= 1n && b - a <= 1n, "equal votes, equal parts");
    assert.ok(his1 - 6n * a <= 6n && his1 - 6n * a >= -6n, "six times the votes, six times the part");
    kit.assertSums();
  });

  test("who votes in the paying block has no part in that payment", () => {
    const kit = electedKit();
    kit.block();
    kit.block(kit.vote(bob, first(), 300n * COIN));
    assert.deepEqual(dues(kit, kit.votesOf(bob, first())), [0n]);
  });

  test("a claim pays each vote output to the neu, whoever pays the gas; once an epoch", () => {
    const kit = electedKit();
    const votes = c.flatMap((candidate) => kit.votesOf(alice, candidate));
    const due = dues(kit, votes).reduce((sum, amount) => sum + amount, 0n);
    assert.equal(votes.length, 8);
    assert.ok(dues(kit, votes).every((amount) => amount > 0n));
    const all = everything(kit);
    const balance = (): bigint => kit.coinsOf(alice).reduce((sum, { utxo }) => sum + utxo.amount, 0n);
    const before = balance();
    const kept = kit.votesState.control.votersNeu;
    const claim = kit.claim(carol, votes);
    kit.block(claim);
    assert.equal(balance() - before, due);
    assert.equal(kept - kit.votesState.control.votersNeu, due);
    assert.equal(everything(kit), all);
    assert.deepEqual(dues(kit, votes), [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n]);
    // The second block pays, so there is something again; but not in this epoch.
    kit.block();
    assert.ok(dues(kit, votes).every((amount) => amount > 0n));
    assert.equal(kit.judge(kit.claim(carol, votes)), "VOTE_CLAIM_EPOCH");
    kit.endEpoch(kit.state.position.epoch);
    assert.equal(kit.judge(kit.claim(carol, votes)), "ok");
    kit.assertSums();
  });

  test("amounts, programs, epochs and outputs that are not exactly right are refused", () => {
    const kit = electedKit();
    const votes = kit.votesOf(alice, first());
    const paying = (change: (amount: bigint) => bigint): string =>
      kit.judge(kit.claim(carol, votes, { pay: (payment) => ({ ...payment, amount: change(payment.amount) }) }));
    assert.equal(
      paying((amount) => amount),
      "ok",
    );
    assert.equal(
      paying((amount) => amount + 1n),
      "VOTE_CLAIM_DUE",
    );
    assert.equal(
      paying((amount) => amount - 1n),
      "VOTE_CLAIM_DUE",
    );
    const stolen = kit.claim(carol, votes, { pay: (payment) => ({ ...payment, program: carol.program }) });
    assert.equal(kit.judge(stolen), "VOTE_CLAIM_DUE");
    const { epoch } = kit.state.position;
    assert.equal(kit.judge(kit.claim(carol, votes, { epoch })), "VOTE_CLAIM_EPOCH");
    assert.equal(kit.judge(kit.claim(carol, votes, { epoch: epoch + 2 })), "VOTE_CLAIM_EPOCH");
    const [coin] = kit.coinsOf(bob);
    assert.ok(coin !== undefined);
    const ordinary = kit.claim(carol, [coin], { pay: (payment) => ({ ...payment, amount: 1n }) });
    assert.equal(kit.judge(ordinary), "VOTE_CLAIM_DUE");
    kit.block(kit.vote(bob, first(), COIN));
    const fresh = kit.claim(carol, kit.votesOf(bob, first()), { pay: (payment) => ({ ...payment, amount: 1n }) });
    assert.equal(kit.judge(fresh), "VOTE_CLAIM_EPOCH");
  });

  test("one form: sorted ids, each once, no argument, an output for each, spends that pay", () => {
    const kit = electedKit();
    const votes = kit.votesOf(alice, first());
    const good = kit.claim(carol, votes);
    const [input, ...spends] = good.inputs;
    const [retirement, a, b, ...rest] = good.outputs;
    assert.ok(input?.kind === "system" && retirement !== undefined && a !== undefined && b !== undefined);
    const shaped = (change: Partial<SideTransaction>): string =>
      kit.judge(createSideTransaction({ ...good, ...change }));
    const withBody = (body: Uint8Array): string => shaped({ inputs: [{ ...input, body }, ...spends] });
    assert.equal(shaped({}), "ok");
    assert.equal(shaped({ inputs: [input] }), "VOTE_CLAIM_FORM");
    assert.equal(shaped({ outputs: [a, b, ...rest] }), "VOTE_CLAIM_FORM");
    assert.equal(shaped({ outputs: [retirement, a] }), "VOTE_CLAIM_FORM");
    assert.equal(shaped({ inputs: [{ ...input, arguments: [new Uint8Array(1)] }, ...spends] }), "VOTE_CLAIM_FORM");
    const hex = bytesToHex(input.body);
    const [head, one, two] = [hex.slice(0, 4), hex.slice(4, 68), hex.slice(68)];
    assert.equal(withBody(hexToBytes(`${head}${two}${one}`)), "VOTE_CLAIM_FORM");
    assert.equal(withBody(hexToBytes(`${head}${one}${one}`)), "VOTE_CLAIM_FORM");
    assert.equal(withBody(hexToBytes(`${hex}00`)), "VOTE_CLAIM_FORM");
    assert.equal(withBody(hexToBytes(`${hex.slice(0, 2)}00`)), "VOTE_CLAIM_FORM");
    const [vote] = votes;
    assert.ok(vote !== undefined);
    const other = kit.voteOutput(carol, first(), 100n * COIN);
    assert.equal(shaped({ outputs: [retirement, a, b, other] }), "VOTE_CLAIM_FORM");
    // Two claims for one vote output in a block: the second is refused.
    const twice = kit.build([good, kit.claim(bob, votes)]).results.map((result) => (result.ok ? "ok" : result.code));
    assert.deepEqual(twice, ["ok", "VOTE_CLAIM_EPOCH"]);
  });

  test("what a vetoed vote and a seized bond have not claimed goes to the pool", () => {
    const kit = electedKit();
    const candidate = first();
    const [bond, vote] = kit.votesOf(alice, candidate);
    assert.ok(bond !== undefined && vote !== undefined);
    const all = everything(kit);
    const [lost, seized] = [kit.due(vote), kit.due(bond)];
    assert.ok(lost > 0n && seized > 0n);
    const pool = kit.state.fees.poolNeu;
    const summary = kit.block(kit.veto(alice, [vote]));
    assert.equal(kit.state.fees.poolNeu - pool, lost);
    assert.ok(summary.feesNeu > 0n);
    assert.equal(everything(kit), all);
    kit.endEpoch(kit.state.position.epoch);
    const { poolNeu } = kit.state.fees;
    const due = kit.due(bond);
    const total = everything(kit);
    kit.block(kit.doubleVote(candidate, kit.state.position.epoch));
    assert.equal(kit.state.fees.poolNeu - poolNeu, 50n * COIN + due);
    assert.equal(everything(kit), total);
    kit.assertSums();
    assert.ok(equalBytes(bond.utxo.vote, candidate.key));
    assert.equal(kit.state.position.height % EPOCH_BLOCKS, 1);
  });

  test("rounding never gives voters more than is kept, even with the most votes there can be", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, first()));
    const state = kit.votesState.fork();
    const amount = 1n << 62n;
    const record = kit.candidate(first());
    state.setCandidate({ ...record, votes: amount });
    const share = { program: alice.program, amount: 0n, candidate: record.key, votersNeu: 1n };
    const vote = { id: "00".repeat(32), key: record.key, amount };
    openPosition(state, vote, 1);
    for (let i = 0; i < 5; i += 1) shareWithVoters(state, [share]);
    assert.equal(state.control.votersNeu, 5n);
    assert.equal(entitlement(state, vote), 5n);
  });
});
