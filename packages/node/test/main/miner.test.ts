// The miner in virtual time, with a chain and a search that the test plays: pace, restarts when the tip moves, no second
// block for a slot, no burst after an absence.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { MainTemplate } from "@bystack/chain/main/template";
import type { MiningOutcome } from "@bystack/crypto/tensority-pool";
import type { MainBlock } from "@bystack/protocol/main/block";
import { createFakeClock, type FakeClock } from "@bystack/testing/clock";
import { createMemoryLogger, type MemoryLogger } from "@bystack/testing/logger";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { type Miner, startMiner } from "../../src/main/miner.ts";

const EVERY_MS = 2_000;
const START_MS = 1_700_000_000_000;

function hashOf(height: number): Hash {
  return new Uint8Array(32).fill(height & 0xff);
}

type Pending = { readonly signal: AbortSignal; finish(outcome: MiningOutcome): void };

type World = {
  readonly clock: FakeClock;
  readonly miner: Miner;
  readonly logger: MemoryLogger;
  /** Blocks taken, with the time. */
  readonly accepted: { readonly block: MainBlock; readonly atMs: number }[];
  readonly templates: { readonly atMs: number; readonly parent: string }[];
  /** The search under way. */
  pending(): Pending | undefined;
  /** A block of somebody else. */
  foreignBlock(): void;
  /** Lets the clock run in small steps, so that promises keep up; every search ends at once while `quick`. */
  run(ms: number): Promise<void>;
};

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

function createWorld(options: { quick: boolean; timestampAheadSeconds?: bigint }): World {
  const clock = createFakeClock(START_MS);
  const logger = createMemoryLogger();
  const accepted: World["accepted"] = [];
  const templates: { atMs: number; parent: string }[] = [];
  let height = 0;
  let pending: Pending | undefined;
  const miner = startMiner(
    { everyMs: EVERY_MS, futureSecondsMax: 3_600n },
    {
      clock,
      after: clock.after,
      tip: () => hashOf(height),
      template: async (nowMs) => {
        templates.push({ atMs: clock.monotonicMs(), parent: bytesToHex(hashOf(height)) });
        const header = {
          version: 1n,
          height: BigInt(height + 1),
          previousHash: hashOf(height),
          timestamp: BigInt(Math.floor(nowMs / 1000)) + (options.timestampAheadSeconds ?? 0n),
          transactionsRoot: hashOf(0),
          statusRoot: hashOf(0),
          nonce: 0n,
          bits: 1n,
        };
        const template: MainTemplate = {
          block: { header, transactions: [] },
          seed: hashOf(0),
          statusFail: [],
          feesNeu: 0n,
          gasUsed: 0,
          rejected: [],
        };
        return template;
      },
      search: (job, signal) => {
        assert.equal(job.body.length, 128);
        if (options.quick)
          return Promise.resolve({
            status: "found",
            nonce: 5n,
            hash: hashOf(1),
            blockHash: hashOf(height + 1),
            hashes: 2,
          });
        return new Promise((resolve) => {
          const finish = (outcome: MiningOutcome): void => {
            pending = undefined;
            resolve(outcome);
          };
          pending = { signal, finish };
          signal.addEventListener("abort", () => finish({ status: "aborted", hashes: 1 }));
        });
      },
      accept: async (block) => {
        accepted.push({ block, atMs: clock.monotonicMs() });
        height += 1;
        return undefined;
      },
      logger,
    },
  );
  return {
    clock,
    miner,
    logger,
    accepted,
    templates,
    pending: () => pending,
    foreignBlock: () => {
      height += 1;
      miner.tipChanged();
    },
    run: async (ms) => {
      await settle();
      for (let at = 0; at < ms; at += 250) {
        clock.advance(250);
        await settle();
      }
    },
  };
}

function found(height: number): MiningOutcome {
  return { status: "found", nonce: 9n, hash: hashOf(1), blockHash: hashOf(height), hashes: 4 };
}

test("one block every interval from the start on, with the nonce that was found", async () => {
  const world = createWorld({ quick: true });
  await world.run(10_000);
  assert.deepEqual(
    world.accepted.map(({ atMs }) => atMs),
    [0, 2_000, 4_000, 6_000, 8_000, 10_000],
  );
  assert.ok(world.accepted.every(({ block }) => block.header.nonce === 5n));
  await world.miner.stop();
  await world.miner.ended;
  await world.run(10_000);
  assert.equal(world.accepted.length, 6);
  assert.equal(world.clock.waiting, 0);
});

test("the time that hashing takes does not shift the timetable, and templates are built when hashing starts", async () => {
  const world = createWorld({ quick: false });
  for (let slot = 0; slot < 4; slot += 1) {
    await world.run(750);
    world.pending()?.finish(found(slot));
    await world.run(1_250);
  }
  assert.deepEqual(
    world.templates.map(({ atMs }) => atMs),
    [0, 2_000, 4_000, 6_000, 8_000],
  );
  assert.equal(world.accepted.length, 4);
  assert.ok(world.miner.hashesPerSecond() > 0);
  await world.miner.stop();
});

test("when the tip moves the search starts over on the new tip, and the slot still gives one block", async () => {
  const world = createWorld({ quick: false });
  await world.run(500);
  const first = world.pending();
  world.foreignBlock();
  await settle();
  assert.equal(first?.signal.aborted, true);
  assert.deepEqual(
    world.templates.map(({ parent }) => parent.slice(0, 2)),
    ["00", "01"],
  );
  world.pending()?.finish(found(2));
  await world.run(1_000);
  assert.equal(world.accepted.length, 1);
  assert.equal(world.pending(), undefined, "no second search before the next slot");
  await world.miner.stop();
});

test("a nonce that was found for an old tip is not submitted", async () => {
  const world = createWorld({ quick: false });
  await world.run(250);
  const old = world.pending();
  // The outcome is on its way while the tip moves.
  old?.finish(found(1));
  world.foreignBlock();
  await settle();
  assert.equal(world.accepted.length, 0);
  world.pending()?.finish(found(2));
  await settle();
  assert.deepEqual(
    world.accepted.map(({ block }) => block.header.height),
    [2n],
  );
  await world.miner.stop();
});

test("after a long absence the miner goes on in the present slot instead of a burst", async () => {
  const world = createWorld({ quick: false });
  await world.run(250);
  world.clock.advance(50 * EVERY_MS); // the search got no time, and its template grew old
  await settle();
  world.pending()?.finish(found(1));
  await settle();
  let blocks = 0;
  while (world.pending() !== undefined) {
    world.pending()?.finish(found(2 + blocks));
    await settle();
    blocks += 1;
  }
  assert.equal(blocks, 1);
  assert.equal(world.logger.find("slots skipped").length, 1);
  await world.miner.stop();
});

test("a long search gets a fresh template", async () => {
  const world = createWorld({ quick: false });
  await world.run(31_000);
  assert.equal(world.templates.length, 2);
  await world.miner.stop();
});

test("a chain whose time is too far ahead of the clock is left alone", async () => {
  const world = createWorld({ quick: true, timestampAheadSeconds: 3_601n });
  await world.run(4_000);
  assert.equal(world.accepted.length, 0);
  assert.equal(world.logger.find("too far ahead").length, 3);
  await world.miner.stop();
});
