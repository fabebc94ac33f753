// Whole round trips over four members in virtual time: deposit, claim, burn, payout, proof; with members down, processes
// killed at CP16 to CP19, messages lost and repeated. The main chain and the side chain count what they did.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { createSeededRng, testSeed } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import type { CrashPoint } from "../src/member/context.ts";
import { programOf } from "./support/keys.ts";
import { World, type WorldOptions } from "./support/world.ts";

const HOLDER = programOf("holder");
const PAYEE = programOf("payee");
const BTM = 100_000_000n;

async function fundedWorld(options: WorldOptions = {}): Promise<World> {
  const world = new World(options);
  await world.startAll();
  await world.fund();
  return world;
}

/** A deposit of 50 BTM that has been credited. */
async function deposited(world: World): Promise<string> {
  const nullifier = world.deposit(HOLDER, 50n * BTM);
  await world.until("deposit credited", () => world.side.claims.has(nullifier));
  return nullifier;
}

function isPaid(world: World, requestId: Uint8Array): boolean {
  return world.side.burns.get(bytesToHex(requestId))?.completed === true;
}

function assertPaidOnce(world: World, amount: bigint): void {
  assert.equal(world.main.balance(PAYEE), amount, "the payee has the burned amount exactly once");
  assert.equal(world.side.claims.size, world.side.counts.claims, "every deposit was credited once");
  assert.ok(world.side.locked(BTM_ASSET_ID) >= world.side.owed(BTM_ASSET_ID), "locked covers owed");
}

test("a deposit is credited by itself and a burn is paid and proven", async () => {
  const world = await fundedWorld({ withView: true });
  const nullifier = await deposited(world);
  const claim = world.side.claims.get(nullifier);
  assert.deepEqual(claim?.recipient, HOLDER);
  await world.round(4);
  const listed = await world.call(0, "deposit", { params: { nullifier }, query: {}, body: {} });
  assert.equal(listed.state, "credited");
  assert.equal(listed.claim?.height, claim?.height);
  const request = world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.until("burn paid", () => isPaid(world, request));
  assertPaidOnce(world, 7n * BTM);
  await world.round();
  assert.deepEqual(world.service(0).payoutInfo(1n), { signedBy: [0, 1, 2, 3], waitsFor: null });
});

test("one member down changes nothing but a log line", async () => {
  const world = await fundedWorld();
  world.kill(3);
  await deposited(world);
  const request = world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.until("burn paid", () => isPaid(world, request));
  assertPaidOnce(world, 7n * BTM);
  const lines = world.host(0).logger.find("federation member unreachable");
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.fields.member, "member-3");
  assert.equal(world.host(0).logger.lines.filter(({ level }) => level === "error").length, 0);
});

test("two members down: the payout waits and says so, and goes on when one returns", async () => {
  const world = await fundedWorld();
  await deposited(world);
  world.kill(2);
  await world.call(3, "memberSwitch", { params: {}, query: {}, body: { run: false } });
  const request = world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.round(60);
  assert.equal(isPaid(world, request), false);
  const info = world.service(0).payoutInfo(1n);
  assert.deepEqual(info.signedBy, [0, 1]);
  assert.equal(info.waitsFor, "signatures: 2 of 3, missing from member-2, member-3");
  const members = await world.call(0, "members", { params: {}, query: {}, body: {} });
  assert.deepEqual(
    members.items.map(({ running }) => running),
    [true, true, false, false],
  );
  await world.start(2);
  await world.until("burn paid", () => isPaid(world, request));
  assertPaidOnce(world, 7n * BTM);
});

for (const point of ["CP16", "CP17", "CP18", "CP19"] as const satisfies readonly CrashPoint[]) {
  test(`all members killed at ${point} and restarted: one credit, one payout`, async () => {
    const world = await fundedWorld();
    for (const host of world.hosts) host.crashAt = point;
    const nullifier = world.deposit(HOLDER, 50n * BTM);
    let request: Uint8Array | undefined;
    const died = new Set<number>();
    for (let i = 0; i < 400 && (request === undefined || !isPaid(world, request)); i += 1) {
      await world.round();
      for (const host of world.hosts) {
        if (host.service !== undefined) continue;
        died.add(host.index);
        await world.start(host.index);
      }
      if (world.side.claims.has(nullifier)) request ??= world.side.burn({ amount: 7n * BTM, program: PAYEE });
    }
    assert.ok(died.size > 0, "somebody reached the point");
    assert.ok(request !== undefined && isPaid(world, request));
    await world.round(20);
    assertPaidOnce(world, 7n * BTM);
    assert.equal(world.side.counts.claims, 2, "float and deposit");
    assert.equal(world.side.counts.proofs, 1);
  });
}

test("a member with an empty disk signs on", async () => {
  const world = await fundedWorld();
  await deposited(world);
  const host = world.host(1);
  world.kill(1, { forget: true });
  host.disk = new World().host(1).disk;
  await world.start(1);
  world.kill(0);
  const request = world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.until("burn paid", () => isPaid(world, request));
  assertPaidOnce(world, 7n * BTM);
});

test("messages lost and repeated at random do no harm", async (t) => {
  const rng = createSeededRng(testSeed(71));
  t.diagnostic(`seed ${rng.seed}`);
  const world = await fundedWorld({ deliveries: () => rng.pick([0, 0, 1, 2]) });
  await deposited(world);
  const requests = [1n, 2n, 3n].map((n) => world.side.burn({ amount: n * BTM, program: PAYEE, note: String(n) }));
  await world.until("burns paid", () => requests.every((request) => isPaid(world, request)), 400);
  assertPaidOnce(world, 6n * BTM);
});

test("signatures that nobody heard are asked for when the mesh is whole again", async () => {
  let isCut = false;
  const world = await fundedWorld({ deliveries: () => (isCut ? 0 : 1) });
  await deposited(world);
  isCut = true;
  const request = world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.until("all have signed alone", () =>
    world.hosts.every(({ index }) => world.service(index).payoutInfo(1n).signedBy.includes(index)),
  );
  await world.round(10);
  assert.equal(world.main.balance(PAYEE), 0n);
  isCut = false;
  await world.until("burn paid", () => isPaid(world, request));
  assertPaidOnce(world, 7n * BTM);
});

test("a payout that a reorganisation takes out of its block is sent again, the same bytes", async () => {
  const world = await fundedWorld();
  await deposited(world);
  const request = world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.until("payout mined", () => world.main.balance(PAYEE) > 0n);
  world.main.reorganise(1, { forget: true });
  assert.equal(world.main.balance(PAYEE), 0n);
  world.main.mine();
  await world.until("burn paid", () => isPaid(world, request));
  assertPaidOnce(world, 7n * BTM);
});

test("after a deep reorganisation the unproven coins are proven again, and nothing is signed while paused", async () => {
  const world = await fundedWorld();
  const nullifier = await deposited(world);
  // The blocks leave the chain and come back in another order: the deposits are mined again elsewhere.
  const depth = world.main.tip.height - 1;
  world.main.reorganise(depth);
  world.main.mine(depth + 1);
  await world.until("paused", () => world.side.paused.automatic);
  assert.equal(world.side.coins.get(nullifier)?.provenHeight, undefined);
  world.side.burn({ amount: 7n * BTM, program: PAYEE });
  await world.until("proven again", () =>
    [...world.side.coins.values()].every((coin) => coin.provenHeight !== undefined),
  );
  assert.equal(world.main.balance(PAYEE), 0n);
  assert.equal(world.side.counts.claims, 2);
  for (const index of [0, 1, 2]) {
    await world.call(index, "govern", { params: {}, query: {}, body: { action: { kind: "resume", scope: "all" } } });
  }
  await world.until("burn paid", () => world.main.balance(PAYEE) > 0n);
  assertPaidOnce(world, 7n * BTM);
});
