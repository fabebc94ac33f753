// Governance: b members pause, k resume and list, each action once, whoever submits; nothing else can be signed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeGovernanceBody } from "@bystack/protocol/peg/system";
import { actionsFor } from "../src/governance.ts";
import { programOf, seedOf } from "./support/keys.ts";
import { sayAs, World } from "./support/world.ts";

const noInput = { params: {}, query: {}, body: {} };
const PAUSE = { kind: "pause", scope: "all" };
const RESUME = { kind: "resume", scope: "all" };

async function started(): Promise<World> {
  const world = new World();
  await world.startAll();
  await world.round(2);
  return world;
}

function govern(world: World, index: number, action: object) {
  return world.call(index, "govern", { ...noInput, body: { action } });
}

test("a wish becomes one action for each pause concerned", () => {
  const none = { automatic: false, in: false, out: false, assets: [] };
  const scopes = (...args: Parameters<typeof actionsFor>) =>
    actionsFor(...args).map((act) => (act.action === "list" ? "list" : act.scope.kind));
  assert.deepEqual(scopes({ kind: "pause", scope: "all" }, none), ["in", "out"]);
  assert.deepEqual(scopes({ kind: "pause", scope: "all" }, { ...none, in: true }), ["out"]);
  assert.deepEqual(scopes({ kind: "pause", scope: "in" }, none), ["in"]);
  assert.deepEqual(
    scopes({ kind: "resume", scope: "all" }, { automatic: true, in: true, out: true, assets: [seedOf("a")] }),
    ["automatic", "in", "out", "asset"],
  );
  assert.deepEqual(scopes({ kind: "resume", scope: "automatic" }, { ...none, automatic: true, in: true }), [
    "automatic",
  ]);
  assert.deepEqual(scopes({ kind: "resume", scope: "all" }, none), []);
});

test("one member cannot pause, two can; two cannot resume, three can", async () => {
  const world = await started();
  const first = await govern(world, 0, PAUSE);
  assert.deepEqual(first, { sequence: "1", signatures: 1, needed: 2, submitted: false });
  await world.round(30);
  assert.equal(world.side.paused.out, false);
  const second = await govern(world, 3, PAUSE);
  assert.deepEqual(second, { sequence: "1", signatures: 2, needed: 2, submitted: true });
  await world.until("paused", () => world.side.paused.in && world.side.paused.out);
  await world.round(1);
  for (const index of [0, 1]) assert.equal((await govern(world, index, RESUME)).needed, 3);
  await world.round(30);
  assert.equal(world.side.paused.out, true);
  await govern(world, 2, RESUME);
  await world.until("resumed", () => !world.side.paused.in && !world.side.paused.out);
  assert.equal(world.side.counts.governance, 4, "each action took effect once");
  await assert.rejects(async () => govern(world, 0, RESUME), { code: "GOVERNANCE_REFUSED" });
});

test("a forged signature is refused and names its sender", async () => {
  const world = await started();
  await govern(world, 0, { kind: "pause", scope: "in" });
  const body = encodeGovernanceBody(1n, { action: "pause", scope: { kind: "in" } });
  const forged = { type: "governance" as const, body, signature: new Uint8Array(64).fill(3) };
  assert.equal(await sayAs(world, { from: 2, to: 0 }, forged), false);
  assert.equal(world.host(0).logger.find("bad governance signature")[0]?.fields.member, "member-2");
  assert.equal((await govern(world, 0, { kind: "pause", scope: "in" })).signatures, 1);
});

test("the same member twice is one signature", async () => {
  const world = await started();
  await govern(world, 0, PAUSE);
  const again = await govern(world, 0, PAUSE);
  assert.equal(again.signatures, 1);
  await world.round(10);
  assert.equal(world.side.paused.in, false);
});

test("a member that was down when the others signed hears of it later", async () => {
  const world = await started();
  world.kill(2);
  await govern(world, 0, PAUSE);
  await world.round(4);
  world.kill(1);
  await world.start(2);
  await world.round(30);
  world.kill(0);
  // Member 2 has heard the repeated signature of member 0, and adds its own.
  const outcome = await govern(world, 2, PAUSE);
  assert.equal(outcome.signatures, 2);
  await world.until("paused", () => world.side.paused.in && world.side.paused.out);
});

test("an asset is listed by three", async () => {
  const world = await started();
  const list = { kind: "list", asset: Buffer.from(seedOf("gold")).toString("hex"), minimum: "5", cap: "900" };
  await assert.rejects(async () => govern(world, 0, { ...list, minimum: "0" }), { code: "GOVERNANCE_REFUSED" });
  for (const index of [1, 2]) await govern(world, index, list);
  await world.round(10);
  assert.equal(world.side.assets.size, 1);
  await govern(world, 3, list);
  await world.until("listed", () => world.side.assets.size === 2);
  const asset = [...world.side.assets.values()].at(-1);
  assert.equal(asset?.minimum, 5n);
  assert.equal(asset?.cap, 900n);
});

test("while payouts are paused nothing is drafted or signed, afterwards the burn is paid", async () => {
  const world = await started();
  await world.fund();
  const nullifier = world.deposit(programOf("holder"), 5_000_000_000n);
  await world.until("credited", () => world.side.claims.has(nullifier));
  for (const index of [0, 1]) await govern(world, index, { kind: "pause", scope: "out" });
  await world.until("paused", () => world.side.paused.out);
  world.side.burn({ amount: 500_000_000n, program: programOf("payee") });
  await world.round(40);
  assert.equal(world.main.balance(programOf("payee")), 0n);
  for (const index of [0, 1, 2]) await govern(world, index, RESUME);
  await world.until("paid", () => world.main.balance(programOf("payee")) === 500_000_000n);
});

test("a member without a journal signs no governance either", async () => {
  const world = await started();
  world.host(0).disk.setFault(({ operation }) => (operation === "sync" ? { code: "EIO" } : undefined));
  await assert.rejects(async () => govern(world, 0, PAUSE), { code: "JOURNAL_STOPPED" });
});
