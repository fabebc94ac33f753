// Exactly once under random trouble (P29): deposits and burns while members are killed at named points or at any moment with
// power cuts that keep, lose or tear what was not synced, messages are lost and repeated, and the main chain loses fewer
// than D blocks. Afterwards everything heals, and every deposit is credited once, every burn paid once. Seeds are printed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import type { UnitFate } from "@bystack/storage/disk-memory";
import { createMemoryStore } from "@bystack/storage/memory";
import { createSeededRng, type SeededRng, testSeed } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import type { CrashPoint } from "../src/member/context.ts";
import { programOf } from "./support/keys.ts";
import { World } from "./support/world.ts";

const SEEDS = 8;
const ROUNDS = 80;
const BTM = 100_000_000n;
const POINTS: readonly CrashPoint[] = ["CP16", "CP17", "CP18", "CP19"];

type Work = {
  readonly deposits: Map<string, Uint8Array>;
  readonly burns: Map<string, { program: Uint8Array; amount: bigint }>;
};

function cutPower(world: World, index: number, rng: SeededRng): void {
  const host = world.host(index);
  host.service = undefined;
  const fates: readonly UnitFate[] = ["kept", "lost", "torn"];
  // Names and contents of one moment share one fate, as a journal of a file system would give it.
  const fate = rng.pick(fates);
  host.disk = host.disk.crash((unit) => (unit.kind === "name" && fate === "torn" ? "lost" : fate));
  if (rng.chance(0.3)) host.store = createMemoryStore();
}

async function trouble(world: World, rng: SeededRng): Promise<void> {
  const index = rng.below(4);
  const host = world.host(index);
  if (host.service === undefined) {
    if (rng.chance(0.3)) await world.start(index);
  } else {
    const dice = rng.below(100);
    if (dice < 6) cutPower(world, index, rng);
    else if (dice < 12) host.crashAt = rng.pick(POINTS);
  }
  if (rng.chance(0.03) && world.main.tip.height > 12) {
    world.main.reorganise(1 + rng.below(2), { forget: false });
    world.main.mine(3, { empty: rng.chance(0.5) });
  }
}

function work(world: World, rng: SeededRng, done: Work): void {
  const n = done.deposits.size + done.burns.size;
  if (rng.chance(0.08)) {
    const recipient = programOf(`recipient ${n}`);
    done.deposits.set(world.deposit(recipient, BigInt(2 + rng.below(20)) * BTM), recipient);
  }
  if (rng.chance(0.08) && world.side.owed(BTM_ASSET_ID) > 30n * BTM) {
    const program = programOf(`payee ${n}`);
    const amount = BigInt(1 + rng.below(9)) * BTM;
    done.burns.set(bytesToHex(world.side.burn({ amount, program, note: String(n) })), { program, amount });
  }
}

for (let i = 0; i < SEEDS; i += 1) {
  const seed = testSeed(1000 + i);
  test(`every deposit is credited once and every burn paid once, seed ${seed}`, async () => {
    const rng = createSeededRng(seed);
    let isCalm = true;
    const world = new World({
      confirmations: 4,
      withView: rng.chance(0.5),
      deliveries: () => (isCalm ? 1 : rng.pick([0, 1, 1, 2])),
    });
    await world.startAll();
    await world.fund(50_000_000_000n);
    const done: Work = { deposits: new Map(), burns: new Map() };
    done.deposits.set(world.deposit(programOf("first"), 60n * BTM), programOf("first"));
    isCalm = false;
    for (let round = 0; round < ROUNDS; round += 1) {
      await trouble(world, rng);
      work(world, rng, done);
      await world.round();
    }
    isCalm = true;
    for (const host of world.hosts) {
      host.crashAt = undefined;
      if (host.service === undefined) await world.start(host.index);
    }
    const open = (): boolean =>
      [...done.deposits.keys()].some((id) => !world.side.claims.has(id)) ||
      [...done.burns.keys()].some((id) => world.side.burns.get(id)?.completed !== true);
    await world.until("everything done", () => !open(), 400);
    await world.round(12);
    for (const { program, amount } of done.burns.values()) assert.equal(world.main.balance(program), amount);
    for (const [id, recipient] of done.deposits) assert.deepEqual(world.side.claims.get(id)?.recipient, recipient);
    assert.equal(world.side.counts.claims, done.deposits.size + 1, "the deposits and the float");
    assert.ok(world.side.locked(BTM_ASSET_ID) >= world.side.owed(BTM_ASSET_ID));
    assert.ok(world.side.floatNeu() >= 0n);
    for (const { logger } of world.hosts) assert.deepEqual(logger.find("earlier promise"), []);
  });
}
