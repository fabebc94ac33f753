// Situations of a committee that the simulator brings about: engines in virtual time, no record.

import type { Scenario } from "./scenario.ts";
import { SimNetwork, type SimOptions } from "./simulated-network.ts";

function simulated(
  name: string,
  parts: Pick<Scenario, "about" | "first" | "never" | "subject"> & {
    readonly options?: SimOptions;
    readonly run: (network: SimNetwork) => SimNetwork;
  },
): Scenario {
  const { options, run, ...rest } = parts;
  return { name, source: "simulated", ...rest, evidence: () => run(new SimNetwork(options)).evidence() };
}

const HALTS = ["quorum-lost", "no-final-block", "partition"] as const;

/** A committee that has made some blocks. */
const running = (network: SimNetwork): SimNetwork => network.pass(20_000);

export const SIMULATED_SCENARIOS: readonly Scenario[] = [
  simulated("a committee at work", {
    about: "healthy",
    first: null,
    never: [...HALTS, "margin-zero", "leader-dead", "syncing"],
    run: running,
  }),
  simulated("a committee of seven at work", {
    about: "healthy",
    first: null,
    never: [...HALTS, "margin-zero", "leader-dead"],
    options: { nodes: 7 },
    run: running,
  }),
  simulated("a committee in its first second", {
    about: "healthy",
    first: null,
    never: [...HALTS, "margin-zero"],
    run: (network) => network.pass(400),
  }),
  simulated("all were killed, and started again a second ago", {
    about: "healthy",
    first: null,
    never: [...HALTS, "margin-zero"],
    run: (network) => {
      running(network).kill(0, 1, 2, 3).pass(600_000);
      for (const place of [0, 1, 2, 3]) network.restart(place);
      return network.pass(1_000);
    },
  }),
  simulated("one of four was killed a moment ago", {
    about: "margin-zero",
    first: "margin-zero",
    never: HALTS,
    run: (network) => running(network).kill(2).pass(300),
  }),
  simulated("one of four has been away for a minute", {
    about: "margin-zero",
    first: "margin-zero",
    never: [...HALTS, "leader-dead"],
    run: (network) => running(network).kill(2).pass(60_000),
  }),
  simulated("one of seven was killed: there is one more to spare", {
    about: "margin-zero",
    first: "process-down",
    never: ["margin-zero", ...HALTS],
    options: { nodes: 7 },
    run: (network) => running(network).kill(2).pass(3_000),
  }),
  simulated("one of four came back and votes again", {
    about: "margin-zero",
    first: null,
    never: ["margin-zero", ...HALTS],
    run: (network) => running(network).kill(2).pass(20_000).restart(2).pass(30_000),
  }),
  simulated("two of four were killed two seconds ago", {
    about: "quorum-lost",
    first: "quorum-lost",
    never: ["partition", "no-final-block"],
    run: (network) => running(network).kill(2, 3).pass(2_000),
  }),
  simulated("two of four have been away for ten minutes", {
    about: "quorum-lost",
    first: "quorum-lost",
    never: ["partition", "no-final-block"],
    run: (network) => running(network).kill(0, 3).pass(600_000),
  }),
  simulated("all four were killed", {
    about: "quorum-lost",
    first: "quorum-lost",
    run: (network) => running(network).kill(0, 1, 2, 3).pass(5_000),
  }),
  simulated("two of seven were killed: the quorum is there", {
    about: "quorum-lost",
    first: "margin-zero",
    never: ["quorum-lost", "no-final-block"],
    options: { nodes: 7 },
    run: (network) => running(network).kill(2, 5).pass(30_000),
  }),
  simulated("a network of four is cut in halves", {
    about: "partition",
    first: "partition",
    never: ["quorum-lost", "no-final-block"],
    run: (network) => running(network).cut([0, 1], [2, 3]).pass(30_000),
  }),
  simulated("one of four is cut off", {
    about: "partition",
    first: "partition",
    never: ["quorum-lost", "no-final-block"],
    run: (network) => running(network).cut([0, 1, 3], [2]).pass(30_000),
  }),
  simulated("a cut was mended", {
    about: "partition",
    first: null,
    never: [...HALTS, "margin-zero"],
    run: (network) => running(network).cut([0, 1], [2, 3]).pass(30_000).cut().pass(40_000),
  }),
  simulated("two are gone and the others are cut from each other: too few run for a cut to matter", {
    about: "partition",
    first: "quorum-lost",
    never: ["partition"],
    run: (network) => running(network).kill(2, 3).cut([0], [1, 2, 3]).pass(30_000),
  }),
  simulated("proposals of one validator reach nobody, its votes do", {
    about: "leader-dead",
    first: "leader-dead",
    never: HALTS,
    run: (network) => running(network).muteLeader(1).pass(60_000),
  }),
  simulated("proposals of one validator were lost for a moment", {
    about: "leader-dead",
    first: null,
    never: ["leader-dead", ...HALTS],
    run: (network) => running(network).muteLeader(1).pass(3_000).muteLeader(-1).pass(30_000),
  }),
  simulated("the clock of one validator is 3 s ahead", {
    about: "clock-skew",
    first: "clock-skew",
    never: HALTS,
    options: { skewMs: { 3: 3_000 } },
    run: (network) => network.pass(60_000),
  }),
  simulated("the clock of one validator is 200 ms ahead", {
    about: "clock-skew",
    first: null,
    never: ["clock-skew", ...HALTS],
    options: { skewMs: { 3: 200 } },
    run: (network) => network.pass(60_000),
  }),
  simulated("one validator lost its record of votes", {
    about: "vote-log-lost",
    first: "vote-log-lost",
    never: HALTS,
    run: (network) => running(network).kill(1).loseRecord(1).pass(1_000).restart(1).pass(8_000),
  }),
  simulated("one validator lost its record two epochs ago and votes again", {
    about: "vote-log-lost",
    first: null,
    never: ["vote-log-lost", "margin-zero", ...HALTS],
    run: (network) => running(network).kill(1).loseRecord(1).pass(1_000).restart(1).pass(90_000),
  }),
  simulated("the disk of one validator takes up to a second", {
    about: "slow-fsync",
    first: "slow-fsync",
    never: HALTS,
    options: { slowDisk: 2 },
    run: (network) => network.pass(60_000),
  }),
  simulated("one key runs in two engines", {
    about: "double-run",
    first: "double-run",
    never: HALTS,
    options: { twin: 3 },
    run: (network) => network.pass(15_000),
  }),
  simulated("a validator was stopped and started again: one key, one engine", {
    about: "double-run",
    first: null,
    never: ["double-run", ...HALTS],
    run: (network) => running(network).kill(3).pass(5_000).restart(3).pass(30_000),
  }),
];
