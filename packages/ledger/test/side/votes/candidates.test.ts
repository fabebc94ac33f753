// Vote outputs, veto inputs and candidates (sidechain.md section 5): who may be voted for, locks, what registration asks for,
// resignation and the way a bond comes back.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { EMPTY_RETIREMENT, SYSTEM_KIND } from "@bystack/protocol/peg/system";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { concatBytes } from "@bystack/utils/bytes";
import { createPendingState } from "../../../src/side/builder.ts";
import { bondReleaseHeight } from "../../../src/side/votes/candidates.ts";
import { BTM, COIN, createUser, seed } from "../kit.ts";
import { createCandidate, EPOCH_BLOCKS, VOTE_LOCK, VotesKit } from "./kit.ts";

const alice = createUser("alice");
const bob = createUser("bob");
const c1 = createCandidate("c1");
const c2 = createCandidate("c2");

suite("votes", () => {
  test("a vote counts with its block, a veto takes it back after the lock", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, c1));
    assert.equal(kit.candidate(c1).votes, 50n * COIN);
    kit.block(kit.vote(bob, c1, 7n * COIN));
    assert.equal(kit.candidate(c1).votes, 57n * COIN);
    const created = kit.state.position.height;
    const vetos = kit.votesOf(bob, c1);
    assert.equal(vetos.length, 1);
    kit.until(created + VOTE_LOCK - 2);
    // The next block is one too early.
    assert.equal(kit.judge(kit.veto(bob, vetos)), "TX_LOCKED");
    kit.block();
    const before = kit.coinsOf(bob).reduce((sum, coin) => sum + coin.utxo.amount, 0n);
    kit.block(kit.veto(bob, vetos));
    assert.equal(kit.candidate(c1).votes, 50n * COIN);
    const after = kit.coinsOf(bob).reduce((sum, coin) => sum + coin.utxo.amount, 0n);
    assert.equal(after - before, 7n * COIN - COIN / 5n);
    kit.assertSums();
  });

  test("veto, change and a new vote share a transaction; inputs count first", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, c1), kit.register(bob, c2));
    kit.block(kit.vote(bob, c1, 7n * COIN));
    kit.until(kit.state.position.height + VOTE_LOCK);
    const outputs = [kit.voteOutput(bob, c1, 3n * COIN), kit.voteOutput(bob, c2, 2n * COIN)];
    kit.block(kit.veto(bob, kit.votesOf(bob, c1), outputs));
    assert.equal(kit.candidate(c1).votes, 53n * COIN);
    assert.equal(kit.candidate(c2).votes, 52n * COIN);
    kit.assertSums();
  });

  test("a vote is BTM, at least the minimum, for 64 bytes that stand for election", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, c1));
    const voting = (change: object): string =>
      kit.judge(kit.veto(bob, [], [{ ...kit.voteOutput(bob, c1, COIN), ...change }]));
    assert.equal(voting({}), "ok");
    assert.equal(voting({ amount: COIN - 1n }), "VOTE_OUTPUT");
    assert.equal(voting({ vote: c1.key.subarray(0, 63) }), "VOTE_OUTPUT");
    assert.equal(voting({ vote: c2.key }), "VOTE_CANDIDATE");
    const retirement = voting({ program: Uint8Array.of(0x6a) });
    assert.equal(retirement, "TX_FORM");
  });

  test("a vote output is not spent by a spend input, nor an ordinary one by a veto", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, c1));
    kit.block(kit.vote(bob, c1, COIN));
    kit.until(30);
    const veto = kit.veto(bob, kit.votesOf(bob, c1));
    const retype = (transaction: SideTransaction, kind: "spend" | "veto"): SideTransaction =>
      createSideTransaction({
        ...transaction,
        inputs: transaction.inputs.map((input) =>
          input.kind === "spend" || input.kind === "veto" ? { ...input, kind, vote: c1.key } : input,
        ),
      });
    assert.equal(kit.judge(veto), "ok");
    assert.equal(kit.judge(retype(veto, "spend")), "TX_INPUT_SPENT");
    assert.equal(kit.judge(retype(kit.pay(bob, COIN, alice), "veto")), "TX_INPUT_SPENT");
    const forOther = createSideTransaction({
      ...veto,
      inputs: veto.inputs.map((input) => (input.kind === "veto" ? { ...input, vote: c2.key } : input)),
    });
    assert.equal(kit.judge(forOther), "TX_INPUT_SPENT");
  });

  test("a second spend of one vote output is dropped and moves no vote", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, c1));
    kit.block(kit.vote(bob, c1, COIN));
    kit.until(30);
    const vetos = kit.votesOf(bob, c1);
    const first = kit.veto(bob, vetos);
    const second = kit.veto(bob, vetos, [kit.voteOutput(bob, c1, COIN)]);
    const results = kit.build([first, second]).results.map((result) => (result.ok ? "ok" : result.code));
    assert.deepEqual(results, ["ok", "TX_INPUT_SPENT"]);
    kit.block(first);
    assert.equal(kit.candidate(c1).votes, 50n * COIN);
  });
});

suite("candidates", () => {
  test("the bond is the second output: a vote for oneself of at least the parameter", () => {
    const kit = new VotesKit();
    const bond = kit.voteOutput(alice, c1, 50n * COIN);
    assert.equal(kit.judge(kit.register(alice, c1, { bond: 50n * COIN - 1n })), "CANDIDATE_BOND");
    assert.equal(kit.judge(kit.register(alice, c1, { outputs: [] })), "CANDIDATE_BOND");
    assert.equal(
      kit.judge(kit.register(alice, c1, { outputs: [kit.voteOutput(alice, c2, 50n * COIN)] })),
      "CANDIDATE_BOND",
    );
    const plain = { kind: "intra", assetId: BTM, amount: 50n * COIN, program: alice.program } as const;
    assert.equal(kit.judge(kit.register(alice, c1, { outputs: [plain, bond] })), "CANDIDATE_BOND");
    assert.equal(kit.judge(kit.register(alice, c1, { outputs: [bond] })), "ok");
    // More votes for oneself beside the bond are votes, not bond.
    kit.block(kit.register(alice, c1, { outputs: [bond, kit.voteOutput(alice, c1, 9n * COIN)], share: 30 }));
    const record = kit.candidate(c1);
    assert.equal(record.votes, 59n * COIN);
    assert.equal(record.bond?.amount, 50n * COIN);
    assert.equal(record.voterShare, 30);
    kit.assertSums();
  });

  test("both keys sign, for this chain and this transaction", () => {
    const kit = new VotesKit();
    const { keySeed, voteSeed } = c1;
    for (const signers of [
      [keySeed, keySeed],
      [voteSeed, voteSeed],
      [voteSeed, keySeed],
      [c2.keySeed, voteSeed],
    ]) {
      assert.equal(kit.judge(kit.register(alice, c1, { signers })), "CANDIDATE_SIGNATURE");
    }
    assert.equal(kit.judge(kit.register(alice, c1, { signers: [keySeed] })), "CANDIDATE_FORM");
    // Signatures of another transaction of the same keys, and of the same body on another chain.
    const mine = kit.register(alice, c1);
    const others = [kit.register(bob, c1), new VotesKit({ members: 5 }).register(alice, c1)];
    for (const other of others) {
      const [input] = other.inputs;
      assert.ok(input?.kind === "system");
      const replayed = createSideTransaction({ ...mine, inputs: [input, ...mine.inputs.slice(1)] });
      assert.equal(kit.judge(replayed), "CANDIDATE_SIGNATURE");
    }
    assert.equal(kit.judge(mine), "ok");
  });

  test("keys: usable, each with one use, nobody twice", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, c1));
    assert.equal(kit.judge(kit.register(alice, c1)), "CANDIDATE_KNOWN");
    const sameVoteKey = { ...c2, voteKey: c1.voteKey, voteSeed: c1.voteSeed };
    assert.equal(kit.judge(kit.register(alice, sameVoteKey)), "CANDIDATE_KEY");
    const oneKey = { ...c2, voteKey: c2.key.subarray(0, 32), voteSeed: c2.keySeed };
    assert.equal(kit.judge(kit.register(alice, oneKey)), "CANDIDATE_KEY");
    const crossed = { ...c2, voteKey: c1.key.subarray(0, 32), voteSeed: c1.keySeed };
    assert.equal(kit.judge(kit.register(alice, crossed)), "CANDIDATE_KEY");
    const otherChainCode = { ...c1, key: concatBytes(c1.key.subarray(0, 32), seed("x")), voteKey: c2.voteKey };
    assert.equal(kit.judge(kit.register(alice, { ...otherChainCode, voteSeed: c2.voteSeed })), "CANDIDATE_KEY");
    const smallOrder = new Uint8Array(32);
    smallOrder[0] = 1;
    assert.equal(kit.judge(kit.register(alice, { ...c2, voteKey: smallOrder })), "CANDIDATE_KEY");
    const odd = concatBytes(smallOrder, seed("x"));
    assert.equal(kit.judge(kit.register(alice, { ...c2, key: odd })), "CANDIDATE_KEY");
    // A validator of the spec may stand with its own vote key.
    const [m0] = kit.validators;
    assert.ok(m0 !== undefined);
    assert.equal(kit.judge(kit.register(alice, m0)), "ok");
    const votedWith = { ...c2, key: concatBytes(m0.voteKey, seed("x")), keySeed: m0.voteSeed };
    assert.equal(kit.judge(kit.register(alice, votedWith)), "CANDIDATE_KEY");
  });

  test("forms that are not kind 6, and reward programs that pay nobody", () => {
    const kit = new VotesKit({ programs: "standard" });
    const good = kit.register(alice, c1);
    const [input, ...spends] = good.inputs;
    const [retirement, ...outputs] = good.outputs;
    assert.ok(input?.kind === "system" && retirement !== undefined);
    const shaped = (change: Partial<SideTransaction>): string =>
      kit.judge(createSideTransaction({ ...good, ...change }));
    assert.equal(shaped({}), "ok");
    assert.equal(shaped({ inputs: [input] }), "CANDIDATE_FORM");
    assert.equal(shaped({ inputs: [input, input, ...spends] }), "CANDIDATE_FORM");
    assert.equal(shaped({ inputs: [...spends, input] }), "TX_FORM");
    assert.equal(shaped({ outputs }), "CANDIDATE_FORM");
    assert.equal(shaped({ outputs: [{ ...EMPTY_RETIREMENT, amount: 1n }, ...outputs] }), "CANDIDATE_FORM");
    assert.equal(
      shaped({ inputs: [{ ...input, body: concatBytes(input.body, Uint8Array.of(0)) }, ...spends] }),
      "CANDIDATE_FORM",
    );
    const body = Uint8Array.from(input.body);
    body[97] = 101;
    assert.equal(shaped({ inputs: [{ ...input, body }, ...spends] }), "CANDIDATE_FORM");
    assert.equal(shaped({ inputs: [{ ...input, systemKind: 9n }, ...spends] }), "SYSTEM_FORM");
    const retired = { ...c1, rewardProgram: Uint8Array.of(0x6a) };
    assert.equal(kit.judge(kit.register(alice, retired)), "CANDIDATE_FORM");
    assert.equal(kit.judge(kit.register(alice, { ...c1, rewardProgram: new Uint8Array(0) })), "CANDIDATE_FORM");
    assert.equal(kit.judge(kit.register(alice, { ...c1, rewardProgram: Uint8Array.of(0x51) })), "TX_PROGRAM");
    assert.equal(input.systemKind, SYSTEM_KIND.candidate);
  });

  test("gas covers signatures and keys; a refused registration leaves no trace", () => {
    const kit = new VotesKit();
    const good = kit.register(alice, c1);
    const { results } = kit.build([good]);
    const [result] = results;
    assert.ok(result?.ok === true);
    const transfer = kit.build([kit.pay(alice, COIN, bob)]).results[0];
    assert.ok(transfer?.ok === true);
    const vmGas = (effect: { gasUsed: number; sizeBytes: number }): number => effect.gasUsed - effect.sizeBytes;
    assert.equal(vmGas(result.effect), vmGas(transfer.effect) + 4096);
    const pending = createPendingState({ tip: kit.state });
    const bad = pending.add(kit.register(alice, c1, { signers: [c2.keySeed, c2.voteSeed] }).raw);
    assert.equal(bad.ok ? "ok" : bad.code, "CANDIDATE_SIGNATURE");
    const vote = pending.add(kit.vote(bob, c1, COIN).raw);
    assert.equal(vote.ok ? "ok" : vote.code, "VOTE_CANDIDATE");
    assert.equal(pending.add(good.raw).ok, true);
    assert.equal(pending.add(kit.vote(bob, c1, COIN).raw).ok, true);
  });

  test("as many candidates as the spec allows", () => {
    const kit = new VotesKit({ votes: { committeeMax: 4, candidatesMax: 4 } });
    const four = ["l1", "l2", "l3", "l4"].map(createCandidate);
    for (const candidate of four) {
      assert.equal(kit.judge(kit.register(alice, c1)), "ok");
      kit.block(kit.register(alice, candidate));
    }
    assert.equal(kit.judge(kit.register(alice, c1)), "CANDIDATE_LIMIT");
  });

  test("the bond stays until two epochs after the resignation; a forgotten candidate may stand again", () => {
    const kit = new VotesKit();
    kit.block(kit.register(alice, c1));
    kit.until(VOTE_LOCK + EPOCH_BLOCKS);
    assert.equal(kit.judge(kit.veto(alice, kit.votesOf(alice, c1))), "TX_LOCKED");
    assert.equal(kit.judge(kit.resign(alice, c1, [c1.voteSeed])), "CANDIDATE_SIGNATURE");
    assert.equal(kit.judge(kit.resign(alice, c2)), "CANDIDATE_STATE");
    kit.block(kit.resign(alice, c1));
    assert.equal(kit.judge(kit.resign(bob, c1)), "CANDIDATE_STATE");
    assert.equal(kit.judge(kit.vote(bob, c1, COIN)), "VOTE_CANDIDATE");
    assert.equal(kit.judge(kit.register(bob, c1)), "CANDIDATE_KNOWN");
    const epoch = kit.state.position.epoch;
    const release = (epoch + 2) * EPOCH_BLOCKS + 1;
    assert.equal(bondReleaseHeight(kit.candidate(c1), kit.rules, kit.votes), release);
    kit.until(release - 2);
    assert.equal(kit.judge(kit.veto(alice, kit.votesOf(alice, c1))), "TX_LOCKED");
    kit.block();
    kit.block(kit.veto(alice, kit.votesOf(alice, c1)));
    assert.equal(kit.candidate(c1).votes, 0n);
    kit.endEpoch(kit.state.position.epoch);
    assert.equal(kit.votesState.candidate(c1.key), undefined);
    assert.equal(kit.judge(kit.register(bob, c1)), "ok");
    kit.assertSums();
  });
});
