// The small parts with rules of their own: lanes, scores and bans, waits between attempts, the check of a protocol table.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BackOff } from "@bystack/network/back-off";
import { compileProtocol, LaneQueues, type LaneSpec, type OutFrame } from "@bystack/network/lanes";
import { REQUESTS_IN_FLIGHT_MAX, RequestTable } from "@bystack/network/requests";
import { BAN_MS_MAX, PeerScores, SCORED_PEERS_MAX } from "@bystack/network/scores";
import { createFakeClock } from "@bystack/testing/clock";
import { createSeededRng } from "@bystack/testing/rng";
import { PROTOCOL } from "./nodes.ts";

const frame = (type: number, bytes: number): OutFrame => ({ type, body: new Uint8Array(bytes) });
const lane = (changes: Partial<LaneSpec>): LaneSpec => ({
  name: "lane",
  queueBytesMax: 100,
  queueMessagesMax: 5,
  whenFull: "drop-newest",
  ...changes,
});
const typesOf = (queues: LaneQueues): number[] => {
  const types: number[] = [];
  for (let next = queues.shift(); next !== undefined; next = queues.shift()) types.push(next.type);
  return types;
};

test("higher lanes leave first, within a lane the oldest", () => {
  const queues = new LaneQueues([lane({ name: "high" }), lane({ name: "low" })], () => {});
  queues.push(1, frame(10, 1));
  queues.push(1, frame(11, 1));
  queues.push(0, frame(1, 1));
  assert.equal(queues.bytes, 3);
  assert.deepEqual(typesOf(queues), [1, 10, 11]);
  assert.equal(queues.bytes, 0);
});

test("each policy at the limit of bytes and of messages", () => {
  const dropped: string[] = [];
  const queues = new LaneQueues(
    [lane({ name: "a", whenFull: "disconnect" }), lane({ name: "b", whenFull: "drop-oldest" }), lane({ name: "c" })],
    (spec) => dropped.push(spec.name),
  );
  for (let i = 0; i < 3; i += 1) assert.equal(queues.push(i, frame(10 * i, 60)), "queued");
  assert.equal(queues.push(0, frame(1, 41)), "overflow");
  assert.equal(queues.push(1, frame(11, 41)), "queued");
  assert.equal(queues.push(2, frame(21, 41)), "dropped");
  assert.equal(queues.push(1, frame(12, 101)), "dropped", "larger than its lane");
  assert.deepEqual(dropped, ["b", "c", "b"]);
  for (let i = 0; i < 4; i += 1) queues.push(2, frame(30 + i, 0));
  assert.equal(queues.push(2, frame(35, 0)), "dropped", "the sixth message");
  assert.deepEqual(typesOf(queues), [0, 20, 30, 31, 32, 33]);
});

test("a protocol that contradicts itself is refused when it is made", () => {
  const bad = (changes: object): void => assert.throws(() => compileProtocol({ ...PROTOCOL, ...changes }), RangeError);
  bad({ messages: [{ type: 3, name: "m", lane: "bulk", bodyBytesMax: 1 }] });
  bad({ messages: [{ type: 300, name: "m", lane: "bulk", bodyBytesMax: 1 }] });
  bad({ messages: [{ type: 20, name: "m", lane: "nowhere", bodyBytesMax: 1 }] });
  bad({ messages: [{ type: 20, name: "m", lane: "bulk", bodyBytesMax: 5 << 20 }] });
  bad({ messages: [PROTOCOL.messages[0], PROTOCOL.messages[0]] });
  bad({ methods: [PROTOCOL.methods[0], PROTOCOL.methods[0]] });
});

test("points halve with time, minor faults alone do not ban when they are rare, severe ones do at once", () => {
  const clock = createFakeClock();
  const scores = new PeerScores({ clock });
  for (let i = 0; i < 50; i += 1) {
    assert.equal(scores.report("a", "peer-minor", "x"), false, `fault ${i}`);
    clock.advance(600_000);
  }
  assert.ok(scores.points("a") < 11);
  assert.equal(scores.report("a", "none", "x"), false);
  assert.equal(scores.report("a", "local", "x"), false);
  assert.equal(scores.report("b", "peer-severe", "why"), true);
  assert.equal(scores.banOf("b")?.reason, "why");
  clock.advance(300_000);
  assert.equal(scores.banOf("b"), undefined);
});

test("bans double up to a day, are restored, and one from a far future is brought down", () => {
  const clock = createFakeClock();
  const scores = new PeerScores({ clock });
  const lengths: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    scores.report("a", "peer-severe", "x");
    lengths.push((scores.banOf("a")?.untilMs ?? 0) - clock.nowMs());
  }
  assert.deepEqual(lengths.slice(0, 3), [300_000, 600_000, 1_200_000]);
  assert.equal(lengths.at(-1), BAN_MS_MAX);
  const restored = new PeerScores({ clock });
  restored.restore([...scores.bans(), { id: "far", untilMs: clock.nowMs() * 2, times: 1, reason: "" }]);
  assert.equal(restored.banOf("a")?.times, 12);
  assert.equal(restored.banOf("far")?.untilMs, clock.nowMs() + BAN_MS_MAX);
});

test("the tables of scores and bans are bounded; the least guilty is forgotten first", () => {
  const scores = new PeerScores({ clock: createFakeClock() });
  scores.report("guilty", "peer-minor", "x");
  scores.report("guilty", "peer-minor", "x");
  for (let i = 0; i < SCORED_PEERS_MAX + 10; i += 1) scores.report(`minor ${i}`, "peer-minor", "x");
  assert.equal(scores.points("guilty"), 20);
  for (let i = 0; i < SCORED_PEERS_MAX + 10; i += 1) scores.report(`severe ${i}`, "peer-severe", "x");
  assert.equal(scores.bans().length, SCORED_PEERS_MAX);
});

test("waits double with jitter up to the longest, are long after a lasting reason, and start again after a stable time", () => {
  const backOff = new BackOff({
    rng: createSeededRng(8),
    firstMs: 100,
    longestMs: 5000,
    refusedMs: 60_000,
    stableMs: 1000,
  });
  const inRange = (plainMs: number, ms: number): void =>
    assert.ok(ms >= plainMs / 2 && ms <= plainMs, `${ms} for ${plainMs}`);
  for (const plainMs of [100, 200, 400, 800, 1600, 3200, 5000, 5000])
    inRange(plainMs, backOff.nextMs("CONNECT_FAILED", 0));
  inRange(60_000, backOff.nextMs("WRONG_NETWORK", 0));
  inRange(5000, backOff.nextMs("REMOTE_CLOSED", 999));
  inRange(100, backOff.nextMs("REMOTE_CLOSED", 1000));
});

test("a table of questions is bounded, sends nothing beyond its limit, and takes questions again when one is settled", async () => {
  const clock = createFakeClock();
  const table = new RequestTable(clock);
  const sent: number[] = [];
  const ask = (timeoutMs = 1000) =>
    table.ask({ timeoutMs, responseBytesMax: 10 }, (id) => {
      sent.push(id);
      return true;
    });
  const first = ask();
  const others = Array.from({ length: REQUESTS_IN_FLIGHT_MAX - 1 }, () => ask());
  assert.deepEqual(await ask(), { ok: false, error: "REQUEST_BUSY" });
  assert.equal(sent.length, REQUESTS_IN_FLIGHT_MAX);
  assert.ok(table.answer({ id: sent[0] ?? 0, code: 0, payload: Uint8Array.of(5) }));
  assert.deepEqual(await first, { ok: true, value: Uint8Array.of(5) });
  const late = ask(500);
  clock.advance(500);
  assert.deepEqual(await late, { ok: false, error: "REQUEST_TIMEOUT" });
  assert.ok(
    table.answer({ id: sent.at(-1) ?? 0, code: 0, payload: new Uint8Array(0) }),
    "a late answer is nobody's fault",
  );
  assert.ok(!table.answer({ id: sent[1] ?? 0, code: 0, payload: new Uint8Array(11) }));
  assert.deepEqual(await others[0], { ok: false, error: "RESPONSE_TOO_LARGE" });
  table.cancelAll();
  for (const other of others.slice(1)) assert.deepEqual(await other, { ok: false, error: "NOT_CONNECTED" });
  assert.deepEqual(await table.ask({ timeoutMs: 1, responseBytesMax: 1 }, () => false), {
    ok: false,
    error: "REQUEST_BUSY",
  });
  assert.equal(clock.waiting, 0, "no timer is left behind");
});
