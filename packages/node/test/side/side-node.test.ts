// Four real side nodes in one process: they agree, take a signed payment over HTTP and prove it final, go on without one of
// them, and take it back: after a restart, and as an observer when its data are lost. Waits on events and answers alone.

import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { rootXprv, xpubOfXprv } from "@bystack/crypto/chainkd";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { merklePathRoot } from "@bystack/protocol/merkle";
import { quorumSize, readCertificate, verifyCertificate } from "@bystack/protocol/side/certificate";
import { hashSideHeader, readSideHeader } from "@bystack/protocol/side/header";
import { chainIdOf, chainSpecHash } from "@bystack/protocol/spec";
import { ByteReader } from "@bystack/protocol/wire";
import { openDataFolder } from "@bystack/storage/data-folder";
import { createMemoryLogger } from "@bystack/testing/logger";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { programAt } from "@bystack/wallet/accounts";
import { buildTransaction } from "@bystack/wallet/build";
import { createSideAdapter } from "@bystack/wallet/build/side";
import type { Coin } from "@bystack/wallet/coins";
import { signInputs } from "@bystack/wallet/sign";
import { openSideStore } from "../../src/side/side-store.ts";
import { incidentsIn } from "../incidents.ts";
import { clientOf, followEvents } from "../main/kit.ts";
import { metricsAt, sampleOf } from "../samples.ts";
import { COIN_NEU, CONSENSUS, Committee, type Seat, type SideClient, type Started, until, untilHeight } from "./kit.ts";

const root = rootXprv(utf8ToBytes("a seed for tests only"));
const OWNER = programAt(xpubOfXprv(root), 1, false, 1);
const PAYEE = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(9));
const OTHER_PAYEE = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(8));

const committee = new Committee({ count: 4, program: OWNER.program, coins: 4 });
const nodes: Started[] = [];

function codeIs(...codes: readonly string[]): (error: unknown) => boolean {
  return (error) => error instanceof BystackError && codes.includes(error.code);
}

function seatAt(index: number): Seat {
  return committee.seats[index] ?? assert.fail(`there is no seat ${index}`);
}

function nodeAt(index: number): Started {
  return nodes[index] ?? assert.fail(`there is no node ${index}`);
}

async function coinsAt(client: SideClient): Promise<Coin[]> {
  const { items } = await client.call("outputs", { body: { programs: [bytesToHex(OWNER.program)] } });
  return items.map((output) => ({
    id: hexToBytes(output.id),
    assetId: hexToBytes(output.asset),
    amount: BigInt(output.amount),
    program: hexToBytes(output.program),
    sourceId: hexToBytes(output.sourceId),
    sourcePosition: BigInt(output.sourcePosition),
  }));
}

function payment(coins: readonly Coin[], amount: bigint, program = PAYEE): { raw: string; id: string } {
  const adapter = createSideAdapter(committee.spec.gas.priceNeu);
  const pay = { kind: "pay", assetId: BTM_ASSET_ID, amount, program } as const;
  const built = buildTransaction({ coins, payments: [pay], issues: [], changeProgram: OWNER.program }, adapter);
  const witnesses = signInputs(adapter.inputsToSign(built.draft), { root, programs: [OWNER], assets: [] });
  const { raw, id } = adapter.finish(built.draft, witnesses);
  return { raw: bytesToHex(raw), id: bytesToHex(id) };
}

before(async () => {
  for (const seat of committee.seats) nodes.push(await committee.start(seat));
});

after(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  committee.remove();
});

suite("four validators", () => {
  test("agree on every block, through the ends of epochs", async () => {
    const height = CONSENSUS.epochBlocks + 2;
    for (const { client } of nodes) await untilHeight(client, height);
    for (let at = 1; at <= height; at += 1) {
      const params = { ref: String(at) };
      const hashes = await Promise.all(nodes.map(async ({ client }) => (await client.call("block", { params })).hash));
      assert.equal(new Set(hashes).size, 1, `height ${at}: ${hashes.join(" ")}`);
    }
    const info = await nodeAt(0).client.call("info");
    assert.equal(info.ready, true);
    assert.equal(info.peers, 3);
    assert.equal(info.chainId, bytesToHex(chainIdOf(committee.spec)));
    assert.equal((await nodeAt(1).client.call("spec")).hash, bytesToHex(chainSpecHash(committee.spec)));
    const state = await nodeAt(2).client.call("consensus");
    assert.deepEqual([state.quorum, state.faultsTolerated, state.voting], [3, 1, true]);
    assert.deepEqual(
      state.validators.map(({ self }) => self),
      [false, false, true, false],
    );
  });

  test("take a payment at one node; it is final on the others, and the proof holds by itself", async () => {
    const [at, elsewhere] = [nodeAt(0).client, nodeAt(2)];
    const events = await followEvents(elsewhere.url);
    const { raw, id } = payment(await coinsAt(at), 5_000n);
    assert.deepEqual(await at.call("submit", { body: { raw } }), { id, known: false });
    const event = await events.until(({ transactions }) => transactions.includes(id));
    events.close();
    assert.equal(event.type, "final");
    await untilHeight(at, event.height);
    const followed = "bystack_submitted_to_final_seconds_count";
    assert.equal(sampleOf(await metricsAt(nodeAt(0).url), followed), 1, "counted where it was submitted");
    assert.equal(sampleOf(await metricsAt(elsewhere.url), followed), 0, "and nowhere else");
    const found = await elsewhere.client.call("transaction", { params: { id } });
    assert.deepEqual([found.status, found.blockHeight, found.raw], ["final", event.height, raw]);
    const paid = await elsewhere.client.call("outputs", { body: { programs: [bytesToHex(PAYEE)] } });
    assert.deepEqual(
      paid.items.map(({ amount, kind, height }) => ({ amount, kind, height })),
      [{ amount: "5000", kind: "normal", height: event.height }],
    );
    await assertFinal(elsewhere.client, id);
    for (const node of nodes) await untilHeight(node.client, event.height);
    await assert.rejects(at.call("submit", { body: { raw } }), codeIs("TX_INPUT_SPENT"));
  });

  test("tell of two payments of one coin which is final and why the other is not", async () => {
    const [one, other] = [nodeAt(0).client, nodeAt(1).client];
    const coins = await coinsAt(one);
    const pays = [
      { client: one, ...payment(coins, 1_000n, OTHER_PAYEE) },
      { client: other, ...payment(coins, 2_000n, OTHER_PAYEE) },
    ];
    // Each at a node of its own; whichever the others hear of first is the one.
    await Promise.all(pays.map(({ client, raw }) => client.call("submit", { body: { raw } }).catch(() => undefined)));
    const final = await until(
      "one of them",
      () => Promise.all(pays.map(({ id }) => nodeAt(2).client.call("transactionWhy", { params: { id } }))),
      (replies) => replies.some(({ state }) => state === "final"),
    );
    const won = final.find(({ state }) => state === "final") ?? assert.fail();
    const lost = pays.find(({ id }) => id !== won.id) ?? assert.fail();
    const why = await until(
      "a reason",
      () => lost.client.call("transactionWhy", { params: { id: lost.id } }),
      ({ state }) => state !== "pending",
    );
    assert.ok(["refused", "dropped"].includes(why.state), why.state);
    assert.equal(why.code, "TX_INPUT_SPENT");
    assert.match(why.why ?? "", /spent already/);
    // Each node has taken the block before the coins are asked for again.
    for (const { client } of nodes) await untilHeight(client, won.blockHeight ?? 0);
    const unknown = await one.call("transactionWhy", { params: { id: "0".repeat(64) } });
    assert.deepEqual([unknown.state, unknown.code], ["unknown", null]);
  });

  test("tell their vitals: the clock, the disk, the root that all share, who leads", async () => {
    const { instance, nowMs, side, main, diskFreeBytes } = await nodeAt(0).client.call("vitals");
    assert.equal(instance, nodeAt(0).instance.instance);
    assert.ok(Math.abs(nowMs - Date.now()) < 60_000 && (diskFreeBytes ?? 0) > 0 && main === null);
    assert.ok(side !== null && side.voteSync.samples > 0 && side.blocksPerSecond > 0);
    assert.deepEqual([side.silentThrough, side.accused, side.peg], [null, [], null]);
    assert.equal(side.viewsPerTurn, CONSENSUS.run);
    const { height, root } = side.stateRoot;
    await untilHeight(nodeAt(3).client, height + 1);
    // A header commits to the state before its block.
    const { raw } = await nodeAt(3).client.call("block", { params: { ref: String(height + 1) } });
    assert.ok(raw.includes(root), "the next block carries the root");
  });

  test("refuse with the ledger's own codes", async () => {
    const { client } = nodeAt(1);
    const { raw } = payment(await coinsAt(client), 6_000n);
    await assert.rejects(client.call("submit", { body: { raw: raw.slice(0, -2) } }), codeIs("TX_DECODE"));
    const forged = hexToBytes(raw);
    const key = bytesToHex(OWNER.publicKey);
    const signatureAt = raw.indexOf(key) / 2 - 10;
    forged[signatureAt] = (forged[signatureAt] ?? 0) ^ 1;
    await assert.rejects(client.call("submit", { body: { raw: bytesToHex(forged) } }), codeIs("TX_SCRIPT"));
    const nothing = { params: { id: "0".repeat(64) } };
    await assert.rejects(client.call("transaction", nothing), codeIs("TRANSACTION_NOT_FOUND"));
    await assert.rejects(client.call("output", nothing), codeIs("OUTPUT_NOT_FOUND"));
    await assert.rejects(client.call("block", { params: { ref: "999999" } }), codeIs("BLOCK_NOT_FOUND"));
    await assert.rejects(client.call("address", { params: { address: "sp1qqqq" } }), codeIs("ADDRESS_INVALID"));
    await assert.rejects(client.call("main"), codeIs("NOT_ON_THIS_CHAIN"));
    await assert.rejects(client.call("federationStatus"), (error) => error instanceof BystackError);
  });
});

/** Checks header, path and certificate against the committee of the spec, with nothing else believed. */
async function assertFinal(client: SideClient, id: string): Promise<void> {
  const proof = await client.call("proof", { params: { id } });
  const directions = new Uint8Array(Math.ceil(proof.directions.length / 8));
  proof.directions.forEach((left, i) => {
    if (left) directions[i >> 3] = (directions[i >> 3] ?? 0) | (1 << (i & 7));
  });
  const path = { siblings: proof.transactionSiblings.map(hexToBytes), directions };
  const header = readSideHeader(new ByteReader(hexToBytes(proof.header)));
  assert.deepEqual(merklePathRoot(hexToBytes(id), path), header.transactionRoot);
  const finality = await client.call("finality", { params: { ref: String(proof.height) } });
  assert.equal(finality.headers[0], proof.header);
  let last = header;
  for (const text of finality.headers.slice(1)) {
    const next = readSideHeader(new ByteReader(hexToBytes(text)));
    assert.deepEqual(next.parentHash, hashSideHeader(last));
    last = next;
  }
  const certificate = readCertificate(new ByteReader(hexToBytes(finality.certificate)));
  assert.deepEqual(certificate.blockHash, hashSideHeader(last));
  const keys = committee.spec.committee.map(({ voteKey }) => voteKey);
  const context = { chainId: chainIdOf(committee.spec), epoch: last.epoch, keys, quorum: quorumSize(keys.length) };
  const verdict = verifyCertificate(certificate, context, (publicKey, message, signature) =>
    verifyEd25519({ publicKey, message, signature }, "strict-s"),
  );
  assert.equal(verdict, "ok");
}

suite("one of four", () => {
  const LAST = 3;

  test("stops when its own route is asked, and the other three go on", async () => {
    const asked = Promise.withResolvers<void>();
    await nodeAt(LAST).stop();
    nodes[LAST] = await committee.start(seatAt(LAST), () => asked.resolve());
    const { client } = nodeAt(LAST);
    await assert.rejects(clientOf(nodeAt(LAST).url).call("stop"), codeIs("FORBIDDEN_ADMIN"));
    assert.deepEqual(await client.call("stop"), { stopping: true });
    await asked.promise;
    await nodeAt(LAST).stop();
    await nodeAt(LAST).ended;
    await assert.rejects(client.call("info"), codeIs("UNREACHABLE"));
    const { finalHeight } = await nodeAt(0).client.call("info");
    // Far enough that the missing one was leader.
    for (const index of [0, 1, 2]) await untilHeight(nodeAt(index).client, finalHeight + CONSENSUS.epochBlocks);
  });

  test("comes back, catches up and votes again", async () => {
    const { finalHeight } = await nodeAt(0).client.call("info");
    nodes[LAST] = await committee.start(seatAt(LAST));
    const { client } = nodeAt(LAST);
    await untilHeight(client, finalHeight + 1);
    await until(
      "voting",
      () => client.call("consensus"),
      ({ voting }) => voting,
    );
    const params = { ref: String(finalHeight) };
    assert.deepEqual(await client.call("block", { params }), await nodeAt(0).client.call("block", { params }));
    assert.deepEqual(
      (await coinsAt(client)).map(({ amount }) => amount).filter((amount) => amount === COIN_NEU),
      [COIN_NEU, COIN_NEU],
    );
  });

  test("without its data it catches up as an observer and votes again only in the epoch after", async () => {
    await nodeAt(LAST).stop();
    committee.wipe(seatAt(LAST));
    const before = await nodeAt(0).client.call("consensus");
    const { finalHeight } = await nodeAt(0).client.call("info");
    nodes[LAST] = await committee.start(seatAt(LAST));
    const { client } = nodeAt(LAST);
    const reasons = new Set<string>();
    const again = await until(
      "voting again",
      () => client.call("consensus"),
      ({ voting, notVotingBecause }) => {
        reasons.add(notVotingBecause ?? "");
        return voting;
      },
    );
    // What it signed before is not known any more: to the end of the epoch and through views 1 and 2 of the next.
    const observing = [...reasons].flatMap(
      (why) => /it only observes through epoch (\d+), view 2$/.exec(why)?.[1] ?? [],
    );
    assert.equal(observing.length, 1, [...reasons].join("; "));
    const through = Number(observing[0]);
    assert.ok(through > before.epoch, `${through} after ${before.epoch}`);
    assert.ok(again.epoch > through || (again.epoch === through && again.view > 2));
    // It began with a state of the others, so blocks from before that are not here.
    const newest = await untilHeight(client, finalHeight);
    await untilHeight(nodeAt(0).client, newest.finalHeight);
    const params = { ref: String(newest.finalHeight) };
    assert.deepEqual(await client.call("block", { params }), await nodeAt(0).client.call("block", { params }));
    assert.equal((await coinsAt(client)).length, 4);
  });

  test("an observer follows, passes transactions on and never votes", async () => {
    const observer = await committee.start(committee.observer);
    try {
      const { finalHeight } = await nodeAt(0).client.call("info");
      await untilHeight(observer.client, finalHeight + 2);
      const { voting, notVotingBecause } = await observer.client.call("consensus");
      assert.deepEqual([voting, notVotingBecause], [false, "an observer has no vote"]);
      const { raw, id } = payment(await coinsAt(observer.client), 7_000n);
      await observer.client.call("submit", { body: { raw } });
      const reply = await until(
        "the payment",
        () => observer.client.call("transaction", { params: { id } }),
        ({ status }) => status === "final",
      );
      assert.equal(reply.raw, raw);
    } finally {
      await observer.stop();
    }
  });
});

suite("the disk of a node that was stopped", () => {
  const LAST_HEIGHT_MIN = 30;

  async function look(): Promise<{ height: number; root: string; warnings: string[]; from: number; payments: number }> {
    const logger = createMemoryLogger();
    const data = await openDataFolder({
      path: join(seatAt(1).folder, "data", "side"),
      kind: "side-node",
      version: 1,
    });
    const store = await openSideStore({
      data,
      spec: committee.spec,
      mainSpec: undefined,
      driver: "lmdb",
      snapshotBlocks: 10,
      rng: createSeededRng(1),
      logger,
      incidents: incidentsIn(seatAt(1).folder),
      history: "kept",
    });
    const found = {
      height: store.chain.height,
      root: bytesToHex(store.chain.final.root()),
      warnings: logger.lines.filter(({ level }) => level === "warn").map(({ message }) => message),
      from: Number(logger.find("replaying stored blocks")[0]?.fields.from ?? store.chain.height + 1),
      payments: (await store.indexes.outputsOf(PAYEE, { after: undefined, limit: 10 })).length,
    };
    assert.equal(await store.indexes.height(), found.height);
    await store.close();
    data.release();
    return found;
  }

  const snapshots = (): string[] => {
    const folder = join(seatAt(1).folder, "data", "side", "snapshots");
    return readdirSync(folder)
      .filter((name) => name.endsWith(".snap"))
      .sort()
      .map((name) => join(folder, name));
  };

  function damage(path: string): void {
    const bytes = readFileSync(path);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  }

  test("the newest snapshot and the log behind it, an older one, the log alone: the same state each time", async () => {
    await nodeAt(1).stop();
    const heightOf = (path: string): number => Number.parseInt(basename(path, ".snap"), 16);
    for (let { height } = await look(); heightOf(snapshots().at(-1) ?? "") >= height; { height } = await look()) {
      // Stopped right behind a snapshot: nothing confirms it yet, so it is not used. Five blocks later the newest one, which
      // may be another by then, is confirmed, and the next is as far away.
      const again = await committee.start(seatAt(1));
      await untilHeight(again.client, height + 5);
      await again.stop();
    }
    const [older, newest] = snapshots();
    assert.ok(older !== undefined && newest !== undefined);
    const whole = await look();
    assert.ok(whole.height >= LAST_HEIGHT_MIN);
    assert.deepEqual([whole.from, whole.warnings, whole.payments], [heightOf(newest) + 1, [], 2]);
    damage(newest);
    const warning = "a snapshot cannot be read; an older one or the log is used";
    assert.deepEqual(await look(), { ...whole, from: heightOf(older) + 1, warnings: [warning] });
    // A snapshot under another's name is not that other one.
    copyFileSync(older, newest);
    assert.deepEqual(await look(), { ...whole, from: heightOf(older) + 1, warnings: [warning] });
    damage(older);
    assert.deepEqual(await look(), { ...whole, from: 1, warnings: [warning, warning] });
  });

  test("indexes that are gone are built again from the log", async () => {
    const whole = await look();
    rmSync(join(seatAt(1).folder, "data", "side", "index"), { recursive: true });
    assert.deepEqual(await look(), { ...whole, from: 1, warnings: [] });
  });
});

test("data of one chain are not opened with the spec of another", async () => {
  const seat = seatAt(1);
  committee.saveSpec(seat, { ...committee.spec, genesis: { ...committee.spec.genesis, timeMs: 1_700_000_000_000 } });
  await assert.rejects(committee.start(seat), codeIs("SPEC_MISMATCH"));
});
