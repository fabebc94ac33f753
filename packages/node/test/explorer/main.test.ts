// The explorer of a main-chain node: blocks, transactions in few words, addresses, assets, search; what is off says so; a lost
// or damaged index is made anew; no question is answered with a failure of the node.

import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { type ApiClient, createClient } from "@bystack/api/client";
import { EXPLORER_ROUTES } from "@bystack/api/explorer-routes";
import { MAIN_ROUTES } from "@bystack/api/main-routes";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { sentenceOf } from "@bystack/protocol/explain/sentence";
import { p2wpkhProgram } from "@bystack/protocol/program";
import { testSeed } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import { type MainNode, startMainNode } from "../../src/main/main-node.ts";
import {
  clientOf,
  createFolder,
  createOwner,
  devSpec,
  type Events,
  followEvents,
  GENESIS_COINS,
  instanceOf,
  mainOptions,
  mining,
  signedPayment,
} from "../main/kit.ts";
import { askHostile, codeIs, everything, untilIndexed } from "./kit.ts";

const BTM = bytesToHex(BTM_ASSET_ID);
const PAYEE = p2wpkhProgram(new Uint8Array(20).fill(4));
const ON = { explorer: true };

suite("the explorer of a main-chain node", () => {
  const owner = createOwner();
  const folder = createFolder(devSpec(owner));
  let node: MainNode;
  let client: ApiClient<typeof MAIN_ROUTES>;
  let events: Events;
  let paid: { id: string; height: number };

  const connect = (): void => {
    client = createClient({ baseUrl: node.url, routes: MAIN_ROUTES, token: instanceOf(folder).adminToken });
  };

  before(async () => {
    node = await startMainNode({ folder: folder.path, options: mainOptions({ ...ON, ...mining(owner) }) });
    connect();
    events = await followEvents(node.url);
    const { raw, id } = await signedPayment(clientOf(node.url), owner, { amountNeu: 5_000n, program: PAYEE });
    await client.call("submit", { body: { raw } });
    const { height } = await events.until((event) => event.transactions.includes(id));
    paid = { id, height };
    await events.until((event) => event.height >= height + 2);
    await untilIndexed(client, height + 2);
  });
  after(async () => {
    events.close();
    await node.stop();
    folder.remove();
  });

  test("blocks and their transactions, newest first, are those of the chain", async () => {
    const blocks = await everything((cursor) => client.call("blocks", { query: { limit: 2, cursor } }));
    assert.deepEqual(
      blocks.map(({ height }) => height),
      Array.from(blocks, (_, i) => blocks.length - 1 - i),
    );
    for (const { height, hash, transactions, timestampMs } of blocks) {
      const block = await client.call("block", { params: { ref: hash } });
      assert.deepEqual(
        [block.height, block.hash, block.transactions.length, block.timestampMs],
        [height, hash, transactions, timestampMs],
      );
      const listed = await everything((cursor) =>
        client.call("blockTransactions", { params: { ref: hash }, query: { limit: 1, cursor } }),
      );
      assert.deepEqual(
        listed.map(({ id }) => id),
        block.transactions,
      );
    }
    await assert.rejects(client.call("blockTransactions", { params: { ref: "99999" } }), codeIs("BLOCK_NOT_FOUND"));
    await assert.rejects(client.call("blocks", { query: { cursor: "1:1" } }), codeIs("CURSOR_INVALID"));
  });

  test("a transaction decoded: what it is for, inputs, outputs, who made and who spent them", async () => {
    const found = await client.call("transactionDetails", { params: { id: paid.id } });
    assert.deepEqual([found.status, found.blockHeight, found.gasOnly], ["confirmed", paid.height, false]);
    assert.ok(found.confirmations >= 3 && BigInt(found.fee) > 0n && found.bytes > 0);
    assert.match(sentenceOf(found.what), /^sm1\S+ paid 0\.00005 BTM to sm1\S+\.$/);
    const [input] = found.inputs;
    const genesis = await client.call("block", { params: { ref: "0" } });
    assert.deepEqual([input?.kind, input?.transaction], ["spend", genesis.transactions[0]]);
    const output = found.outputs.find(({ program }) => program === bytesToHex(PAYEE));
    assert.deepEqual([output?.amount, output?.kind, output?.spentBy], ["5000", "normal", null]);
    const made = await client.call("transactionDetails", { params: { id: genesis.transactions[0] ?? "" } });
    assert.equal(made.what.class, "coinbase");
    assert.ok(made.outputs.some(({ id, spentBy }) => id === input?.outputId && spentBy === paid.id));
    const listed = await everything((cursor) => client.call("transactions", { query: { limit: 200, cursor } }));
    const { what, fee } = listed.find(({ id }) => id === paid.id) ?? {};
    assert.deepEqual([what, fee], [found.what, found.fee]);
  });

  test("an address with its balance and its transactions; the same by its program", async () => {
    const details = await client.call("transactionDetails", { params: { id: paid.id } });
    const address = details.outputs.find(({ program }) => program === bytesToHex(PAYEE))?.address ?? "";
    const summary = await client.call("addressSummary", { params: { address } });
    assert.deepEqual(summary, {
      address,
      program: bytesToHex(PAYEE),
      transactions: 1,
      firstHeight: paid.height,
      lastHeight: paid.height,
      balances: { items: [{ asset: BTM, amount: "5000" }], next: null },
    });
    assert.deepEqual(await client.call("addressSummary", { params: { address: bytesToHex(PAYEE) } }), summary);
    const own = await client.call("addressTransactions", { params: { address } });
    assert.deepEqual(
      own.items.map(({ id }) => id),
      [paid.id],
    );
    const mine = bytesToHex(owner.account.program);
    const outputs = await everything((cursor) =>
      client.call("address", { params: { address: mine }, query: { limit: 1, cursor } }),
    );
    assert.ok(outputs.length >= GENESIS_COINS);
    const unused = await client.call("addressSummary", { params: { address: "0014".padEnd(44, "9") } });
    assert.deepEqual([unused.transactions, unused.firstHeight, unused.balances.items], [0, null, []]);
  });

  test("an asset with supply and holders", async () => {
    const { items } = await client.call("assets");
    const asset = await client.call("asset", { params: { asset: BTM } });
    assert.deepEqual(
      items.map(({ id }) => id),
      [BTM],
    );
    assert.deepEqual([asset.holders, asset.retired, asset.supply], [2, "0", asset.held]);
    const holders = await everything((cursor) =>
      client.call("assetHolders", { params: { asset: BTM }, query: { limit: 1, cursor } }),
    );
    assert.deepEqual(
      holders.map(({ program }) => program),
      [bytesToHex(owner.account.program), bytesToHex(PAYEE)],
    );
    await assert.rejects(client.call("asset", { params: { asset: "a".repeat(64) } }), codeIs("ASSET_NOT_FOUND"));
  });

  test("search finds heights, hashes, ids, addresses, and ids by their beginning", async () => {
    const block = await client.call("block", { params: { ref: "1" } });
    const find = async (text: string) => (await client.call("search", { query: { text } })).items;
    const ofBlock = { type: "block", height: 1, hash: block.hash };
    const ofPayment = { type: "transaction", id: paid.id, blockHeight: paid.height };
    assert.deepEqual(await find("1"), [ofBlock]);
    assert.deepEqual(await find(block.hash), [ofBlock]);
    assert.deepEqual(await find(` ${paid.id.toUpperCase()} `), [ofPayment]);
    assert.deepEqual(await find(paid.id.slice(0, 9)), [ofPayment]);
    assert.deepEqual(await find("ffffff"), [{ type: "asset", id: BTM }]);
    assert.deepEqual(await find("nothing of this kind"), []);
    const { outputs } = await client.call("transactionDetails", { params: { id: paid.id } });
    const output = outputs.find(({ amount }) => amount === "5000");
    assert.deepEqual(await find(output?.id ?? ""), [{ type: "output", id: output?.id, transaction: paid.id }]);
    const program = bytesToHex(PAYEE);
    const address = { type: "address", address: output?.address, program, used: true };
    assert.deepEqual(await find(output?.address ?? ""), [address]);
    assert.deepEqual(await find(program), [address]);
  });

  test("no hostile question is answered with a failure of the node", async (t) => {
    const seed = testSeed(61);
    t.diagnostic(`seed ${seed}`);
    const tip = await client.call("block", { params: { ref: "tip" } });
    const known = [paid.id, tip.hash, BTM, bytesToHex(PAYEE), bytesToHex(owner.account.program), tip.hash.slice(0, 7)];
    const answered = await askHostile({ url: node.url, known, seed, rounds: 60 });
    assert.ok(answered > 100, `${answered} answered`);
  });

  test("it is made anew when asked, when its file is lost, and when its file is damaged", async () => {
    const stranger = createClient({ baseUrl: node.url, routes: MAIN_ROUTES });
    await assert.rejects(stranger.call("rebuildExplorer"), codeIs("FORBIDDEN_ADMIN"));
    await client.call("rebuildExplorer");
    const { rebuilds } = await untilIndexed(client, paid.height);
    assert.equal(rebuilds, 1);
    const file = join(folder.path, "data", "explorer", "index.mdb");
    for (const spoil of [
      () => rmSync(join(folder.path, "data", "explorer"), { recursive: true }),
      () => writeFileSync(file, new Uint8Array(100)),
      () => writeFileSync(file, new Uint8Array(100_000).fill(7)),
      () => {
        rmSync(`${file}.seal`);
        writeFileSync(file, new Uint8Array(100_000).fill(7));
      },
      // As after an end of the process inside LMDB.
      () => writeFileSync(`${file}.opening`, ""),
    ]) {
      await node.stop();
      assert.ok(existsSync(file) && existsSync(`${file}.seal`));
      spoil();
      node = await startMainNode({ folder: folder.path, options: mainOptions(ON) });
      connect();
      await untilIndexed(client, paid.height);
      assert.equal((await client.call("transactionDetails", { params: { id: paid.id } })).what.class, "payment");
      assert.equal((await client.call("addressSummary", { params: { address: bytesToHex(PAYEE) } })).transactions, 1);
    }
  });

  test("what waits is shown decoded, and is found, on a node that does not mine", async () => {
    const { raw, id } = await signedPayment(clientOf(node.url), owner, { amountNeu: 7_000n, program: PAYEE });
    await client.call("submit", { body: { raw } });
    const { count, items } = await client.call("mempoolTransactions");
    assert.deepEqual(
      [count, items.map((item) => [item.id, item.blockHeight, item.what.class])],
      [1, [[id, null, "payment"]]],
    );
    const found = await client.call("transactionDetails", { params: { id } });
    assert.deepEqual([found.status, found.confirmations, found.fee], ["pending", 0, items[0]?.fee]);
    const hits = (await client.call("search", { query: { text: id } })).items;
    assert.deepEqual(hits, [{ type: "transaction", id, blockHeight: null }]);
  });
});

test("an explorer that is off says so, and what to do", async () => {
  const folder = createFolder(devSpec(createOwner()));
  const node = await startMainNode({ folder: folder.path, options: mainOptions({ store: "memory" }) });
  const client = createClient({
    baseUrl: node.url,
    routes: MAIN_ROUTES,
    token: instanceOf(folder).adminToken,
  });
  const id = "0".repeat(64);
  const params = { ref: "0", id, address: "00", asset: id };
  for (const [name, route] of Object.entries(EXPLORER_ROUTES)) {
    const known = Object.fromEntries(Object.keys(route.params.shape).map((key) => [key, params[key as "id"]]));
    const asked = { params: known, ...(name === "search" && { query: { text: "1" } }) };
    const call = client.call as (id: string, input: unknown) => Promise<unknown>;
    await assert.rejects(call(name, asked), codeIs("EXPLORER_OFF"), name);
  }
  assert.ok(!existsSync(join(folder.path, "data", "explorer")));
  await node.stop();
  folder.remove();
});
