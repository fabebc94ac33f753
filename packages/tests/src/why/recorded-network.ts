// What a healthy network of a main node and four validators answers, as recorded from one, with the hands to change a part of
// it: the ground of the scenarios that neither the simulator nor a process can bring about in a second.

import type { NodeExit } from "@bystack/platform/provider";
import type { Consensus, Evidence, Info, NodeEvidence, PegEvidence, Vitals } from "@bystack/platform/why/evidence";
import type { Scenario } from "./scenario.ts";

export const NOW_MS = 1_800_000_000_000;
const STARTED_MS = NOW_MS - 3_600_000;
const HEIGHT = 7_200;
const BTM = "ff".repeat(32);
export const TX = "7a".repeat(32);
export const IDS = ["demo-1", "demo-2", "demo-3", "demo-4"] as const;

export function infoOf(id: string, part: Partial<Info> = {}): Info {
  const isMain = id.startsWith("main");
  return {
    kind: isMain ? "main" : "side",
    chain: isMain ? "main" : "demo",
    chainId: (isMain ? "aa" : "bb").repeat(32),
    node: id,
    version: "0.1.0",
    instance: `instance of ${id}`,
    startedAtMs: STARTED_MS,
    height: HEIGHT,
    tip: "cc".repeat(32),
    finalHeight: HEIGHT,
    finalHash: "cc".repeat(32),
    finalAgeMs: isMain ? 1_300 : 350,
    blockIntervalMs: isMain ? 2_000 : 500,
    ready: true,
    notReadyBecause: null,
    peers: isMain ? 0 : 3,
    mempool: 0,
    rssBytes: 110_000_000,
    addressPrefix: "sp",
    backends: {},
    ...part,
  };
}

export function consensusOf(id: string, part: Partial<Consensus> = {}, ids: readonly string[] = IDS): Consensus {
  return {
    epoch: 121,
    view: 3,
    validators: ids.map((name, index) => ({
      index,
      id: name,
      voteKey: `0${index}`.repeat(32),
      self: name === id,
      lastVoteAgeMs: name === id ? 20 : 180 + index,
    })),
    faultsTolerated: Math.floor((ids.length - 1) / 3),
    quorum: ids.length - Math.floor((ids.length - 1) / 3),
    voting: true,
    notVotingBecause: null,
    silence: null,
    nullifiedTotal: 4,
    supplyProblem: null,
    ...part,
  };
}

type SideVitals = NonNullable<Vitals["side"]>;

export function vitalsOf(id: string, part: Partial<Vitals> = {}, side: Partial<SideVitals> = {}): Vitals {
  const isMain = id.startsWith("main");
  return {
    instance: `instance of ${id}`,
    nowMs: NOW_MS,
    eventLoopLag: { p99Ms: 12, longestMs: 31, samples: 240 },
    rssBytes: 110_000_000,
    heapUsedBytes: 40_000_000,
    heapLimitBytes: 540_000_000,
    diskFreeBytes: 80_000_000_000,
    main: isMain ? { targetMs: 2_000, mineEveryMs: 2_000, hashesPerBlock: "2", blocksToRetarget: 816 } : null,
    side: isMain
      ? null
      : {
          voteSync: { p99Ms: 4, longestMs: 9, samples: 360 },
          epochBlocks: 60,
          stateRoot: { height: HEIGHT, root: "dd".repeat(32) },
          blocksPerSecond: 2,
          silentThrough: null,
          leaders: IDS.map((_, index) => ({ index, led: 60, nullified: 0, nullifiedInRow: 0, nullifiedMeanMs: 0 })),
          viewsPerTurn: 4,
          accused: [],
          peg: { pausedByReorganisation: false, pausedByDeficit: false, waitsForFloat: false },
          ...side,
        },
    ...part,
  };
}

export function pegOf(
  id: string,
  part: Partial<PegEvidence> = {},
  status: Partial<PegEvidence["status"]> = {},
): PegEvidence {
  return {
    status: {
      members: 4,
      threshold: 3,
      vaultEpoch: 1,
      height: HEIGHT,
      stateRoot: "dd".repeat(32),
      mainTip: { height: 1_200, hash: "ee".repeat(32) },
      confirmations: 6,
      batchBlocks: 8,
      pegOutFeeNeu: "10000000",
      paused: [],
      governanceNext: "1",
      floatNeu: "1000000000",
      openFeesNeu: "0",
      openPayouts: 0,
      independence: "shared",
      assets: [asset()],
      ...status,
    },
    members: IDS.map((name, index) => ({
      index,
      id: name,
      self: name === id,
      running: true,
      lastSeenAgeMs: name === id ? 0 : 900,
    })),
    payouts: [],
    requests: [],
    deposits: [],
    ...part,
  };
}

export function asset(
  part: Partial<PegEvidence["status"]["assets"][number]> = {},
): PegEvidence["status"]["assets"][number] {
  return {
    asset: BTM,
    listed: true,
    minimum: "1000000",
    cap: null,
    locked: "5000000000",
    minted: "5000000000",
    burned: "0",
    circulating: "5000000000",
    owed: "5000000000",
    writtenOff: "0",
    ...part,
  };
}

export function deposit(part: Partial<PegEvidence["deposits"][number]> = {}): PegEvidence["deposits"][number] {
  return {
    nullifier: "12".repeat(32),
    transaction: TX,
    position: 0,
    mainHeight: 1_198,
    asset: BTM,
    amount: "200000000",
    recipient: "0014",
    state: "seen",
    confirmations: 3,
    confirmationsNeeded: 6,
    claim: null,
    reason: null,
    ...part,
  };
}

export function request(part: Partial<PegEvidence["requests"][number]> = {}): PegEvidence["requests"][number] {
  const id = "34".repeat(32);
  return {
    id,
    transaction: TX,
    asset: BTM,
    amount: "10000000",
    program: "0014",
    burnHeight: HEIGHT - 3,
    state: "queued",
    payout: null,
    ...part,
  };
}

export function node(id: string, part: Partial<NodeEvidence> = {}): NodeEvidence {
  const isMain = id.startsWith("main");
  const side = isMain
    ? {}
    : {
        consensus: consensusOf(id),
        peers: IDS.filter((other) => other !== id).map((other) => ({
          id: other,
          connected: true,
          score: 0,
          finalHeight: null,
        })),
        peg: pegOf(id),
        main: { url: "http://127.0.0.1:9", unreachable: undefined },
      };
  return {
    id,
    chain: isMain ? "main" : "demo",
    kind: isMain ? "main" : "side",
    founder: !isMain,
    phase: "running",
    instance: `instance of ${id}`,
    exit: undefined,
    unreachable: undefined,
    info: infoOf(id),
    consensus: undefined,
    vitals: vitalsOf(id),
    miner: isMain
      ? { difficultyBits: "2305843009230471167", work: "2402", mining: true, hashesPerSecond: 9.8, reorganisations: 0 }
      : undefined,
    clock: { offsetMs: 1, uncertainMs: 2 },
    peers: [],
    incidents: [],
    peg: undefined,
    seat: undefined,
    crashesMs: [],
    main: undefined,
    ...side,
    ...part,
  };
}

/** A node whose process is gone. */
export function down(id: string, exit: Partial<NodeExit> | undefined, part: Partial<NodeEvidence> = {}): NodeEvidence {
  const whole = {
    code: null,
    signal: "SIGKILL",
    atMs: NOW_MS - 4_000,
    meaning: "killed from outside",
    tail: [],
    ...exit,
  };
  return node(id, {
    phase: exit === undefined ? "created" : "stopped",
    instance: undefined,
    exit: exit === undefined ? undefined : whole,
    info: undefined,
    consensus: undefined,
    vitals: undefined,
    miner: undefined,
    clock: undefined,
    peers: [],
    peg: undefined,
    main: undefined,
    ...part,
  });
}

/** The others' view of validators that are away: their votes grow old, their connections are closed. */
export function without(away: readonly string[], ageMs: number): (one: NodeEvidence) => NodeEvidence {
  return (one) => {
    if (one.consensus === undefined || away.includes(one.id)) return one;
    const validators = one.consensus.validators.map((seat) =>
      away.includes(seat.id) ? { ...seat, lastVoteAgeMs: ageMs } : seat,
    );
    const peers = one.peers.map((peer) => ({ ...peer, connected: peer.connected && !away.includes(peer.id) }));
    const peg = one.peg && {
      ...one.peg,
      members: one.peg.members?.map((member) =>
        away.includes(member.id) ? { ...member, running: false, lastSeenAgeMs: ageMs } : member,
      ),
    };
    return { ...one, consensus: { ...one.consensus, validators }, peers, peg };
  };
}

/** The chain makes no final block for so long. */
export function standing(ageMs: number): (one: NodeEvidence) => NodeEvidence {
  return (one) => {
    if (one.kind === "main" || one.info === undefined) return one;
    const because = `no final block for ${Math.round(ageMs / 1000)} s, 1 peers connected`;
    return { ...one, info: { ...one.info, finalAgeMs: ageMs, ready: false, notReadyBecause: because } };
  };
}

export function network(nodes: readonly NodeEvidence[] = [], more: Partial<Evidence> = {}): Evidence {
  const given = new Map(nodes.map((one) => [one.id, one]));
  const all = ["main-1", ...IDS].map((id) => given.get(id) ?? node(id));
  const others = nodes.filter(({ id }) => id !== "main-1" && !IDS.some((known) => known === id));
  return {
    nowMs: NOW_MS,
    chains: [
      { chain: "main", kind: "main", chainId: "aa".repeat(32) },
      { chain: "demo", kind: "side", chainId: "bb".repeat(32) },
    ],
    nodes: [...all, ...others],
    ...more,
  };
}

/** Changes every node of a network. */
export function each(evidence: Evidence, ...changes: readonly ((one: NodeEvidence) => NodeEvidence)[]): Evidence {
  return { ...evidence, nodes: evidence.nodes.map((one) => changes.reduce((now, change) => change(now), one)) };
}

/** A scenario by record. */
export const recorded = (name: string, parts: Omit<Scenario, "name" | "source">): Scenario => ({
  name,
  source: "recorded",
  ...parts,
});

/** A network in which every node tells this of the peg. */
export function withPeg(
  part: Partial<PegEvidence>,
  status: Partial<PegEvidence["status"]> = {},
  flags: Partial<NonNullable<SideVitals["peg"]>> = {},
): Evidence {
  const none = { pausedByReorganisation: false, pausedByDeficit: false, waitsForFloat: false };
  const set = (one: NodeEvidence): NodeEvidence =>
    one.kind === "main"
      ? one
      : { ...one, peg: pegOf(one.id, part, status), vitals: vitalsOf(one.id, {}, { peg: { ...none, ...flags } }) };
  return each(network(), set);
}
