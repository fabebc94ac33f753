// Situations of single nodes as a record: ends of processes that need a special machine, clocks, disks, keys. For each the
// near miss that must not be taken for it.

import type { NodeExit } from "@bystack/platform/provider";
import type { NodeEvidence } from "@bystack/platform/why/evidence";
import {
  consensusOf,
  down,
  each,
  infoOf,
  NOW_MS,
  network,
  node,
  recorded,
  vitalsOf,
  without,
} from "./recorded-network.ts";
import type { Scenario } from "./scenario.ts";

/** One validator of four that ended this way. */
function oneEnded(exit: Partial<NodeExit>, part: Partial<NodeEvidence> = {}) {
  return () => each(network([down("demo-3", { signal: null, ...exit }, part)]), without(["demo-3"], 4_000));
}

const line = (why: string): string => JSON.stringify({ level: "error", message: "the node ends", why, exitCode: 68 });
const minutesAgo = (...minutes: readonly number[]): number[] => minutes.map((one) => NOW_MS - one * 60_000);

const ends: Scenario[] = [
  recorded("a disk is full", {
    about: "disk-full",
    first: "disk-full",
    evidence: oneEnded({ code: 68, tail: [line("DISK_FULL: write of x gave ENOSPC"), "next: free it"] }),
  }),
  recorded("a disk fails, with room on it", {
    about: "disk-full",
    first: "disk-failed",
    never: ["disk-full"],
    evidence: oneEnded({ code: 68, tail: [line("FSYNC_FAILED: The disk did not confirm a write.")] }),
  }),
  recorded("a disk is nearly full and the node still runs", {
    about: "disk-full",
    first: "disk-full",
    evidence: () => network([node("demo-2", { vitals: vitalsOf("demo-2", { diskFreeBytes: 40_000_000 }) })]),
  }),
  recorded("a disk has little room, but enough", {
    about: "disk-full",
    first: null,
    never: ["disk-full"],
    evidence: () => network([node("demo-2", { vitals: vitalsOf("demo-2", { diskFreeBytes: 300_000_000 }) })]),
  }),
  recorded("the heap of a node was full", {
    about: "out-of-memory",
    first: "out-of-memory",
    evidence: oneEnded({
      code: null,
      signal: "SIGABRT",
      tail: ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"],
    }),
  }),
  recorded("a node was killed by hand", {
    about: "out-of-memory",
    first: "margin-zero",
    never: ["out-of-memory", "process-down"],
    evidence: oneEnded({ code: null, signal: "SIGKILL", tail: ["heap: 40 MB"] }),
  }),
  recorded("a node is about to fill its heap", {
    about: "out-of-memory",
    first: "out-of-memory",
    evidence: () => network([node("demo-1", { vitals: vitalsOf("demo-1", { heapUsedBytes: 530_000_000 }) })]),
  }),
  recorded("a heap is large, and not full", {
    about: "out-of-memory",
    first: null,
    never: ["out-of-memory"],
    evidence: () => network([node("demo-1", { vitals: vitalsOf("demo-1", { heapUsedBytes: 480_000_000 }) })]),
  }),
  recorded("a release is too old for the chain", {
    about: "old-release",
    first: "old-release",
    evidence: oneEnded({ code: 71, meaning: "the chain's rules are newer than this release" }),
  }),
  recorded("a node of an earlier release that the chain still takes", {
    about: "old-release",
    first: null,
    never: ["old-release", "not-ready"],
    // It has no /v1/vitals yet.
    evidence: () =>
      network([node("demo-1", { vitals: undefined, clock: undefined, info: infoOf("demo-1", { version: "0.0.9" }) })]),
  }),
  recorded("state roots differed and the node ended", {
    about: "diverged",
    first: "diverged",
    evidence: oneEnded({ code: 70, meaning: "a rule that must always hold was broken" }),
  }),
  recorded("the key is active elsewhere and the node ended", {
    about: "double-run",
    first: "double-run",
    evidence: oneEnded({ code: 72, meaning: "its key is in use by another instance" }),
  }),
  recorded("a node ended by itself three times in five minutes", {
    about: "crash-loop",
    first: "crash-loop",
    never: ["process-down"],
    evidence: oneEnded(
      { code: 75, meaning: "an error of its own", tail: ["boom"] },
      { crashesMs: minutesAgo(5, 3, 0.05) },
    ),
  }),
  recorded("a node was restarted twice by its operator and once by a crash, over an hour", {
    about: "crash-loop",
    first: null,
    never: ["crash-loop"],
    evidence: () => network([node("demo-3", { crashesMs: minutesAgo(55, 31, 4) })]),
  }),
  recorded("a loop whose every end is the full heap", {
    about: "out-of-memory",
    first: "out-of-memory",
    evidence: oneEnded({ code: 134, meaning: "out of memory" }, { crashesMs: minutesAgo(5, 3, 0.05) }),
  }),
];

const running: Scenario[] = [
  recorded("a stranger answers on the port of a node", {
    about: "port-stolen",
    first: "port-stolen",
    evidence: () => network([node("demo-2", { info: infoOf("demo-2", { instance: "another" }) })]),
  }),
  recorded("something that is no node answers on the port of a node", {
    about: "port-stolen",
    first: "port-stolen",
    evidence: () => {
      const missed = {
        unreachable: { how: "stranger", why: "not JSON" } as const,
        info: undefined,
        consensus: undefined,
        peers: [],
        peg: undefined,
      };
      return each(network([node("demo-2", missed)]), without(["demo-2"], 20_000));
    },
  }),
  recorded("a node was restarted and has a new instance", {
    about: "port-stolen",
    first: null,
    never: ["port-stolen"],
    evidence: () =>
      network([
        node("demo-2", { instance: "new", info: infoOf("demo-2", { instance: "new", startedAtMs: NOW_MS - 40_000 }) }),
      ]),
  }),
  recorded("a node runs another chain's spec", {
    about: "wrong-network",
    first: "wrong-network",
    evidence: () => network([node("demo-4", { info: infoOf("demo-4", { chainId: "99".repeat(32) }) })]),
  }),
  recorded("a clock is 2 s ahead", {
    about: "clock-skew",
    first: "clock-skew",
    evidence: () => network([node("demo-4", { clock: { offsetMs: 2_000, uncertainMs: 4 } })]),
  }),
  recorded("a clock is 400 ms apart", {
    about: "clock-skew",
    first: null,
    never: ["clock-skew"],
    evidence: () => network([node("demo-4", { clock: { offsetMs: 400, uncertainMs: 4 } })]),
  }),
  recorded("an answer took so long that its clock may be right", {
    about: "clock-skew",
    first: null,
    never: ["clock-skew"],
    evidence: () => network([node("demo-4", { clock: { offsetMs: 900, uncertainMs: 450 } })]),
  }),
  recorded("the clock of whoever asks is wrong, those of the nodes agree", {
    about: "clock-skew",
    first: null,
    never: ["clock-skew"],
    evidence: () => each(network(), (one) => ({ ...one, clock: { offsetMs: -3_000, uncertainMs: 2 } })),
  }),
  recorded("one vote of a hundred waits 300 ms for the disk", {
    about: "slow-fsync",
    first: "slow-fsync",
    evidence: () =>
      network([
        node("demo-1", { vitals: vitalsOf("demo-1", {}, { voteSync: { p99Ms: 300, longestMs: 900, samples: 350 } }) }),
      ]),
  }),
  recorded("a single write was slow", {
    about: "slow-fsync",
    first: null,
    never: ["slow-fsync"],
    evidence: () =>
      network([
        node("demo-1", { vitals: vitalsOf("demo-1", {}, { voteSync: { p99Ms: 12, longestMs: 900, samples: 350 } }) }),
      ]),
  }),
  recorded("a machine is busy: votes wait for the event loop more than for the disk", {
    about: "slow-fsync",
    first: null,
    never: ["slow-fsync", "cpu-starved"],
    evidence: () => {
      const eventLoopLag = { p99Ms: 90, longestMs: 260, samples: 240 };
      const voteSync = { p99Ms: 115, longestMs: 310, samples: 200 };
      return network([node("demo-1", { vitals: vitalsOf("demo-1", { eventLoopLag }, { voteSync }) })]);
    },
  }),
  recorded("the event loop of a node is held up", {
    about: "cpu-starved",
    first: "cpu-starved",
    never: ["slow-fsync"],
    evidence: () => {
      const eventLoopLag = { p99Ms: 700, longestMs: 1_500, samples: 200 };
      // A process that does not run measures its own wait as the disk's.
      return network([
        node("demo-1", {
          vitals: vitalsOf("demo-1", { eventLoopLag }, { voteSync: { p99Ms: 600, longestMs: 900, samples: 350 } }),
        }),
      ]);
    },
  }),
  recorded("a node was busy while it started", {
    about: "cpu-starved",
    first: null,
    never: ["cpu-starved"],
    evidence: () =>
      network([
        node("demo-1", { vitals: vitalsOf("demo-1", { eventLoopLag: { p99Ms: 900, longestMs: 900, samples: 6 } }) }),
      ]),
  }),
  recorded("a node does not answer here, its peers hear it", {
    about: "platform-blind",
    first: "platform-blind",
    never: ["margin-zero", "unreachable", "quorum-lost"],
    evidence: () => {
      const missed = { how: "refused", why: "connect ECONNREFUSED" } as const;
      return network([
        node("demo-3", {
          unreachable: missed,
          info: undefined,
          consensus: undefined,
          peers: [],
          peg: undefined,
          vitals: undefined,
        }),
      ]);
    },
  }),
  recorded("a node hangs, and its peers do not hear it either", {
    about: "platform-blind",
    first: "margin-zero",
    never: ["platform-blind"],
    evidence: () => {
      const missed = { how: "silent", why: "no answer within 1200 ms" } as const;
      const hung = node("demo-3", {
        unreachable: missed,
        info: undefined,
        consensus: undefined,
        peers: [],
        peg: undefined,
        vitals: undefined,
      });
      return each(network([hung]), without(["demo-3"], 30_000));
    },
  }),
  recorded("a node of another height has another block, as it must", {
    about: "diverged",
    first: null,
    never: ["diverged"],
    evidence: () =>
      network([node("demo-2", { info: infoOf("demo-2", { finalHeight: 7_199, finalHash: "c0".repeat(32) }) })]),
  }),
  recorded("a node has another state at the same height", {
    about: "diverged",
    first: "diverged",
    evidence: () =>
      network([
        node("demo-2", { vitals: vitalsOf("demo-2", {}, { stateRoot: { height: 7_200, root: "00".repeat(32) } }) }),
      ]),
  }),
];

const observer = { voting: false, silence: "observer", notVotingBecause: "an observer has no vote" } as const;
const seatless = (id: string): Partial<NodeEvidence> => ({
  founder: false,
  chain: "demo",
  kind: "side",
  consensus: consensusOf(id, observer),
});
const candidate = {
  key: "00".repeat(64),
  id: "demo-5",
  voteKey: "05".repeat(32),
  rank: 6,
  status: "standing" as const,
  votesNeu: "100000000",
  bondNeu: null,
  bondId: null,
  bondFreeFrom: null,
  voterShare: 50,
  rewardProgram: "0014",
  rewardAddress: null,
  seatNow: null,
  seatNext: null,
  missed: null,
  lastSeatEpoch: null,
  resignedEpoch: null,
};

const seats: Scenario[] = [
  recorded("a candidate has no seat", {
    about: "not-seated",
    first: "not-seated",
    evidence: () =>
      network([node("demo-5", { ...seatless("demo-5"), seat: { nextElectionHeight: 7_260, candidate } })]),
  }),
  recorded("an observer wants no seat", {
    about: "not-seated",
    first: null,
    never: ["not-seated"],
    evidence: () =>
      network([node("demo-5", { ...seatless("demo-5"), seat: { nextElectionHeight: 7_260, candidate: undefined } })]),
  }),
  recorded("two instances run with one key", {
    about: "double-run",
    first: "double-run",
    evidence: () => {
      const copy = node("copy-3", { founder: false, consensus: consensusOf("demo-3") });
      return network([copy]);
    },
  }),
  recorded("a node was started a moment ago and asks the others", {
    about: "vote-log-lost",
    first: null,
    never: ["vote-log-lost", "margin-zero"],
    evidence: () => {
      const consensus = consensusOf("demo-2", {
        voting: false,
        silence: "asking",
        notVotingBecause: "asking the others",
      });
      const info = infoOf("demo-2", {
        startedAtMs: NOW_MS - 3_000,
        ready: false,
        notReadyBecause: "not voting: asking",
      });
      return each(network([node("demo-2", { consensus, info })]), (one) =>
        one.id === "demo-2" ? one : without(["demo-2"], 9_000)(one),
      );
    },
  }),
];

/** All situations of single nodes. */
export const NODE_SCENARIOS: readonly Scenario[] = [...ends, ...running, ...seats];
