// Situations beyond the design's table: what nodes said of themselves before it, and what is left when nothing explains it.

import {
  consensusOf,
  down,
  each,
  IDS,
  infoOf,
  NOW_MS,
  network,
  node,
  recorded,
  standing,
  without,
} from "./recorded-network.ts";
import type { Scenario } from "./scenario.ts";

const silent = (silence: "starting" | "asking" | "bar") => ({
  voting: false,
  silence,
  notVotingBecause: "silent after its start",
});
/** demo-2 as it is, while the others have not heard it for so long. */
const unheard = (ms: number, part: Parameters<typeof node>[1]) =>
  each(network([node("demo-2", part)]), (one) => (one.id === "demo-2" ? one : without(["demo-2"], ms)(one)));
const old = { startedAtMs: NOW_MS - 3_600_000 };
const observing = {
  voting: false,
  silence: "observe",
  notVotingBecause: "it only observes through epoch 122, view 2",
} as const;

export const OTHER_SCENARIOS: readonly Scenario[] = [
  ...(["starting", "asking", "bar"] as const).map((silence) =>
    recorded(`a validator is ${silence} after its start`, {
      about: "silent-after-start",
      first: "silent-after-start",
      never: ["margin-zero", "quorum-lost"],
      evidence: () =>
        unheard(9_000, {
          consensus: consensusOf("demo-2", silent(silence)),
          info: infoOf("demo-2", { startedAtMs: NOW_MS - 4_000 }),
        }),
    }),
  ),
  recorded("a validator has been asking for an hour: it is away", {
    about: "silent-after-start",
    first: "margin-zero",
    evidence: () =>
      unheard(3_700_000, { consensus: consensusOf("demo-2", silent("asking")), info: infoOf("demo-2", old) }),
  }),
  recorded("an older copy of the record was put back", {
    about: "vote-log-lost",
    first: "vote-log-lost",
    never: ["double-run"],
    evidence: () => unheard(3_700_000, { consensus: consensusOf("demo-2", observing), info: infoOf("demo-2", old) }),
  }),
  recorded("the engine contradicts a certificate", {
    about: "diverged",
    first: "diverged",
    evidence: () =>
      network([
        node("demo-2", {
          consensus: consensusOf("demo-2", {
            voting: false,
            silence: "halted",
            notVotingBecause: "the engine has stopped",
          }),
        }),
      ]),
  }),
  recorded("the supply does not add up", {
    about: "supply-mismatch",
    first: "supply-mismatch",
    never: ["not-ready"],
    evidence: () => {
      const supplyProblem = "the supply does not add up at height 1000: asset ff: 4 counted, 5 on record";
      const info = infoOf("demo-1", { ready: false, notReadyBecause: supplyProblem });
      return network([node("demo-1", { consensus: consensusOf("demo-1", { supplyProblem }), info })]);
    },
  }),
  recorded("a main node does not answer a validator, and answers here", {
    about: "main-unreachable",
    first: "main-unreachable",
    evidence: () => network([node("demo-1", { main: { url: "http://10.0.0.1:9", unreachable: "connect ETIMEDOUT" } })]),
  }),
  recorded("a chain without a main node to follow", {
    about: "main-unreachable",
    first: null,
    never: ["main-unreachable"],
    evidence: () => network([node("demo-1", { main: undefined })]),
  }),
  recorded("a node is not ready for a reason that has no name", {
    about: "not-ready",
    first: "not-ready",
    evidence: () =>
      network([node("demo-1", { info: infoOf("demo-1", { ready: false, notReadyBecause: "it says so" }) })]),
  }),
  recorded("an observer has no connection at all", {
    about: "peers-missing",
    first: "peers-missing",
    evidence: () => {
      const consensus = consensusOf("o-1", {
        voting: false,
        silence: "observer",
        notVotingBecause: "an observer has no vote",
      });
      const peers = IDS.map((id) => ({ id, connected: false, score: 0, finalHeight: null }));
      return network([node("o-1", { founder: false, consensus, peers })]);
    },
  }),
  recorded("an observer has one connection of four", {
    about: "peers-missing",
    first: null,
    never: ["peers-missing", "partition"],
    evidence: () => {
      const consensus = consensusOf("o-1", {
        voting: false,
        silence: "observer",
        notVotingBecause: "an observer has no vote",
      });
      const peers = IDS.map((id, index) => ({ id, connected: index === 2, score: 0, finalHeight: null }));
      return network([node("o-1", { founder: false, consensus, peers })]);
    },
  }),
  recorded("an observer was killed: nobody misses its vote", {
    about: "process-down",
    first: "process-down",
    never: ["margin-zero"],
    evidence: () => network([down("o-1", {}, { founder: false })]),
  }),
  recorded("an observer was never started", {
    about: "not-started",
    first: "not-started",
    evidence: () => network([down("o-1", undefined, { founder: false })]),
  }),
  recorded("an observer hangs", {
    about: "unreachable",
    first: "unreachable",
    never: ["platform-blind", "margin-zero"],
    evidence: () => {
      const missed = { how: "silent", why: "no answer within 1200 ms" } as const;
      return network([
        node("o-1", {
          founder: false,
          unreachable: missed,
          info: undefined,
          consensus: undefined,
          vitals: undefined,
          peg: undefined,
          peers: [],
        }),
      ]);
    },
  }),
  recorded("no node answers here although all run", {
    about: "unreachable",
    first: "unreachable",
    never: ["quorum-lost", "platform-blind", "no-final-block"],
    evidence: () => {
      const missed = { how: "silent", why: "no answer within 1200 ms" } as const;
      return each(network(), (one) =>
        one.kind === "main"
          ? one
          : {
              ...one,
              unreachable: missed,
              info: undefined,
              consensus: undefined,
              vitals: undefined,
              peg: undefined,
              peers: [],
            },
      );
    },
  }),
  recorded("all vote and are connected, and nothing becomes final", {
    about: "no-final-block",
    first: "no-final-block",
    evidence: () => each(network(), standing(40_000)),
  }),
  recorded("a block log was cut and fetched again", {
    about: "healed",
    first: "healed",
    evidence: () =>
      network([
        node("demo-1", {
          incidents: [
            {
              code: "block-log-damaged",
              atMs: NOW_MS - 1,
              file: "data/side/x",
              what: "it was damaged",
              done: "it was fetched again",
            },
          ],
        }),
      ]),
  }),
  recorded("the data of a validator are damaged", {
    about: "data-damaged",
    first: "data-damaged",
    evidence: () =>
      each(
        network([down("demo-3", { code: 67, signal: null, meaning: "its data are damaged" })]),
        without(["demo-3"], 4_000),
      ),
  }),
  recorded("two disks are full, and the chain has stopped", {
    about: "disk-full",
    first: "disk-full",
    evidence: () => {
      const full = {
        code: 68,
        signal: null,
        meaning: "a write to disk failed",
        atMs: NOW_MS - 20_000,
        tail: ["DISK_FULL: write gave ENOSPC"],
      };
      return each(
        network([down("demo-3", full), down("demo-4", full)]),
        without(["demo-3", "demo-4"], 20_000),
        standing(20_000),
      );
    },
  }),
  recorded("two disks are full, the chain has stopped, and something else is wrong too", {
    about: "disk-full",
    first: "disk-full",
    evidence: () => {
      const full = { code: 68, signal: null, atMs: NOW_MS - 20_000, tail: ["DISK_FULL: write gave ENOSPC"] };
      const other = node("demo-1", { consensus: consensusOf("demo-1", { supplyProblem: "4 counted, 5 on record" }) });
      return each(
        network([other, down("demo-3", full), down("demo-4", full)]),
        without(["demo-3", "demo-4"], 20_000),
        standing(20_000),
      );
    },
  }),
  recorded("a validator says that it votes, and nobody hears it", {
    about: "margin-zero",
    first: "margin-zero",
    evidence: () =>
      each(network(), (one) => {
        if (one.consensus === undefined || one.id === "demo-3") return one;
        const validators = one.consensus.validators.map((seat) =>
          seat.id === "demo-3" ? { ...seat, lastVoteAgeMs: 40_000 } : seat,
        );
        return { ...one, consensus: { ...one.consensus, validators } };
      }),
  }),
  recorded("two of four are up again after a night, the others are being started", {
    about: "quorum-lost",
    first: "process-down",
    never: ["quorum-lost", "no-final-block"],
    evidence: () => {
      const nightMs = 30_000_000;
      const asked = { code: 0, signal: null, meaning: "ended as asked", atMs: NOW_MS - nightMs + 200 };
      const young = (id: string) =>
        node(id, {
          info: infoOf(id, {
            startedAtMs: NOW_MS - 2_000,
            finalAgeMs: nightMs,
            ready: false,
            notReadyBecause: "no final block",
          }),
          consensus: consensusOf(id, silent("asking")),
        });
      return network([young("demo-1"), young("demo-2"), down("demo-3", asked), down("demo-4", asked)]);
    },
  }),
  recorded("the node that is first at the newest block has a clock a minute ahead", {
    about: "clock-skew",
    first: "clock-skew",
    never: ["quorum-lost", "no-final-block"],
    evidence: () => {
      const info = infoOf("demo-4", { finalHeight: 7_201, finalHash: "c5".repeat(32), finalAgeMs: 60_100 });
      return network([node("demo-4", { info, clock: { offsetMs: 60_000, uncertainMs: 3 } })]);
    },
  }),
  recorded("nobody knows the transaction", {
    about: "tx-unknown",
    first: "tx-unknown",
    never: ["tx-stuck"],
    subject: { kind: "transaction" },
    evidence: () => ({ ...network(), transaction: { id: "ab".repeat(32), answers: [] } }),
  }),
];
