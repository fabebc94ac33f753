// Members follow the committees that are elected, by certificates alone: payouts go on after an election, also after a start
// on a node that has pruned its old blocks; a committee that nobody certified is not believed, whoever names it.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createMemoryStore } from "@bystack/storage/memory";
import { bytesToHex } from "@bystack/utils/bytes";
import { EPOCHS_FOLLOWED_PER_STEP_MAX } from "../src/limits.ts";
import { Committees } from "../src/member/committees.ts";
import type { SideChainPort } from "../src/ports.ts";
import { programOf, signerOf } from "./support/keys.ts";
import { sidePortOf } from "./support/side-port.ts";
import { World, type WorldOptions } from "./support/world.ts";

const BTM = 100_000_000n;
const EPOCH_BLOCKS = 8;
/** From epoch 3 on one seat changes each epoch, until nobody of the spec is left. */
const SEATS = [
  [0, 1, 2, "a"],
  ["b", 1, 2, "a"],
  ["b", 1, "c", "a"],
  ["b", "d", "c", "a"],
] as const;

function electedWorld(options: WorldOptions = {}): World {
  const world = new World({ ...options, elections: true });
  world.side.elected = (epoch) => (epoch < 3 ? undefined : SEATS[Math.min(epoch - 3, SEATS.length - 1)]);
  return world;
}

async function untilEpoch(world: World, epoch: number): Promise<void> {
  await world.until(`epoch ${epoch}`, () => world.side.height >= (epoch - 1) * EPOCH_BLOCKS + 1, 400);
}

const isDone = (world: World, payout: bigint) => (): boolean => world.side.payouts.get(payout)?.state === "done";
const BURN = { amount: 7n * BTM, program: programOf("payee") };

async function fundedWorld(options: WorldOptions = {}): Promise<World> {
  const world = electedWorld(options);
  await world.startAll();
  await world.fund();
  const nullifier = world.deposit(programOf("holder"), 50n * BTM);
  await world.until("credited", () => world.side.claims.has(nullifier));
  return world;
}

suite("a federation on a chain with elections", () => {
  test("pays before, during and after the committee has changed altogether", async () => {
    const world = await fundedWorld();
    world.side.burn(BURN);
    await world.until("the first payout", isDone(world, 1n));
    await untilEpoch(world, 8);
    assert.deepEqual(
      world.side.committeeOf(8).map(bytesToHex),
      ["b", "d", "c", "a"].map((name) => bytesToHex(signerOf(`vote ${name}`).publicKey)),
    );
    world.side.burn({ ...BURN, note: "later" });
    await world.until("the second payout", isDone(world, 2n));
    assert.deepEqual(world.host(0).logger.find("a payout is not signed"), []);
  });

  test("a member goes on from what it has followed, on a node that has lost the old epochs", async () => {
    let pruned = 0;
    const wrapSide = (port: SideChainPort): SideChainPort => ({
      ...port,
      finality: async (height) => (height <= pruned ? undefined : port.finality(height)),
      epochEnds: async (from) => (from * EPOCH_BLOCKS <= pruned ? [] : port.epochEnds(from)),
    });
    const world = await fundedWorld({ wrapSide });
    await untilEpoch(world, 7);
    world.kill(0);
    pruned = 6 * EPOCH_BLOCKS - 1;
    await world.start(0);
    world.side.burn(BURN);
    await world.until("a payout", isDone(world, 1n));
    assert.ok(world.service(0).payoutInfo(1n).signedBy.includes(0));
    // A member that has forgotten everything cannot know whose certificates these are, and signs nothing.
    world.kill(1, { forget: true });
    await world.start(1);
    world.side.burn({ ...BURN, note: "later" });
    await world.until("the next payout", isDone(world, 2n));
    assert.equal(world.service(0).payoutInfo(2n).signedBy.includes(1), false);
  });

  test("a committee that its node makes up is told and not believed", async () => {
    const forged = [9, 8, 7, 6].map((name) => signerOf(`vote ${name}`).publicKey);
    const wrapSide = (port: SideChainPort, index: number): SideChainPort => ({
      ...port,
      epochEnds: async (from) => {
        const ends = await port.epochEnds(from);
        return index !== 0 ? ends : ends.map((end) => (end.header.epoch < 3 ? end : { ...end, nextKeys: forged }));
      },
    });
    const world = await fundedWorld({ wrapSide });
    await untilEpoch(world, 5);
    world.side.burn(BURN);
    await world.until("a payout of the others", isDone(world, 1n));
    assert.equal(world.service(1).payoutInfo(1n).signedBy.includes(0), false);
    const waits = world.host(0).logger.find("a part of the federation member waits");
    assert.ok(
      waits.some(({ fields }) => fields.code === "COMMITTEE_NOT_CERTIFIED" && fields.why === "committee-COMMITTEE"),
    );
    assert.deepEqual(world.host(1).logger.find("a part of the federation member waits"), []);
  });
});

suite("committees", () => {
  async function chainOf(epochs: number): Promise<World> {
    const world = electedWorld();
    while (world.side.height < epochs * EPOCH_BLOCKS) world.side.produce();
    // The clock has to be past the blocks' times.
    world.clock.advance(epochs * EPOCH_BLOCKS * 500);
    return world;
  }

  const followerOf = (world: World, side = sidePortOf(world.side), store = createMemoryStore()) =>
    new Committees(world.spec, { side, store, clock: world.clock });

  test("each height has the keys of its own epoch, and the future has none yet", async () => {
    const world = await chainOf(7);
    const committees = followerOf(world);
    for (const epoch of [7, 3, 1, 5]) {
      for (const height of [(epoch - 1) * EPOCH_BLOCKS + 1, epoch * EPOCH_BLOCKS]) {
        const found = await committees.at(height);
        assert.ok(found.ok);
        assert.deepEqual(found.value.map(bytesToHex), world.side.committeeOf(epoch).map(bytesToHex));
      }
    }
    const future = await committees.at(8 * EPOCH_BLOCKS + 1);
    assert.deepEqual(future, { ok: false, error: "waits" });
  });

  test("an epoch's end that the committee before has not signed leads nowhere", async () => {
    const world = await chainOf(6);
    const port = sidePortOf(world.side);
    const forged = new World({ elections: true });
    forged.side.elected = (epoch) => (epoch < 3 ? undefined : ["x", "y", "z", "w"]);
    while (forged.side.height < 6 * EPOCH_BLOCKS) forged.side.produce();
    // The same chain id, other elections: from epoch 3 on the certificates are of other keys.
    const [own, others] = [port, sidePortOf(forged.side)];
    const renamed: SideChainPort = {
      ...port,
      epochEnds: async (from) =>
        (await others.epochEnds(from)).map((end, i) => ({ ...end, nextKeys: world.side.committeeOf(from + i + 1) })),
    };
    assert.deepEqual(await followerOf(world, renamed).follow(6), { ok: false, error: "committee-COMMITTEE" });
    const mixed: SideChainPort = {
      ...port,
      epochEnds: async (from) => [...(await own.epochEnds(from)).slice(0, 2), ...(await others.epochEnds(from + 2))],
    };
    assert.deepEqual(await followerOf(world, mixed).follow(6), { ok: false, error: "committee-SIGNATURE" });
  });

  test("a long way is followed in steps", async () => {
    const world = await chainOf(EPOCHS_FOLLOWED_PER_STEP_MAX + 3);
    const committees = followerOf(world);
    const last = EPOCHS_FOLLOWED_PER_STEP_MAX + 3;
    assert.deepEqual(await committees.follow(last), { ok: false, error: "waits" });
    assert.deepEqual(await committees.follow(last), { ok: true, value: undefined });
  });

  test("what is kept is enough to go on, and a torn record is as good as none", async () => {
    const world = await chainOf(7);
    const store = createMemoryStore();
    assert.ok((await followerOf(world, sidePortOf(world.side), store).follow(6)).ok);
    const silent: SideChainPort = { ...sidePortOf(world.side), epochEnds: async () => [] };
    const again = followerOf(world, silent, store);
    await again.load();
    const found = await again.at(4 * EPOCH_BLOCKS);
    assert.deepEqual(found.ok && found.value.map(bytesToHex), world.side.committeeOf(4).map(bytesToHex));
    // A record that says less of how far it goes than it holds was not written as a whole.
    for await (const { key, value } of store.iterate()) {
      if (key.subarray(1).some((byte) => byte !== 0)) continue;
      await store.batch({ puts: [{ key, value: Uint8Array.of(2, ...value.subarray(1)) }] });
    }
    const behind = followerOf(world, silent, store);
    await behind.load();
    assert.deepEqual(await behind.at(2 * EPOCH_BLOCKS), { ok: false, error: "waits" });
    for await (const { key } of store.iterate()) await store.batch({ puts: [{ key, value: Uint8Array.of(1, 2) }] });
    const torn = followerOf(world, silent, store);
    await torn.load();
    assert.deepEqual(await torn.at(4 * EPOCH_BLOCKS), { ok: false, error: "waits" });
    assert.ok((await torn.at(1)).ok, "the first epoch's committee is the spec's");
  });
});
