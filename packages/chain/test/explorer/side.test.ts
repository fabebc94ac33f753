// The explorer's index of a side chain under random activity: what it says is what a slow recount from all blocks and the
// ledger's own state say, wherever it was stopped, and a rebuilt one has the same bytes.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readBatch } from "@bystack/ledger/side/apply";
import { unpaidFees } from "@bystack/ledger/side/fees";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import { decodeSideTransaction, type SideOutput, type SideTransaction } from "@bystack/protocol/side/transaction";
import { createMemoryDisk } from "@bystack/storage/disk-memory";
import { createMemoryStore } from "@bystack/storage/memory";
import { createSeededRng, type SeededRng, testSeed } from "@bystack/testing/rng";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { ExplorerFollower } from "../../src/explorer/follower.ts";
import { ExplorerIndex } from "../../src/explorer/query.ts";
import { key } from "../../src/explorer/rows.ts";
import { createSideSource } from "../../src/explorer/sources.ts";
import { NEVER_PAUSE } from "../../src/main/pause.ts";
import type { FinalBlock, SideChain } from "../../src/side/side-chain.ts";
import {
  assemble,
  btm,
  buildOn,
  type Coin,
  createUser,
  finalise,
  OWNER,
  openChain,
  sideSpec,
  spend,
  TRUE,
} from "../side/kit.ts";
import { createDeposits, MAIN_SPEC, PEGGED_SPEC } from "../side/peg-kit.ts";
import { assertBalances, dump, failingAt, follow } from "./kit.ts";

const PROGRAMS = [TRUE, Uint8Array.of(0x52), Uint8Array.of(0x53), Uint8Array.of(0x54)];
const FEE = 20_000_000n;
const PAYEE_ON_MAIN = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(7));
const FLOAT = Uint8Array.of(0x6a);

const isFree = (program: Uint8Array): boolean => program.length === 1 || equalBytes(program, OWNER.program);

function coinsIn(chain: SideChain): Coin[] {
  const coins: Coin[] = [];
  for (const [id, utxo] of chain.final.utxos.map.entries()) {
    // Coins of a coinbase are locked for a while; only those that anybody may spend.
    if (utxo.kind !== 0 || !isFree(utxo.program)) continue;
    const { sourceId, assetId, amount, sourcePosition, program } = utxo;
    coins.push({
      id: Buffer.from(id, "hex"),
      sourceId,
      assetId,
      amount,
      sourcePosition: BigInt(sourcePosition),
      program,
    });
  }
  return coins;
}

function randomTransaction(rng: SeededRng, coin: Coin, burnFee: bigint | undefined): SideTransaction {
  const outputs: SideOutput[] = [];
  let left = coin.amount - FEE;
  if (burnFee !== undefined && left > 400_000_000n && rng.chance(0.3)) {
    outputs.push({ kind: "cross", assetId: BTM_ASSET_ID, amount: 100_000_000n, program: PAYEE_ON_MAIN });
    outputs.push(btm(burnFee + 1n, FLOAT));
    left -= 100_000_001n + burnFee;
  } else if (rng.chance(0.2)) {
    outputs.push(btm(5n, Uint8Array.of(0x6a, 2, 0x68, 0x69)));
    left -= 5n;
    // All that is left comes back: nobody is paid.
    if (rng.chance(0.7)) return spend([coin], [...outputs, btm(left, coin.program)]);
  }
  for (let parts = 1 + rng.below(3); parts > 1 && left > 2n * FEE; parts -= 1) {
    const amount = left / BigInt(1 + rng.below(4) + 1);
    outputs.push(btm(amount, rng.pick(PROGRAMS)));
    left -= amount;
  }
  outputs.push(btm(left, rng.pick(PROGRAMS)));
  return spend([coin], outputs);
}

/** Appends transactions that are in the body and have no effect: their input is spent by another one before them. */
function withRivals(chain: SideChain, rivals: readonly SideTransaction[]) {
  const parent = chain.tip?.block;
  const plain = buildOn(chain, parent);
  const [batch] = plain.batches;
  const list = batch === undefined ? [] : (readBatch(batch) ?? []);
  const batches = [encodeSideBatch([...list, ...rivals.map(({ raw }) => raw)])];
  const { transactionCount, transactionRoot, parentStateRoot } = plain.header;
  return assemble(chain, parent, { batches, transactionCount, transactionRoot, parentStateRoot });
}

type World = { readonly chain: SideChain; readonly final: FinalBlock[] };

async function grow(world: World, rng: SeededRng, blocks: number): Promise<void> {
  const { chain, final } = world;
  const burnFee = chain.rules.peg?.federation.pegOutFeeNeu;
  for (let i = 0; i < blocks; i += 1) {
    const coins = rng.shuffle(coinsIn(chain)).filter(({ amount }) => amount > 3n * FEE);
    const rivals: SideTransaction[] = [];
    for (const coin of coins.slice(0, rng.below(5))) {
      const transaction = randomTransaction(rng, coin, burnFee);
      const verdict = chain.submit(transaction.raw);
      assert.ok(verdict.ok, verdict.ok ? "" : verdict.code);
      if (rng.chance(0.3)) rivals.push(spend([coin], [btm(coin.amount - 2n * FEE, rng.pick(PROGRAMS))]));
    }
    final.push(...(await finalise(chain, [withRivals(chain, rivals)])));
  }
}

async function unpegged(): Promise<World> {
  const spec = sideSpec({ outputs: Array.from({ length: 6 }, () => TRUE) });
  return { chain: await openChain(createMemoryDisk(), { spec }), final: [] };
}

async function pegged(): Promise<World> {
  const chain = await openChain(createMemoryDisk(), { spec: PEGGED_SPEC, mainSpec: MAIN_SPEC });
  const world: World = { chain, final: [] };
  // Two deposits of users, and one for the federation's fees.
  const { headers, claims } = createDeposits([OWNER.program, createUser("saver").program, FLOAT]);
  const first = buildOn(chain, undefined, { headers: headers.raw });
  world.final.push(...(await finalise(chain, [first])));
  for (const claim of claims) {
    const verdict = chain.submit(claim.raw);
    assert.ok(verdict.ok, verdict.ok ? "" : verdict.code);
  }
  world.final.push(...(await finalise(chain, [withRivals(chain, claims)])));
  return world;
}

function sourceOf({ chain }: World) {
  return createSideSource({ spec: chain.rules.spec, mainAddressPrefix: "sm", chain });
}

type Known = { readonly id: string; readonly height: number; readonly programs: ReadonlySet<string> };

/** Every transaction that took effect, oldest first, by the ledger's own account of each block. */
function recount({ chain, final }: World): Known[] {
  const list: Known[] = [];
  const add = (raw: Uint8Array, height: number): void => {
    const decoded = decodeSideTransaction(raw);
    assert.ok(decoded.ok);
    const mapped = mapSideTransaction(decoded.value);
    const programs = new Set<string>();
    for (const source of mapped.sources) if (source.kind === "spend") programs.add(bytesToHex(source.input.program));
    for (const result of mapped.results) if (result.kind === "intra") programs.add(bytesToHex(result.program));
    list.push({ id: bytesToHex(mapped.id), height, programs });
  };
  for (const { raw } of sideGenesis(chain.rules.spec).transactions) add(raw, 0);
  for (const { block, summary } of final) {
    const dropped = new Set(summary.dropped.map(({ index }) => index));
    const body = readBatch(block.batches[0] ?? new Uint8Array(0)) ?? [];
    for (const [index, raw] of body.entries()) if (!dropped.has(index)) add(raw, block.header.height);
  }
  return list;
}

async function assertLikeOracle(world: World, index: ExplorerIndex): Promise<void> {
  const { chain, final } = world;
  await assertBalances(
    index,
    Array.from(chain.final.utxos.map.entries(), ([, utxo]) => utxo),
  );
  const known = recount(world);
  const cursor = await index.cursor();
  assert.deepEqual([cursor?.height, cursor?.transactions], [chain.height, known.length]);
  const newest = await index.newest(undefined, known.length + 1);
  assert.deepEqual(
    newest.map(({ id, height }) => [bytesToHex(id), height]),
    known.toReversed().map(({ id, height }) => [id, height]),
  );
  for (const program of new Set(known.flatMap(({ programs }) => [...programs]))) {
    const found = await index.ofProgram(Buffer.from(program, "hex"), undefined, 10_000);
    const expected = known.filter(({ programs }) => programs.has(program));
    assert.deepEqual(
      found.map(({ id }) => bytesToHex(id)),
      expected.toReversed().map(({ id }) => id),
    );
    const row = await index.program(Buffer.from(program, "hex"));
    assert.deepEqual(
      [row?.transactions, row?.firstHeight, row?.lastHeight],
      [expected.length, expected[0]?.height, expected.at(-1)?.height],
    );
  }
  for (const { block, summary } of final) {
    assert.equal(await index.heightOf(block.hash), block.header.height);
    assert.equal((await index.block(block.header.height))?.transactions, summary.transactionCount);
    const listed = await index.ofBlock(block.header.height, undefined, 1_000);
    assert.deepEqual(
      listed.map(({ id, feeNeu }) => [bytesToHex(id), feeNeu]),
      summary.effects.map(({ id, feeNeu }) => [bytesToHex(id), feeNeu]),
    );
  }
  await assertSupply(world, index);
}

/** What came in less what left is in outputs or waits as fees; a pegged chain's own counters agree. */
async function assertSupply({ chain }: World, index: ExplorerIndex): Promise<void> {
  const asset = await index.asset(BTM_ASSET_ID);
  assert.ok(asset !== undefined);
  const { issued, retired, burned, held } = asset;
  assert.equal(issued - retired - burned, held + unpaidFees(chain.final.fees, chain.final.votes));
  const record = chain.final.peg?.asset(BTM_ASSET_ID);
  if (record !== undefined) assert.deepEqual([issued, retired, burned], [record.minted, record.retired, record.burned]);
}

suite("the index of a side chain", () => {
  for (const [name, found, classes] of [
    ["with coins of its own", unpegged, ["coinbase", "payment", "retirement"]],
    ["with deposits", pegged, ["burn", "claim", "coinbase", "headers", "payment", "retirement"]],
  ] as const) {
    test(`says what a recount says, on a chain ${name}`, async (t) => {
      const seed = testSeed(41);
      t.diagnostic(`seed ${seed}`);
      const rng = createSeededRng(seed);
      const world = await found();
      const store = createMemoryStore();
      const follower = await follow(store, sourceOf(world));
      const index = new ExplorerIndex(store);
      for (let round = 0; round < 6; round += 1) {
        await grow(world, rng, 1 + rng.below(6));
        follower.poke();
        await follower.idle();
        assert.equal(follower.status.state, "following", follower.status.why);
        await assertLikeOracle(world, index);
      }
      const dropped = world.final.reduce((sum, { summary }) => sum + summary.dropped.length, 0);
      assert.ok(dropped > 0, "no transaction of the run was without effect");
      const told = new Set((await index.newest(undefined, 10_000)).map(({ what }) => what.class));
      assert.deepEqual([...told].sort(), classes);
      const rebuilt = createMemoryStore();
      await follow(rebuilt, sourceOf(world));
      assert.deepEqual(await dump(rebuilt), await dump(store));
    });
  }

  test("goes on after a power cut at any batch, and begins anew when asked, to the same bytes", async (t) => {
    const seed = testSeed(42);
    t.diagnostic(`seed ${seed}`);
    const world = await unpegged();
    await grow(world, createSeededRng(seed), 12);
    const whole = createMemoryStore();
    await follow(whole, sourceOf(world));
    const expected = await dump(whole);
    for (let batch = 1; ; batch += 1) {
      const store = createMemoryStore();
      // One block a batch, so that there are many to be cut at.
      const source = sourceOf(world);
      let height = 0;
      const slowly = { ...source, height: () => Math.min(height, source.height()) };
      const failing = failingAt(store, batch);
      for (; height <= source.height() && !failing.failed(); height += 1) await follow(failing, slowly);
      const again = await follow(store, source);
      assert.equal(again.status.state, "following", again.status.why);
      assert.deepEqual(await dump(store), expected, `after a cut at batch ${batch}`);
      again.rebuild();
      await again.idle();
      assert.equal(again.status.state, "following", again.status.why);
      assert.deepEqual(await dump(store), expected, "rebuilt");
      if (!failing.failed()) break;
    }
  });

  test("an index that contradicts a block is made anew by itself; one of another format too", async () => {
    const world = await unpegged();
    const rng = createSeededRng(5);
    await grow(world, rng, 5);
    const store = createMemoryStore();
    const follower = await follow(store, sourceOf(world));
    // Every output is lost: what spends one next would look like it had no effect.
    const lost: Uint8Array[] = [];
    for await (const { key: row } of store.iterate({ from: key.output(new Uint8Array(0)), to: Uint8Array.of(10) }))
      lost.push(row);
    await store.batch({ deletes: lost });
    await grow(world, rng, 10);
    follower.poke();
    await follower.idle();
    assert.deepEqual([follower.status.state, follower.status.rebuilds], ["following", 1]);
    await assertLikeOracle(world, new ExplorerIndex(store));
    await store.batch({ puts: [{ key: key.format, value: Uint8Array.of(99) }] });
    const other = await follow(store, sourceOf(world));
    assert.deepEqual([other.status.state, other.status.rebuilds], ["following", 1]);
    await assertLikeOracle(world, new ExplorerIndex(store));
  });

  test("blocks that are not on the node leave it incomplete, and it says which", async () => {
    const world = await unpegged();
    await grow(world, createSeededRng(6), 3);
    const source = sourceOf(world);
    const cut = {
      ...source,
      firstHeight: () => 3,
      block: async (height: number) => (height === 0 || height >= 3 ? source.block(height) : undefined),
    };
    const follower = await follow(createMemoryStore(), cut);
    assert.equal(follower.status.state, "incomplete");
    assert.match(follower.status.why ?? "", /block 1 is needed, the first one here is 3/);
  });

  test("a store that fails ends the following and nothing else; a rebuild tries again", async () => {
    const world = await unpegged();
    await grow(world, createSeededRng(7), 3);
    const inner = createMemoryStore();
    let isBroken = true;
    const store = {
      ...inner,
      batch: async (changes: Parameters<typeof inner.batch>[0]) => {
        if (isBroken) throw new Error("the disk is full");
        await inner.batch(changes);
      },
    };
    const follower = new ExplorerFollower({ store, source: sourceOf(world), pause: NEVER_PAUSE });
    follower.poke();
    await follower.idle();
    assert.deepEqual([follower.status.state, follower.status.why], ["failed", "the disk is full"]);
    isBroken = false;
    follower.poke();
    await follower.idle();
    assert.equal(follower.status.state, "failed");
    follower.rebuild();
    await follower.idle();
    assert.equal(follower.status.state, "following");
    await assertLikeOracle(world, new ExplorerIndex(inner));
  });
});

test("pages of every list join to the whole list, each item once", async () => {
  const world = await unpegged();
  await grow(world, createSeededRng(8), 12);
  const store = createMemoryStore();
  await follow(store, sourceOf(world));
  const index = new ExplorerIndex(store);
  async function all<T, C>(
    page: (cursor: C | undefined, limit: number) => Promise<T[]>,
    next: (last: T) => C,
    limit = 3,
  ) {
    const items: T[] = [];
    for (let cursor: C | undefined; ; ) {
      const found = await page(cursor, limit);
      assert.ok(found.length <= limit);
      items.push(...found);
      const last = found.at(-1);
      if (last === undefined) return items;
      cursor = next(last);
    }
  }
  const [program] = PROGRAMS;
  assert.ok(program !== undefined);
  const none = undefined;
  const [asset] = await index.assets(undefined, 1);
  assert.ok(asset !== undefined);
  assert.deepEqual(
    await all(
      (at: number | undefined, n) => index.blocks(at, n),
      ({ height }) => height,
    ),
    await index.blocks(none, 999),
  );
  assert.deepEqual(
    await all(
      (at: { height: number; position: number } | undefined, n) => index.newest(at, n),
      (last) => last,
    ),
    await index.newest(none, 999),
  );
  assert.deepEqual(
    await all(
      (at: { height: number; position: number } | undefined, n) => index.ofProgram(program, at, n),
      (last) => last,
    ),
    await index.ofProgram(program, none, 999),
  );
  assert.deepEqual(
    await all(
      (at: number | undefined, n) => index.ofBlock(3, at, n),
      ({ position }) => position,
      1,
    ),
    await index.ofBlock(3, none, 999),
  );
  assert.deepEqual(
    await all(
      (at: { amount: bigint; programId: Uint8Array } | undefined, n) => index.holders(asset.assetId, at, n),
      (last) => last,
      1,
    ),
    await index.holders(asset.assetId, none, 999),
  );
  const ids = (await index.newest(none, 999)).map(({ id }): Hash => id);
  for (const id of ids.slice(0, 5)) {
    for (const digits of [6, 7, 64]) {
      const text = bytesToHex(id).slice(0, digits);
      const found = (await index.idsBeginning("transaction", text, 10)).map(bytesToHex);
      assert.deepEqual(
        found.sort(),
        ids
          .map(bytesToHex)
          .filter((other) => other.startsWith(text))
          .sort(),
      );
    }
  }
});
