// The member as one object: its keys are checked, its loop runs on the timer port and ends, what a node refuses is said once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDisk } from "@bystack/storage/disk-memory";
import { createMemoryStore } from "@bystack/storage/memory";
import { createFakeClock } from "@bystack/testing/clock";
import { createMemoryLogger } from "@bystack/testing/logger";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import { openEnvelope } from "../src/exchange/envelope.ts";
import { STEP_INTERVAL_MS } from "../src/limits.ts";
import { createFederationService } from "../src/service.ts";
import { seedsOf } from "./support/keys.ts";
import { mainPortOf } from "./support/main-chain.ts";
import { sidePortOf } from "./support/side-port.ts";
import { World } from "./support/world.ts";

const identityKeysOf = (world: World) => (world.spec.federation?.members ?? []).map(({ identity }) => identity);

function optionsOf(world: World, isDown: () => boolean = () => false) {
  const clock = createFakeClock();
  return {
    spec: world.spec,
    index: 1,
    seeds: seedsOf(1),
    main: mainPortOf(world.main, isDown),
    side: sidePortOf(world.side),
    peers: [],
    transport: async () => {},
    mainAddressPrefix: "sm",
    disk: createMemoryDisk(),
    folder: "federation",
    store: createMemoryStore(),
    clock,
    timers: clock,
    rng: createSeededRng(1),
    logger: createMemoryLogger(),
  };
}

test("a member with another member's keys does not start", async () => {
  const world = new World();
  for (const use of ["identity", "vault", "collector"] as const) {
    const seeds = { ...seedsOf(1), [use]: seedsOf(2)[use] };
    await assert.rejects(createFederationService({ ...optionsOf(world), seeds }), { code: "MEMBER_KEYS" });
  }
  await assert.rejects(createFederationService({ ...optionsOf(world), index: 9 }), { code: "MEMBER_KEYS" });
});

test("the loop steps on the timer and ends with stop", async () => {
  const world = new World();
  world.side.produce();
  const options = optionsOf(world);
  const service = await createFederationService(options);
  service.start();
  await service.step();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(options.clock.waiting, 1);
  assert.equal(service.status().scannedMainHeight, 0);
  world.main.mine(3);
  options.clock.advance(STEP_INTERVAL_MS);
  await service.step();
  assert.equal(service.status().scannedMainHeight, 3);
  await service.stop();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(options.clock.waiting, 0);
});

test("a node that does not answer is said once, and again when it does", async () => {
  const world = new World();
  world.side.produce();
  let down = true;
  const options = optionsOf(world, () => down);
  const service = await createFederationService(options);
  for (let i = 0; i < 5; i += 1) await service.step();
  assert.equal(options.logger.lines.length, 1);
  assert.equal(service.status().nodeProblem, "UNREACHABLE");
  down = false;
  await service.step();
  assert.equal(service.status().nodeProblem, null);
  assert.equal(options.logger.find("works again").length, 1);
});

test("no secret is in any log line of a whole round trip", async () => {
  const world = new World();
  await world.startAll();
  await world.fund();
  const secrets = [0, 1, 2, 3].flatMap((i) => Object.values(seedsOf(i)).map(bytesToHex));
  for (const { logger } of world.hosts) {
    const text = logger.lines
      .map(({ message, fields }) => `${message} ${Object.values(fields).map(String).join(" ")}`)
      .join("\n");
    for (const secret of secrets) assert.equal(text.includes(secret), false);
  }
});

test("message numbers never repeat over restarts, whatever the clock says", async () => {
  const world = new World();
  const options = optionsOf(world);
  const sequences: bigint[] = [];
  for (const startMs of [2_000_000, 1_000_000, 3_000_000]) {
    world.side.produce();
    const clock = createFakeClock(startMs);
    const sent: Uint8Array[] = [];
    const transport = async (_: number, envelope: Uint8Array): Promise<void> => void sent.push(envelope);
    const service = await createFederationService({ ...options, clock, timers: clock, transport });
    await service.step();
    await service.stop();
    const [first] = sent;
    assert.ok(first !== undefined);
    const opened = openEnvelope(first, { chainId: world.side.chainId, identityKeys: identityKeysOf(world) });
    assert.ok(opened.ok);
    sequences.push(opened.value.sequence);
  }
  assert.deepEqual(
    sequences,
    sequences.toSorted((a, b) => (a < b ? -1 : 1)),
  );
  assert.equal(new Set(sequences).size, 3);
});
