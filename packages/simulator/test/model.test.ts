// The model that schedules run in: elections stay within their limits, the ledger adds up, disks lose what a crash may
// lose, narrow links queue, clocks are wrong as planned, and wrong messages are wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyRecord, type RecordEntry } from "@bystack/consensus/bbft/record";
import { quorumSize, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import { CLOCK_START_MS, readClock } from "../src/clock.ts";
import { SimDisk } from "../src/disk.ts";
import { elect } from "../src/election.ts";
import { fakeCrypto, fakeHash, fakeKey } from "../src/fake-crypto.ts";
import { Links } from "../src/links.ts";
import { mangle } from "../src/mangle.ts";
import { drawPlan } from "../src/plan.ts";
import { drawSizes, PROFILES } from "../src/profiles.ts";
import { SimRng } from "../src/rng.ts";
import type { Seats } from "../src/seats.ts";
import { applyTransfer, genesisState, SUPPLY } from "../src/toy-ledger.ts";

const HASH = fakeHash(1, Uint8Array.of(1));
const silence = (view: number): RecordEntry => ({ type: "silence", reason: "bar", through: { epoch: 1, view } });

test("an election changes at most a third of the seats and never seats more faulty members than are tolerated", () => {
  const elector = { pool: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], faulty: new Set([2, 8, 9]), seatsLeast: 7 };
  let seats: Seats = [0, 1, 2, 3, 4, 5, 6];
  const sizes = new Set<number>();
  const members = new Set<number>();
  for (let epoch = 0; epoch < 400; epoch += 1) {
    const next = elect(fakeHash(epoch, HASH), seats, elector);
    assert.equal(new Set(next).size, next.length);
    assert.ok(next.filter((place) => !seats.includes(place)).length <= Math.floor(seats.length / 3));
    assert.ok(next.filter((place) => elector.faulty.has(place)).length <= next.length - quorumSize(next.length));
    for (const place of next) members.add(place);
    sizes.add(next.length);
    seats = next;
  }
  assert.deepEqual([...sizes].sort(), [7, 8]);
  assert.equal(members.size, elector.pool.length);
});

test("transfers move units and make none", () => {
  let state = genesisState(HASH);
  const batch = (...bytes: number[]): Uint8Array => encodeSideBatch([Uint8Array.of(1, ...bytes, 0, 0, 0)]);
  const rng = new SimRng(4);
  let refused = 0;
  for (let i = 0; i < 300; i += 1) {
    const after = applyTransfer(state, batch(rng.below(9), rng.below(8), rng.below(30)));
    if (after === undefined) refused += 1;
    state = after ?? state;
    assert.equal(
      state.balances.reduce((sum, balance) => sum + balance, 0n),
      SUPPLY,
    );
    assert.ok(state.balances.every((balance) => balance >= 0n));
  }
  assert.ok(refused > 20 && refused < 250);
});

test("a crash loses what was not synced, or all of it but a part from the start", () => {
  const kept = new Set<number>();
  for (let seed = 1; seed <= 60; seed += 1) {
    const disk = new SimDisk(HASH, fakeKey(0));
    disk.write({ entries: [silence(1)], replace: false });
    disk.sync(0);
    disk.write({ entries: [silence(2), silence(3)], replace: false });
    disk.write({ entries: [silence(4)], replace: false });
    disk.crash(new SimRng(seed), 0);
    const views = (disk.read() ?? []).slice(1).map((entry) => (entry.type === "silence" ? entry.through.view : 0));
    assert.deepEqual(views, [1, 2, 3, 4].slice(0, views.length), "always a part from the start");
    kept.add(views.length);
  }
  assert.deepEqual([...kept].sort(), [1, 2, 3, 4]);
  const disk = new SimDisk(HASH, fakeKey(0));
  disk.write({ entries: [silence(1)], replace: false });
  assert.deepEqual(disk.crash(undefined, 0), []);
  assert.deepEqual(disk.read(), emptyRecord(HASH, fakeKey(0)));
});

test("a flipped bit makes the record missing", () => {
  const disk = new SimDisk(HASH, fakeKey(0));
  disk.flip(new SimRng(1));
  assert.equal(disk.read(), undefined);
});

test("a narrow link delivers one message after the other, and loses what no socket would keep", () => {
  const plan = { ...drawPlan(1, { nodes: 4, byzantine: 0 }), bandwidth: 1000, latency: [1, 1] as const };
  const quiet = { ...plan, loss: 0, duplication: 0, jitterMs: 0, slow: [], cuts: [], phases: [] };
  const links = new Links(quiet, new SimRng(1));
  const send = (to: number) => links.pass({ from: 0, to, nowMs: 0, healed: false, bytes: 500 });
  assert.deepEqual([send(1), send(1), send(2)], [[501], [1001], [501]]);
  for (let i = 0; i < 5; i += 1) send(1);
  assert.deepEqual(send(1), [], "3 s of backlog");
});

test("a clock is wrong as planned until all is healed", () => {
  const clock = { skewMs: 50, drift: 0.01, jumps: [{ atMs: 1000, byMs: -700 }] };
  const read = (ms: number, healed = false): number => readClock(clock, { ms, healed }) - CLOCK_START_MS;
  assert.deepEqual([read(0), read(900), read(1000), read(1000, true)], [50, 959, 360, 1050]);
});

test("votes are made wrong in each of their parts", () => {
  const rng = new SimRng(3);
  const sign = () => fakeCrypto(0).sign(HASH);
  const vote = {
    epoch: 2,
    kind: VOTE_KINDS.NOTARIZE,
    view: 3,
    height: 4,
    blockHash: HASH,
    signer: 0,
    signature: sign(),
  };
  const message = { type: "NOTES", epoch: 2, view: 3, votes: [vote], certificates: [] } as const;
  const changed = new Set<string>();
  for (let i = 0; i < 300; i += 1) {
    const made = mangle(message, rng, { sign });
    const other = made?.type === "NOTES" ? made.votes[0] : undefined;
    if (other === undefined) continue;
    for (const part of ["epoch", "kind", "view", "blockHash", "signer", "signature"] as const)
      if (String(other[part]) !== String(vote[part])) changed.add(part);
  }
  assert.deepEqual([...changed].sort(), ["blockHash", "epoch", "kind", "signature", "signer", "view"]);
});

test("a profile draws each size from the seed alone, never more hostile members than are tolerated", () => {
  const seen = new Set<number>();
  for (let seed = 1; seed < 500; seed += 1) {
    const { nodes, byzantine } = drawSizes(PROFILES.nightly, seed);
    seen.add(nodes);
    assert.ok(byzantine <= nodes - quorumSize(nodes));
    assert.deepEqual(drawSizes(PROFILES.nightly, seed), { nodes, byzantine });
  }
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [4, 5, 7, 10, 13],
  );
});
