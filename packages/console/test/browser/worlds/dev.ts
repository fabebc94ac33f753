// The dev network as `bystack up` makes it, with one validator away: what a newcomer sees after the first experiment.

import { chainAnswers, nodeAnswers, whyAnswers } from "./chains.ts";
import { definitionAnswers } from "./definition.ts";
import { explorerAnswers } from "./explorer.ts";
import { moneyAnswers } from "./money.ts";
import { operationAnswers } from "./operations.ts";
import { peopleAnswers } from "./people.ts";
import { GONE, MINUTE_MS, mainNode, type Status, sideNode, type World } from "./world.ts";

const HEIGHT = 18_342;
const STARTED_AT_MS = Date.now();

/** Heights move while a page is open. */
export function devStatus(): Status {
  const height = HEIGHT + Math.floor((Date.now() - STARTED_AT_MS) / 507);
  return {
    network: "dev",
    running: true,
    healthy: false,
    main: { chain: "main", height: 4_711, intervalMs: 2_041, finalAgeMs: 800, state: "running" },
    sides: [
      {
        chain: "demo",
        height,
        intervalMs: 507,
        finalAgeMs: 300,
        voting: 3,
        validators: 4,
        quorum: 3,
        survives: 0,
        state: "degraded",
        desired: "running",
        deletableFromMs: null,
        federation: { threshold: 3, members: 4, running: 3, paused: [] },
      },
    ],
    nodes: [
      mainNode("main-1", 4_711),
      sideNode("demo", 1, height),
      sideNode("demo", 2, height),
      sideNode("demo", 3, height, { ...GONE, why: "killed by somebody, or by the kernel for want of memory" }),
      sideNode("demo", 4, height - 1),
    ],
    rssBytes: 538 << 20,
    accounts: ["alice", "bob", "issuer"],
    folder: "/home/ada/.bystack/dev",
  };
}

export const DEV: World = {
  name: "dev",
  network: "dev",
  answers: {
    ...peopleAnswers(true),
    ...definitionAnswers,
    ...operationAnswers("dev"),
    ...chainAnswers(devStatus),
    ...nodeAnswers(devStatus),
    ...whyAnswers("dev", "demo", "demo-3", false),
    ...moneyAnswers(devStatus),
    ...explorerAnswers(devStatus),
    networks: () => ({
      items: [{ name: "dev", revision: 3, desired: "running", changedAtMs: Date.now() - 14 * MINUTE_MS }],
    }),
    network: ({ params }) => (params.network === "dev" ? devStatus() : undefined),
  },
};
