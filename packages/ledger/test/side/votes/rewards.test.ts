// Rewards (sidechain.md section 5): fees, the pool's release and the subsidy of an epoch; producers by blocks, standbys by
// votes, the voters' share held back; every payee of the coinbase compared.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { merkleRoot } from "@bystack/protocol/merkle";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex } from "@bystack/utils/bytes";
import { applySideBlock } from "../../../src/side/apply.ts";
import { dueCoinbase, orderPayees } from "../../../src/side/fees.ts";
import { rewardShares } from "../../../src/side/votes/rewards.ts";
import { BTM, COIN, createUser } from "../kit.ts";
import { createCandidate, EPOCH_BLOCKS, VotesKit, type VotesKitOptions } from "./kit.ts";

const alice = createUser("alice");
const bob = createUser("bob");
const c = [1, 2, 3, 4, 5, 6, 7].map((i) => createCandidate(`c${i}`));

/** A chain whose elected committee of four has two standbys below it. */
function electedKit(options: VotesKitOptions = {}): VotesKit {
  const kit = new VotesKit({ ...options, votes: { committeeMax: 4, ...options.votes } });
  const standing = c.slice(0, 6);
  for (const [i, candidate] of standing.entries()) {
    kit.block(kit.register(alice, candidate, { share: 10 * i }));
    kit.block(kit.vote(alice, candidate, (100n - 10n * BigInt(i)) * COIN));
  }
  kit.endEpoch(8);
  return kit;
}

function total(outputs: readonly { readonly amount: bigint }[]): bigint {
  return outputs.reduce((sum, output) => sum + output.amount, 0n);
}

function coinbaseOf(kit: VotesKit): SideTransaction | undefined {
  const block = { epoch: kit.state.fees.current.epoch, height: kit.state.position.height + 1 };
  return dueCoinbase(kit.state.fees, kit.rules, { ...block, votes: kit.state.votes });
}

/** All BTM there is: outputs, unpaid fees, pool. */
function everything(kit: VotesKit): bigint {
  const { current, due, poolNeu } = kit.state.fees;
  const outputs = [...kit.state.utxos.map.entries()].map(([, utxo]) => utxo);
  return total(outputs) + current.feesNeu + (due?.feesNeu ?? 0n) + poolNeu + kit.votesState.control.votersNeu;
}

suite("rewards", () => {
  test("producers by blocks, standbys by votes, and the voters' share stays in the pool", () => {
    const kit = electedKit();
    const committee = kit.votesState.committee(9);
    assert.ok(committee !== undefined);
    assert.equal(committee.standbys.length, 2);
    const earnings = { feesNeu: 1_000_000n, blocks: 4, blocksByLeader: [2, 1, 1, 0] };
    const shares = rewardShares(earnings, committee, { rules: kit.rules, poolNeu: 5_000_000n });
    // 90 % to producers; shares of the voters are 0, 10, 20, 30, 40 and 50 %. Standbys have 110 and 100 votes.
    const standbys = [(100_000n * 110n) / 210n, (100_000n * 100n) / 210n] as const;
    assert.deepEqual(
      shares.map((share) => share.amount),
      [
        450_000n,
        202_500n,
        180_000n,
        0n,
        standbys[0] - (standbys[0] * 40n) / 100n,
        standbys[1] - (standbys[1] * 50n) / 100n,
      ],
    );
    assert.deepEqual(
      shares.map((share) => bytesToHex(share.program)),
      c.slice(0, 6).map((candidate) => bytesToHex(candidate.rewardProgram)),
    );
    assert.equal(orderPayees(shares).length, 5);
  });

  test("the pool releases its parameter while it lasts", () => {
    const kit = electedKit({ votes: { poolReleaseNeu: 300n } });
    const committee = kit.votesState.committee(9);
    assert.ok(committee !== undefined);
    const earnings = { feesNeu: 1000n, blocks: 1, blocksByLeader: [1, 0, 0, 0] };
    const first = (poolNeu: bigint): bigint | undefined =>
      rewardShares(earnings, committee, { rules: kit.rules, poolNeu })[0]?.amount;
    assert.equal(first(1_000_000n), 1170n);
    assert.equal(first(100n), 990n);
    assert.equal(first(0n), 900n);
    assert.deepEqual(rewardShares({ ...earnings, blocks: 0 }, committee, { rules: kit.rules, poolNeu: 9n }), []);
  });

  test("the second block of the next epoch pays, the pool keeps the rest, nothing is lost", () => {
    const kit = electedKit({ votes: { poolReleaseNeu: 1000n } });
    const all = everything(kit);
    kit.block(kit.pay(alice, COIN, bob));
    kit.block(kit.pay(bob, COIN, alice));
    kit.endEpoch(9);
    assert.equal(everything(kit), all);
    kit.block();
    const { due, poolNeu } = kit.state.fees;
    assert.ok(due !== undefined && due.feesNeu > 0n);
    const coinbase = coinbaseOf(kit);
    assert.ok(coinbase !== undefined);
    const keptBefore = kit.votesState.control.votersNeu;
    kit.block();
    const votersNeu = kit.votesState.control.votersNeu - keptBefore;
    assert.ok(votersNeu > 0n);
    assert.equal(kit.state.fees.poolNeu, poolNeu + due.feesNeu - total(coinbase.outputs) - votersNeu);
    assert.ok(total(coinbase.outputs) > due.feesNeu / 2n);
    assert.equal(everything(kit), all);
    const paid = coinbase.outputs.map(({ program }) => bytesToHex(program)).sort();
    const expected = c.slice(0, 6).map((candidate) => bytesToHex(candidate.rewardProgram));
    assert.deepEqual(paid, expected.sort());
  });

  test("every payee is compared: amounts moved, order, a payee left out or added, no coinbase (weakness 5)", () => {
    const kit = electedKit();
    kit.block(kit.pay(alice, COIN, bob));
    kit.endEpoch(9);
    kit.block();
    const good = coinbaseOf(kit);
    assert.ok(good !== undefined);
    const [first, second, ...rest] = good.outputs;
    assert.ok(first !== undefined && second !== undefined);
    const judge = (transactions: readonly SideTransaction[]): string => {
      const batch = encodeSideBatch(transactions.map(({ raw }) => raw));
      const transactionRoot = merkleRoot(transactions.map((transaction) => mapSideTransaction(transaction).id));
      const header = kit.header({ batch, transactionRoot, transactionCount: transactions.length });
      const verdict = applySideBlock({ parent: kit.state, header, batches: [batch], verdicts: "assumed" });
      return verdict.ok ? "ok" : verdict.code;
    };
    const paying = (outputs: SideTransaction["outputs"]): string =>
      judge([createSideTransaction({ ...good, outputs })]);
    assert.equal(paying(good.outputs), "ok");
    assert.equal(judge([]), "BLOCK_COINBASE");
    assert.equal(paying([{ ...first, amount: total(good.outputs) }]), "BLOCK_COINBASE");
    assert.equal(paying([second, first, ...rest]), "BLOCK_COINBASE");
    assert.equal(paying([first, ...rest]), "BLOCK_COINBASE");
    const moved = [{ ...first, amount: first.amount + 1n }, { ...second, amount: second.amount - 1n }, ...rest];
    assert.equal(paying(moved), "BLOCK_COINBASE");
    const stranger = { kind: "intra", assetId: BTM, amount: 1n, program: bob.program } as const;
    assert.equal(paying([...good.outputs, stranger]), "BLOCK_COINBASE");
  });

  test("the subsidy of an unpegged chain is created with its payment and counted to the neu", () => {
    const subsidyNeu = 9_512_938n;
    const kit = new VotesKit({ subsidyNeu });
    const all = everything(kit);
    kit.endEpoch(1);
    kit.block();
    assert.equal(everything(kit), all);
    const coinbase = coinbaseOf(kit);
    assert.ok(coinbase !== undefined);
    // No standbys: their tenth stays in the pool.
    const producers = (subsidyNeu * BigInt(EPOCH_BLOCKS) * 9n) / 10n;
    assert.equal(total(coinbase.outputs), (producers / 4n) * 4n);
    kit.block();
    assert.equal(everything(kit), all + subsidyNeu * BigInt(EPOCH_BLOCKS));
    kit.endEpoch(5);
    assert.equal(everything(kit), all + 4n * subsidyNeu * BigInt(EPOCH_BLOCKS));
  });
});
