// The one sentence of Home: worst first, and nothing is called well that is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type HealthInput, healthOf } from "../src/view/health.ts";
import { nodeStatus, operationStatus, quorumOf, sideStatus } from "../src/view/status.ts";

type Node = HealthInput["nodes"][number];
type Side = HealthInput["sides"][number];

function node(id: string, change: Partial<Node> = {}): Node {
  return { id, chain: "demo", phase: "running", ready: true, why: null, ...change };
}

function side(chain: string, voting: number, change: Partial<Side> = {}): Side {
  return { chain, height: 10, voting, validators: 4, federation: null, ...change };
}

const WELL: HealthInput = {
  running: true,
  main: { chain: "main", height: 5 },
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

test("a chain below its quorum comes before everything else that is wrong", () => {
  const input = {
    ...WELL,
    main: { chain: "main", height: null },
    sides: [side("calm", 4), side("demo", 2), side("thin", 3)],
    nodes: [node("demo-1", { ready: false, phase: "stopped" })],
  };
  const found = healthOf(input);
  assert.equal(found.tone, "bad");
  assert.equal(found.sentence, "demo stands still: 2 of 4 validators vote, a final block needs 3.");
  assert.equal(found.more?.path, "/chains/demo/consensus");
});

test("several that stand still are counted and named", () => {
  const input = { ...WELL, sides: ["a", "b", "c", "d"].map((chain) => side(chain, 1)) };
  assert.equal(healthOf(input).sentence, "4 side chains stand still for want of votes: a, b and 2 more.");
});

test("a main chain that is silent, a peg that cannot pay, a margin that is gone, in this order", () => {
  const federation = { threshold: 3, members: 4, running: 2, paused: [] };
  const short = { ...WELL, sides: [side("demo", 3, { federation })] };
  assert.match(healthOf({ ...short, main: { chain: "main", height: null } }).sentence, /^The main chain main does not/);
  assert.match(healthOf(short).sentence, /^The peg of demo cannot pay: 2 of 4 members run, 3 must sign/);
  const paused = { ...federation, running: 4, paused: ["deep-reorg"] };
  assert.match(healthOf({ ...WELL, sides: [side("demo", 4, { federation: paused })] }).sentence, /paused: deep-reorg/);
  const thin = healthOf({ ...WELL, sides: [side("demo", 3)] });
  assert.equal(thin.tone, "warn");
  assert.match(thin.sentence, /no margin left: 3 of 4/);
});

test("a network that shall not run is stopped, not ill", () => {
  const found = healthOf({ ...WELL, running: false, sides: [side("demo", 0, { height: null })] });
  assert.deepEqual([found.tone, found.sentence], ["idle", "The network is stopped: none of its 2 nodes runs."]);
});

test("committees of every size have the quorum of the protocol", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 10, 13, 100].map(quorumOf), [1, 2, 3, 3, 4, 5, 5, 7, 9, 67]);
});

test("words for chains, nodes and operations", () => {
  assert.equal(sideStatus(side("demo", 4)).word, "running");
  assert.equal(sideStatus(side("demo", 3)).word, "no margin");
  assert.equal(sideStatus(side("big", 9, { validators: 10 })).word, "degraded");
  assert.equal(sideStatus(side("demo", 2)).word, "halted");
  assert.equal(sideStatus(side("demo", 0, { height: null })).word, "stopped");
  assert.equal(nodeStatus({ phase: "running", ready: true, hasSeat: false }).word, "follows");
  assert.equal(nodeStatus({ phase: "running", ready: false, hasSeat: true }).tone, "warn");
  assert.equal(nodeStatus({ phase: "backoff", ready: false, hasSeat: null }).tone, "bad");
  assert.equal(operationStatus({ state: "running", cancelAsked: true }).word, "cancelling");
});
