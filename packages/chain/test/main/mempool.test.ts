// The mempool and the block template: what waits, in which order, what a reorganisation brings back, and the limits.

import assert from "node:assert/strict";
import test from "node:test";
import { validateMainTransaction } from "@bystack/ledger/main/validate-transaction";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { blockSubsidy } from "@bystack/protocol/pow";
import { bytesToHex } from "@bystack/utils/bytes";
import type { MainChainService } from "../../src/main/chain-service.ts";
import { MainMempool, type MempoolVerdict } from "../../src/main/mempool.ts";
import { ORPHAN_TRANSACTION_LIFETIME_MS, OrphanTransactions } from "../../src/main/orphan-transactions.ts";
import { buildMainTemplate } from "../../src/main/template.ts";
import { coinsOf, entryOf, FEE, genesisCoins, mineOn, mineTip, NOW_MS, openChain, pay, RULES, TRUE } from "./build.ts";

const submit = (service: MainChainService, transaction: MainTransaction) =>
  service.submitTransaction(transaction, NOW_MS);
const statusOf = (verdict: MempoolVerdict): string => (verdict.ok ? verdict.value.status : verdict.error);
const idOf = (transaction: MainTransaction): string => bytesToHex(mapMainTransaction(transaction).id);
const poolIds = (service: MainChainService): string[] => service.mempool.entries().map(({ id }) => bytesToHex(id));
const blockIds = (block: { transactions: readonly MainTransaction[] }): string[] =>
  block.transactions.slice(1).map(idOf);

test("waiting transactions enter the next block in order of arrival, with their fees", async () => {
  const { service } = await openChain();
  const [coin, other] = genesisCoins();
  assert.ok(coin !== undefined && other !== undefined);
  const parent = pay([coin], { parts: 2 });
  const child = pay(coinsOf(parent).slice(0, 1));
  const stranger = pay([other]);
  for (const item of [parent, child, stranger]) assert.equal(statusOf(await submit(service, item)), "added");
  assert.equal(statusOf(await submit(service, child)), "known");
  const block = await mineTip(service);
  assert.deepEqual(blockIds(block), [parent, child, stranger].map(idOf));
  const [reward] = block.transactions[0]?.outputs ?? [];
  assert.ok(reward?.kind === "output");
  // Two equal parts of an odd rest may leave one neu more as fee.
  const fees = [parent, child, stranger].reduce((sum, { inputs, outputs }) => sum + surplus(inputs, outputs), 0n);
  assert.equal(reward.amount, blockSubsidy(1n) + fees);
  assert.deepEqual([service.mempool.size, service.mempool.bytes], [0, 0]);
});

function surplus(inputs: MainTransaction["inputs"], outputs: MainTransaction["outputs"]): bigint {
  const amount = (item: { kind: string; amount?: bigint }) => item.amount ?? 0n;
  return inputs.reduce((sum, item) => sum + amount(item), 0n) - outputs.reduce((sum, item) => sum + amount(item), 0n);
}

test("a transaction waits apart for its parents, whether they come by pool or by block", async () => {
  const { service } = await openChain();
  const [a, b] = genesisCoins();
  assert.ok(a !== undefined && b !== undefined);
  const [first, second] = [pay([a]), pay([b])];
  const both = pay([...coinsOf(first), ...coinsOf(second)]);
  const last = pay(coinsOf(both));
  for (const item of [last, both]) assert.equal(statusOf(await submit(service, item)), "waiting");
  assert.equal(service.mempool.orphanCount, 2);
  await submit(service, first);
  assert.deepEqual([service.mempool.size, service.mempool.orphanCount], [1, 2]);
  // The other parent is mined by somebody else.
  const { block } = mineOn(service.chain.tip, { transactions: [second] });
  assert.ok((await service.processBlock(block, NOW_MS)).ok);
  assert.deepEqual(poolIds(service), [first, both, last].map(idOf));
  assert.deepEqual(blockIds(await mineTip(service)), [first, both, last].map(idOf));
});

test("the second spender of an output is refused, and a block that spends it clears the first and its children", async () => {
  const { service } = await openChain();
  const [coin] = genesisCoins();
  assert.ok(coin !== undefined);
  const mine = pay([coin]);
  const child = pay(coinsOf(mine));
  const theirs = pay([coin], { parts: 3 });
  await submit(service, mine);
  await submit(service, child);
  assert.equal(statusOf(await submit(service, theirs)), "POOL_CONFLICT");
  const { block } = mineOn(service.chain.tip, { transactions: [theirs] });
  assert.ok((await service.processBlock(block, NOW_MS)).ok);
  assert.equal(service.mempool.size, 0);
});

test("what can never be mined is refused or leaves", async () => {
  const { service } = await openChain();
  const coins = genesisCoins();
  const [a, b] = coins;
  assert.ok(a !== undefined && b !== undefined);
  assert.equal(statusOf(await submit(service, pay([a], { fee: a.amount }))), "ErrDustTx");
  assert.equal(statusOf(await submit(service, pay([a], { fee: 0n }))), "ErrRunLimitExceeded");
  assert.equal(statusOf(await submit(service, pay([a], { fee: 20_000n }))), "ErrOverGasCredit");
  const block = await mineTip(service);
  const [reward] = block.transactions;
  assert.ok(reward !== undefined);
  assert.equal(statusOf(await submit(service, pay(coinsOf(reward)))), "POOL_IMMATURE");
  assert.equal(statusOf(await submit(service, reward)), "ErrWrongCoinbaseTransaction");
  // Valid up to height 2: the next block may have it, the one after may not.
  assert.equal(statusOf(await submit(service, pay([b], { timeRange: 2n }))), "added");
  assert.equal(statusOf(await submit(service, pay([a], { timeRange: 3n }))), "added");
  const { block: empty } = mineOn(service.chain.tip);
  assert.ok((await service.processBlock(empty, NOW_MS)).ok);
  assert.deepEqual(poolIds(service), [idOf(pay([a], { timeRange: 3n }))]);
});

test("a reorganisation brings transactions back, before those that waited on them", async () => {
  const { service } = await openChain();
  const root = service.chain.tip;
  const [a, b] = genesisCoins();
  assert.ok(a !== undefined && b !== undefined);
  const [kept, lost] = [pay([a]), pay([b])];
  for (const item of [kept, lost]) await submit(service, item);
  await mineTip(service);
  const child = pay(coinsOf(kept));
  assert.equal(statusOf(await submit(service, child)), "added");
  // The other branch is longer and spends one of the two coins differently.
  const rival = pay([b], { parts: 2 });
  const first = mineOn(root, { mark: "x", transactions: [rival] });
  const second = mineOn(first.node, { mark: "y" });
  assert.ok((await service.processBlock(first.block, NOW_MS)).ok);
  assert.equal(service.mempool.size, 1, "nothing moves before the branch wins");
  const result = await service.processBlock(second.block, NOW_MS);
  assert.ok(result.ok && result.value.change?.detached.length === 1);
  assert.deepEqual(poolIds(service), [kept, child].map(idOf));
  assert.deepEqual(blockIds(await mineTip(service)), [kept, child].map(idOf));
});

test("a template drops what is invalid at the new height, with all that depends on it", async () => {
  const { service } = await openChain();
  await mineTip(service);
  const [a, b] = genesisCoins();
  assert.ok(a !== undefined && b !== undefined);
  // The pool judges at the height of the tip, where this one is still valid.
  const late = pay([a], { timeRange: 1n });
  const good = pay([b]);
  for (const item of [late, pay(coinsOf(late)), good]) assert.equal(statusOf(await submit(service, item)), "added");
  const template = await service.buildTemplate({ nowMs: NOW_MS, program: TRUE });
  assert.deepEqual(blockIds(template.block), [idOf(good)]);
  assert.deepEqual(poolIds(service), [idOf(good)], "a template confirms nothing, but drops the impossible");
  assert.equal(template.feesNeu, FEE);
});

test("a template stops at the gas limit of a block, and its time is after the median", async () => {
  const { service } = await openChain();
  const { chain } = service;
  const transactions = genesisCoins().map((coin) => pay([coin]));
  const [first] = transactions;
  assert.ok(first !== undefined);
  const gas = mainGas(first);
  const template = buildMainTemplate({
    parent: chain.tip,
    needs: chain.needsOf(chain.tip),
    rules: { ...RULES, blockGasMax: 3 * gas + 1 },
    nowSeconds: 0n,
    program: TRUE,
    entries: transactions.map(entryOf),
    lookup: () => ({ coinbase: true, height: 0n, spent: false }),
  });
  assert.deepEqual(blockIds(template.block), transactions.slice(0, 3).map(idOf));
  assert.deepEqual([template.gasUsed, template.rejected], [3 * gas, []]);
  assert.equal(template.block.header.timestamp, chain.tip.header.timestamp + 1n);
});

function mainGas(transaction: MainTransaction): number {
  const context = { blockVersion: 1n, blockHeight: 1n, isFirst: false, rules: RULES };
  return validateMainTransaction(transaction, context).gas.gasUsed;
}

test("the pool refuses what is beyond its limits", async () => {
  const { service } = await openChain();
  const { header } = service.chain.tip;
  const coins = genesisCoins();
  const utxo = { coinbase: true, height: 0n, spent: false };
  const context = { tip: header, nowMs: 0, lookup: () => utxo };
  const few = new MainMempool(RULES, { transactionsMax: 2, bytesMax: 1_000_000 });
  const answers = coins.slice(0, 3).map((coin) => statusOf(few.submit(pay([coin]), context)));
  assert.deepEqual(answers, ["added", "added", "ErrPoolIsFull"]);
  const [coin] = coins;
  assert.ok(coin !== undefined);
  const small = new MainMempool(RULES, { transactionsMax: 10, bytesMax: pay([coin]).size });
  assert.equal(statusOf(small.submit(pay([coin]), context)), "added");
  assert.equal(statusOf(small.submit(pay(coins.slice(1, 2)), context)), "ErrPoolIsFull");
  assert.equal(small.bytes, pay([coin]).size);
});

test("waiting transactions are forgotten with time", () => {
  const orphans = new OrphanTransactions();
  const [a, b] = genesisCoins().map((coin) => entryOf(pay([coin])));
  assert.ok(a !== undefined && b !== undefined);
  const missing = [new Uint8Array(32)];
  assert.ok(orphans.add(a, missing, 0) && orphans.add(b, missing, 5));
  orphans.sweep(ORPHAN_TRANSACTION_LIFETIME_MS);
  assert.equal(orphans.size, 1);
  assert.deepEqual(
    orphans.takeWaitingFor(missing).map(({ id }) => id),
    [b.id],
  );
  assert.equal(orphans.size, 0);
  assert.deepEqual(orphans.takeWaitingFor(missing), []);
});
