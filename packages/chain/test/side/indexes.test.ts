// The indexes of a side chain over a store in memory: where a transaction is, which outputs a program has; what is made and
// spent in one block is in neither list; pages give each output once; following again changes nothing.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import type { SideTransaction } from "@bystack/protocol/side/transaction";
import { createMemoryDisk } from "@bystack/storage/disk-memory";
import { createMemoryStore } from "@bystack/storage/memory";
import { createSeededRng, testSeed } from "@bystack/testing/rng";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { PROGRAM_OUTPUTS_MAX, SideIndexes } from "../../src/side/indexes.ts";
import type { SideChain } from "../../src/side/side-chain.ts";
import {
  assemble,
  branch,
  btm,
  buildOn,
  COIN_NEU,
  coinsOf,
  createUser,
  FEE_NEU,
  finalise,
  genesisCoins,
  openChain,
  pay,
  sideSpec,
  spend,
  TRUE,
} from "./kit.ts";

const SPEC = sideSpec({ outputs: Array.from({ length: 6 }, () => TRUE) });
const PAYEE = createUser("payee");
const OTHER = Uint8Array.of(0x52);
const coins = genesisCoins(SPEC);
const coinAt = (index: number) => coins[index] ?? assert.fail(`there is no coin ${index}`);

async function open(): Promise<{ chain: SideChain; indexes: SideIndexes }> {
  return {
    chain: await openChain(createMemoryDisk(), { spec: SPEC }),
    indexes: new SideIndexes(createMemoryStore()),
  };
}

async function mine(parts: { chain: SideChain; indexes: SideIndexes }, transactions: readonly SideTransaction[]) {
  for (const { raw } of transactions) assert.ok(parts.chain.submit(raw).ok);
  const block = buildOn(parts.chain, parts.chain.tip?.block);
  return finalise(parts.chain, [block], (entry) => parts.indexes.follow(entry));
}

async function idsOf(indexes: SideIndexes, program: Uint8Array, limit = PROGRAM_OUTPUTS_MAX): Promise<string[]> {
  return (await indexes.outputsOf(program, { after: undefined, limit })).map(bytesToHex);
}

const idOf = (transaction: SideTransaction): Hash => mapSideTransaction(transaction).id;
const sorted = (list: readonly { id: Hash }[]): string[] => list.map(({ id }) => bytesToHex(id)).sort();

suite("outputs of a program", () => {
  test("they come with a block and go when they are spent", async () => {
    const parts = await open();
    const paid = pay(coinAt(0), PAYEE.program);
    await mine(parts, [paid]);
    assert.deepEqual(await idsOf(parts.indexes, PAYEE.program), sorted(coinsOf(paid)));
    const [coin] = coinsOf(paid);
    assert.ok(coin !== undefined);
    const onward = spend([coin], [btm(coin.amount - FEE_NEU, OTHER)], PAYEE);
    await mine(parts, [onward]);
    assert.deepEqual(await idsOf(parts.indexes, PAYEE.program), []);
    assert.deepEqual(await idsOf(parts.indexes, OTHER), sorted(coinsOf(onward)));
  });

  test("genesis outputs are there from the first block on", async () => {
    const parts = await open();
    await mine(parts, [pay(coinAt(0), PAYEE.program)]);
    assert.deepEqual(await idsOf(parts.indexes, TRUE), sorted(coins.slice(1)));
  });

  test("one that is made and spent in one block is in no list", async () => {
    const parts = await open();
    const first = pay(coinAt(0), OTHER);
    const [between] = coinsOf(first);
    assert.ok(between !== undefined);
    const second = spend([between], [btm(between.amount - FEE_NEU, OTHER)]);
    const [final] = await mine(parts, [first, second]);
    assert.equal(final?.summary.transactionCount, 2);
    assert.deepEqual(await idsOf(parts.indexes, OTHER), sorted(coinsOf(second)));
    assert.deepEqual(await parts.indexes.transaction(idOf(first)), { height: 1, index: 0 });
    assert.deepEqual(await parts.indexes.transaction(idOf(second)), { height: 1, index: 1 });
  });

  test("retirements and other programs' outputs are not listed", async () => {
    const parts = await open();
    const data = Uint8Array.of(0x6a, 1, 2);
    const both = spend([coinAt(0)], [btm(5n, data), btm(COIN_NEU - 5n - FEE_NEU, OTHER)]);
    await mine(parts, [both]);
    assert.deepEqual(await idsOf(parts.indexes, data), []);
    assert.deepEqual(await idsOf(parts.indexes, OTHER), sorted(coinsOf(both).slice(1)));
  });

  test("pages of any size give each output once, in one order", async () => {
    const parts = await open();
    const many = spend(
      [coinAt(0)],
      Array.from({ length: 23 }, () => btm(1_000n, OTHER)),
      undefined,
    );
    await mine(parts, [many]);
    const all = sorted(coinsOf(many));
    for (const limit of [1, 5, 23, 24]) {
      const found: string[] = [];
      let after: Hash | undefined;
      do {
        const page = await parts.indexes.outputsOf(OTHER, { after, limit });
        assert.ok(page.length <= limit && found.length <= all.length);
        found.push(...page.map(bytesToHex));
        after = page.at(-1);
      } while (after !== undefined);
      assert.deepEqual(found, all, `pages of ${limit}`);
    }
  });

  test("they are what the state holds, after random payments", async (t) => {
    const rng = createSeededRng(testSeed(20));
    t.diagnostic(`seed ${rng.seed}`);
    const parts = await open();
    const programs = [TRUE, OTHER, Uint8Array.of(0x53)];
    let free = [...coins];
    for (let height = 0; height < 12; height += 1) {
      const batch: SideTransaction[] = [];
      for (let i = rng.below(4); i > 0; i -= 1) {
        const coin = rng.pick(free);
        const half = (coin.amount - FEE_NEU) / 2n;
        const made = spend([coin], [btm(half, rng.pick(programs)), btm(half, rng.pick(programs))]);
        batch.push(made);
        free = [...free.filter((other) => other !== coin), ...coinsOf(made)];
      }
      await mine(parts, batch);
      for (const program of programs) {
        const held = [...parts.chain.final.utxos.map.entries()]
          .filter(([, utxo]) => bytesToHex(utxo.program) === bytesToHex(program))
          .map(([id]) => id)
          .sort();
        assert.deepEqual(await idsOf(parts.indexes, program), held, `height ${height + 1}`);
      }
    }
  });
});

suite("following", () => {
  test("a transaction that had no effect is not found, the one that spent its input is", async () => {
    const parts = await open();
    const [winner, loser] = [pay(coinAt(0), PAYEE.program), pay(coinAt(0), OTHER)];
    // As two proposers' batches would bring them: the second one is in the body and dropped.
    const { chain } = parts;
    chain.submit(winner.raw);
    const content = chain.build({
      parentHash: chain.genesisHash,
      view: 1,
      gasMax: undefined,
      halvings: 0,
      headers: undefined,
      verdicts: new Map(),
    });
    assert.ok(content !== undefined);
    const block = assemble(chain, undefined, { ...content, batches: [encodeSideBatch([winner.raw, loser.raw])] });
    const [final] = await finalise(chain, [block]);
    assert.ok(final !== undefined);
    assert.deepEqual(final.summary.dropped, [{ index: 1, code: "TX_INPUT_SPENT" }]);
    await parts.indexes.follow(final);
    assert.deepEqual(await parts.indexes.transaction(idOf(winner)), { height: 1, index: 0 });
    assert.equal(await parts.indexes.transaction(idOf(loser)), undefined);
    assert.deepEqual(await idsOf(parts.indexes, OTHER), []);
  });

  test("the same block twice changes nothing, and the height is that of the last one", async () => {
    const parts = await open();
    assert.equal(await parts.indexes.height(), 0);
    const paid = pay(coinAt(0), PAYEE.program);
    const [first] = await mine(parts, [paid]);
    assert.ok(first !== undefined);
    assert.equal(await parts.indexes.height(), 1);
    await parts.indexes.follow(first);
    assert.deepEqual(await idsOf(parts.indexes, PAYEE.program), sorted(coinsOf(paid)));
    assert.equal(await parts.indexes.height(), 1);
    const blocks = branch(parts.chain, parts.chain.tip?.block, 2);
    await finalise(parts.chain, blocks, (entry) => parts.indexes.follow(entry));
    assert.equal(await parts.indexes.height(), 3);
  });
});
