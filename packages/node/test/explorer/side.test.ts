// The explorer of a side-chain node: the same answers as on a main chain, of final blocks alone, from genesis on; blocks by
// hash too. Its observer follows from the beginning after a late start.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { bodyTransactions } from "@bystack/chain/side/indexes";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { sentenceOf } from "@bystack/protocol/explain/sentence";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { readSideBlock } from "@bystack/protocol/side/proposal";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { ByteReader } from "@bystack/protocol/wire";
import { testSeed } from "@bystack/testing/rng";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { COIN_NEU, Committee, type Started, untilHeight } from "../side/kit.ts";
import { askHostile, codeIs, everything, untilIndexed } from "./kit.ts";

const TRUE = Uint8Array.of(0x51);
const PAYEE = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(9));
const BTM = bytesToHex(BTM_ASSET_ID);
const COINS = 3;
const FEE_NEU = 10_000_000n;
const AMOUNT = 5_000n;

/** Spends a genesis coin; anybody may. */
function pay(genesis: SideTransaction, position: number): SideTransaction {
  const { muxId } = mapSideTransaction(genesis);
  const coin = { sourceId: muxId, sourcePosition: BigInt(position), assetId: BTM_ASSET_ID, amount: COIN_NEU };
  const output = (amount: bigint, program: Uint8Array) =>
    ({ kind: "intra", assetId: BTM_ASSET_ID, amount, program }) as const;
  return createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "spend", ...coin, program: TRUE, arguments: [] }],
    outputs: [output(AMOUNT, PAYEE), output(COIN_NEU - AMOUNT - FEE_NEU, TRUE)],
  });
}

suite("the explorer of a side-chain node", () => {
  const committee = new Committee({
    count: 4,
    program: TRUE,
    coins: COINS,
    extra: { explorer: true, history: "archive" },
  });
  const nodes: Started[] = [];
  const [genesis] = sideGenesis(committee.spec).transactions;
  const paid = Array.from({ length: COINS }, (_, i) => pay(genesis ?? assert.fail("there is no genesis coin"), i));
  const ids = paid.map((transaction) => bytesToHex(mapSideTransaction(transaction).id));
  const genesisId = bytesToHex(mapSideTransaction(genesis ?? assert.fail()).id);
  let client: Started["client"];

  before(async () => {
    for (const seat of committee.seats) nodes.push(await committee.start(seat));
    client = nodes[0]?.client ?? assert.fail();
    for (const { raw } of paid) await client.call("submit", { body: { raw: bytesToHex(raw) } });
    let height = 0;
    for (let found = 0; found < COINS; height += 1) {
      await untilHeight(client, height + 1);
      found += (await client.call("block", { params: { ref: String(height + 1) } })).transactions.filter((id) =>
        ids.includes(id),
      ).length;
    }
    await untilIndexed(client, height);
  });
  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    committee.remove();
  });

  test("blocks by height and by hash are the same, the genesis block too", async () => {
    const { items } = await client.call("blocks", { query: { limit: 5 } });
    assert.ok(items.length >= 2);
    const withPayments: typeof items = [];
    for (const id of ids) {
      const { blockHeight, blockHash } = await client.call("transactionDetails", { params: { id } });
      withPayments.push({
        height: blockHeight ?? -1,
        hash: blockHash ?? "",
        timestampMs: 0,
        transactions: 0,
        bytes: 0,
      });
    }
    for (const { height, hash } of [
      ...items,
      ...withPayments,
      { height: 0, hash: bytesToHex(sideGenesis(committee.spec).hash) },
    ]) {
      const block = await client.call("block", { params: { ref: hash } });
      assert.deepEqual([block.height, block.hash], [height, hash]);
      // The ids come from the index; made from the bytes they are the same.
      const reader = new ByteReader(hexToBytes(block.raw));
      const made = bodyTransactions(readSideBlock(reader).batches).map(({ id }) => bytesToHex(id));
      assert.deepEqual(block.transactions, made);
      assert.deepEqual(await client.call("block", { params: { ref: String(height) } }), block);
    }
    await assert.rejects(client.call("block", { params: { ref: "f".repeat(64) } }), codeIs("BLOCK_NOT_FOUND"));
    const first = await client.call("blockTransactions", { params: { ref: "0" } });
    assert.deepEqual(
      first.items.map(({ id }) => id),
      [genesisId],
    );
  });

  test("a payment decoded, and the coin of the genesis block that it spends", async () => {
    const found = await client.call("transactionDetails", { params: { id: ids[0] ?? "" } });
    assert.deepEqual([found.status, found.fee, found.what.class], ["final", FEE_NEU.toString(), "payment"]);
    assert.match(sentenceOf(found.what), /^program 51 paid 0\.00005 BTM to sp1\S+\.$/);
    assert.deepEqual(
      found.inputs.map(({ kind, transaction, amount }) => [kind, transaction, amount]),
      [["spend", genesisId, COIN_NEU.toString()]],
    );
    const made = await client.call("transactionDetails", { params: { id: genesisId } });
    assert.deepEqual([made.blockHeight, made.what.class], [0, "coinbase"]);
    assert.deepEqual(made.outputs.map(({ spentBy }) => spentBy).sort(), [...ids].sort());
  });

  test("address, asset, holders and search", async () => {
    const address = bytesToHex(PAYEE);
    const summary = await client.call("addressSummary", { params: { address } });
    assert.deepEqual(
      [summary.transactions, summary.balances.items],
      [COINS, [{ asset: BTM, amount: (AMOUNT * BigInt(COINS)).toString() }]],
    );
    const own = await everything((cursor) =>
      client.call("addressTransactions", { params: { address }, query: { limit: 1, cursor } }),
    );
    assert.deepEqual(own.map(({ id }) => id).sort(), [...ids].sort());
    const asset = await client.call("asset", { params: { asset: BTM } });
    assert.equal(asset.supply, (COIN_NEU * BigInt(COINS)).toString());
    const [first, second] = (await client.call("assetHolders", { params: { asset: BTM } })).items;
    assert.ok(BigInt(first?.amount ?? 0) >= BigInt(second?.amount ?? 0));
    const { items } = await client.call("search", { query: { text: summary.address ?? "" } });
    assert.deepEqual(items, [{ type: "address", address: summary.address, program: address, used: true }]);
  });

  test("no hostile question is answered with a failure of the node", async (t) => {
    const seed = testSeed(62);
    t.diagnostic(`seed ${seed}`);
    const known = [...ids, genesisId, BTM, bytesToHex(PAYEE), "51"];
    const answered = await askHostile({ url: nodes[0]?.url ?? "", known, seed, rounds: 25 });
    assert.ok(answered > 40, `${answered} answered`);
  });

  test("an observer that starts late has the same index, and a validator has it after a restart", async () => {
    const observer = await committee.start(committee.observer);
    nodes.push(observer);
    const { finalHeight } = await client.call("info");
    await untilHeight(observer.client, finalHeight);
    await nodes[0]?.stop();
    const [seat] = committee.seats;
    const again = await committee.start(seat ?? assert.fail());
    nodes[0] = again;
    for (const { client: other } of [observer, again]) {
      const { state, rebuilds } = await untilIndexed(other, finalHeight);
      assert.deepEqual([state, rebuilds], ["following", 0]);
      for (const id of ids)
        assert.equal((await other.call("transactionDetails", { params: { id } })).what.class, "payment");
      const blocks = await everything((cursor) => other.call("blocks", { query: { limit: 200, cursor } }));
      assert.equal(blocks.at(-1)?.height, 0);
    }
  });
});
