// The mesh over real sockets on loopback: who is let in, what is refused and how, what happens when connections break.
// Nothing sleeps: each step waits for an event, and time that matters is a clock moved by hand.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { REFUSAL_NUMBERS } from "@bystack/network/errors";
import { decodeNumbered, encodeNumbered, RESPONSE_STATUS } from "@bystack/network/messages";
import type { Ban } from "@bystack/network/scores";
import { createFakeClock } from "@bystack/testing/clock";
import { BULK, ECHO, identityOf, NETWORK_HASH, orderedIdentities, Scene, type TestNode, VOTE } from "./nodes.ts";

/** An event that never comes fails its test instead of holding up the run; no test needs more than a second. */
const HANGS = { timeout: 30_000 };

let scene = new Scene();
afterEach(async () => {
  await scene.end();
  scene = new Scene();
});

const at = (node: { id: string; port: number }) => ({ id: node.id, host: "127.0.0.1", port: node.port });
const [FIRST, SECOND, THIRD] = orderedIdentities(3) as [
  ReturnType<typeof identityOf>,
  ReturnType<typeof identityOf>,
  ReturnType<typeof identityOf>,
];

/** For tests that move the clock far: the attempt that this starts must not run out of time in the same move. */
const PATIENT = { handshakeTimeoutMs: 1_000_000 };

async function pair(options: Parameters<Scene["node"]>[1] = {}) {
  const b = await scene.node(SECOND, { peers: [{ id: FIRST.id }], ...options });
  const a = await scene.node(FIRST, { peers: [at(b)], ...options });
  await Promise.all([a.events.next("connected"), b.events.next("connected")]);
  return { a, b };
}

test("pinned peers connect, know each other, and exchange messages both ways", HANGS, async () => {
  const { a, b } = await pair();
  assert.equal(a.mesh.peers()[0]?.agent, "test/1");
  assert.equal(a.mesh.peers()[0]?.direction, "outbound");
  assert.equal(b.mesh.peers()[0]?.id, a.id);
  assert.equal(a.mesh.send(b.id, VOTE, Uint8Array.of(1, 2)), "queued");
  assert.equal(b.mesh.broadcast(BULK, new Uint8Array(1 << 20).fill(3)), 1);
  const vote = await b.events.next("message");
  assert.deepEqual([vote.id, vote.type, [...vote.body]], [a.id, VOTE, [1, 2]]);
  const bulk = await a.events.next("message");
  assert.ok(bulk.body.length === 1 << 20 && bulk.body.every((byte) => byte === 3));
  assert.equal(a.mesh.send("ff".repeat(32), VOTE, Uint8Array.of(1)), "not-connected");
  assert.throws(() => a.mesh.send(b.id, VOTE, new Uint8Array(5000)), RangeError);
});

test("a key that is not configured is refused by name, on both sides", HANGS, async () => {
  const b = await scene.node(SECOND, { peers: [{ id: THIRD.id }] });
  const a = await scene.node(FIRST, { peers: [at(b)] });
  assert.deepEqual(await a.events.next("refused").then(({ code, by }) => [code, by]), ["UNKNOWN_KEY", "them"]);
  assert.deepEqual(await b.events.next("refused").then(({ code, by, id }) => [code, by, id]), [
    "UNKNOWN_KEY",
    "us",
    a.id,
  ]);
  assert.equal(b.mesh.peers().length, 0);
});

test("another key at a peer's address is refused before anything is said", HANGS, async () => {
  const b = await scene.node(SECOND, { peers: [{ id: FIRST.id }] });
  const a = await scene.node(FIRST, { peers: [{ ...at(b), id: THIRD.id }] });
  assert.deepEqual(await a.events.next("refused").then(({ code, by }) => [code, by]), ["WRONG_KEY", "us"]);
  assert.equal(a.mesh.peers().length, 0);
});

test(
  "another network and an older protocol are refused with their reason, and not dialled again at once",
  HANGS,
  async () => {
    const fake = createFakeClock();
    const b = await scene.node(SECOND, {
      peers: [{ id: FIRST.id }, { id: THIRD.id }],
      handshake: { protocolVersion: 3, oldestProtocolVersion: 2, networkHash: NETWORK_HASH, agent: "b" },
    });
    const a = await scene.node(FIRST, {
      peers: [at(b)],
      fake,
      limits: PATIENT,
      handshake: { protocolVersion: 3, networkHash: new Uint8Array(32), agent: "a" },
    });
    assert.deepEqual(await a.events.next("refused").then(({ code, by }) => [code, by]), ["WRONG_NETWORK", "them"]);
    assert.equal((await b.events.next("refused")).code, "WRONG_NETWORK");
    const dials = a.metrics.read("network_dials_total");
    fake.advance(20_000);
    assert.equal(a.metrics.read("network_dials_total"), dials, "no storm");
    fake.advance(60_000);
    assert.equal((await a.events.next("refused")).code, "WRONG_NETWORK");
    const c = await scene.node(THIRD, {
      peers: [at(b)],
      handshake: { protocolVersion: 1, networkHash: NETWORK_HASH, agent: "c" },
    });
    assert.equal((await c.events.next("refused")).code, "WRONG_PROTOCOL");
  },
);

test("peers that dial each other at once end with one connection, the same on both sides", HANGS, async () => {
  for (let round = 0; round < 5; round += 1) {
    const a = await scene.node(FIRST);
    const b = await scene.node(SECOND);
    a.mesh.setPeers([at(b)]);
    b.mesh.setPeers([at(a)]);
    await Promise.all([a.events.next("connected"), b.events.next("connected")]);
    // A question there and back shows that both mean the same connection; a tie may still be settled in between.
    for (let settled = false; !settled; ) {
      const result = await a.mesh.request(b.id, { method: ECHO, body: Uint8Array.of(round) });
      settled = result.ok;
      if (!settled && !a.mesh.isConnected(b.id)) await a.events.next("connected");
    }
    assert.equal(a.mesh.peers().length, 1);
    assert.equal(b.mesh.peers().length, 1);
    assert.notEqual(a.mesh.peers()[0]?.direction, b.mesh.peers()[0]?.direction);
    await Promise.all([a.mesh.stop(), b.mesh.stop()]);
  }
});

test(
  "of two connections of one run the one dialled by the smaller id stays; a restarted peer replaces its old one",
  HANGS,
  async () => {
    const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }] });
    const instance = new Uint8Array(8).fill(1);
    const older = await scene.client(a.port, SECOND);
    older.hello({ instance });
    await older.frame(0);
    await a.events.next("connected");
    const again = await scene.client(a.port, SECOND);
    again.hello({ instance });
    await again.frame(0);
    assert.equal((await older.frame(1)).body[0], REFUSAL_NUMBERS.REPLACED);
    assert.equal((await a.events.next("disconnected")).code, "REPLACED");
    await a.events.next("connected");
    const restarted = await scene.client(a.port, SECOND);
    restarted.hello({ instance: new Uint8Array(8).fill(2) });
    await restarted.frame(0);
    assert.equal((await again.frame(1)).body[0], REFUSAL_NUMBERS.REPLACED);
    assert.equal(a.mesh.peers().length, 1);
  },
);

test(
  "what the smaller id dialled stays against an inbound connection of the same run, but not of a restarted peer",
  HANGS,
  async () => {
    const { a, b } = await pair();
    const instance = await instanceOf(b, [{ id: a.id }]);
    const second = await scene.client(a.port, SECOND);
    second.hello({ instance });
    assert.equal((await second.frame(1)).body[0], REFUSAL_NUMBERS.DUPLICATE);
    assert.ok(a.mesh.isConnected(b.id));
    const restarted = await scene.client(a.port, SECOND);
    restarted.hello({ instance: new Uint8Array(8).fill(9) });
    await restarted.frame(0);
    assert.equal((await b.events.next("disconnected", ({ id }) => id === a.id)).code, "REPLACED");
  },
);

test("what the larger id dialled gives way to an inbound connection of the same run", HANGS, async () => {
  const b = await scene.node(FIRST, { peers: [{ id: SECOND.id }] });
  const a = await scene.node(SECOND, { peers: [at(b)] });
  await a.events.next("connected");
  const instance = await instanceOf(b, [{ id: a.id }]);
  const second = await scene.client(a.port, FIRST);
  second.hello({ instance });
  await second.frame(0);
  assert.equal((await b.events.next("disconnected", ({ id }) => id === a.id)).code, "REPLACED");
  assert.equal(a.mesh.peers()[0]?.direction, "inbound");
});

/** The run's instance as a node says it in its HELLO to a third peer. */
async function instanceOf(node: TestNode, peers: { id: string }[]): Promise<Uint8Array> {
  node.mesh.setPeers([...peers, { id: THIRD.id }]);
  const client = await scene.client(node.port, THIRD);
  client.hello();
  const { body } = await client.frame(0);
  client.socket.destroy();
  return body.slice(33, 41);
}

test("after the peer is killed it is dialled again and found again", HANGS, async () => {
  const fake = createFakeClock();
  const b = await scene.node(SECOND, { peers: [{ id: FIRST.id }] });
  const a = await scene.node(FIRST, { peers: [at(b)], fake, limits: PATIENT });
  await a.events.next("connected");
  await b.mesh.stop();
  assert.equal((await a.events.next("disconnected")).code, "STOPPING");
  fake.advance(300);
  assert.equal((await a.events.next("refused")).code, "CONNECT_FAILED");
  const revived = await scene.node(SECOND, { peers: [{ id: FIRST.id }], listen: { port: b.port } });
  fake.advance(30_000);
  await Promise.all([a.events.next("connected"), revived.events.next("connected")]);
  assert.ok(a.mesh.isConnected(revived.id));
});

test("an oversized frame bans the key, the ban survives a restart and ends by itself", HANGS, async () => {
  const fake = createFakeClock();
  let stored: readonly Ban[] = [];
  const banStore = {
    load: async () => stored,
    save: async (bans: readonly Ban[]) => {
      stored = bans;
    },
  };
  const options = { peers: [{ id: SECOND.id }], banStore, fake };
  const a = await scene.node(FIRST, options);
  const attacker = await scene.client(a.port, SECOND);
  attacker.hello();
  await attacker.frame(0);
  await a.events.next("connected");
  const header = Buffer.alloc(5);
  header.writeUInt32LE(4098, 0);
  header[4] = VOTE;
  attacker.socket.write(header);
  assert.equal((await attacker.frame(1)).body[0], REFUSAL_NUMBERS.FRAME_TOO_LARGE);
  assert.equal((await a.events.next("disconnected")).code, "FRAME_TOO_LARGE");
  const refusalNow = async (port: number): Promise<number | undefined> => {
    const client = await scene.client(port, SECOND);
    return (await client.frame(1)).body[0];
  };
  assert.equal(await refusalNow(a.port), REFUSAL_NUMBERS.BANNED);
  await a.mesh.stop();
  assert.equal(stored.length, 1);
  const again = await scene.node(FIRST, options);
  assert.equal(await refusalNow(again.port), REFUSAL_NUMBERS.BANNED);
  fake.advance(300_001);
  const forgiven = await scene.client(again.port, SECOND);
  forgiven.hello();
  await forgiven.frame(0);
  await again.events.next("connected");
  // The same fault again counts double.
  forgiven.send(200, new Uint8Array(1));
  assert.equal((await again.events.next("disconnected")).code, "FRAME_TYPE");
  assert.equal(again.mesh.bans()[0]?.times, 2);
  again.mesh.pardon(SECOND.id);
  assert.deepEqual(again.mesh.bans(), []);
});

test("faults reported by higher layers add up to a ban; minor ones fade", HANGS, async () => {
  const fake = createFakeClock();
  const { a, b } = await pair({ fake });
  for (let i = 0; i < 8; i += 1) a.mesh.report(b.id, "peer-minor", "BAD");
  fake.jump(3_600_000);
  assert.ok(Math.abs((a.mesh.peers()[0]?.points ?? 0) - 80) < 1e-9, "a jump of the wall clock forgives nothing");
  for (let i = 0; i < 2; i += 1) a.mesh.report(b.id, "peer-minor", "BAD");
  assert.equal((await a.events.next("disconnected")).code, "BANNED");
  assert.equal((await b.events.next("disconnected")).code, "BANNED");
});

test("a peer that is silent is found out by the keep-alive; one that answers stays", HANGS, async () => {
  const fake = createFakeClock();
  const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }], fake });
  const client = await scene.client(a.port, SECOND);
  client.hello();
  await a.events.next("connected");
  for (let i = 0; i < 6; i += 1) {
    const ping = await client.frame(2);
    fake.advance(1500);
    client.send(3, ping.body);
    client.send(VOTE, Uint8Array.of(i));
    await a.events.next("message");
    fake.advance(500);
  }
  assert.equal(a.mesh.peers()[0]?.rttMs, 1500);
  fake.advance(8000);
  const { code, by } = await a.events.next("disconnected");
  assert.deepEqual([code, by], ["SILENT", "us"]);
});

test("a peer that talks but takes nothing is found out too", HANGS, async () => {
  const fake = createFakeClock();
  const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }], fake });
  const client = await scene.client(a.port, SECOND);
  client.hello();
  await client.frame(0);
  await a.events.next("connected");
  client.socket.pause();
  for (let i = 0; i < 40; i += 1) {
    a.mesh.send(SECOND.id, BULK, new Uint8Array(1 << 20));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (let i = 0; i < 4; i += 1) {
    client.send(VOTE, Uint8Array.of(i));
    await a.events.next("message");
    fake.advance(2000);
  }
  const { code, by } = await a.events.next("disconnected");
  assert.deepEqual([code, by], ["STALLED", "us"]);
});

test(
  "no HELLO in time, garbage before it, a malformed one, and another message first: each ends the connection",
  HANGS,
  async () => {
    const fake = createFakeClock();
    const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }, { id: THIRD.id }], fake });
    const slow = await scene.client(a.port, SECOND);
    // A second connection shows that the first one has been accepted.
    const third = await scene.client(a.port, THIRD);
    third.hello();
    await third.frame(0);
    fake.advance(5000);
    await slow.closed;
    assert.equal((await a.events.next("refused")).code, "HANDSHAKE_TIMEOUT");
    const cases: [Uint8Array, number, string][] = [
      [new Uint8Array(64).fill(0xee), REFUSAL_NUMBERS.FRAME_TYPE, "FRAME_TYPE"],
      [Uint8Array.of(3, 0, 0, 0, 0, 1, 2), REFUSAL_NUMBERS.HELLO_MALFORMED, "HELLO_MALFORMED"],
      [Uint8Array.of(2, 0, 0, 0, VOTE, 1), REFUSAL_NUMBERS.HELLO_EXPECTED, "HELLO_EXPECTED"],
      [Uint8Array.of(0, 0, 0, 0, 0), REFUSAL_NUMBERS.FRAME_EMPTY, "FRAME_EMPTY"],
    ];
    for (const [bytes, number, code] of cases) {
      a.mesh.pardon(SECOND.id);
      const client = await scene.client(a.port, SECOND);
      client.socket.write(bytes);
      assert.equal((await client.frame(1)).body[0], number);
      assert.equal((await a.events.next("refused")).code, code);
      assert.equal(a.mesh.bans().length, 1, `${code} bans the key`);
    }
  },
);

test("TLS 1.2, no certificate, another protocol, and plain bytes never become a peer", HANGS, async () => {
  const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }] });
  const old = await scene.client(a.port, SECOND, { maxVersion: "TLSv1.2" });
  await old.closed;
  assert.equal((await a.events.next("refused")).code, "TLS_FAILED");
  const nobody = await scene.client(a.port, undefined);
  await nobody.closed;
  assert.equal((await a.events.next("refused")).code, "TLS_FAILED");
  const other = await scene.client(a.port, SECOND, { ALPNProtocols: ["http/1.1"] });
  await other.closed;
  assert.equal((await a.events.next("refused")).code, "TLS_FAILED");
  const silent = await scene.client(a.port, SECOND, { ALPNProtocols: undefined });
  await silent.closed;
  assert.equal((await a.events.next("refused")).code, "TLS_FAILED");
  const plain = await scene.rawTcp(a.port);
  plain.write("GET / HTTP/1.1\r\n\r\n");
  assert.equal((await a.events.next("refused")).code, "TLS_FAILED");
  const good = await scene.client(a.port, SECOND);
  good.hello();
  await good.frame(0);
});

test(
  "a slow peer fills only its own lanes: bulk is dropped and bounded, consensus messages wait, other peers go on",
  HANGS,
  async () => {
    const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }, { id: THIRD.id }] });
    const slow = await scene.client(a.port, SECOND);
    slow.hello();
    await slow.frame(0);
    await a.events.next("connected");
    slow.socket.pause();
    const brisk = await scene.client(a.port, THIRD);
    brisk.hello();
    await brisk.frame(0);
    await a.events.next("connected");
    let dropped = 0;
    const body = new Uint8Array(1 << 20);
    // Turns of the event loop let the socket take what it wants to take; what it leaves must stay within the lane.
    for (let i = 0; i < 60; i += 1) {
      if (a.mesh.send(SECOND.id, BULK, body) === "dropped") dropped += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(dropped > 20, `${dropped} dropped`);
    assert.equal(a.metrics.read("network_dropped_total"), dropped);
    for (let i = 0; i < 20; i += 1) assert.equal(a.mesh.send(SECOND.id, VOTE, Uint8Array.of(i)), "queued");
    const queued = a.mesh.peers().find((peer) => peer.id === SECOND.id)?.queuedBytes ?? 0;
    assert.ok(queued <= (4 << 20) + 100, `${queued} bytes wait`);
    assert.equal(a.mesh.send(THIRD.id, VOTE, Uint8Array.of(99)), "queued");
    assert.equal((await brisk.frame(VOTE)).body[0], 99);
    // Once it reads again, the votes come before the bulk that was queued earlier.
    slow.socket.resume();
    for (let i = 0; i < 20; i += 1) assert.equal((await slow.frame(VOTE)).body[0], i);
    const bulkBefore = slow.frames.all
      .slice(
        0,
        slow.frames.all.findIndex((event) => event.type === VOTE),
      )
      .filter((event) => event.type === BULK).length;
    const bulkInLane = Math.floor((4 << 20) / body.length);
    assert.ok(
      60 - dropped - bulkBefore >= bulkInLane - 1,
      `${bulkBefore} bulk messages had left before, ${60 - dropped} in all`,
    );
  },
);

test("a consensus lane that is full ends the connection instead of growing", HANGS, async () => {
  const fake = createFakeClock();
  const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }], fake });
  const slow = await scene.client(a.port, SECOND);
  slow.hello();
  await slow.frame(0);
  slow.socket.pause();
  let sent = 0;
  while (a.mesh.send(SECOND.id, VOTE, new Uint8Array(4096)) === "queued") sent += 1;
  assert.equal((await a.events.next("disconnected")).code, "LANE_OVERFLOW");
  assert.ok(sent >= 256 && sent <= 1000, `${sent} votes`);
});

test("questions: answered, refused, too late, too many, and gone with the connection", HANGS, async () => {
  const fake = createFakeClock();
  let release: (() => void) | undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { a, b } = await pair({
    fake,
    limits: { deadAfterMs: 1_000_000 },
    handlers: {
      onRequest: async ({ body }) => {
        if (body[0] === 0) return undefined;
        if (body[0] === 1) throw new Error("no");
        if (body[0] === 2) await held;
        if (body[0] === 3) return new Uint8Array(3000);
        return body;
      },
    },
  });
  const ask = (first: number) => a.mesh.request(b.id, { method: ECHO, body: Uint8Array.of(first) });
  const answered = await ask(9);
  assert.deepEqual(answered.ok && [...answered.value], [9]);
  for (const first of [0, 1, 3]) assert.deepEqual(await ask(first), { ok: false, error: "REQUEST_REFUSED" });
  const many = Array.from({ length: 32 }, () => ask(2));
  assert.deepEqual(await ask(9), { ok: false, error: "REQUEST_BUSY" });
  assert.throws(() => a.mesh.request(b.id, { method: 77, body: new Uint8Array(0) }), RangeError);
  fake.advance(10_000);
  for (const result of await Promise.all(many)) assert.deepEqual(result, { ok: false, error: "REQUEST_TIMEOUT" });
  release?.();
  assert.deepEqual(await a.mesh.request("00".repeat(32), { method: ECHO, body: new Uint8Array(0) }), {
    ok: false,
    error: "NOT_CONNECTED",
  });
});

test("a peer that asks more at once than is served is told so, and served again later", HANGS, async () => {
  const held: ((answer: Uint8Array) => void)[] = [];
  const onRequest = () => new Promise<Uint8Array>((resolve) => held.push(resolve));
  const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }], handlers: { onRequest } });
  const client = await scene.client(a.port, SECOND);
  client.hello();
  await client.frame(0);
  const ask = (id: number): void => client.send(4, encodeNumbered({ id, code: ECHO, payload: Uint8Array.of(id) }));
  for (let id = 0; id < 34; id += 1) ask(id);
  for (const id of [32, 33])
    assert.deepEqual(decodeNumbered((await client.frame(5)).body), {
      id,
      code: RESPONSE_STATUS.BUSY,
      payload: new Uint8Array(0),
    });
  assert.equal(held.length, 32);
  held[0]?.(Uint8Array.of(7));
  assert.deepEqual(decodeNumbered((await client.frame(5)).body), {
    id: 0,
    code: RESPONSE_STATUS.OK,
    payload: Uint8Array.of(7),
  });
  client.send(4, encodeNumbered({ id: 50, code: 99, payload: new Uint8Array(0) }));
  assert.equal(decodeNumbered((await client.frame(5)).body)?.code, RESPONSE_STATUS.UNKNOWN);
  assert.equal(a.mesh.peers()[0]?.points.toFixed(0), "10");
});

test("a node that stops does not wait for sockets that never began their handshake", HANGS, async () => {
  const a = await scene.node(FIRST, { limits: PATIENT });
  const idle = await scene.rawTcp(a.port);
  const closed = new Promise((resolve) => idle.once("close", resolve));
  // A second one that is let in shows that the first one has been accepted.
  const second = await scene.client(a.port, SECOND);
  assert.equal((await second.frame(1)).body[0], REFUSAL_NUMBERS.UNKNOWN_KEY);
  await Promise.all([a.mesh.stop(), closed]);
});

test("a question that is open when the connection ends is answered NOT_CONNECTED", HANGS, async () => {
  const { a, b } = await pair({ handlers: { onRequest: () => new Promise(() => {}) } });
  const asked = a.mesh.request(b.id, { method: ECHO, body: Uint8Array.of(1) });
  await b.mesh.stop();
  assert.deepEqual(await asked, { ok: false, error: "NOT_CONNECTED" });
});

test("observers are let in up to their number and never take the place of a pinned peer", HANGS, async () => {
  const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }], limits: { observersMax: 1 } });
  const observer = await scene.client(a.port, identityOf(50));
  observer.hello();
  await observer.frame(0);
  assert.equal((await a.events.next("connected")).id, identityOf(50).id);
  assert.equal(a.mesh.peers()[0]?.role, "observer");
  const another = await scene.client(a.port, identityOf(51));
  assert.equal((await another.frame(1)).body[0], REFUSAL_NUMBERS.TOO_MANY);
  const pinned = await scene.client(a.port, SECOND);
  pinned.hello();
  await pinned.frame(0);
  assert.equal(a.mesh.peers().length, 2);
});

test("sockets beyond the limit of an address are closed before any handshake", HANGS, async () => {
  const a = await scene.node(FIRST, { peers: [{ id: SECOND.id }], limits: { inboundPerAddressMax: 2 } });
  const first = await scene.rawTcp(a.port);
  await scene.rawTcp(a.port);
  const third = await scene.rawTcp(a.port);
  await new Promise((resolve) => third.once("close", resolve));
  assert.equal((await a.events.next("refused")).code, "TLS_FAILED");
  first.destroy();
  await new Promise((resolve) => first.once("close", resolve));
  assert.ok(!a.mesh.isConnected(SECOND.id));
});

test("a handler at work bounds what waits for it, lane by lane", HANGS, async () => {
  let release: (() => void) | undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const counts = { bulk: 0, vote: 0 };
  let onVote: (() => void) | undefined;
  const lastVote = new Promise<void>((resolve) => {
    onVote = resolve;
  });
  const { a, b } = await pair({
    handlers: {
      onMessage: ({ type }) => {
        if (type === BULK) {
          counts.bulk += 1;
          return held;
        }
        counts.vote += 1;
        if (counts.vote === 10) onVote?.();
        return undefined;
      },
    },
  });
  for (let i = 0; i < 10; i += 1) {
    a.mesh.send(b.id, BULK, new Uint8Array(1 << 20));
    while ((a.mesh.peers()[0]?.queuedBytes ?? 0) > 0) await new Promise((resolve) => setImmediate(resolve));
    a.mesh.send(b.id, VOTE, Uint8Array.of(i));
  }
  await lastVote;
  assert.deepEqual(counts, { bulk: 4, vote: 10 });
  assert.equal(b.metrics.read("network_dropped_total"), 6);
  release?.();
});

test("peers that are no longer configured are disconnected, new ones dialled", HANGS, async () => {
  const { a, b } = await pair();
  const c = await scene.node(THIRD, { peers: [{ id: FIRST.id }] });
  a.mesh.setPeers([at(c)]);
  assert.equal((await a.events.next("disconnected")).code, "REMOVED");
  assert.equal((await b.events.next("disconnected")).code, "REMOVED");
  assert.equal((await a.events.next("connected")).id, c.id);
});
