// What a side node says about itself: `info`, `consensus` and `peers` of the API, and whether it is ready.

import type { FinalBlock, SideChain } from "@bystack/chain/side/side-chain";
import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { BbftStatus } from "@bystack/consensus/bbft/status";
import type { Mesh } from "@bystack/network/mesh";
import type { SideChainSpec } from "@bystack/protocol/spec";
import { bytesToHex } from "@bystack/utils/bytes";
import type { Clock } from "@bystack/utils/ports";
import type { SideNodeOptions } from "../options.ts";
import type { Instance } from "../process/instance.ts";
import type { PeerList } from "./peer-list.ts";

/** A side node counts as ready when its newest final block is not older than this. */
const READY_AGE_MS = 10_000;
/** Final blocks whose times give the interval shown. */
const INTERVAL_BLOCKS = 20;

export type NodeInfoParts = {
  readonly options: SideNodeOptions;
  readonly version: string;
  readonly spec: SideChainSpec;
  readonly peers: PeerList;
  readonly config: BbftConfig;
  readonly chain: SideChain;
  readonly instance: Instance;
  readonly clock: Clock;
  /** Undefined until the node has got so far. */
  readonly mesh: Mesh;
  readonly engine: () => { readonly status: BbftStatus; readonly nullifiedTotal: number } | undefined;
  /** Why the counters of the supply are not to be trusted; undefined while they agree. */
  readonly supplyProblem: () => string | undefined;
};

/** Why a validator does not sign, in a sentence; undefined while it votes. */
function silenceOf(status: BbftStatus | undefined): string | undefined {
  if (status === undefined) return "the node is starting";
  const { epoch, view } = status.silentThrough ?? status;
  switch (status.voting) {
    case "voting":
      return undefined;
    case "observer":
      return "an observer has no vote";
    case "halted":
      return "the engine has stopped";
    case "asking":
      return "asking the others what this key has signed before";
    case "bar":
      return `silent after its start through epoch ${epoch}, view ${view}, so that it signs nothing twice`;
    case "observe":
      return `its record of own votes is missing or older than its votes: it only observes through epoch ${epoch}, view ${view}`;
  }
}

/** The answer about consensus from the engine's own status; undefined while the node is starting. */
export function consensusReply(parts: {
  readonly status: BbftStatus | undefined;
  readonly nullifiedTotal: number;
  readonly nowMs: number;
  readonly nameOf: (voteKey: Uint8Array) => string;
  readonly supplyProblem: string | null;
}) {
  const { status, nowMs, nameOf } = parts;
  const silence = silenceOf(status);
  return {
    epoch: status?.epoch ?? 0,
    view: status?.view ?? 0,
    validators: (status?.committee ?? []).map((key, index) => {
      const heard = status?.heardMs[index];
      return {
        index,
        id: nameOf(key),
        voteKey: bytesToHex(key),
        self: index === status?.ownIndex,
        lastVoteAgeMs: heard === undefined ? null : Math.max(0, nowMs - heard),
      };
    }),
    faultsTolerated: status?.faultsTolerated ?? 0,
    quorum: status?.quorum ?? 0,
    voting: silence === undefined,
    notVotingBecause: silence ?? null,
    silence: status === undefined ? ("starting" as const) : status.voting === "voting" ? null : status.voting,
    nullifiedTotal: parts.nullifiedTotal,
    supplyProblem: parts.supplyProblem,
  };
}

export class NodeInfo {
  readonly #parts: NodeInfoParts;
  readonly #finalTimes: number[] = [];
  /** Time of the newest final block: a node that catches up is not ready, however many blocks a second it takes in. */
  #finalAtMs: number;

  constructor(parts: NodeInfoParts) {
    this.#parts = parts;
    this.#finalAtMs = parts.chain.tip?.block.header.timestampMs ?? parts.spec.genesis.timeMs;
  }

  follow({ block }: FinalBlock): void {
    this.#finalAtMs = block.header.timestampMs;
    this.#finalTimes.push(block.header.timestampMs);
    if (this.#finalTimes.length > INTERVAL_BLOCKS) this.#finalTimes.shift();
  }

  #intervalMs(): number | null {
    const first = this.#finalTimes[0];
    const last = this.#finalTimes.at(-1);
    return first === undefined || last === undefined || this.#finalTimes.length < 2
      ? null
      : (last - first) / (this.#finalTimes.length - 1);
  }

  #notReady(): string | null {
    const { chain, clock, engine, mesh, peers, supplyProblem } = this.#parts;
    const ageMs = clock.nowMs() - this.#finalAtMs;
    const connected = mesh.peers().length;
    const status = engine()?.status;
    const silence = status?.voting === "observer" ? undefined : silenceOf(status);
    const problem = supplyProblem();
    if (problem !== undefined) return problem;
    if (chain.height === 0) return `no block yet, ${connected} of ${peers.all.length} peers connected`;
    if (ageMs > READY_AGE_MS) return `no final block for ${Math.round(ageMs / 1000)} s, ${connected} peers connected`;
    return silence === undefined ? null : `not voting: ${silence}`;
  }

  info() {
    const { options, version, chain, spec, config, instance, clock, mesh } = this.#parts;
    const tipHash = bytesToHex(chain.tip?.block.hash ?? chain.genesisHash);
    const because = this.#notReady();
    return {
      kind: "side" as const,
      chain: spec.name,
      chainId: bytesToHex(config.chainId),
      node: options.id,
      version,
      instance: instance.instance,
      startedAtMs: instance.startedAtMs,
      height: chain.height,
      tip: tipHash,
      finalHeight: chain.height,
      finalHash: tipHash,
      finalAgeMs: Math.max(0, clock.nowMs() - this.#finalAtMs),
      blockIntervalMs: this.#intervalMs(),
      ready: because === null,
      notReadyBecause: because,
      peers: mesh.peers().length,
      mempool: chain.mempool.size,
      rssBytes: process.memoryUsage.rss(),
      addressPrefix: spec.addressPrefix,
      backends: { ed25519: "node:crypto with exact rule", lthash: "ts" },
    };
  }

  consensus() {
    const { peers, clock, engine, supplyProblem } = this.#parts;
    const { status, nullifiedTotal } = engine() ?? {};
    return consensusReply({
      status,
      nullifiedTotal: nullifiedTotal ?? 0,
      nowMs: clock.nowMs(),
      nameOf: (key) => peers.nameOf(key),
      supplyProblem: supplyProblem() ?? null,
    });
  }

  peers() {
    const open = new Map(this.#parts.mesh.peers().map((peer) => [peer.id, peer]));
    return {
      items: this.#parts.peers.all.map((peer) => {
        const found = open.get(bytesToHex(peer.key));
        return { id: peer.id, connected: found !== undefined, score: found?.points ?? 0, finalHeight: null };
      }),
    };
  }
}
