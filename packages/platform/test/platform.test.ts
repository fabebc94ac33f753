// The platform as a whole over nodes without chains: a network is made, changed and stopped by operations; the platform is
// killed at every place of them and goes on; plans that the world has moved on from are refused.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Platform, TENANT } from "@bystack/platform/daemon/platform";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
import { withObservers, withSide } from "@bystack/platform/definition/edit";
import { loadNetworkState, RECYCLE_MS, specFileOf } from "@bystack/platform/network/layout";
import { PlatformStore } from "@bystack/platform/store";
import { whyChain, whyNetwork } from "@bystack/platform/why";
import { createMemoryStore } from "@bystack/storage/memory";
import { arePeersKnown, makePeersKnown } from "../src/network/side-nodes.ts";
import { ARCHIVE_CHAIN, type ChainVerb, DELETE_CHAIN, START_CHAIN, STOP_CHAIN } from "../src/operation/chain-power.ts";
import { REBUILD_NODE } from "../src/operation/node-power.ts";
import { START, STOP } from "../src/operation/power.ts";
import { NETWORKS } from "../src/store/tables.ts";
import { Machine } from "./machine.ts";

class Killed extends Error {}

const machines: Machine[] = [];
after(() => Promise.all(machines.map((machine) => machine.end())));

function newMachine(): Machine {
  const machine = new Machine();
  machines.push(machine);
  return machine;
}

const DEMO = ["demo-1", "demo-2", "demo-3", "demo-4", "main-1"];
const ACME = ["acme-1", "acme-2", "acme-3", "acme-4"];
const WITH_ACME = withSide(DEV_DEFINITION, { chain: "acme", validators: 4, observers: 0, assets: ["GOLD"] });

describe("a network", () => {
  test("is made, proven and written down", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    const over = await machine.apply(platform, DEV_DEFINITION);
    assert.deepEqual([over.state, over.error], ["succeeded", null]);
    assert.deepEqual(machine.running(), DEMO);
    assert.deepEqual(machine.proofs, ["demo"]);
    assert.equal(readFileSync(machine.layout.definition, "utf8"), DEV_DEFINITION);
    const row = await platform.row("dev");
    assert.deepEqual([row?.revision, row?.desired, row?.definition], [1, "running", DEV_DEFINITION]);
    assert.equal(loadNetworkState(machine.layout)?.sides[0]?.proven, true);
    assert.deepEqual((await platform.plan(DEV_DEFINITION)).actions, []);
  });

  test("whose proof fails is not called made; once the cause is mended it goes on", async () => {
    const machine = newMachine();
    machine.isProofSound = false;
    const platform = await machine.platform();
    const failed = await machine.apply(platform, DEV_DEFINITION);
    assert.deepEqual([failed.state, failed.error?.step], ["failed", "demo proven"]);
    assert.equal((await platform.row("dev"))?.revision, 0);
    machine.isProofSound = true;
    await platform.journal.resume(failed.id);
    assert.equal((await platform.journal.settled(failed.id)).state, "succeeded");
    assert.deepEqual([...machine.nodes.starts.values()], [1, 1, 1, 1, 1]);
  });

  test("gets another chain, a node more and a node less, and the others are told", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, DEV_DEFINITION);
    assert.equal((await machine.apply(platform, WITH_ACME)).state, "succeeded");
    assert.deepEqual(machine.running(), [...ACME, ...DEMO]);
    assert.deepEqual(machine.proofs, ["demo", "acme"]);
    const more = withObservers(WITH_ACME, "acme", 1);
    assert.equal((await machine.apply(platform, more)).state, "succeeded");
    const peersOf = (id: string) => machine.nodes.lives.get(id)?.peers.map((peer) => peer.id);
    assert.deepEqual(peersOf("acme-1"), ["acme-2", "acme-3", "acme-4", "acme-5"]);
    assert.deepEqual(
      machine.nodes.config("acme-1").peers?.map(({ id }) => id),
      peersOf("acme-1"),
    );
    assert.deepEqual(peersOf("demo-1"), ["demo-2", "demo-3", "demo-4"]);
    assert.equal((await machine.apply(platform, WITH_ACME)).state, "succeeded");
    assert.deepEqual(peersOf("acme-1"), ["acme-2", "acme-3", "acme-4"]);
    assert.deepEqual(machine.running(), [...ACME, ...DEMO]);
    assert.equal(readdirSync(machine.layout.trash).length, 1);
    // Nobody was restarted for any of it.
    assert.deepEqual(
      [...machine.nodes.starts].filter(([, starts]) => starts !== 1),
      [],
    );
  });

  test("gets another limit by restarting one node after the other, and never below the quorum", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, DEV_DEFINITION);
    const more = DEV_DEFINITION.replace("prove:", "limits: { memoryMiB: 600 }\nprove:");
    machine.nodes.silent.add("demo-1");
    const guarded = await platform.plan(more);
    assert.deepEqual(
      guarded.refused.map(({ code }) => code),
      ["QUORUM_GUARD", "QUORUM_GUARD", "QUORUM_GUARD"],
    );
    await assert.rejects(platform.apply(more, guarded.hash, "test"), { code: "PLAN_REFUSED" });
    machine.nodes.silent.delete("demo-1");
    assert.equal((await machine.apply(platform, more)).state, "succeeded");
    assert.deepEqual([...machine.nodes.starts.values()], [2, 2, 2, 2, 2]);
    for (const { startedAs } of machine.nodes.lives.values()) assert.match(startedAs, /"memoryMiB":600/);
  });

  test("whose node could not be restarted restarts it when the operation is resumed", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, DEV_DEFINITION);
    machine.nodes.stuck.add("main-1");
    const failed = await machine.apply(platform, DEV_DEFINITION.replace("everyMs: 2000", "everyMs: 3000"));
    assert.deepEqual([failed.state, failed.error?.step], ["failed", "main-1 configured"]);
    machine.nodes.stuck.clear();
    await platform.journal.resume(failed.id);
    assert.equal((await platform.journal.settled(failed.id)).state, "succeeded");
    assert.match(machine.nodes.lives.get("main-1")?.startedAs ?? "", /"everyMs":3000/);
    assert.match(machine.nodes.lives.get("main-1")?.startedAs ?? "", /"program":"[0-9a-f]+"/);
  });

  test("forgets a node whose adding is cancelled, and so do the others", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, DEV_DEFINITION);
    machine.nodes.silent.add("demo-5");
    const more = withObservers(DEV_DEFINITION, "demo", 1);
    const { hash } = await platform.plan(more);
    const { id } = await platform.apply(more, hash, "test");
    while (machine.nodes.starts.get("demo-5") === undefined) await new Promise(setImmediate);
    await platform.journal.cancel(id);
    assert.equal((await platform.journal.settled(id)).state, "cancelled");
    assert.deepEqual(machine.running(), DEMO);
    assert.deepEqual(loadNetworkState(machine.layout)?.nodes.length, 5);
    assert.deepEqual(
      [machine.nodes.lives.get("demo-1")?.peers.length, machine.nodes.config("demo-1").peers?.length],
      [3, 3],
    );
    assert.equal((await platform.row("dev"))?.revision, 1);
  });

  test("keeps an observer that was elected", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, withObservers(DEV_DEFINITION, "demo", 1));
    machine.nodes.elected.add("demo-5");
    const failed = await machine.apply(platform, DEV_DEFINITION);
    assert.deepEqual(
      [failed.state, failed.error?.code, failed.error?.step],
      ["failed", "NODE_NEEDED", "demo-5 stopped"],
    );
    assert.ok(machine.nodes.lives.has("demo-5"));
  });

  test("whose nodes know others than they should is told again", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, DEV_DEFINITION);
    const place = { layout: machine.layout, provider: platform.provider("dev") };
    const state = loadNetworkState(machine.layout) ?? assert.fail("there is no state");
    assert.equal(await arePeersKnown(place, state, "demo"), true);
    const life = machine.nodes.lives.get("demo-3") ?? assert.fail("it does not run");
    life.peers = life.peers.slice(1);
    assert.equal(await arePeersKnown(place, state, "demo"), false);
    await makePeersKnown(place, { state, chain: "demo", memoryMiB: 512 });
    assert.equal(await arePeersKnown(place, state, "demo"), true);
  });

  test("is stopped, started and removed", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, DEV_DEFINITION);
    const power = async (kind: typeof START | typeof STOP) =>
      (await platform.journal.settled((await platform.power("dev", kind, "test")).id)).state;
    assert.equal(await power(STOP), "succeeded");
    assert.deepEqual([machine.running(), (await platform.row("dev"))?.desired], [[], "stopped"]);
    assert.equal(await power(START), "succeeded");
    assert.deepEqual(machine.running(), DEMO);
    const { id } = await platform.remove("dev", "test");
    assert.equal((await platform.journal.settled(id)).state, "succeeded");
    assert.deepEqual([machine.running(), existsSync(machine.layout.root), await platform.rows()], [[], false, []]);
    await assert.rejects(platform.power("dev", START, "test"), { code: "NETWORK_NOT_FOUND" });
    assert.equal((await machine.apply(platform, DEV_DEFINITION)).state, "succeeded");
  });
});

describe("a side chain", () => {
  const acme = { network: "dev", chain: "acme" } as const;

  test("is stopped, and started with its network; archived it stays away until somebody takes it back", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, WITH_ACME);
    const operate = async (verb: ChainVerb) => {
      const { id } = await platform.operateChain({ ...acme, verb }, "test");
      const over = await platform.journal.settled(id);
      assert.deepEqual([over.state, over.error], ["succeeded", null]);
    };
    const power = async (kind: typeof START | typeof STOP) =>
      platform.journal.settled((await platform.power("dev", kind, "test")).id);
    await operate(STOP_CHAIN);
    assert.deepEqual(machine.running(), DEMO);
    const { sides, healthy } = await platform.status("dev");
    assert.deepEqual([sides[1]?.desired, sides[1]?.state, healthy], ["stopped", "stopped", true]);
    const state = loadNetworkState(machine.layout) ?? assert.fail();
    const { nowMs } = machine.clock;
    const source = { layout: machine.layout, state, provider: platform.provider("dev"), nowMs };
    const { findings } = await whyNetwork(source);
    assert.deepEqual(
      findings.filter(({ subject }) => subject.startsWith("acme")),
      [],
    );
    assert.equal((await whyChain(source, "acme")).standing, "acme is stopped, as it shall be.");
    assert.equal((await power(START)).state, "succeeded");
    assert.deepEqual(machine.running(), [...ACME, ...DEMO]);
    await operate(ARCHIVE_CHAIN);
    assert.equal((await power(STOP)).state, "succeeded");
    assert.equal((await power(START)).state, "succeeded");
    assert.deepEqual(machine.running(), DEMO);
    await platform.end();
    const next = await machine.platform();
    assert.deepEqual(machine.running(), DEMO);
    const { id } = await next.operateChain({ ...acme, verb: START_CHAIN }, "test");
    assert.equal((await next.journal.settled(id)).state, "succeeded");
    assert.deepEqual(machine.running(), [...ACME, ...DEMO]);
  });

  test("is deleted when it has been archived for a week, and not before; the last one is not", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, WITH_ACME);
    const operate = async (verb: ChainVerb, chain = "acme") =>
      platform.journal.settled((await platform.operateChain({ network: "dev", chain, verb }, "test")).id);
    await assert.rejects(operate(DELETE_CHAIN), { code: "CHAIN_KEPT" });
    await operate(ARCHIVE_CHAIN);
    machine.pass(RECYCLE_MS - 60_000);
    await assert.rejects(operate(DELETE_CHAIN), { code: "CHAIN_KEPT" });
    machine.pass(60_000);
    assert.equal((await operate(DELETE_CHAIN)).state, "succeeded");
    assert.deepEqual(
      loadNetworkState(machine.layout)
        ?.nodes.map(({ id }) => id)
        .sort(),
      DEMO,
    );
    assert.equal(existsSync(specFileOf(machine.layout, "acme")), false);
    assert.equal((await platform.applied("dev"))?.definition, DEV_DEFINITION);
    assert.deepEqual((await platform.plan(DEV_DEFINITION)).actions, []);
    await operate(ARCHIVE_CHAIN, "demo");
    machine.pass(RECYCLE_MS);
    await assert.rejects(operate(DELETE_CHAIN, "demo"), { code: "DEFINITION_INVALID" });
  });
});

describe("a change that was left half done", () => {
  test("stands in the way of the next one until it is resumed or taken back", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    machine.isProofSound = false;
    const failed = await machine.apply(platform, DEV_DEFINITION);
    assert.equal(failed.state, "failed");
    const other = DEV_DEFINITION.replace("blockMs: 500", "blockMs: 400");
    const { hash } = await platform.plan(other);
    await assert.rejects(platform.apply(other, hash, "test"), { code: "OPERATION_UNFINISHED" });
    await platform.journal.cancel(failed.id);
    assert.equal((await platform.journal.settled(failed.id)).state, "cancelled");
    assert.deepEqual([machine.running(), existsSync(machine.layout.root)], [[], false]);
    assert.equal((await platform.row("dev"))?.desired, "stopped");
    machine.isProofSound = true;
    assert.equal((await machine.apply(platform, other)).state, "succeeded");
    const spec = readFileSync(specFileOf(machine.layout, "demo"), "utf8");
    assert.match(spec, /"blockMs":400/);
  });
});

describe("a network that the platform's store does not know", () => {
  test("is taken over as its folder says, and a change of it that is cancelled leaves it as it was", async () => {
    const machine = newMachine();
    const first = await machine.platform();
    await machine.apply(first, DEV_DEFINITION);
    await first.end();
    machine.kv = createMemoryStore();
    const lost = await machine.platform();
    assert.deepEqual((await lost.plan(DEV_DEFINITION)).actions, []);
    const { id } = await lost.power("dev", START, "test");
    assert.equal((await lost.journal.settled(id)).state, "succeeded");
    assert.deepEqual([...machine.nodes.starts.values()], [1, 1, 1, 1, 1]);
    machine.isProofSound = false;
    const failed = await machine.apply(lost, WITH_ACME);
    await lost.journal.cancel(failed.id);
    assert.equal((await lost.journal.settled(failed.id)).state, "cancelled");
    assert.deepEqual(machine.running(), DEMO);
    assert.deepEqual((await lost.plan(DEV_DEFINITION)).actions, []);
    assert.deepEqual(
      [(await lost.row("dev"))?.desired, (await lost.applied("dev"))?.definition],
      ["running", DEV_DEFINITION],
    );
  });
});

describe("a plan", () => {
  test("that the world has moved on from is refused", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    const { hash } = await platform.plan(DEV_DEFINITION);
    await machine.apply(platform, DEV_DEFINITION);
    await assert.rejects(platform.apply(DEV_DEFINITION, hash, "test"), { code: "PLAN_STALE" });
    const { hash: second } = await platform.plan(WITH_ACME);
    await machine.apply(platform, withObservers(DEV_DEFINITION, "demo", 1));
    await assert.rejects(platform.apply(WITH_ACME, second, "test"), { code: "PLAN_STALE" });
  });

  test("with a refusal is not begun", async () => {
    const machine = newMachine();
    const platform = await machine.platform();
    await machine.apply(platform, DEV_DEFINITION);
    const other = DEV_DEFINITION.replace("blockMs: 500", "blockMs: 400");
    const { hash } = await platform.plan(other);
    await assert.rejects(platform.apply(other, hash, "test"), { code: "PLAN_REFUSED" });
  });
});

describe("a platform that is killed", () => {
  const applying = (definition: string) => async (platform: Platform) => {
    const { hash } = await platform.plan(definition);
    return platform.apply(definition, hash, "test");
  };

  /** Runs a change with a kill at a place of it; the rest is done by the next platform. @returns whether it got so far */
  async function killAt(
    place: number,
    machine: Machine,
    begin: (platform: Platform) => Promise<{ readonly id: string }>,
  ): Promise<boolean> {
    const life = { isDead: false, point: () => {} };
    let places = 0;
    life.point = () => {
      if (life.isDead) throw new Killed();
      places += 1;
      if (places !== place) return;
      life.isDead = true;
      throw new Killed();
    };
    const platform = await machine.platform(life);
    const { id } = await begin(platform);
    const settled = platform.journal.settled(id).then(() => undefined);
    while (
      !life.isDead &&
      (await Promise.race([settled, new Promise((resolve) => setImmediate(resolve, "turn"))])) === "turn"
    );
    if (!life.isDead) return false;
    const next = await machine.platform();
    const over = await next.journal.settled(id);
    assert.equal(over.state, "succeeded", `killed at place ${place}: ${JSON.stringify(over.error)}`);
    await next.end();
    return true;
  }

  test("anywhere while a chain is made leaves one chain, whole, each node started once and proven", async () => {
    let place = 1;
    for (; ; place += 4) {
      const machine = newMachine();
      const platform = await machine.platform();
      await machine.apply(platform, DEV_DEFINITION);
      await platform.end();
      const isKilled = await killAt(place, machine, applying(WITH_ACME));
      const state = loadNetworkState(machine.layout);
      assert.deepEqual(
        state?.sides.map(({ chain, proven }) => [chain, proven]),
        [
          ["demo", true],
          ["acme", true],
        ],
      );
      assert.deepEqual(machine.running(), [...ACME, ...DEMO]);
      assert.deepEqual(
        [...machine.nodes.starts].filter(([, starts]) => starts !== 1),
        [],
      );
      assert.ok(machine.proofs.filter((chain) => chain === "acme").length <= 2);
      const store = await PlatformStore.open(machine.kv, machine.clock);
      assert.deepEqual(
        (await store.tenant(TENANT).list(NETWORKS)).map(({ value }) => value.revision),
        [2],
      );
      await machine.end();
      if (!isKilled) break;
    }
    assert.ok(place > 25, `${place} places`);
  });

  test("anywhere while a node is added and another is removed does neither twice", async () => {
    for (let place = 1; ; place += 5) {
      const machine = newMachine();
      const platform = await machine.platform();
      await machine.apply(platform, withObservers(DEV_DEFINITION, "demo", 1));
      await platform.end();
      const added = await killAt(place, machine, applying(withObservers(DEV_DEFINITION, "demo", 2)));
      assert.deepEqual(machine.running(), [...DEMO.slice(0, 4), "demo-5", "demo-6", "main-1"]);
      const removed = await killAt(place, machine, applying(withObservers(DEV_DEFINITION, "demo", 0)));
      assert.deepEqual(machine.running(), DEMO);
      assert.equal(readdirSync(machine.layout.trash).length, 2);
      assert.deepEqual(machine.nodes.lives.get("demo-1")?.peers.length, 3);
      await machine.end();
      if (!added && !removed) break;
    }
  });

  test("anywhere while a node is rebuilt empties it once, keeps its votes, and starts it", async () => {
    for (let place = 1; ; place += 1) {
      const machine = newMachine();
      const platform = await machine.platform();
      await machine.apply(platform, DEV_DEFINITION);
      await platform.end();
      const data = join(machine.layout.nodes, "demo-2", "data", "side");
      for (const name of ["record", "blocks"]) {
        mkdirSync(join(data, name), { recursive: true });
        writeFileSync(join(data, name, "old"), name);
      }
      const started = machine.nodes.lives.get("demo-2")?.instance.startedAtMs ?? 0;
      const rebuild = { network: "dev", node: "demo-2", verb: REBUILD_NODE } as const;
      const isKilled = await killAt(place, machine, (mortal) => mortal.operateNode(rebuild, "test"));
      assert.deepEqual(readdirSync(data), ["record"], `killed at place ${place}`);
      assert.equal(readFileSync(join(data, "record", "old"), "utf8"), "record");
      assert.deepEqual(readdirSync(machine.layout.trash), []);
      const life = machine.nodes.lives.get("demo-2");
      assert.ok((life?.instance.startedAtMs ?? 0) > started);
      assert.deepEqual(life?.startedOver, ["record"], "it runs over what was put aside");
      await machine.end();
      if (!isKilled) break;
    }
  });

  test("anywhere while a chain is deleted takes all of it away, and nothing else", async () => {
    for (let place = 1; ; place += 1) {
      const machine = newMachine();
      const platform = await machine.platform();
      await machine.apply(platform, WITH_ACME);
      const archived = await platform.operateChain({ network: "dev", chain: "acme", verb: ARCHIVE_CHAIN }, "test");
      await platform.journal.settled(archived.id);
      await platform.end();
      machine.pass(RECYCLE_MS);
      const remove = { network: "dev", chain: "acme", verb: DELETE_CHAIN } as const;
      const isKilled = await killAt(place, machine, (mortal) => mortal.operateChain(remove, "test"));
      const after = await machine.platform();
      assert.deepEqual((await after.applied("dev"))?.definition, DEV_DEFINITION, `killed at place ${place}`);
      assert.deepEqual(readdirSync(machine.layout.nodes).sort(), DEMO);
      assert.deepEqual(machine.running(), DEMO);
      assert.equal((await after.row("dev"))?.revision, 2);
      await after.end();
      await machine.end();
      if (!isKilled) break;
    }
  });
});
