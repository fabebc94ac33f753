// A side chain over its block log: a restart gives the state back, from the log alone and from a snapshot; a crash within
// a batch loses nothing that was told; what does not follow from the log stops with a typed error; finality forgets.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createSideRules } from "@bystack/ledger/side/rules";
import { VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { ByteWriter } from "@bystack/protocol/wire";
import { createMemoryDisk, type MemoryDisk } from "@bystack/storage/disk-memory";
import { openLog } from "@bystack/storage/log";
import { UtxoTable } from "@bystack/storage/utxo-table";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import { type FinalBlock, SideChain } from "../../src/side/side-chain.ts";
import { decodeStateChunks, encodeStateChunks } from "../../src/side/snapshots.ts";
import { EXECUTED_BLOCKS_MAX } from "../../src/side/state-tree.ts";
import { encodeStoredBlock, STORED_BLOCK_TYPE } from "../../src/side/stored-block.ts";
import { createUtxoBase } from "../../src/side/utxo-base.ts";
import {
  branch,
  btm,
  buildOn,
  COIN_NEU,
  certificateOf,
  coinsOf,
  createUser,
  EPOCH_BLOCKS,
  extend,
  FEE_NEU,
  finalise,
  GENESIS_COINS,
  genesisCoins,
  LOG_FOLDER,
  OWNER,
  openChain,
  pay,
  rootOf,
  sideSpec,
  spend,
} from "./kit.ts";

const SPEC = sideSpec();
const PAYEE = createUser("payee");
/** Two epochs and a bit: the fees of the first are paid out in the second. */
const BLOCKS = 2 * EPOCH_BLOCKS + 2;

const table = () => createUtxoBase(new UtxoTable({ rng: createSeededRng(3), bytesMax: 64 << 20 }));

/** A chain with a payment in every second block. */
async function grown(disk: MemoryDisk, blocks = BLOCKS): Promise<SideChain> {
  const chain = await openChain(disk);
  let [coin] = genesisCoins(SPEC);
  while (chain.height < blocks) {
    assert.ok(coin !== undefined);
    const paid = spend([coin], [btm(1_000n, PAYEE.program), btm(coin.amount - 1_000n - FEE_NEU, OWNER.program)]);
    const isDue = chain.height % 2 === 0;
    await extend(chain, isDue ? [paid] : []);
    if (isDue) coin = coinsOf(paid)[1];
  }
  return chain;
}

function totalNeu(chain: SideChain): bigint {
  const { fees } = chain.final;
  const unpaid = fees.current.feesNeu + (fees.due?.feesNeu ?? 0n) + fees.poolNeu;
  return [...chain.final.utxos.map.entries()].reduce((sum, [, utxo]) => sum + utxo.amount, unpaid);
}

suite("restart", () => {
  test("the log alone gives the same state, tip and certificate", async () => {
    const disk = createMemoryDisk();
    const chain = await grown(disk);
    assert.equal(totalNeu(chain), COIN_NEU * BigInt(GENESIS_COINS));
    const seen: number[] = [];
    const again = await openChain(disk);
    assert.equal(rootOf(again), rootOf(chain));
    assert.deepEqual(again.tip, chain.tip);
    assert.equal(again.height, BLOCKS);
    // In the table of outputs it is the same, and each replayed block is told once, in order.
    const tabled = await SideChain.open(
      { spec: SPEC, mainSpec: undefined, blocks: again.blocks, utxoBase: table() },
      async ({ block }) => void seen.push(block.header.height),
    );
    assert.equal(rootOf(tabled), rootOf(chain));
    assert.deepEqual(
      seen,
      Array.from({ length: BLOCKS }, (_, i) => i + 1),
    );
    // And it goes on: the next block of both is the same.
    const next = buildOn(again, again.tip?.block);
    assert.equal(bytesToHex(next.hash), bytesToHex(buildOn(chain, chain.tip?.block).hash));
  });

  test("a snapshot and the log behind it give what a full replay gives, at every height", async () => {
    const disk = createMemoryDisk();
    const chain = await openChain(disk);
    const snapshots: Uint8Array[][] = [];
    const [coin] = genesisCoins(SPEC);
    assert.ok(coin !== undefined);
    while (chain.height < BLOCKS) {
      await extend(chain, chain.height === 2 ? [pay(coin, PAYEE.program)] : []);
      snapshots.push(encodeStateChunks(chain.final));
    }
    async function* stream(chunks: readonly Uint8Array[]) {
      yield* chunks;
    }
    for (const [index, chunks] of snapshots.entries()) {
      const utxoBase = table();
      const state = await decodeStateChunks({ rules: createSideRules(SPEC), chunks: stream(chunks), utxoBase });
      assert.ok(state !== undefined, `snapshot of height ${index + 1}`);
      assert.equal(state.position.height, index + 1);
      const again = await openChain(disk, { snapshot: { state }, utxoBase });
      assert.equal(rootOf(again), rootOf(chain));
      assert.equal(again.height, chain.height);
      assert.deepEqual(again.tip, chain.tip);
    }
  });

  test("chunks that are cut, doubled or not there are no state", async () => {
    const chain = await grown(createMemoryDisk(), 3);
    const [whole] = encodeStateChunks(chain.final);
    assert.ok(whole !== undefined);
    const decode = (chunk: Uint8Array) =>
      decodeStateChunks({
        rules: createSideRules(SPEC),
        utxoBase: undefined,
        chunks: (async function* () {
          yield chunk;
        })(),
      });
    assert.ok((await decode(whole)) !== undefined);
    assert.equal(await decode(new Uint8Array(0)), undefined);
    assert.equal(await decode(whole.subarray(0, 5)), undefined);
    const unknown = new ByteWriter(8).byte(99).varstr(Uint8Array.of(1)).varstr(Uint8Array.of(2)).finish();
    assert.equal(await decode(Buffer.concat([whole, unknown])), undefined);
  });

  test("a snapshot above the log is refused", async () => {
    const chain = await grown(createMemoryDisk(), 3);
    await assert.rejects(openChain(createMemoryDisk(), { snapshot: { state: chain.final } }), {
      code: "BLOCK_LOG_DAMAGED",
    });
  });
});

suite("the log", () => {
  /** A log with two good blocks and then this record. */
  async function withThird(body: (chain: SideChain) => Uint8Array): Promise<MemoryDisk> {
    const disk = createMemoryDisk();
    const chain = await grown(disk, 2);
    const log = await openLog({ disk, folder: LOG_FOLDER, rng: createSeededRng(9) });
    await log.append(STORED_BLOCK_TYPE, body(chain), { sync: true });
    return disk;
  }
  const stored = (block: SideBlock): Uint8Array => encodeStoredBlock({ block, certificate: undefined });

  test("a record that is no block, or of another height, is damage", async () => {
    const junk = await withThird(() => Uint8Array.of(1, 2, 3));
    await assert.rejects(openChain(junk), { code: "BLOCK_LOG_DAMAGED" });
    const other = await withThird((chain) => stored(chain.tip?.block ?? assert.fail()));
    await assert.rejects(openChain(other), { code: "BLOCK_LOG_DAMAGED" });
    const trailing = await withThird((chain) =>
      Buffer.concat([stored(buildOn(chain, chain.tip?.block)), Buffer.of(0)]),
    );
    await assert.rejects(openChain(trailing), { code: "BLOCK_LOG_DAMAGED" });
  });

  test("a block that does not follow its predecessor is damage", async () => {
    const disk = await withThird((chain) =>
      stored(buildOn(chain, chain.tip?.block, { header: { parentHash: new Uint8Array(32) } })),
    );
    await assert.rejects(openChain(disk), { code: "BLOCK_LOG_DAMAGED", why: /block 3 does not follow/ });
  });

  test("a block that does not execute is a mismatch of state", async () => {
    const disk = await withThird((chain) =>
      stored(buildOn(chain, chain.tip?.block, { header: { parentStateRoot: new Uint8Array(32).fill(1) } })),
    );
    await assert.rejects(openChain(disk), { code: "STATE_MISMATCH", why: /block 3: BLOCK_PARENT_STATE/ });
  });

  test("a turned bit in any stored block is noticed", async () => {
    const disk = createMemoryDisk();
    await grown(disk, 4);
    const [name] = await disk.list(LOG_FOLDER);
    const path = `${LOG_FOLDER}/${name}`;
    const size = disk.contentOf(path)?.length ?? 0;
    for (let offset = 40; offset < size - 40; offset += 97) {
      disk.damage(path, offset);
      await assert.rejects(openChain(disk), { code: "LOG_DAMAGED" }, `offset ${offset} of ${size}`);
      disk.damage(path, offset);
    }
    assert.equal((await openChain(disk)).height, 4);
  });

  test("a power cut at any place of a batch: what is left replays, and the batch is taken in again", async () => {
    const seed = createMemoryDisk();
    const reference = await grown(seed, 3);
    const batch = branch(reference, reference.tip?.block, 3);
    const last = batch.at(-1) ?? assert.fail();
    const certificate = certificateOf(reference, last, VOTE_KINDS.FINALIZE);
    await reference.finalise(batch, certificate);

    const cutDisk = async (): Promise<MemoryDisk> => {
      const disk = createMemoryDisk();
      const chain = await grown(disk, 3);
      disk.setFault(({ operation }) => (operation === "sync" ? { code: "POWER_CUT" } : undefined));
      await assert.rejects(chain.finalise(batch, certificate));
      return disk;
    };
    const units = (await cutDisk()).pending.length;
    const heights = new Set<number>();
    for (let kept = 0; kept <= units; kept += 1) {
      const disk = (await cutDisk()).crash((_, index) => (index < kept ? "kept" : "lost"));
      const chain = await openChain(disk);
      heights.add(chain.height);
      const newest = await chain.blocks.newestCertified();
      assert.equal(newest?.block.header.height, chain.height === 6 ? 6 : 3, `${kept} of ${units} units`);
      assert.equal(chain.tip?.certificate === undefined, chain.height === 4 || chain.height === 5);
      // The engine starts from the newest certificate, so the whole batch comes again.
      const before = chain.height;
      assert.equal((await chain.finalise(batch, certificate)).length, 6 - before);
      assert.equal(rootOf(chain), rootOf(reference));
      assert.equal((await chain.blocks.newestCertified())?.block.header.height, 6);
      assert.equal(rootOf(await openChain(disk)), rootOf(reference));
    }
    assert.deepEqual([...heights].sort(), [3, 4, 5, 6]);
  });

  test("after the disk has refused, a batch of several blocks is refused for that reason and nothing is left unheard", async () => {
    const disk = createMemoryDisk();
    const chain = await grown(disk, 2);
    const [first, ...batch] = branch(chain, chain.tip?.block, 4);
    const certificate = certificateOf(chain, batch.at(-1) ?? assert.fail(), VOTE_KINDS.FINALIZE);
    let writes = 0;
    disk.setFault(({ operation }) => {
      if (operation === "write") writes += 1;
      return writes === 2 ? { code: "ENOSPC" } : undefined;
    });
    // The second write is the mark behind the block, which is durable already.
    await chain.blocks.append([first ?? assert.fail()], certificate);
    await assert.rejects(chain.blocks.append(batch, certificate), { code: "DISK_FULL" });
  });

  test("the newest certificate at or below a height", async () => {
    const disk = createMemoryDisk();
    const chain = await openChain(disk);
    assert.equal(await chain.blocks.newestCertified(), undefined);
    const batch = branch(chain, undefined, 3);
    await finalise(chain, batch);
    await extend(chain);
    const heightAt = async (height?: number) => (await chain.blocks.newestCertified(height))?.block.header.height;
    assert.deepEqual([await heightAt(), await heightAt(4), await heightAt(3), await heightAt(2)], [4, 4, 3, undefined]);
  });
});

suite("finality", () => {
  test("a certified block that does not execute, or does not follow, contradicts its certificate", async () => {
    const bad = { header: { transactionCount: 7 } };
    const chain = await grown(createMemoryDisk(), 2);
    const wrong = buildOn(chain, chain.tip?.block, bad);
    await assert.rejects(chain.finalise([wrong], certificateOf(chain, wrong, VOTE_KINDS.FINALIZE)), {
      code: "CERTIFICATE_CONTRADICTION",
      why: /block 3: BLOCK_TRANSACTIONS/,
    });
    const [sibling, nephew] = branch(chain, chain.tip?.block, 2, 5);
    assert.ok(sibling !== undefined && nephew !== undefined);
    const one = await extend(chain);
    assert.notEqual(bytesToHex(one.hash), bytesToHex(sibling.hash));
    await assert.rejects(chain.finalise([nephew], certificateOf(chain, nephew, VOTE_KINDS.FINALIZE)), {
      code: "CERTIFICATE_CONTRADICTION",
      why: /does not follow/,
    });
    assert.equal(chain.blocks.height, 3);
  });

  test("blocks that came certified are executed then, and blocks below the tip change nothing", async () => {
    const chain = await grown(createMemoryDisk(), 4);
    const other = await openChain(createMemoryDisk());
    const blocks: SideBlock[] = [];
    for await (const { block } of chain.blocks.iterate(1)) blocks.push(block);
    const certificate = chain.tip?.certificate ?? assert.fail();
    assert.equal((await other.finalise(blocks, certificate)).length, 4);
    assert.equal(rootOf(other), rootOf(chain));
    assert.deepEqual(await other.finalise(blocks, certificate), []);
    assert.equal(other.blocks.height, 4);
  });

  test("nothing of a batch counts before it is on disk and indexed, and batches wait for each other", async () => {
    const chain = await openChain(createMemoryDisk());
    const blocks = branch(chain, undefined, 3);
    const steps: string[] = [];
    const indexed = async ({ block }: FinalBlock): Promise<void> => {
      steps.push(`${block.header.height} at ${chain.height}, ${chain.blocks.height} stored`);
    };
    await Promise.all([finalise(chain, blocks.slice(0, 2), indexed), finalise(chain, blocks, indexed)]);
    assert.deepEqual(steps, ["1 at 0, 2 stored", "2 at 0, 2 stored", "3 at 2, 3 stored"]);
    assert.equal(chain.height, 3);
  });

  test("a batch with a bad block in it changes nothing, and the next good one is taken", async () => {
    const chain = await openChain(createMemoryDisk());
    const [good] = branch(chain, undefined, 1);
    assert.ok(good !== undefined);
    const bad = buildOn(chain, good, { header: { transactionCount: 7 } });
    await assert.rejects(finalise(chain, [good, bad]), { code: "CERTIFICATE_CONTRADICTION" });
    assert.deepEqual([chain.height, chain.blocks.height], [0, 0]);
    await finalise(chain, [good]);
    assert.equal(chain.height, 1);
  });

  test("finality forgets siblings and what is above them, and keeps its own descendants", async () => {
    const chain = await openChain(createMemoryDisk());
    const [a, aa] = branch(chain, undefined, 2);
    const [b, bb] = branch(chain, undefined, 2, 1);
    assert.ok(a !== undefined && aa !== undefined && b !== undefined && bb !== undefined);
    const above = buildOn(chain, bb);
    const rootAbove = bytesToHex(chain.stateOf(aa.hash)?.root() ?? assert.fail());
    await finalise(chain, [a]);
    assert.equal(chain.stateOf(b.hash), undefined);
    assert.equal(chain.stateOf(bb.hash), undefined);
    assert.equal(chain.stateOf(chain.genesisHash), undefined);
    assert.equal(chain.knowsParentOf(above), false);
    assert.deepEqual(chain.execute(above, "assumed"), { ok: false, code: "PARENT_UNKNOWN", where: "" });
    assert.equal(bytesToHex(chain.stateOf(aa.hash)?.root() ?? assert.fail()), rootAbove);
    await finalise(chain, [aa]);
    assert.equal(rootOf(chain), rootAbove);
  });

  test("siblings spend one coin each on their own side; only the final one counts", async () => {
    const [coin] = genesisCoins(SPEC);
    assert.ok(coin !== undefined);
    const [chain, other] = [await openChain(createMemoryDisk()), await openChain(createMemoryDisk())];
    chain.submit(pay(coin, PAYEE.program).raw);
    other.submit(pay(coin, OWNER.program).raw);
    const left = buildOn(chain, undefined);
    const right = buildOn(other, undefined, { lateMs: 1 });
    for (const block of [left, right]) {
      assert.equal(block.header.transactionCount, 1);
      assert.ok(chain.execute(block, "assumed").ok);
    }
    await finalise(chain, [right]);
    const programs = [...chain.final.utxos.map.entries()].map(([, utxo]) => bytesToHex(utxo.program));
    assert.deepEqual(new Set(programs), new Set([bytesToHex(OWNER.program)]));
    assert.equal(programs.length, GENESIS_COINS);
    assert.equal(chain.mempool.size, 0);
  });

  test("executed blocks above the final one are limited; the oldest gives way", async () => {
    const chain = await openChain(createMemoryDisk());
    const blocks = Array.from(
      { length: EXECUTED_BLOCKS_MAX + 1 },
      (_, lateMs) => branch(chain, undefined, 1, lateMs)[0],
    );
    const [first, second] = blocks;
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(chain.stateOf(first.hash), undefined);
    assert.ok(chain.stateOf(second.hash) !== undefined);
    // One that was forgotten is executed again when it turns out to be final.
    await finalise(chain, [first]);
    assert.equal(bytesToHex(chain.tip?.block.hash ?? assert.fail()), bytesToHex(first.hash));
  });

  test("a long row of executed blocks is kept whole, however late its first becomes final", async () => {
    const chain = await openChain(createMemoryDisk());
    const row = branch(chain, undefined, EXECUTED_BLOCKS_MAX + 3);
    const beside = [1, 2, 3].map((lateMs) => branch(chain, undefined, 1, lateMs)[0] ?? assert.fail());
    const known = (block: SideBlock): boolean => chain.stateOf(block.hash) !== undefined;
    assert.ok(row.every(known));
    assert.deepEqual(beside.map(known), [false, false, true]);
    await finalise(chain, row);
    assert.equal(chain.height, row.length);
  });
});
