// The journal of operations against a small world: killed at each place where a process may end, cancelled, failing,
// resumed, in turn. "Killed" means that nothing of the old process has any effect any more, its store included.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Journal, OPERATIONS_QUEUED_MAX, type OperationDraft, type Step } from "@bystack/platform/operation/journal";
import type { Operation } from "@bystack/platform/operation/record";
import { PlatformStore } from "@bystack/platform/store";
import type { KvStore } from "@bystack/storage/kv";
import { createMemoryStore } from "@bystack/storage/memory";
import { createFakeClock } from "@bystack/testing/clock";
import { createSeededRng, testSeed } from "@bystack/testing/rng";
import { nullLogger } from "@bystack/utils/ports";
import { platformError } from "../src/errors.ts";

const clock = createFakeClock();

/** What the steps change: two halves of a thing each, and payments that a chain takes once by their key. */
class World {
  readonly made = new Set<string>();
  readonly paid: string[] = [];
  broken = false;
}

/** A process that can be killed: from then on its store answers nothing. */
type Life = { readonly journal: Journal; readonly broken: unknown[]; points: number; isDead: boolean };

class Killed extends Error {}

function mortal(kv: KvStore, life: { isDead: boolean }): KvStore {
  const never = <T>(): Promise<T> => new Promise(() => {});
  return {
    get: (key) => (life.isDead ? never() : kv.get(key)),
    getMany: (keys) => (life.isDead ? never() : kv.getMany(keys)),
    iterate: (range) => kv.iterate(range),
    batch: (batch) => (life.isDead ? never() : kv.batch(batch)),
    snapshot: () => kv.snapshot(),
    close: async () => {},
  };
}

function stepsIn(world: World, point: (name: string) => void): readonly Step[] {
  const thing = (name: string, canUndo: boolean): Step => ({
    name,
    title: `make ${name}`,
    check: async () => world.made.has(`${name} 1`) && world.made.has(`${name} 2`),
    do: async ({ note }) => {
      if (world.broken && name === "b") throw platformError("WAIT_TIMEOUT", { why: "the world is broken" });
      await note("the first half");
      world.made.add(`${name} 1`);
      point(`${name} half made`);
      world.made.add(`${name} 2`);
    },
    ...(canUndo && {
      undo: async () => {
        world.made.delete(`${name} 2`);
        point(`${name} half taken back`);
        world.made.delete(`${name} 1`);
      },
    }),
  });
  const pay: Step = {
    name: "pay",
    title: "pay once",
    check: async ({ key }) => world.paid.includes(key),
    do: async ({ key }) => {
      world.paid.push(key);
    },
  };
  return [thing("a", true), thing("b", true), pay, thing("c", true)];
}

async function live(kv: KvStore, world: World, killAt = Number.POSITIVE_INFINITY, steps = stepsIn): Promise<Life> {
  const life = { isDead: false, points: 0, broken: [] as unknown[] };
  const point = (): void => {
    if (life.isDead) throw new Killed();
    life.points += 1;
    if (life.points !== killAt) return;
    life.isDead = true;
    throw new Killed();
  };
  const journal = new Journal({
    store: await PlatformStore.open(mortal(kv, life), clock),
    tenant: "t",
    kinds: [{ kind: "make", steps: () => steps(world, point) }],
    clock,
    logger: nullLogger,
    onBroken: (error) => life.broken.push(error),
    onPoint: point,
  });
  return Object.assign(life, { journal });
}

const DRAFT: OperationDraft = {
  kind: "make",
  title: "make things",
  network: "dev",
  chain: "demo",
  actorId: "u1",
  input: {},
};

const statesOf = ({ steps }: Operation): string[] => steps.map(({ state }) => state);

describe("an operation", () => {
  test("is made step by step, and says so", async () => {
    const world = new World();
    const kv = createMemoryStore();
    const { journal } = await live(kv, world);
    const { id } = await journal.submit(DRAFT);
    const over = await journal.settled(id);
    assert.equal(over.state, "succeeded");
    assert.deepEqual(statesOf(over), ["done", "done", "done", "done"]);
    assert.deepEqual([...world.made], ["a 1", "a 2", "b 1", "b 2", "c 1", "c 2"]);
    assert.deepEqual(world.paid, [`${id}/pay`]);
    const { events } = await (await PlatformStore.open(kv, clock)).eventsAfter("t", 0);
    const last = events.at(-1);
    assert.deepEqual(
      [last?.topic, last?.subject, last?.data.state, last?.data.done],
      ["operation", id, "succeeded", 4],
    );
    assert.ok(events.some(({ data }) => JSON.stringify(data.step).includes("the first half")));
  });

  test("killed at any place and started again ends the same, and pays once", async () => {
    const places = await (async () => {
      const life = await live(createMemoryStore(), new World());
      await life.journal.settled((await life.journal.submit(DRAFT)).id);
      return life.points;
    })();
    assert.ok(places >= 4 * 5 + 3, `${places} places`);
    for (let place = 1; place <= places; place += 1) {
      const world = new World();
      const kv = createMemoryStore();
      const first = await live(kv, world, place);
      const { id } = await first.journal.submit(DRAFT);
      while (!first.isDead) await new Promise(setImmediate);
      const second = await live(kv, world);
      await second.journal.start();
      const over = await second.journal.settled(id);
      assert.equal(over.state, "succeeded", `killed at place ${place}`);
      assert.equal(world.made.size, 6);
      assert.deepEqual(world.paid, [`${id}/pay`], `killed at place ${place}`);
    }
  });

  test("killed again and again, cancelled in between, is whole or taken back down to the payment", async () => {
    const rng = createSeededRng(testSeed(2111));
    for (let round = 0; round < 60; round += 1) {
      const world = new World();
      const kv = createMemoryStore();
      let id = "";
      for (let kills = 0; kills < 4; kills += 1) {
        const life = await live(kv, world, 1 + rng.below(12));
        if (id === "") ({ id } = await life.journal.submit(DRAFT));
        else await life.journal.start();
        // Neither side need come to an end: the cancel may be what the kill cuts off.
        if (rng.chance(0.3)) void life.journal.cancel(id).catch(() => {});
        for (let turn = 0; turn < 200 && !life.isDead; turn += 1) await new Promise(setImmediate);
        life.isDead = true;
      }
      const last = await live(kv, world);
      await last.journal.start();
      const over = await last.journal.settled(id);
      assert.ok(over.state === "succeeded" || over.state === "cancelled", over.state);
      assert.ok(world.paid.length <= 1);
      const made = [...world.made].sort().join();
      if (over.state === "succeeded") assert.equal(made, "a 1,a 2,b 1,b 2,c 1,c 2");
      else assert.equal(made, world.paid.length === 1 ? "a 1,a 2,b 1,b 2" : "", `seed ${rng.seed}, round ${round}`);
    }
  });

  test("that fails says where and why, and goes on when it is resumed", async () => {
    const world = new World();
    world.broken = true;
    const { journal } = await live(createMemoryStore(), world);
    const { id } = await journal.submit(DRAFT);
    const failed = await journal.settled(id);
    assert.deepEqual(
      [failed.state, failed.error?.code, failed.error?.step, failed.error?.why],
      ["failed", "WAIT_TIMEOUT", "b", "the world is broken"],
    );
    world.broken = false;
    await journal.resume(id);
    assert.equal((await journal.settled(id)).state, "succeeded");
    await assert.rejects(journal.resume(id), { code: "OPERATION_OVER" });
    await assert.rejects(journal.cancel(id), { code: "OPERATION_OVER" });
    await assert.rejects(journal.cancel("x"), { code: "OPERATION_NOT_FOUND" });
  });

  test("that has failed can be cancelled: what was made goes", async () => {
    const world = new World();
    world.broken = true;
    const { journal } = await live(createMemoryStore(), world);
    const { id } = await journal.submit(DRAFT);
    await journal.settled(id);
    await journal.cancel(id);
    const over = await journal.settled(id);
    assert.equal(over.state, "cancelled");
    assert.deepEqual([...world.made], []);
    assert.deepEqual(statesOf(over), ["undone", "undone", "waiting", "waiting"]);
  });

  test("whose step has no effect does not count as made", async () => {
    const nothing: Step = { name: "n", title: "do nothing", check: async () => false, do: async () => {} };
    const { journal } = await live(createMemoryStore(), new World(), Number.POSITIVE_INFINITY, () => [nothing]);
    const { id } = await journal.submit(DRAFT);
    assert.equal((await journal.settled(id)).error?.code, "STEP_UNPROVEN");
  });

  test("takes back what it has made, never what was there before", async () => {
    const world = new World();
    world.made.add("a 1").add("a 2");
    world.broken = true;
    const { journal } = await live(createMemoryStore(), world);
    const { id } = await journal.submit(DRAFT);
    const failed = await journal.settled(id);
    assert.deepEqual(
      failed.steps.map(({ made }) => made),
      [false, true, false, false],
    );
    await journal.cancel(id);
    assert.equal((await journal.settled(id)).state, "cancelled");
    assert.deepEqual([...world.made], ["a 1", "a 2"]);
  });

  test("that is cancelled during its last step is taken back, also when that step does not listen", async () => {
    const world = new World();
    const begun = Promise.withResolvers<void>();
    const door = Promise.withResolvers<void>();
    const deaf: Step = {
      name: "deaf",
      title: "do not listen",
      check: async () => world.made.has("deaf"),
      do: async () => {
        begun.resolve();
        await door.promise;
        world.made.add("deaf");
      },
      undo: async () => {
        world.made.delete("deaf");
      },
    };
    const { journal } = await live(createMemoryStore(), world, Number.POSITIVE_INFINITY, () => [deaf]);
    const { id } = await journal.submit(DRAFT);
    await begun.promise;
    await journal.cancel(id);
    door.resolve();
    assert.equal((await journal.settled(id)).state, "cancelled");
    assert.equal(world.made.size, 0);
  });

  test("whose taking back is interrupted by the end of the platform is taken back after the next start", async () => {
    const world = new World();
    const kv = createMemoryStore();
    const undoing = Promise.withResolvers<void>();
    const slow = (isSlow: boolean): Step => ({
      name: "slow",
      title: "take time",
      check: async () => world.made.has("slow"),
      do: async ({ signal }) => {
        world.made.add("slow");
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("asked to end"))));
      },
      undo: async ({ signal }) => {
        undoing.resolve();
        if (isSlow) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("end"))));
        world.made.delete("slow");
      },
    });
    const first = await live(kv, world, Number.POSITIVE_INFINITY, () => [slow(true)]);
    const { id } = await first.journal.submit(DRAFT);
    while (!world.made.has("slow")) await new Promise(setImmediate);
    await first.journal.cancel(id);
    await undoing.promise;
    await first.journal.end();
    assert.equal((await first.journal.get(id)).state, "running");
    const second = await live(kv, world, Number.POSITIVE_INFINITY, () => [slow(false)]);
    await second.journal.start();
    assert.equal((await second.journal.settled(id)).state, "cancelled");
    assert.equal(world.made.size, 0);
  });
});

describe("several operations", () => {
  /** A step that waits until it is let go. */
  function gate() {
    const doors = new Map<string, PromiseWithResolvers<void>>();
    const begun: string[] = [];
    const steps = (): readonly Step[] => [
      {
        name: "wait",
        title: "wait",
        check: async ({ key }) => doors.get(key) === undefined && begun.includes(key),
        do: async ({ key, signal }) => {
          begun.push(key);
          const door = Promise.withResolvers<void>();
          doors.set(key, door);
          signal.addEventListener("abort", () => door.reject(new Error("asked to end")));
          await door.promise;
          doors.delete(key);
        },
        undo: async () => {},
      },
    ];
    const open = async (id: string): Promise<void> => {
      while (!doors.has(`${id}/wait`)) await new Promise(setImmediate);
      doors.get(`${id}/wait`)?.resolve();
    };
    return { steps, open, begun };
  }

  test("of one chain take turns, of two chains do not, and one of the whole network has it alone", async () => {
    const { steps, open, begun } = gate();
    const { journal } = await live(createMemoryStore(), new World(), Number.POSITIVE_INFINITY, steps);
    const first = await journal.submit(DRAFT);
    const second = await journal.submit(DRAFT);
    const other = await journal.submit({ ...DRAFT, chain: "other" });
    const whole = await journal.submit({ ...DRAFT, chain: null });
    const late = await journal.submit({ ...DRAFT, chain: "third" });
    const foreign = await journal.submit({ ...DRAFT, network: "prod", chain: null });
    await open(foreign.id);
    await open(other.id);
    await open(first.id);
    await journal.settled(first.id);
    assert.deepEqual(
      begun.toSorted(),
      [first, other, foreign].map(({ id }) => `${id}/wait`),
    );
    assert.equal((await journal.get(late.id)).state, "queued");
    await open(second.id);
    await journal.settled(second.id);
    await open(whole.id);
    await journal.settled(whole.id);
    await open(late.id);
    assert.equal((await journal.settled(late.id)).state, "succeeded");
    assert.deepEqual(
      (await journal.list({ limit: 2 })).map(({ id }) => id),
      [foreign.id, late.id],
    );
  });

  test("wait in a queue with an end", async () => {
    const { steps } = gate();
    const { journal } = await live(createMemoryStore(), new World(), Number.POSITIVE_INFINITY, steps);
    for (let n = 0; n <= OPERATIONS_QUEUED_MAX; n += 1) await journal.submit(DRAFT);
    await assert.rejects(journal.submit(DRAFT), { code: "OPERATIONS_BUSY" });
    await journal.submit({ ...DRAFT, network: "prod" });
    await journal.end();
  });

  test("one that is cancelled while it waits for the world ends at once; the end of the platform cancels nothing", async () => {
    const { steps, begun } = gate();
    const kv = createMemoryStore();
    const { journal } = await live(kv, new World(), Number.POSITIVE_INFINITY, steps);
    const first = await journal.submit(DRAFT);
    const second = await journal.submit(DRAFT);
    while (begun.length === 0) await new Promise(setImmediate);
    await journal.cancel(first.id);
    assert.equal((await journal.settled(first.id)).state, "cancelled");
    while (begun.length === 1) await new Promise(setImmediate);
    await journal.end();
    assert.equal((await journal.settled(second.id)).state, "running");
    const again = gate();
    const next = await live(kv, new World(), Number.POSITIVE_INFINITY, again.steps);
    await next.journal.start();
    await again.open(second.id);
    assert.equal((await next.journal.settled(second.id)).state, "succeeded");
  });
});

test("a journal that cannot be written ends the process, and nothing counts as done", async () => {
  const kv = createMemoryStore();
  let isFull = false;
  const full: KvStore = {
    ...kv,
    batch: (batch) => (isFull ? Promise.reject(new Error("disk full")) : kv.batch(batch)),
  };
  const broken: unknown[] = [];
  const world = new World();
  const journal = new Journal({
    store: await PlatformStore.open(full, clock),
    tenant: "t",
    kinds: [{ kind: "make", steps: () => stepsIn(world, () => {}) }],
    clock,
    logger: nullLogger,
    onBroken: (error) => broken.push(error),
    onPoint: (point) => {
      if (point === "a made") isFull = true;
    },
  });
  const { id } = await journal.submit(DRAFT);
  while (broken.length === 0) await new Promise(setImmediate);
  assert.match(String(broken[0]), /disk full/);
  assert.deepEqual([...world.made], ["a 1", "a 2"]);
  assert.equal((await journal.get(id)).steps[0]?.state, "running");
});
