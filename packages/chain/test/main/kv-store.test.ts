// The main-chain store over KvStore drivers: the same answers as the store in memory, a commit as a whole or not at all,
// and indexes that follow every change of the main chain as if they had been built from scratch.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import type { MainBlock } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { bucketRange, type KvStore } from "@bystack/storage/kv";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { createMemoryStore } from "@bystack/storage/memory";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { MAIN_INDEX_BUCKET } from "../../src/index/main-records.ts";
import { MainChainService } from "../../src/main/chain-service.ts";
import { KvMainChainStore } from "../../src/main/kv-store.ts";
import { MemoryMainChainStore } from "../../src/main/memory-store.ts";
import type { MainChainStore } from "../../src/main/store.ts";
import { type Coin, coinsOf, genesisCoins, mineOn, NOW_MS, openChain, pay, SPEC, TRUE } from "./build.ts";

const folder = mkdtempSync(join(tmpdir(), "bystack-main-store-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

type Driver = { readonly name: string; open(): Promise<{ kv: KvStore; reopen(): Promise<KvStore> }> };

const DRIVERS: readonly Driver[] = [
  {
    name: "memory",
    open: async () => {
      const kv = createMemoryStore();
      return { kv, reopen: async () => kv };
    },
  },
  {
    name: "lmdb",
    open: async () => {
      count += 1;
      const path = join(folder, `${count}`, "chain.lmdb");
      const kv = await openLmdbStore({ path });
      const reopen = async () => {
        await kv.close();
        return openLmdbStore({ path });
      };
      return { kv, reopen };
    },
  },
];

function coinOf(coins: readonly Coin[], index: number): Coin {
  const coin = coins[index];
  if (coin === undefined) throw new Error(`there is no coin ${index}`);
  return coin;
}

type Scenario = { readonly blocks: readonly MainBlock[]; readonly transactions: readonly MainTransaction[] };

/**
 * Genesis – a1 – a2, then b1 – b2 – b3 from genesis, which wins. Branch a spends a coin twice over in one block, branch b
 * spends the same coin otherwise and keeps one transaction of a.
 */
async function scenario(): Promise<Scenario> {
  const { service } = await openChain();
  const genesis = service.chain.tip;
  const coins = genesisCoins();
  const first = pay([coinOf(coins, 0)], { parts: 2 });
  const second = pay([coinOf(coinsOf(first), 1)], { parts: 3 });
  const shared = pay([coinOf(coins, 1)]);
  const rival = pay([coinOf(coins, 0), coinOf(coins, 2)]);
  const a1 = mineOn(genesis, { mark: "a1", transactions: [first, second] });
  const a2 = mineOn(a1.node, { mark: "a2", transactions: [shared, pay([coinOf(coinsOf(second), 0)])] });
  const b1 = mineOn(genesis, { mark: "b1", transactions: [rival] });
  const b2 = mineOn(b1.node, { mark: "b2", transactions: [shared] });
  const b3 = mineOn(b2.node, { mark: "b3", transactions: [pay(coinsOf(rival), { parts: 2 })] });
  const blocks = [a1, a2, b1, b2, b3].map(({ block }) => block);
  return { blocks, transactions: blocks.flatMap((block) => [...block.transactions]) };
}

async function openService(store: MainChainStore): Promise<MainChainService> {
  return MainChainService.open({ spec: SPEC, store, checkWork: async () => true });
}

async function process(service: MainChainService, blocks: readonly MainBlock[]): Promise<void> {
  for (const block of blocks) {
    const result = await service.processBlock(block, NOW_MS);
    assert.ok(result.ok, result.ok ? "" : result.error.code);
  }
}

async function bucketDump(kv: KvStore, bucket: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const { key, value } of kv.iterate(bucketRange(bucket)))
    lines.push(`${bytesToHex(key)} ${bytesToHex(value)}`);
  return lines;
}

/** Everything in the indexes, as text. */
async function indexDump(kv: KvStore): Promise<string[]> {
  return (await Promise.all(Object.values(MAIN_INDEX_BUCKET).map((bucket) => bucketDump(kv, bucket)))).flat();
}

/** A store that loses power at a given batch: neither it nor anything after it is written. */
function failingAt(kv: KvStore, batch: number): KvStore {
  let batches = 0;
  return {
    ...kv,
    batch: async (changes) => {
      batches += 1;
      if (batches >= batch) throw new Error("power cut");
      await kv.batch(changes);
    },
  };
}

for (const driver of DRIVERS) {
  suite(`main-chain store over ${driver.name}`, () => {
    test("gives what the store in memory gives, before and after it is opened again", async () => {
      const { blocks, transactions } = await scenario();
      const { kv, reopen } = await driver.open();
      const oracle = new MemoryMainChainStore();
      await process(await openService(oracle), blocks);
      await process(await openService(await KvMainChainStore.open(kv)), blocks);
      const again = await reopen();
      const store = await KvMainChainStore.open(again);
      assert.deepEqual(await store.best(), await oracle.best());
      const ids = transactions.flatMap((item) => [
        ...mapMainTransaction(item).resultIds,
        ...mapMainTransaction(item).spentOutputIds,
      ]);
      assert.deepEqual(await store.utxos(ids), await oracle.utxos(ids));
      const service = await openService(store);
      assert.equal(service.chain.tip.key, (await openService(oracle)).chain.tip.key);
      assert.equal(service.chain.index.size, 6);
      for (const block of blocks) {
        const hash = service.chain.index.at(block.header.height)?.hash ?? new Uint8Array(32);
        assert.deepEqual(await store.block(hash), await oracle.block(hash));
      }
      await again.close();
    });

    test("a commit that fails leaves the chain where it was", async () => {
      const { blocks } = await scenario();
      const { kv, reopen } = await driver.open();
      const [first, second, third] = blocks;
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      await process(await openService(await KvMainChainStore.open(kv)), [first]);
      const before = await indexDump(kv);
      const service = await openService(await KvMainChainStore.open(failingAt(kv, 1)));
      await assert.rejects(service.processBlock(second, NOW_MS), /power cut/);
      const again = await reopen();
      const store = await KvMainChainStore.open(again);
      assert.deepEqual(await indexDump(again), before);
      const healed = await openService(store);
      assert.equal(healed.chain.tip.header.height, 1n);
      await process(healed, [second]);
      assert.equal(healed.chain.tip.header.height, 2n);
      await again.close();
    });

    test("indexes follow a reorganisation exactly, and are built anew when they are missing", async () => {
      const { blocks } = await scenario();
      const { kv, reopen } = await driver.open();
      const store = await KvMainChainStore.open(kv);
      await process(await openService(store), blocks);
      const followed = await indexDump(kv);
      const straight = createMemoryStore();
      await process(await openService(await KvMainChainStore.open(straight)), blocks.slice(2));
      assert.deepEqual(followed, await indexDump(straight));
      // Lose the marker and half of the entries: opening repairs it.
      const doomed = (await bucketDump(kv, MAIN_INDEX_BUCKET.output)).slice(1);
      await kv.batch({
        deletes: [
          Uint8Array.of(1, ...Buffer.from("index")),
          ...doomed.map((line) => Buffer.from(line.split(" ")[0] ?? "", "hex")),
        ],
      });
      assert.notDeepEqual(await indexDump(kv), followed);
      const again = await reopen();
      await KvMainChainStore.open(again);
      assert.deepEqual(await indexDump(again), followed);
      await again.close();
    });
  });
}

test("index: where transactions are, who spent what, and outputs of a program page by page", async () => {
  const { blocks, transactions } = await scenario();
  const kv = createMemoryStore();
  const store = await KvMainChainStore.open(kv);
  const service = await openService(store);
  await process(service, blocks);
  const onMain = new Set(
    blocks.slice(2).flatMap((block) => block.transactions.map((item) => bytesToHex(mapMainTransaction(item).id))),
  );
  for (const item of transactions) {
    const { id } = mapMainTransaction(item);
    const record = await store.index.transaction(id);
    assert.equal(record !== undefined, onMain.has(bytesToHex(id)), bytesToHex(id));
    if (record === undefined) continue;
    const stored = await store.block(record.blockHash);
    assert.equal(stored?.block.header.height, BigInt(record.height));
    assert.deepEqual(stored?.block.transactions[record.position]?.raw, item.raw);
  }
  const rival = blocks[2]?.transactions[1];
  assert.ok(rival !== undefined);
  const [spentId] = mapMainTransaction(rival).spentOutputIds;
  assert.ok(spentId !== undefined);
  assert.deepEqual((await store.index.spender(spentId))?.transactionId, mapMainTransaction(rival).id);
  assert.equal(await store.index.output(spentId), undefined);

  const all = await store.index.unspentOf(TRUE, { limit: 100 });
  // Eight genesis coins less three, three coinbases, the shared payment, and two parts of the last one.
  assert.equal(all.length, 5 + 3 + 1 + 2);
  const paged: Hash[] = [];
  for (let page = await store.index.unspentOf(TRUE, { limit: 2 }); page.length > 0; ) {
    paged.push(...page.map(({ id }) => id));
    const last = paged.at(-1);
    assert.ok(last !== undefined);
    page = await store.index.unspentOf(TRUE, { limit: 2, after: last });
  }
  assert.deepEqual(
    paged,
    all.map(({ id }) => id),
  );
  assert.equal(all.filter(({ coinbase, height }) => coinbase && height > 0).length, 3);
});

test("a store that is bound to one spec refuses another", async () => {
  const store = await KvMainChainStore.open(createMemoryStore());
  assert.ok(await store.bindSpec(new Uint8Array(32).fill(1)));
  assert.ok(await store.bindSpec(new Uint8Array(32).fill(1)));
  assert.equal(await store.bindSpec(new Uint8Array(32).fill(2)), false);
});
