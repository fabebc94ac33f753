// Situations of whole chains and of the peg as a record, with their near misses, and networks that are well.

import type { Evidence, NodeEvidence } from "@bystack/platform/why/evidence";
import {
  asset,
  consensusOf,
  deposit,
  down,
  each,
  IDS,
  infoOf,
  NOW_MS,
  network,
  node,
  pegOf,
  recorded,
  request,
  standing,
  vitalsOf,
  without,
  withPeg,
} from "./recorded-network.ts";
import type { Scenario } from "./scenario.ts";

function members(running: readonly string[]) {
  return IDS.map((id, index) => ({
    index,
    id,
    self: false,
    running: running.includes(id),
    lastSeenAgeMs: running.includes(id) ? 800 : 60_000,
  }));
}

const MAIN = { targetMs: 2_000, mineEveryMs: 2_000, hashesPerBlock: "2", blocksToRetarget: 816 };
const MINER = { difficultyBits: "1", work: "1", mining: true, hashesPerSecond: 9.8, reorganisations: 0 };

/** A main node whose newest block is so old. */
function main(
  ageMs: number,
  mine: Partial<typeof MAIN | { mineEveryMs: null }> = {},
  miner: Partial<typeof MINER> = {},
): Evidence {
  const info = infoOf("main-1", { finalAgeMs: ageMs, blockIntervalMs: 2_000 });
  return network([
    node("main-1", { info, vitals: vitalsOf("main-1", { main: { ...MAIN, ...mine } }), miner: { ...MINER, ...miner } }),
  ]);
}

const mains: Scenario[] = [
  recorded("nobody mines", {
    about: "no-miner",
    first: "no-miner",
    evidence: () => main(60_000, { mineEveryMs: null }, { mining: false, hashesPerSecond: 0 }),
  }),
  recorded("a block is late, within six targets", {
    about: "no-miner",
    first: null,
    never: ["no-miner", "difficulty-high"],
    evidence: () => main(11_000),
  }),
  recorded("a miner makes a block each minute by its timetable", {
    about: "no-miner",
    first: null,
    never: ["no-miner", "difficulty-high"],
    evidence: () => main(50_000, { mineEveryMs: 60_000 }),
  }),
  recorded("the difficulty is beyond the miners", {
    about: "difficulty-high",
    first: "difficulty-high",
    evidence: () => main(90_000, { hashesPerBlock: "40000", mineEveryMs: 2_000 }),
  }),
  recorded("the difficulty is high, and so is the rate", {
    about: "difficulty-high",
    first: null,
    never: ["difficulty-high"],
    evidence: () => main(3_000, { hashesPerBlock: "40000" }, { hashesPerSecond: 20_000 }),
  }),
  recorded("the only main node was killed", {
    about: "process-down",
    first: "process-down",
    evidence: () =>
      each(network([down("main-1", {})]), (one) =>
        one.kind === "main"
          ? one
          : { ...one, main: { url: "http://127.0.0.1:9", unreachable: "connect ECONNREFUSED" } },
      ),
  }),
];

const pegs: Scenario[] = [
  recorded("the main chain was reorganised beyond the confirmations", {
    about: "deep-reorg",
    first: "deep-reorg",
    evidence: () => withPeg({}, { paused: ["automatic"] }, { pausedByReorganisation: true }),
  }),
  recorded("members paused deposits themselves", {
    about: "deep-reorg",
    first: null,
    never: ["deep-reorg", "reserve-mismatch"],
    evidence: () => withPeg({}, { paused: ["in"] }),
  }),
  recorded("a deep reorganisation also leaves less locked than owed", {
    about: "deep-reorg",
    first: "deep-reorg",
    evidence: () =>
      withPeg(
        {},
        { paused: ["automatic"], assets: [asset({ locked: "4000000000" })] },
        { pausedByReorganisation: true, pausedByDeficit: true },
      ),
  }),
  recorded("less is locked than owed", {
    about: "reserve-mismatch",
    first: "reserve-mismatch",
    evidence: () =>
      withPeg({}, { paused: ["automatic"], assets: [asset({ locked: "4000000000" })] }, { pausedByDeficit: true }),
  }),
  recorded("more is locked than owed: somebody paid the vault", {
    about: "reserve-mismatch",
    first: null,
    never: ["reserve-mismatch"],
    evidence: () => withPeg({}, { assets: [asset({ locked: "6000000000" })] }),
  }),
  recorded("two of four members run, three must sign", {
    about: "signers-short",
    first: "signers-short",
    evidence: () => withPeg({ members: members(["demo-1", "demo-2"]) }),
  }),
  recorded("one member of four is stopped", {
    about: "signers-short",
    first: null,
    never: ["signers-short"],
    evidence: () => withPeg({ members: members(["demo-1", "demo-2", "demo-3"]) }),
  }),
  recorded("a deposit has 3 of 6 confirmations", {
    about: "transfer-waits",
    first: "transfer-waits",
    evidence: () => withPeg({ deposits: [deposit()] }),
  }),
  recorded("a deposit is over the cap", {
    about: "transfer-waits",
    first: "transfer-waits",
    evidence: () =>
      withPeg({
        deposits: [deposit({ confirmations: 6, reason: "It would exceed the cap on locked value of its asset." })],
      }),
  }),
  recorded("a withdrawal waits for its batch", {
    about: "transfer-waits",
    first: "transfer-waits",
    evidence: () => withPeg({ requests: [request()] }),
  }),
  recorded("a deposit was credited", {
    about: "transfer-waits",
    first: null,
    never: ["transfer-waits", "peg-rejected"],
    evidence: () =>
      withPeg({
        deposits: [deposit({ state: "credited", confirmations: 6 })],
        requests: [request({ state: "completed" })],
      }),
  }),
  recorded("a deposit is below the minimum", {
    about: "peg-rejected",
    first: "peg-rejected",
    evidence: () =>
      withPeg({
        deposits: [deposit({ state: "refused", reason: "It is below the minimum of 1000000 for its asset." })],
      }),
  }),
  recorded("a deposit is being claimed", {
    about: "peg-rejected",
    first: "transfer-waits",
    never: ["peg-rejected"],
    evidence: () => withPeg({ deposits: [deposit({ state: "claiming", confirmations: 6 })] }),
  }),
  recorded("the float is too small for the next payout", {
    about: "fees-empty",
    first: "fees-empty",
    evidence: () =>
      withPeg({ requests: [request()] }, { floatNeu: "500000", openFeesNeu: "0" }, { waitsForFloat: true }),
  }),
  recorded("the float is small, and nothing waits for it", {
    about: "fees-empty",
    first: null,
    never: ["fees-empty"],
    evidence: () => withPeg({}, { floatNeu: "500000" }),
  }),
  recorded("an account has no BTM for its fees", {
    about: "fees-empty",
    first: "fees-empty",
    evidence: () =>
      network([], {
        accounts: [
          { account: "issuer", chain: "demo", btmNeu: 0n },
          { account: "alice", chain: "demo", btmNeu: 5n },
        ],
      }),
  }),
  recorded("every account has BTM", {
    about: "fees-empty",
    first: null,
    never: ["fees-empty"],
    evidence: () => network([], { accounts: [{ account: "alice", chain: "demo", btmNeu: 5n }] }),
  }),
  recorded("withdrawals wait because the chain has stopped", {
    about: "quorum-lost",
    first: "quorum-lost",
    evidence: () => {
      const gone = ["demo-3", "demo-4"];
      const base = network([
        ...gone.map((id) => down(id, { atMs: NOW_MS - 30_000 })),
        ...["demo-1", "demo-2"].map((id) => node(id, { peg: pegOf(id, { requests: [request()] }) })),
      ]);
      return each(base, without(gone, 30_000), standing(30_000));
    },
  }),
];

const justStarted = (one: NodeEvidence): NodeEvidence =>
  one.info === undefined
    ? one
    : {
        ...one,
        info: {
          ...one.info,
          startedAtMs: NOW_MS - 2_000,
          finalAgeMs: 50_000_000,
          ready: false,
          notReadyBecause: "no final block for 50000 s",
        },
        ...(one.consensus && {
          consensus: {
            ...consensusOf(one.id, { voting: false, silence: "asking", notVotingBecause: "asking the others" }),
            validators: one.consensus.validators.map((seat) => ({ ...seat, lastVoteAgeMs: null })),
          },
        }),
      };

const healthy: Scenario[] = [
  recorded("all is well", { about: "healthy", first: null, evidence: () => network() }),
  recorded("the network was started two seconds ago, after a night", {
    about: "healthy",
    first: null,
    never: ["quorum-lost", "no-final-block", "partition", "margin-zero", "no-miner"],
    evidence: () => each(network(), justStarted),
  }),
  recorded("a new chain has no block yet", {
    about: "healthy",
    first: null,
    never: ["quorum-lost", "no-final-block", "no-miner"],
    evidence: () =>
      each(network(), justStarted, (one) =>
        one.info === undefined
          ? one
          : { ...one, info: { ...one.info, height: 0, finalHeight: 0, blockIntervalMs: null } },
      ),
  }),
  recorded("a validator that was away catches up", {
    about: "syncing",
    first: "syncing",
    never: ["quorum-lost", "no-final-block", "margin-zero"],
    evidence: () => {
      const info = infoOf("demo-4", {
        height: 900,
        finalHeight: 900,
        finalAgeMs: 3_100_000,
        finalHash: "c1".repeat(32),
        startedAtMs: NOW_MS - 9_000,
        ready: false,
        notReadyBecause: "no final block for 3100 s",
      });
      const vitals = vitalsOf(
        "demo-4",
        {},
        { blocksPerSecond: 320, stateRoot: { height: 900, root: "d0".repeat(32) } },
      );
      const consensus = consensusOf("demo-4", {
        voting: false,
        silence: "asking",
        notVotingBecause: "asking the others",
      });
      return each(network([node("demo-4", { info, vitals, consensus })]), (one) =>
        one.id === "demo-4" ? one : without(["demo-4"], 3_100_000)(one),
      );
    },
  }),
  recorded("a node is two blocks behind at this moment", {
    about: "syncing",
    first: null,
    never: ["syncing"],
    evidence: () =>
      network([
        node("demo-4", {
          info: infoOf("demo-4", { finalHeight: 7_198, finalHash: "c2".repeat(32), finalAgeMs: 1_350 }),
        }),
      ]),
  }),
  recorded("a chain of slow blocks: one each 20 s", {
    about: "healthy",
    first: null,
    never: ["no-final-block", "quorum-lost"],
    evidence: () =>
      each(network(), (one) =>
        one.kind === "main" || one.info === undefined
          ? one
          : { ...one, info: { ...one.info, blockIntervalMs: 20_000, finalAgeMs: 31_000 } },
      ),
  }),
  recorded("a network of two side chains, each with a spec of its own", {
    about: "wrong-network",
    first: null,
    never: ["wrong-network"],
    evidence: () => {
      const base = network();
      const acme = node("acme-1", { chain: "acme", consensus: consensusOf("acme-1", {}, ["acme-1"]), peers: [] });
      const other = { chain: "acme", kind: "side" as const, chainId: "ac".repeat(32) };
      const info = infoOf("acme-1", {
        chain: "acme",
        chainId: other.chainId,
        finalHeight: 3,
        finalHash: "a3".repeat(32),
      });
      return { ...base, chains: [...base.chains, other], nodes: [...base.nodes, { ...acme, info }] };
    },
  }),
  recorded("healed files of yesterday", {
    about: "healthy",
    first: null,
    evidence: () =>
      network([
        node("demo-1", {
          incidents: [
            {
              code: "block-log-damaged",
              atMs: NOW_MS - 86_400_000,
              file: "data/side/log",
              what: "it was cut",
              done: "it was fetched again",
            },
          ],
        }),
      ]),
  }),
  recorded("a chain of three validators, which can never spare one", {
    about: "margin-zero",
    first: null,
    never: ["margin-zero", "quorum-lost"],
    evidence: () => {
      const three = ["demo-1", "demo-2", "demo-3"];
      const base = each(network(), (one) =>
        one.consensus === undefined ? one : { ...one, consensus: consensusOf(one.id, {}, three) },
      );
      return { ...base, nodes: base.nodes.filter(({ id }) => id !== "demo-4") };
    },
  }),
];

export const CHAIN_SCENARIOS: readonly Scenario[] = [...mains, ...pegs, ...healthy];
