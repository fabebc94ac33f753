// A real node and hostile peers, each under a key that the node knows and without a seat: what one of them sends is refused,
// held against it, and the counter of its reason in `/metrics` has gone up by one. Waits on events and answers alone.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type BbftMessage, encodeMessage, type Vote } from "@bystack/consensus/bbft/messages";
import { createIdentity, type Identity } from "@bystack/network/identity";
import { createMesh } from "@bystack/network/mesh";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { type Certificate, skipRoot } from "@bystack/protocol/side/certificate";
import { encodeSideBatch, sideBodyRoot } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import { createSideTransaction } from "@bystack/protocol/side/transaction";
import { chainIdOf } from "@bystack/protocol/spec";
import { createSeededRng } from "@bystack/testing/rng";
import { MESSAGE, PROTOCOL_VERSION, SIDE_PROTOCOL } from "../../src/side/protocol.ts";
import { metricsAt, sampleOf } from "../samples.ts";
import { COIN_NEU, Committee, type Started, until, untilHeight } from "./kit.ts";

const ZERO = new Uint8Array(32);
const identities = Array.from({ length: 12 }, (_, i) => createIdentity(createSeededRng(i + 41).bytes(32)));
const peers = identities.map(({ id }, i) => ({ id: `h${i}`, key: id, host: "127.0.0.1", port: 1 }));

// One validator is a committee that makes blocks by itself; epochs so long that the test stays in the first.
const committee = new Committee({
  count: 1,
  program: Uint8Array.of(0x51),
  coins: 1,
  extra: { peers },
  consensus: { blockMs: 100, deltaMs: 50, run: 2, epochBlocks: 100_000 },
});
const chainId = chainIdOf(committee.spec);
let node: Started;
let next = 0;

before(async () => {
  node = await committee.start(committee.seats[0] ?? assert.fail("no seat"));
  await untilHeight(node.client, 1);
});

after(async () => {
  await node.stop();
  committee.remove();
});

/** A peer of the node; `ended` tells why the node ended the connection. */
async function intrude(identity: Identity, networkHash: Uint8Array = chainId) {
  const connected = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  const { mesh: port = 0 } = node.instance.ports;
  const mesh = createMesh({
    identity,
    peers: [{ id: committee.seats[0]?.keys.peer ?? "", host: "127.0.0.1", port }],
    handshake: { protocolVersion: PROTOCOL_VERSION, networkHash, agent: "test" },
    protocol: SIDE_PROTOCOL,
    rng: createSeededRng(next),
    limits: { redialLongestMs: 60_000, redialFirstMs: 60_000 },
    handlers: {
      onConnected: () => connected.resolve(),
      onDisconnected: (_, { code }) => ended.resolve(code),
      onRefused: ({ end }) => ended.resolve(end.code),
    },
  });
  await mesh.start();
  const send = (type: number, body: Uint8Array): void => void mesh.broadcast(type, body);
  return { mesh, connected: connected.promise, ended: ended.promise, send };
}

async function counted(name: string): Promise<number> {
  return sampleOf(await metricsAt(node.url), name) ?? 0;
}

const refused = (reason: string, scored: "yes" | "no"): string =>
  `bystack_refused_messages_total{reason="${reason}",scored="${scored}"}`;

/** Sends one message under a fresh key: the counter has to go up by one, and the key to be banned for it. */
async function isRefused(reason: string, bytes: Uint8Array): Promise<void> {
  const identity = identities[next] ?? assert.fail("no key left");
  next += 1;
  const [before, bansBefore] = [await counted(refused(reason, "yes")), await counted("bystack_network_bans_total")];
  const peer = await intrude(identity);
  try {
    await peer.connected;
    peer.send(MESSAGE.consensus, bytes);
    assert.equal(await peer.ended, "BANNED");
  } finally {
    await peer.mesh.stop();
  }
  assert.equal(await counted(refused(reason, "yes")), before + 1);
  assert.equal(await counted("bystack_network_bans_total"), bansBefore + 1);
}

/** A view that the node has not come to, near enough for it to look at votes of it. */
async function viewAhead(): Promise<number> {
  return (await node.client.call("consensus")).view + 20;
}

function blockOf(changed: { chainId?: Uint8Array; epoch?: number }): SideBlock {
  const batches = [encodeSideBatch([])];
  const header = {
    chainId,
    epoch: 1,
    view: 1,
    height: 1,
    parentHash: ZERO,
    parentView: 0,
    timestampMs: 1,
    bodyRoot: sideBodyRoot(batches),
    transactionCount: 0,
    transactionRoot: ZERO,
    parentStateRoot: ZERO,
    skipRoot: skipRoot([]),
    nextCommitteeRoot: ZERO,
    ...changed,
  };
  const block = createSideBlock({ header, batches, parentCertificate: undefined, skipCertificates: [] });
  return block ?? assert.fail("the parts do not match");
}

function proposal(block: SideBlock, epoch: number): Uint8Array {
  const { view } = block.header;
  const signature = new Uint8Array(64).fill(1);
  return encodeMessage({
    type: "PROPOSE",
    epoch,
    proposal: { view, block, justifyView: 0, justification: [], signature },
  });
}

function notes(epoch: number, parts: { votes?: Vote[]; certificates?: Certificate[] }): Uint8Array {
  const message: BbftMessage = { type: "NOTES", epoch, view: 1, votes: [], certificates: [], ...parts };
  return encodeMessage(message);
}

function nullifyCertificate(epoch: number, view: number): Certificate {
  const content = { epoch, kind: 2, view, height: 0, blockHash: ZERO } as const;
  return { ...content, scheme: 1, bitmap: Uint8Array.of(1), signatures: new Uint8Array(64).fill(3) };
}

suite("refused, scored, counted", () => {
  test("a message that is none", () => isRefused("MALFORMED_MESSAGE", Uint8Array.of(2, 0xff)));

  test("a wrong certificate", async () =>
    isRefused("CERTIFICATE", notes(1, { certificates: [nullifyCertificate(1, await viewAhead())] })));

  test("an expired certificate, shown as one of a later epoch", () =>
    isRefused("CERTIFICATE_EPOCH", notes(4, { certificates: [nullifyCertificate(2, 5)] })));

  test("a block of another chain", () =>
    isRefused("PROPOSAL", proposal(blockOf({ chainId: new Uint8Array(32).fill(9) }), 1)));

  test("a block of another epoch than its message", () => isRefused("PROPOSAL", proposal(blockOf({ epoch: 2 }), 1)));

  test("a vote of a key that has no seat, under the place of one that has", async () => {
    const vote = { kind: 2, epoch: 1, view: await viewAhead(), height: 0, blockHash: ZERO, signer: 0 } as const;
    await isRefused("VOTE_SIGNATURE", notes(1, { votes: [{ ...vote, signature: new Uint8Array(64).fill(7) }] }));
  });

  test("a vote of a place that the committee has no more", async () => {
    const vote = { kind: 2, epoch: 1, view: await viewAhead(), height: 0, blockHash: ZERO, signer: 4 } as const;
    await isRefused("VOTE_SIGNER", notes(1, { votes: [{ ...vote, signature: new Uint8Array(64).fill(7) }] }));
  });
});

async function goesOn(): Promise<void> {
  const { finalHeight } = await node.client.call("info");
  await untilHeight(node.client, finalHeight + 2);
}

test("a flood of what no honest peer passes on ends in a ban, and the node goes on", async () => {
  const faults = await counted(refused("TRANSACTION", "yes"));
  const peer = await intrude(identities[next++] ?? assert.fail("no key left"));
  try {
    await peer.connected;
    // Nothing that could be a transaction. Ten minor faults that fade a little, and one more, are a ban.
    for (let i = 0; i < 11; i += 1) peer.send(MESSAGE.transaction, Uint8Array.of(1, i));
    assert.equal(await peer.ended, "BANNED");
  } finally {
    await peer.mesh.stop();
  }
  assert.equal(await counted(refused("TRANSACTION", "yes")), faults + 11);
  await goesOn();
});

test("a flood of what an honest peer might pass on: beyond the rate it is counted and not looked at, and the peer stays", async () => {
  const [bans, faults] = [await counted("bystack_network_bans_total"), await counted(refused("TRANSACTION", "yes"))];
  const peer = await intrude(identities[next++] ?? assert.fail("no key left"));
  // It spends an output that is not there, as one does whose coin somebody else was quicker to spend.
  const program = Uint8Array.of(0x51);
  const { raw } = createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [
      {
        kind: "spend",
        sourceId: new Uint8Array(32).fill(9),
        assetId: BTM_ASSET_ID,
        amount: COIN_NEU,
        sourcePosition: 0n,
        program,
        arguments: [],
      },
    ],
    outputs: [{ kind: "intra", assetId: BTM_ASSET_ID, amount: COIN_NEU - 10_000_000n, program }],
  });
  try {
    await peer.connected;
    for (let i = 0; i < 500; i += 1) peer.send(MESSAGE.transaction, raw);
    const beyond = refused("TRANSACTION_RATE", "no");
    // The first 20 use the rate up; at 50 ms for one more, most of the others are beyond it.
    await until(
      "counted",
      () => counted(beyond),
      (value) => value >= 250,
    );
    await goesOn();
    assert.ok(peer.mesh.isConnected(committee.seats[0]?.keys.peer ?? ""));
  } finally {
    await peer.mesh.stop();
  }
  assert.equal(await counted("bystack_network_bans_total"), bans);
  assert.equal(await counted(refused("TRANSACTION", "yes")), faults);
});

test("a peer of another network does not come in, and is counted by the reason", async () => {
  const name = 'bystack_network_refused_total{code="WRONG_NETWORK"}';
  const before = await counted(name);
  const peer = await intrude(identities[next] ?? assert.fail("no key left"), new Uint8Array(32).fill(5));
  try {
    assert.equal(await peer.ended, "WRONG_NETWORK");
    await until(
      "counted",
      () => counted(name),
      (value) => value === before + 1,
    );
  } finally {
    await peer.mesh.stop();
  }
});

test("what an operator reads: the chain, the queues with their limits, disk and process; no key, no address", async () => {
  const text = await metricsAt(node.url);
  const value = (name: string): number => sampleOf(text, `bystack_${name}`) ?? assert.fail(`no ${name}`);
  assert.ok(value("chain_height") >= 1 && value("chain_final_height") === value("chain_height"));
  assert.deepEqual(
    ["epoch", "voting", "committee_validators", "committee_quorum", "committee_live"].map(value),
    [1, 1, 1, 1, 1],
  );
  assert.ok(value("consensus_view") >= value("chain_height"));
  assert.ok(value("block_interval_seconds_count") >= 1 && value("vote_fsync_seconds_count") >= 1);
  // Nobody has paid anything on this chain yet.
  assert.deepEqual([value("tx_applied_total"), value("mempool_transactions")], [0, 0]);
  assert.ok(value("process_resident_memory_bytes") > 1e7);
  const limits = text.split("\n").filter((line) => line.startsWith("bystack_queue_limit{"));
  const sizes = text.split("\n").filter((line) => line.startsWith("bystack_queue_size{"));
  assert.equal(limits.length, sizes.length);
  assert.ok(limits.length >= 10 && limits.every((line) => Number(line.split(" ")[1]) > 0));
  const { keys, folder } = committee.seats[0] ?? assert.fail("no seat");
  for (const secret of [...Object.values(keys), node.instance.adminToken, folder, ...identities.map(({ id }) => id)])
    assert.ok(!text.includes(secret) && !text.includes(secret.slice(0, 16)), secret);
  assert.ok(!text.includes("127.0.0.1"));
  const elsewhere = await fetch(`${node.url}/metrics`, { headers: { origin: "http://evil.example" } });
  assert.equal(elsewhere.status, 403);
});
