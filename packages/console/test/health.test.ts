// The one sentence of Home: worst first, and nothing is called well that is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type HealthInput, healthOf } from "../src/view/health.ts";
import { nodeStatus, operationStatus, sideStatus } from "../src/view/status.ts";

type Node = HealthInput["nodes"][number];
type Side = HealthInput["sides"][number];

function node(id: string, change: Partial<Node> = {}): Node {
  return { id, chain: "demo", phase: "running", ready: true, why: null, ...change };
}

/** Four validators, in the state that so many votes give. */
function side(chain: string, voting: number, change: Partial<Side> = {}): Side {
  const state = voting === 4 ? "running" : voting === 3 ? "degraded" : "halted";
  return { chain, state, finalAgeMs: 15_000, voting, validators: 4, quorum: 3, federation: null, ...change };
}

const MAIN: HealthInput["main"] = { chain: "main", state: "running", finalAgeMs: 900 };
const WELL: HealthInput = {
  running: true,
  main: MAIN,
  sides: [side("demo", 4)],
  nodes: [node("main-1", { chain: "main" }), node("demo-1")],
};

test("all is well only when every chain votes whole and every node is ready", () => {
  assert.deepEqual(healthOf(WELL), {
    tone: "good",
    sentence: "All is well: 2 chains and 2 nodes work as defined.",
    more: null,
  });
  const away = healthOf({ ...WELL, nodes: [node("demo-1", { ready: false, why: "2 blocks behind" })] });
  assert.equal(away.tone, "warn");
  assert.equal(away.sentence, "All chains move; demo-1 is not ready: 2 blocks behind.");
  assert.equal(away.more?.path, "/nodes/demo-1");
});

test("a chain that stands still comes before everything else that is wrong", () => {
  const input: HealthInput = {
    ...WELL,
    main: { ...MAIN, state: "halted" },
    sides: [side("calm", 4), side("demo", 2), side("thin", 3)],
    nodes: [node("demo-1", { ready: false, phase: "stopped" })],
  };
  const found = healthOf(input);
  assert.equal(found.tone, "bad");
  assert.equal(found.sentence, "demo has stood still for 15 s: 2 of 4 validators vote, a final block needs 3.");
  assert.equal(found.more?.path, "/chains/demo/consensus");
});

test("several that stand still are counted and named; one with all its votes is not said to lack them", () => {
  const input = { ...WELL, sides: ["a", "b", "c", "d"].map((chain) => side(chain, 1)) };
  assert.equal(healthOf(input).sentence, "4 side chains stand still: a, b and 2 more.");
  const odd = healthOf({ ...WELL, sides: [side("demo", 4, { state: "halted", finalAgeMs: null })] });
  assert.equal(odd.sentence, "demo has stood still: no block has become final though 4 of 4 validators vote.");
});

test("a main chain that is silent, a peg that cannot pay, a margin that is gone, in this order", () => {
  const federation = { threshold: 3, members: 4, running: 2, paused: [] };
  const short = { ...WELL, sides: [side("demo", 3, { federation })] };
  const silent = healthOf({ ...short, main: { ...MAIN, state: "halted", finalAgeMs: 61_000 } });
  assert.match(silent.sentence, /^The main chain main has had no block for 1 min 1 s: side chains go on/);
  assert.match(healthOf(short).sentence, /^The peg of demo cannot pay: 2 of 4 members run, 3 must sign/);
  const paused = { ...federation, running: 4, paused: ["deep-reorg"] };
  assert.match(healthOf({ ...WELL, sides: [side("demo", 4, { federation: paused })] }).sentence, /paused: deep-reorg/);
  const thin = healthOf({ ...WELL, sides: [side("demo", 3)] });
  assert.equal(thin.tone, "warn");
  assert.match(thin.sentence, /no margin left: 3 of 4/);
});

test("a network that shall not run is stopped, not ill; one that comes up is not well yet", () => {
  const found = healthOf({ ...WELL, running: false, sides: [side("demo", 0, { state: "stopped" })] });
  assert.deepEqual([found.tone, found.sentence], ["idle", "The network is stopped: none of its 2 nodes runs."]);
  const coming = healthOf({ ...WELL, sides: [side("demo", 0, { state: "starting" })] });
  assert.deepEqual([coming.tone, coming.sentence], ["busy", "1 chain of 2 not there yet: demo."]);
});

test("words for chains, nodes and operations", () => {
  assert.equal(sideStatus(side("demo", 4)).word, "running");
  assert.equal(sideStatus(side("demo", 3)).word, "no margin");
  assert.equal(sideStatus(side("big", 9, { validators: 10, quorum: 7, state: "degraded" })).word, "degraded");
  assert.equal(sideStatus(side("demo", 2)).word, "halted");
  const running = { phase: "running", ready: true, hasSeat: true, voting: true } as const;
  assert.equal(nodeStatus(running, true).word, "votes");
  assert.equal(nodeStatus({ ...running, hasSeat: false, voting: false }, true).word, "follows");
  assert.equal(nodeStatus({ ...running, ready: false }, true).tone, "warn");
  assert.deepEqual(nodeStatus({ ...running, phase: "stopped", ready: false }, true), { tone: "bad", word: "down" });
  assert.deepEqual(nodeStatus({ ...running, phase: "stopped", ready: false }, false), {
    tone: "idle",
    word: "stopped",
  });
  assert.equal(operationStatus({ state: "running", cancelAsked: true }).word, "cancelling");
});
