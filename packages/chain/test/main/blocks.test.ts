// Block processing beyond the recorded sequences: random trees in random order against a model, orphans and their limits,
// fork choice by itself, and what happens when the store or the proof-of-work workers fail.

import assert from "node:assert/strict";
import test from "node:test";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import { createMainBlockNode, type MainBlockNode } from "../../src/main/block-index.ts";
import { CHAIN_JOBS_MAX, MainChainService } from "../../src/main/chain-service.ts";
import { branchChange, isBetterBranch } from "../../src/main/fork-choice.ts";
import { MemoryMainChainStore } from "../../src/main/memory-store.ts";
import { ORPHAN_BLOCK_LIFETIME_MS, ORPHAN_BLOCKS_MAX, OrphanBlocks } from "../../src/main/orphan-blocks.ts";
import type { MainStoreCommit } from "../../src/main/store.ts";
import { type Coin, coinsOf, genesisCoins, mineOn, NOW_MS, openChain, pay, SPEC } from "./build.ts";

const code = (value: string) => ({ code: value });

function heightOf(service: MainChainService): number {
  return Number(service.chain.tip.header.height);
}

function utxoText(store: MemoryMainChainStore): string[] {
  // Ordinary entries that an undo restored have lost their height, which nothing looks at.
  return Array.from(store.utxoEntries(), ([id, { coinbase, height, spent }]) =>
    spent ? "" : `${id} ${coinbase} ${coinbase ? height : ""}`,
  )
    .filter((line) => line !== "")
    .sort();
}

type Grown = { readonly node: MainBlockNode; readonly coins: readonly Coin[] };

/** A random tree; every block may spend a coin that its own branch holds, so branches conflict. */
function growTree(seed: number, root: MainBlockNode, size: number) {
  const rng = createSeededRng(seed);
  const grown: Grown[] = [{ node: root, coins: genesisCoins() }];
  const blocks = [];
  for (let i = 0; i < size; i += 1) {
    // Mostly young parents: branches grow long.
    const parent = grown[Math.max(0, grown.length - 1 - rng.below(Math.min(5, grown.length)))];
    if (parent === undefined) continue;
    const [coin, ...rest] = rng.shuffle([...parent.coins]);
    const payment = coin !== undefined && rng.chance(0.7) ? pay([coin], { parts: 2 }) : undefined;
    const { block, node } = mineOn(parent.node, { mark: `${i}`, transactions: payment === undefined ? [] : [payment] });
    blocks.push(block);
    grown.push({ node, coins: payment === undefined ? parent.coins : [...rest, ...coinsOf(payment)] });
  }
  return { blocks, nodes: grown.map(({ node }) => node), order: rng.shuffle(blocks) };
}

test("after any order of blocks the tip is a highest block and the state is that of its branch alone", async () => {
  const seeds = Array.from({ length: 12 }, (_, i) => Number(process.env.BYSTACK_SEED ?? 4200) + i);
  for (const seed of seeds) {
    const { service, store } = await openChain();
    const { blocks, nodes, order } = growTree(seed, service.chain.tip, 40);
    for (const block of order) assert.ok((await service.processBlock(block, NOW_MS)).ok, `seed ${seed}`);
    // Every block has the same bits, so the branch that has come to the greatest height first stays.
    const highest = Math.max(...nodes.map(({ header }) => Number(header.height)));
    assert.equal(heightOf(service), highest, `seed ${seed}`);
    assert.equal(service.chain.orphanCount, 0);
    assert.equal(service.chain.index.size, blocks.length + 1);

    const straight = await openChain();
    for (let height = 1n; height <= BigInt(highest); height += 1n) {
      const node = service.chain.index.at(height);
      const block = blocks.find(({ header }) => header === node?.header);
      assert.ok(block !== undefined && (await straight.service.processBlock(block, NOW_MS)).ok);
    }
    assert.deepEqual(utxoText(store), utxoText(straight.store), `seed ${seed}`);

    assert.deepEqual(await store.best(), { hash: service.chain.tip.hash, height: BigInt(highest) });
    const reopened = await MainChainService.open({ spec: SPEC, store, checkWork: async () => true });
    assert.equal(reopened.chain.tip.key, service.chain.tip.key);
  }
});

test("three orphans under one parent are all adopted", async () => {
  const { service } = await openChain();
  const first = mineOn(service.chain.tip);
  const children = ["a", "b", "c"].map((mark) => mineOn(first.node, { mark }));
  for (const { block } of children) {
    assert.deepEqual(await service.processBlock(block, NOW_MS), { ok: true, value: { orphan: true, known: false } });
    assert.deepEqual(await service.processBlock(block, NOW_MS), { ok: true, value: { orphan: true, known: true } });
  }
  const result = await service.processBlock(first.block, NOW_MS);
  assert.ok(result.ok && result.value.change?.attached.length === 2);
  assert.equal(service.chain.tip.key, children[0]?.node.key);
  for (const { node } of children) assert.ok(service.chain.index.get(node.hash) !== undefined);
  assert.equal(service.chain.orphanCount, 0);
});

test("the orphan pool has room for so many, keeps the youngest and forgets with time", () => {
  const root = createMainBlockNode(mineOn(createMainBlockNode(genesisHeader(), undefined)).block.header, undefined);
  const orphans = new OrphanBlocks();
  const made = Array.from({ length: ORPHAN_BLOCKS_MAX + 3 }, (_, i) => mineOn(root, { mark: `${i}` }));
  made.forEach(({ node, block }, i) => {
    orphans.add(node.key, block, i);
  });
  assert.equal(orphans.size, ORPHAN_BLOCKS_MAX);
  assert.deepEqual(
    made.slice(0, 4).map(({ node }) => orphans.has(node.key)),
    [false, false, false, true],
  );
  assert.equal(orphans.childrenOf(root.hash).length, ORPHAN_BLOCKS_MAX);
  orphans.sweep(ORPHAN_BLOCK_LIFETIME_MS + 3);
  assert.equal(orphans.size, ORPHAN_BLOCKS_MAX - 1);
  orphans.sweep(ORPHAN_BLOCK_LIFETIME_MS + made.length);
  assert.deepEqual([orphans.size, orphans.bytes, orphans.childrenOf(root.hash).length], [0, 0, 0]);
});

function genesisHeader() {
  return { ...mineHeaderBase, height: 0n };
}

const mineHeaderBase = {
  version: 1n,
  previousHash: new Uint8Array(32),
  timestamp: 1000n,
  transactionsRoot: new Uint8Array(32),
  statusRoot: new Uint8Array(32),
  nonce: 0n,
  bits: SPEC.genesis.bits,
};

test("a branch wins by being higher with no less work, and by nothing else", () => {
  const node = (height: bigint, totalWork: bigint): MainBlockNode => ({
    ...createMainBlockNode({ ...mineHeaderBase, height }, undefined),
    totalWork,
  });
  const tip = node(10n, 100n);
  assert.equal(isBetterBranch(node(11n, 100n), tip), true);
  assert.equal(isBetterBranch(node(11n, 99n), tip), false);
  assert.equal(isBetterBranch(node(10n, 200n), tip), false);
  assert.equal(isBetterBranch(node(9n, 200n), tip), false);
});

test("the way between two branches goes over their last common block", () => {
  const chain = (parent: MainBlockNode, marks: string): MainBlockNode[] => {
    const nodes: MainBlockNode[] = [];
    for (const mark of marks) nodes.push(mineOn(nodes.at(-1) ?? parent, { mark }).node);
    return nodes;
  };
  const [base] = chain(createMainBlockNode(genesisHeader(), undefined), "x");
  assert.ok(base !== undefined);
  const old = chain(base, "ab");
  const young = chain(base, "cdef");
  const [oldTip, youngTip] = [old.at(-1), young.at(-1)];
  assert.ok(oldTip !== undefined && youngTip !== undefined);
  const change = branchChange(oldTip, youngTip);
  assert.deepEqual(change.detach, old.toReversed());
  assert.deepEqual(change.attach, young);
  assert.deepEqual(branchChange(base, youngTip), { detach: [], attach: young });
});

test("a block whose proof of work cannot be checked is undecided, and may come again", async () => {
  let ready = false;
  const checkWork = async (): Promise<boolean> => {
    if (!ready) throw new Error("no worker");
    return true;
  };
  const service = await MainChainService.open({ spec: SPEC, store: new MemoryMainChainStore(), checkWork });
  const { block } = mineOn(service.chain.tip);
  await assert.rejects(service.processBlock(block, NOW_MS), code("WORK_UNAVAILABLE"));
  assert.equal(heightOf(service), 0);
  ready = true;
  assert.ok((await service.processBlock(block, NOW_MS)).ok);
  assert.equal(heightOf(service), 1);
});

test("a block without proof of work is refused and its programs are not run", async () => {
  const service = await MainChainService.open({
    spec: SPEC,
    store: new MemoryMainChainStore(),
    checkWork: async () => false,
  });
  const result = await service.processBlock(mineOn(service.chain.tip).block, NOW_MS);
  assert.deepEqual(!result.ok && result.error, { code: "errWorkProof" });
  assert.equal(service.chain.index.size, 1);
});

test("a failed store stops the chain", async () => {
  class FailingStore extends MemoryMainChainStore {
    broken = false;
    override async commit(commit: MainStoreCommit): Promise<void> {
      if (this.broken) throw new Error("disk full");
      await super.commit(commit);
    }
  }
  const store = new FailingStore();
  const service = await MainChainService.open({ spec: SPEC, store, checkWork: async () => true });
  const { block, node } = mineOn(service.chain.tip);
  store.broken = true;
  await assert.rejects(service.processBlock(block, NOW_MS), /disk full/);
  assert.equal(heightOf(service), 0, "what is not written is not known");
  store.broken = false;
  await assert.rejects(service.processBlock(mineOn(node).block, NOW_MS), code("CHAIN_STOPPED"));
});

test("jobs beyond the limit are refused, and the others run in order", async () => {
  const { service } = await openChain();
  const { block } = mineOn(service.chain.tip);
  const jobs = Array.from({ length: CHAIN_JOBS_MAX + 2 }, () => service.processBlock(block, NOW_MS));
  const results = await Promise.allSettled(jobs);
  assert.equal(results.filter(({ status }) => status === "rejected").length, 2);
  const [first, second] = results;
  assert.ok(first?.status === "fulfilled" && first.value.ok && !first.value.value.known);
  assert.ok(second?.status === "fulfilled" && second.value.ok && second.value.value.known);
});

test("a store of another chain is not opened", async () => {
  const { store } = await openChain();
  const foreign = { ...SPEC, genesis: { ...SPEC.genesis, timeSeconds: SPEC.genesis.timeSeconds + 1 } };
  const open = MainChainService.open({ spec: foreign, store, checkWork: async () => true });
  await assert.rejects(open, code("FOREIGN_GENESIS"));
});

test("every node of the main chain is found by height, and side branches are not on it", async () => {
  const { service } = await openChain();
  const main = mineOn(service.chain.tip, { mark: "main" });
  const side = mineOn(service.chain.tip, { mark: "side" });
  for (const { block } of [main, side]) assert.ok((await service.processBlock(block, NOW_MS)).ok);
  const { index } = service.chain;
  assert.equal(bytesToHex(index.at(1n)?.hash ?? new Uint8Array(0)), main.node.key);
  const sideNode = index.get(side.node.hash);
  assert.ok(sideNode !== undefined && !index.isOnMainChain(sideNode));
  assert.equal(index.at(2n), undefined);
});
