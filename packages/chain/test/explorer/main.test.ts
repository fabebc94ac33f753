// The explorer's index of a main chain under random activity and random reorganisations: what it says is what a slow
// recount of the best chain says, undoing blocks leaves no trace, and a rebuilt index has the same bytes.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createdOutputs, spentOutputs } from "@bystack/ledger/main/utxo";
import { assetIdOf } from "@bystack/protocol/asset";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { createMainTransaction, type MainOutput, type MainTransaction } from "@bystack/protocol/main/transaction";
import { createMemoryStore } from "@bystack/storage/memory";
import { createSeededRng, type SeededRng, testSeed } from "@bystack/testing/rng";
import { bytesToHex, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { EXPLORER_UNDO_BLOCKS } from "../../src/explorer/changes.ts";
import { ExplorerIndex } from "../../src/explorer/query.ts";
import { key } from "../../src/explorer/rows.ts";
import { createMainSource } from "../../src/explorer/sources.ts";
import type { MainBlockNode } from "../../src/main/block-index.ts";
import { mineOn, NOW_MS, openChain, SPEC, TRUE } from "../main/build.ts";
import { assertBalances, dump, failingAt, follow, type Held } from "./kit.ts";

type World = Awaited<ReturnType<typeof openChain>>;

const FEE = 100_000_000n;
const DEFINITION = utf8ToBytes('{"name":"GOLD"}');
const ASSET = assetIdOf({ vmVersion: 1n, program: TRUE, definition: DEFINITION });
/** Nobody may spend these: a transaction that tries is gas-only. */
const FALSE = Uint8Array.of(0x00);
/** BTM goes to standard programs alone. */
const WITNESS = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(3));

const sourceOf = ({ service, store }: World) => createMainSource({ spec: SPEC, index: service.chain.index, store });

type Output = Held & {
  readonly id: Hash;
  readonly sourceId: Hash;
  readonly position: number;
  readonly isCoinbase: boolean;
};

/** The best chain, oldest first. */
async function bestChain({ service, store }: World) {
  const { index, tip } = service.chain;
  const blocks = [];
  for (let height = 0n; height <= tip.header.height; height += 1n) {
    const stored = await store.block(index.at(height)?.hash ?? new Uint8Array(32));
    assert.ok(stored !== undefined);
    blocks.push(stored);
  }
  return blocks;
}

/** Everything from nothing: outputs, issues, retirements, and who took part in what. */
async function recount(world: World, upTo?: bigint) {
  const outputs = new Map<string, Output>();
  const issued = new Map<string, bigint>();
  const retired = new Map<string, bigint>();
  const transactions: { id: string; height: number; gasOnly: boolean; programs: Set<string> }[] = [];
  const spentBy = new Map<string, string>();
  const add = (sums: Map<string, bigint>, id: Hash, amount: bigint) =>
    sums.set(bytesToHex(id), (sums.get(bytesToHex(id)) ?? 0n) + amount);
  for (const { block, statusFail } of await bestChain(world)) {
    const height = Number(block.header.height);
    if (upTo !== undefined && block.header.height > upTo) break;
    for (const [position, transaction] of block.transactions.entries()) {
      const mapped = mapMainTransaction(transaction);
      const applied = { mapped, statusFail: statusFail[position] === true };
      const programs = new Set<string>();
      const id = bytesToHex(mapped.id);
      for (const spent of spentOutputs(applied).map(bytesToHex)) {
        programs.add(bytesToHex(outputs.get(spent)?.program ?? assert.fail("spends nothing")));
        outputs.delete(spent);
        spentBy.set(spent, id);
      }
      const created = new Set(createdOutputs(applied).map(bytesToHex));
      for (const { id: output, value, program, position: place, kind } of mapped.results) {
        if (created.has(bytesToHex(output))) {
          programs.add(bytesToHex(program));
          const sourceId = mapped.muxId;
          const isCoinbase = position === 0 && height > 0;
          outputs.set(bytesToHex(output), { ...value, id: output, program, sourceId, position: place, isCoinbase });
        } else if (kind === "retirement" && !applied.statusFail) add(retired, value.assetId, value.amount);
      }
      for (const { kind, value } of mapped.sources)
        if (kind === "issuance" && !applied.statusFail) add(issued, value.assetId, value.amount);
      transactions.push({ id, height, gasOnly: applied.statusFail, programs });
    }
  }
  return { outputs, issued, retired, transactions, spentBy };
}

async function assertLikeOracle(world: World, index: ExplorerIndex): Promise<void> {
  const oracle = await recount(world);
  await assertBalances(index, oracle.outputs.values());
  const newest = await index.newest(undefined, 100_000);
  assert.deepEqual(
    newest.map(({ id, height, gasOnly }) => [bytesToHex(id), height, gasOnly]),
    oracle.transactions.toReversed().map(({ id, height, gasOnly }) => [id, height, gasOnly]),
  );
  for (const program of new Set(oracle.transactions.flatMap(({ programs }) => [...programs]))) {
    const found = await index.ofProgram(Buffer.from(program, "hex"), undefined, 100_000);
    const expected = oracle.transactions.filter(({ programs }) => programs.has(program)).map(({ id }) => id);
    assert.deepEqual(
      found.map(({ id }) => bytesToHex(id)),
      expected.toReversed(),
    );
    assert.equal((await index.program(Buffer.from(program, "hex")))?.transactions, expected.length);
  }
  for (const { assetId, issued, retired, burned, held } of await index.assets(undefined, 100)) {
    const text = bytesToHex(assetId);
    assert.equal(retired, oracle.retired.get(text) ?? 0n);
    assert.equal(issued - retired - burned, held);
    if (text !== bytesToHex(BTM_ASSET_ID)) assert.equal(issued, oracle.issued.get(text));
  }
  for (const [output, spender] of oracle.spentBy)
    assert.equal(bytesToHex((await index.output(Buffer.from(output, "hex")))?.spentBy ?? FALSE), spender);
  for (const output of oracle.outputs.keys())
    assert.equal((await index.output(Buffer.from(output, "hex")))?.spentBy, undefined);
}

/** Transactions that the state at a node allows; each spends a coin of its own. */
function randomTransactions(rng: SeededRng, outputs: readonly Output[], nonce: Uint8Array) {
  const gasOnly = new Set<MainTransaction>();
  const coins = outputs.filter(({ assetId, amount, isCoinbase, program }) => {
    const isFree = bytesToHex(program) === bytesToHex(TRUE) && !isCoinbase;
    return isFree && bytesToHex(assetId) === bytesToHex(BTM_ASSET_ID) && amount > 10n * FEE;
  });
  const gold = rng.shuffle(outputs.filter(({ assetId }) => bytesToHex(assetId) === bytesToHex(ASSET)));
  const transactions = rng
    .shuffle(coins)
    .slice(0, rng.below(4))
    .map((coin) => {
      const inputs: Parameters<typeof createMainTransaction>[0]["inputs"][number][] = [];
      const paid: MainOutput[] = [];
      const take = ({ sourceId, assetId, amount, position, program }: Output): void => {
        inputs.push({
          kind: "spend",
          sourceId,
          assetId,
          amount,
          sourcePosition: BigInt(position),
          program,
          arguments: [],
        });
      };
      const pay = (assetId: Hash, amount: bigint, program: Uint8Array) =>
        paid.push({ kind: "output", assetId, amount, program });
      take(coin);
      const change = coin.amount - FEE;
      // Half may go where it stays, half comes back to be spent again.
      pay(BTM_ASSET_ID, change / 2n, rng.pick([TRUE, WITNESS]));
      pay(BTM_ASSET_ID, change - change / 2n, TRUE);
      const asset = rng.chance(0.5) ? gold.pop() : undefined;
      if (asset !== undefined) {
        take(asset);
        if (rng.chance(0.3)) pay(ASSET, asset.amount, Uint8Array.of(0x6a));
        else pay(ASSET, asset.amount, rng.pick([TRUE, FALSE]));
      } else if (rng.chance(0.5)) {
        const amount = BigInt(1 + rng.below(1000));
        const own = Uint8Array.of(...nonce, ...rng.bytes(4));
        inputs.push({
          kind: "issuance",
          nonce: own,
          assetId: ASSET,
          amount,
          definition: DEFINITION,
          vmVersion: 1n,
          program: TRUE,
          arguments: [],
        });
        pay(ASSET, amount, rng.pick([TRUE, FALSE]));
      }
      const transaction = createMainTransaction({ version: 1n, timeRange: 0n, inputs, outputs: paid });
      if (asset !== undefined && bytesToHex(asset.program) === bytesToHex(FALSE)) gasOnly.add(transaction);
      return transaction;
    });
  return { transactions, gasOnly };
}

let marks = 0;

/** A block with random transactions, on the tip or on a block below it. */
async function mine(world: World, rng: SeededRng, on?: MainBlockNode): Promise<MainBlockNode> {
  marks += 1;
  const { service } = world;
  const { index, tip } = service.chain;
  const parent = on ?? tip;
  // What a side branch may spend is only known for its first block; the others are empty.
  const isKnown = index.isOnMainChain(parent);
  const outputs = isKnown ? [...(await recount(world, parent.header.height)).outputs.values()] : [];
  const { transactions, gasOnly } = randomTransactions(rng, outputs, utf8ToBytes(`${marks}`));
  const { block, node } = mineOn(parent, { mark: `${marks}`, transactions, gasOnly });
  const result = await service.processBlock(block, NOW_MS);
  assert.ok(result.ok, result.ok ? "" : result.error.code);
  return index.get(node.hash) ?? assert.fail("the block is not known");
}

/** Another branch from some blocks below the tip, which wins. */
async function reorganise(world: World, rng: SeededRng, depth: number): Promise<void> {
  const { index, tip } = world.service.chain;
  let node = index.at(tip.header.height - BigInt(depth)) ?? assert.fail("there are not so many blocks");
  for (let i = 0; i <= depth; i += 1) node = await mine(world, rng, node);
  assert.equal(world.service.chain.tip.key, node.key);
}

suite("the index of a main chain", () => {
  test("says what a recount says, through reorganisations, and like one made anew", async (t) => {
    const seed = testSeed(51);
    t.diagnostic(`seed ${seed}`);
    const rng = createSeededRng(seed);
    const world = await openChain();
    const store = createMemoryStore();
    const follower = await follow(store, sourceOf(world));
    const index = new ExplorerIndex(store);
    let hadGasOnly = false;
    for (let round = 0; round < 12; round += 1) {
      for (let i = rng.below(4); i >= 0; i -= 1) {
        await mine(world, rng);
        if (rng.chance(0.5)) {
          follower.poke();
          await follower.idle();
        }
      }
      const height = Number(world.service.chain.tip.header.height);
      if (round % 2 === 1) await reorganise(world, rng, 1 + rng.below(Math.min(height, 6)));
      follower.poke();
      await follower.idle();
      assert.deepEqual([follower.status.state, follower.status.rebuilds], ["following", 0], follower.status.why);
      await assertLikeOracle(world, index);
      hadGasOnly ||= (await index.newest(undefined, 10_000)).some(({ gasOnly }) => gasOnly);
    }
    assert.ok(hadGasOnly, "no transaction of the run was gas-only");
    const classes = new Set((await index.newest(undefined, 10_000)).map(({ what }) => what.class));
    assert.deepEqual([...classes].sort(), ["coinbase", "issuance", "payment", "retirement"]);
    const rebuilt = createMemoryStore();
    await follow(rebuilt, sourceOf(world));
    assert.deepEqual(await dump(rebuilt), await dump(store));
  });

  test("a power cut at any batch of a reorganisation leaves rows and cursor together", async () => {
    const rng = createSeededRng(52);
    const world = await openChain();
    for (let i = 0; i < 6; i += 1) await mine(world, rng);
    const before = createMemoryStore();
    await follow(before, sourceOf(world));
    const rows = await dump(before);
    await reorganise(world, rng, 4);
    const whole = createMemoryStore();
    await follow(whole, sourceOf(world));
    const expected = await dump(whole);
    for (let batch = 1; ; batch += 1) {
      const store = createMemoryStore();
      await store.batch({
        puts: rows.map((line) => {
          const [row = "", value = ""] = line.split(" ");
          return { key: Buffer.from(row, "hex"), value: Buffer.from(value, "hex") };
        }),
      });
      const failing = failingAt(store, batch);
      await follow(failing, sourceOf(world));
      const again = await follow(store, sourceOf(world));
      assert.deepEqual([again.status.state, again.status.rebuilds], ["following", 0], again.status.why);
      assert.deepEqual(await dump(store), expected, `after a cut at batch ${batch}`);
      if (failing.failed()) continue;
      // Four blocks undone, five applied at once.
      assert.equal(batch, 6);
      break;
    }
  });

  test("a reorganisation below what can be undone has the index made anew", async () => {
    const rng = createSeededRng(53);
    const world = await openChain();
    for (let i = 0; i < 4; i += 1) await mine(world, rng);
    const store = createMemoryStore();
    const follower = await follow(store, sourceOf(world));
    // As if block 3 were more than EXPLORER_UNDO_BLOCKS below.
    await store.batch({ deletes: [key.undo(3, 0)] });
    await reorganise(world, rng, 3);
    follower.poke();
    await follower.idle();
    assert.deepEqual([follower.status.state, follower.status.rebuilds], ["following", 1]);
    await assertLikeOracle(world, new ExplorerIndex(store));
  });

  test("no more is kept to undo blocks than is promised", async () => {
    const world = await openChain();
    const source = sourceOf(world);
    const genesis = await source.block(0);
    assert.ok(genesis !== undefined);
    // Empty blocks that only the index sees.
    const hashOf = (height: number): Hash => {
      const hash = new Uint8Array(32).fill(1);
      new DataView(hash.buffer).setUint32(0, height);
      return height === 0 ? genesis.hash : hash;
    };
    const height = EXPLORER_UNDO_BLOCKS + 5;
    const store = createMemoryStore();
    await follow(store, {
      ...source,
      height: () => height,
      isOnChain: () => true,
      block: async (at) =>
        at === 0 ? genesis : { ...genesis, height: at, hash: hashOf(at), previous: hashOf(at - 1), transactions: [] },
    });
    const kept: number[] = [];
    for await (const { key: row } of store.iterate({ from: Uint8Array.of(15), to: Uint8Array.of(16) }))
      kept.push(Number(Buffer.from(row).readBigUInt64BE(1)));
    assert.deepEqual([kept.length, kept[0], kept.at(-1)], [EXPLORER_UNDO_BLOCKS, 6, height]);
  });
});
