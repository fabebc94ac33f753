// Twenty side chains of twelve nodes each: what an operator of a grown platform sees. One chain stands still, one has no margin.

import { chainAnswers, nodeAnswers, whyAnswers } from "./chains.ts";
import { definitionAnswers } from "./definition.ts";
import { explorerAnswers } from "./explorer.ts";
import { moneyAnswers } from "./money.ts";
import { operationAnswers } from "./operations.ts";
import { peopleAnswers } from "./people.ts";
import { GONE, MINUTE_MS, mainNode, type NodeRow, type SideRow, type Status, sideNode, type World } from "./world.ts";

const CHAINS = 20;
const VALIDATORS = 10;
const OBSERVERS = 2;

/** How many validators of a chain are away: most of them none. */
function awayOf(index: number): number {
  return index === 3 ? 4 : index === 11 ? 3 : index === 17 ? 1 : 0;
}

function chainName(index: number): string {
  const names = ["orders", "points", "trace", "equity", "games", "licence", "claims", "loyalty", "customs", "archive"];
  return `${names[index % names.length]}-${index < names.length ? "east" : "west"}`;
}

function sideOf(index: number): SideRow {
  const voting = VALIDATORS - awayOf(index);
  return {
    chain: chainName(index),
    height: 1_204_000 + index * 977,
    intervalMs: 498 + index,
    finalAgeMs: awayOf(index) > 3 ? 4 * MINUTE_MS : 300,
    voting,
    validators: VALIDATORS,
    quorum: 7,
    desired: "running",
    deletableFromMs: null,
    state: awayOf(index) === 0 ? "running" : awayOf(index) > 3 ? "halted" : "degraded",
    survives: Math.max(0, 3 - awayOf(index)),
    federation: index % 4 === 0 ? { threshold: 7, members: 10, running: 10, paused: [] } : null,
  };
}

function nodesOf(index: number): NodeRow[] {
  const chain = chainName(index);
  const height = 1_204_000 + index * 977;
  return Array.from({ length: VALIDATORS + OBSERVERS }, (_, i) => {
    if (i < awayOf(index)) return sideNode(chain, i + 1, height, { ...GONE, why: "the disk is full" });
    return sideNode(chain, i + 1, height, { hasSeat: i < VALIDATORS, voting: i < VALIDATORS });
  });
}

const NODES = [mainNode("main-1", 90_412), ...Array.from({ length: CHAINS }, (_, index) => nodesOf(index)).flat()];

const STATUS: Status = {
  network: "group",
  running: true,
  healthy: false,
  main: { chain: "main", height: 90_412, intervalMs: 149_000, finalAgeMs: 71_000, state: "running" },
  sides: Array.from({ length: CHAINS }, (_, index) => sideOf(index)),
  nodes: NODES,
  rssBytes: 241 * (110 << 20),
  accounts: Array.from({ length: 30 }, (_, index) => `account-${index + 1}`),
  folder: "/srv/bystack/group",
};

export const LARGE: World = {
  name: "large",
  network: "group",
  answers: {
    ...peopleAnswers(true),
    ...definitionAnswers,
    ...operationAnswers("group"),
    ...chainAnswers(() => STATUS),
    ...nodeAnswers(() => STATUS),
    ...whyAnswers("group", "equity-east", "equity-east-1", true),
    ...moneyAnswers(() => STATUS),
    ...explorerAnswers(() => STATUS),
    networks: () => ({
      items: [{ name: "group", revision: 61, desired: "running", changedAtMs: Date.now() - 190 * MINUTE_MS }],
    }),
    network: ({ params }) => (params.network === "group" ? STATUS : undefined),
  },
};
