// The dev network as `bystack up` makes it, with one validator away: what a newcomer sees after the first experiment.

import { MINUTE_MS, mainNode, sideNode, type World } from "./world.ts";

const HEIGHT = 18_342;

const STATUS = {
  network: "dev",
  running: true,
  healthy: false,
  main: { chain: "main", height: 4_711, intervalMs: 2_041 },
  sides: [
    {
      chain: "demo",
      height: HEIGHT,
      intervalMs: 507,
      voting: 3,
      validators: 4,
      survives: 0,
      federation: { threshold: 3, members: 4, running: 3, paused: [] },
    },
  ],
  nodes: [
    mainNode("main-1", 4_711),
    sideNode("demo", 1, HEIGHT),
    sideNode("demo", 2, HEIGHT),
    sideNode("demo", 3, HEIGHT, {
      phase: "stopped",
      url: null,
      height: null,
      finalHeight: null,
      ready: false,
      why: "killed (signal SIGKILL) by somebody or by the kernel",
      hasSeat: null,
      rssBytes: null,
    }),
    sideNode("demo", 4, HEIGHT - 1),
  ],
  rssBytes: 538 << 20,
  accounts: ["alice", "bob", "issuer"],
  folder: "/home/ada/.bystack/dev",
};

export const DEV: World = {
  name: "dev",
  network: "dev",
  answers: {
    networks: () => ({
      items: [{ name: "dev", revision: 3, desired: "running", changedAtMs: Date.now() - 14 * MINUTE_MS }],
    }),
    network: ({ params }) => (params.network === "dev" ? { ...STATUS } : undefined),
  },
};
