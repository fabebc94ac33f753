// A whole main-chain node over HTTP: it mines, takes a signed payment, proves it, and comes back after a restart with the
// same tip and indexes. Proof of work is real; a block takes two hashes.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { MEMPOOL_TRANSACTIONS_MAX } from "@bystack/chain/main/mempool";
import { decodeMainHeader, mainBlockHash, statusItem } from "@bystack/protocol/main/block";
import { createMainTransaction, decodeMainTransaction } from "@bystack/protocol/main/transaction";
import { merklePathRoot } from "@bystack/protocol/merkle";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { type MainNode, startMainNode } from "../../src/main/main-node.ts";
import { metricsAt, sampleOf } from "../samples.ts";
import {
  type Client,
  COIN_NEU,
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
} from "./kit.ts";

const owner = createOwner();
const PAYEE = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(7));

function codeIs(code: string): (error: unknown) => boolean {
  return (error) => error instanceof BystackError && error.code === code;
}

/** The same transaction with one bit of its first signature turned. */
function withWrongSignature(raw: Uint8Array): Uint8Array {
  const decoded = decodeMainTransaction(raw);
  assert.ok(decoded.ok);
  const inputs = decoded.value.inputs.map((input, i) => {
    const [signature, ...rest] = i === 0 && input.kind === "spend" ? input.arguments : [];
    if (signature === undefined) return input;
    return { ...input, arguments: [signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte)), ...rest] };
  });
  return createMainTransaction({ ...decoded.value, inputs }).raw;
}

suite("a mining node in memory", () => {
  const folder = createFolder(devSpec(owner));
  let node: MainNode;
  let client: Client;
  let events: Events;

  before(async () => {
    node = await startMainNode({ folder: folder.path, options: mainOptions({ store: "memory", ...mining(owner) }) });
    client = clientOf(node.url, instanceOf(folder).adminToken);
    events = await followEvents(node.url);
  });
  after(async () => {
    events.close();
    await node.stop();
    folder.remove();
  });

  test("tells an operator's collector where it stands", async () => {
    const { height } = await events.until((event) => event.height >= 1);
    const text = await metricsAt(node.url);
    const value = (name: string): number => sampleOf(text, `bystack_${name}`) ?? assert.fail(`no ${name}`);
    assert.ok(value("chain_height") >= height);
    assert.deepEqual([value("mining"), value("reorganisations_total")], [1, 0]);
    assert.deepEqual([value("mempool_transactions"), value("peers")], [0, 0]);
    assert.equal(value('queue_size{queue="mempool_transactions"}'), 0);
    assert.equal(value('queue_limit{queue="mempool_transactions"}'), MEMPOOL_TRANSACTIONS_MAX);
    assert.ok(value("process_cpu_seconds_total") > 0 && value("pow_hash_rate") >= 0);
    assert.ok(!text.includes(instanceOf(folder).adminToken));
  });

  test("says what it is, and is ready", async () => {
    await events.until((event) => event.height >= 1);
    const info = await client.call("info");
    assert.equal(info.kind, "main");
    assert.equal(info.ready, true, info.notReadyBecause ?? "");
    assert.equal(info.instance, instanceOf(folder).instance);
    assert.equal(info.backends.store, "memory");
    assert.ok(["wasm", "ts", "native"].includes(info.backends.tensority ?? ""));
    assert.equal((await client.call("spec")).hash, info.chainId);
    const main = await client.call("main");
    assert.equal(main.mining, true);
    assert.ok(main.hashesPerSecond > 0);
    assert.equal(main.reorganisations, 0);
  });

  test("tells its target, its timetable and what a block costs", async () => {
    const { main, side, instance, eventLoopLag } = await client.call("vitals");
    assert.equal(instance, instanceOf(folder).instance);
    assert.equal(side, null);
    assert.ok(main !== null && main.targetMs > 0 && (main.mineEveryMs ?? 0) > 0 && main.blocksToRetarget > 0);
    assert.ok(BigInt(main.hashesPerBlock) >= 1n && BigInt(main.hashesPerBlock) <= 4n, main.hashesPerBlock);
    assert.ok(eventLoopLag.p99Ms >= 0);
  });

  test("blocks by height, by hash and as the tip are the same; each follows the one before", async () => {
    await events.until((event) => event.height >= 2);
    const second = await client.call("block", { params: { ref: "2" } });
    assert.deepEqual(await client.call("block", { params: { ref: second.hash } }), second);
    assert.equal((await client.call("block", { params: { ref: "1" } })).hash, second.previous);
    const tip = await client.call("block", { params: { ref: "tip" } });
    assert.ok(tip.height >= 2 && tip.final);
    for (const ref of ["100000", "f".repeat(64), "-1", "2x"])
      await assert.rejects(client.call("block", { params: { ref } }), codeIs("BLOCK_NOT_FOUND"));
  });

  test("takes a signed payment into a block and proves it against the header", async () => {
    const { raw, id } = await signedPayment(client, owner, { amountNeu: 5_000n, program: PAYEE });
    assert.deepEqual(await client.call("submit", { body: { raw } }), { id, known: false });
    const event = await events.until((seen) => seen.transactions.includes(id));
    const found = await client.call("transaction", { params: { id } });
    assert.deepEqual(
      [found.status, found.blockHash, found.blockHeight, found.gasOnly, found.raw],
      ["confirmed", event.hash, event.height, false, raw],
    );
    const { height } = await client.call("info");
    assert.ok(found.confirmations >= 1 && found.confirmations <= height - event.height + 1);
    assert.deepEqual(await client.call("submit", { body: { raw } }), { id, known: true });

    const proof = await client.call("proof", { params: { id } });
    const header = decodeMainHeader(hexToBytes(proof.header));
    assert.ok(header.ok);
    assert.equal(bytesToHex(mainBlockHash(header.value)), event.hash);
    const directions = new Uint8Array(Math.ceil(proof.directions.length / 8));
    proof.directions.forEach((left, i) => {
      if (left) directions[i >> 3] = (directions[i >> 3] ?? 0) | (1 << (i & 7));
    });
    const root = (item: Uint8Array, siblings: readonly string[]): string =>
      bytesToHex(merklePathRoot(item, { siblings: siblings.map(hexToBytes), directions }));
    assert.equal(root(hexToBytes(id), proof.transactionSiblings), bytesToHex(header.value.transactionsRoot));
    assert.equal(root(statusItem(proof.gasOnly), proof.statusSiblings), bytesToHex(header.value.statusRoot));

    const paid = await client.call("outputs", { body: { programs: [bytesToHex(PAYEE)] } });
    assert.deepEqual(
      paid.items.map(({ amount, height: at, kind }) => ({ amount, at, kind })),
      [{ amount: "5000", at: event.height, kind: "normal" }],
    );
    const [output] = paid.items;
    assert.ok(output?.address != null);
    assert.deepEqual((await client.call("output", { params: { id: output.id } })).amount, "5000");
    assert.deepEqual((await client.call("address", { params: { address: output.address } })).items, paid.items);
  });

  test("a transaction waits in the mempool before it is in a block", async () => {
    const { raw, id } = await signedPayment(client, owner, { amountNeu: 6_000n, program: PAYEE });
    await client.call("submit", { body: { raw } });
    const pool = await client.call("mempool");
    const { status } = await client.call("transaction", { params: { id } });
    // A block may come between the calls, so either is right, but one of them holds.
    assert.ok(pool.items.includes(id) || status === "confirmed");
    await events.until((event) => event.transactions.includes(id));
  });

  test("refuses with the ledger's own codes", async () => {
    const { raw, id } = await signedPayment(client, owner, { amountNeu: 7_000n, program: PAYEE });
    const wrong = bytesToHex(withWrongSignature(hexToBytes(raw)));
    await assert.rejects(client.call("submit", { body: { raw: wrong } }), codeIs("ErrFalseVMResult"));
    await assert.rejects(client.call("submit", { body: { raw: raw.slice(0, -2) } }), codeIs("TRANSACTION_REJECTED"));
    await assert.rejects(client.call("submit", { body: { raw: "zz" } }), codeIs("BAD_REQUEST"));
    await client.call("submit", { body: { raw } });
    await events.until((event) => event.transactions.includes(id));
    await assert.rejects(
      client.call("transaction", { params: { id: "0".repeat(64) } }),
      codeIs("TRANSACTION_NOT_FOUND"),
    );
    await assert.rejects(client.call("output", { params: { id: "0".repeat(64) } }), codeIs("OUTPUT_NOT_FOUND"));
    await assert.rejects(client.call("address", { params: { address: "bm1qqqq" } }), codeIs("ADDRESS_INVALID"));
    for (const route of ["consensus", "peers"] as const)
      await assert.rejects(client.call(route), codeIs("NOT_ON_THIS_CHAIN"));
    await assert.rejects(client.call("finality", { params: { ref: "1" } }), codeIs("NOT_ON_THIS_CHAIN"));
  });

  test("a coin cannot be spent twice, neither while the first spend waits nor after", async () => {
    const first = await signedPayment(client, owner, { amountNeu: 8_000n, program: PAYEE });
    const second = await signedPayment(client, owner, { amountNeu: 9_000n, program: PAYEE });
    await client.call("submit", { body: { raw: first.raw } });
    // It depends on whether a block came between.
    await assert.rejects(
      client.call("submit", { body: { raw: second.raw } }),
      (error) => codeIs("POOL_CONFLICT")(error) || codeIs("UTXO_SPENT")(error),
    );
    await events.until((event) => event.transactions.includes(first.id));
    await assert.rejects(client.call("submit", { body: { raw: second.raw } }), codeIs("UTXO_SPENT"));
  });

  test("pages of outputs give each output once", async () => {
    const programs = [bytesToHex(owner.account.program), bytesToHex(PAYEE)];
    const page = await client.call("outputs", { body: { programs } });
    const height = (await client.call("info")).height;
    assert.ok(page.items.length >= GENESIS_COINS && page.items.length <= height + GENESIS_COINS + 20);
    assert.equal(new Set(page.items.map(({ id }) => id)).size, page.items.length);
    await assert.rejects(client.call("outputs", { body: { programs, cursor: "x" } }), codeIs("BAD_REQUEST"));
  });

  test("stops when it is asked with the token of its folder", async () => {
    await assert.rejects(clientOf(node.url).call("stop"), codeIs("FORBIDDEN_ADMIN"));
    assert.deepEqual(await client.call("stop"), { stopping: true });
    await node.ended;
    assert.equal(existsSync(join(folder.path, "instance.json")), false);
    await assert.rejects(client.call("info"), codeIs("UNREACHABLE"));
  });
});

suite("a node with a disk", () => {
  const spec = devSpec(owner);
  const folder = createFolder(spec);
  after(() => folder.remove());

  test("keeps tip, balance and transactions over a restart; another spec is refused", async () => {
    const node = await startMainNode({ folder: folder.path, options: mainOptions(mining(owner)) });
    const client = clientOf(node.url);
    const events = await followEvents(node.url);
    const { raw, id } = await signedPayment(client, owner, { amountNeu: COIN_NEU / 2n, program: PAYEE });
    await client.call("submit", { body: { raw } });
    await events.until((event) => event.transactions.includes(id));
    // A second process may not open the folder.
    await assert.rejects(startMainNode({ folder: folder.path, options: mainOptions() }), codeIs("FOLDER_IN_USE"));
    events.close();
    await node.stop();
    await node.ended;

    const again = await startMainNode({ folder: folder.path, options: mainOptions() });
    const second = clientOf(again.url);
    const found = await second.call("transaction", { params: { id } });
    assert.equal(found.status, "confirmed");
    const tip = await second.call("block", { params: { ref: "tip" } });
    assert.ok(tip.height >= (found.blockHeight ?? 0));
    assert.equal((await second.call("main")).mining, false);
    const page = await second.call("outputs", { body: { programs: [bytesToHex(PAYEE)] } });
    assert.deepEqual(
      page.items.map(({ amount }) => amount),
      [`${COIN_NEU / 2n}`],
    );
    await again.stop();

    folder.saveSpec({ ...spec, pow: { ...spec.pow, targetSeconds: 3 } });
    await assert.rejects(startMainNode({ folder: folder.path, options: mainOptions() }), codeIs("SPEC_MISMATCH"));
    folder.saveSpec({ ...spec, genesis: { ...spec.genesis, nonce: 1n } });
    await assert.rejects(startMainNode({ folder: folder.path, options: mainOptions() }), codeIs("SPEC_MISMATCH"));
    // Refusals leave nothing behind: the right spec opens it.
    folder.saveSpec(spec);
    const last = await startMainNode({ folder: folder.path, options: mainOptions() });
    assert.equal((await clientOf(last.url).call("info")).tip, tip.hash);
    await last.stop();
  });

  test("a taken port and a missing spec are typed errors", async () => {
    const node = await startMainNode({ folder: folder.path, options: mainOptions() });
    const other = createFolder(spec);
    const { port } = new URL(node.url);
    await assert.rejects(
      startMainNode({ folder: other.path, options: mainOptions({ http: { port: Number(port) } }) }),
      codeIs("PORT_IN_USE"),
    );
    await assert.rejects(
      startMainNode({ folder: other.path, options: mainOptions({ specFile: "none.json" }) }),
      codeIs("SPEC_INVALID"),
    );
    await node.stop();
    other.remove();
  });
});
