// The metrics of a side node: what its parts tell as it happens (effects of the engine, final blocks, refusals, disk calls)
// and what is read from them when somebody asks. It changes nothing and decides nothing.

import { SIDE_MEMPOOL_BYTES_MAX, SIDE_MEMPOOL_TRANSACTIONS_MAX } from "@bystack/chain/side/mempool";
import type { FinalBlock, SideChain } from "@bystack/chain/side/side-chain";
import { leaderOf } from "@bystack/consensus/bbft/committee";
import type { BbftEffect } from "@bystack/consensus/bbft/events";
import * as limits from "@bystack/consensus/bbft/limits";
import type { ScoredRefusal, UnscoredRefusal } from "@bystack/consensus/bbft/refusals";
import { type BbftState, tableSizes } from "@bystack/consensus/bbft/state";
import { statusOf } from "@bystack/consensus/bbft/status";
import type { Mesh } from "@bystack/network/mesh";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import type { Clock, Metrics } from "@bystack/utils/ports";
import type { NODE_REFUSALS, QueueName } from "../process/metric-names.ts";
import type { MetricsRegistry } from "../process/metrics.ts";
import { timed, watchProcess } from "../process/process-metrics.ts";
import type { Vitals } from "../process/vitals.ts";
import type { LeaderRecord } from "./leader-record.ts";
import type { NodeInfo } from "./node-info.ts";
import { SIDE_PROTOCOL } from "./protocol.ts";

/** Transactions whose way to finality is followed at once: as many as the mempool holds; of the others nothing is told. */
export const SUBMISSIONS_FOLLOWED_MAX = SIDE_MEMPOOL_TRANSACTIONS_MAX;

/** Without a signature for so long a validator counts as away; as long as a chain may be without a block. */
const LIVE_MS = 10_000;

const LANES_BYTES_MAX = SIDE_PROTOCOL.lanes.reduce((sum, lane) => sum + lane.queueBytesMax, 0);

export type Refusal = ScoredRefusal | UnscoredRefusal | (typeof NODE_REFUSALS)[number];

/** Counts what only the engine's effects show. */
export function countEffects(metrics: Pick<Metrics, "count">, state: BbftState, effects: readonly BbftEffect[]): void {
  for (const effect of effects) {
    if (effect.type === "evidence") metrics.count("evidence_total");
    if (effect.type !== "viewEntered" || !effect.nullified) continue;
    const { present } = state.committees;
    if (leaderOf(present, state.config.run, effect.view - 1) === present.ownIndex)
      metrics.count("own_views_missed_total");
  }
}

export type SideMetricsParts = {
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly chain: SideChain;
  readonly info: NodeInfo;
  readonly peersConfigured: () => number;
  /** Transactions of peers that were beyond their rate. */
  readonly overRate: () => number;
  readonly mesh: Mesh;
  /** Where the parts that were there before count. */
  readonly registry: MetricsRegistry;
  /** Undefined until the node has got so far. */
  readonly engine: () => BbftState | undefined;
  readonly vitals: Vitals;
  readonly leaders: LeaderRecord;
};

export class SideMetrics {
  readonly registry: MetricsRegistry;
  /** Ends the measuring. */
  readonly stop: () => void;
  readonly #parts: SideMetricsParts;
  /** When this node's HTTP took a transaction in, by id; the oldest is forgotten. */
  readonly #submittedMs = new Map<string, number>();
  #finalMs: number;

  constructor(parts: SideMetricsParts) {
    this.#parts = parts;
    this.registry = parts.registry;
    this.#finalMs = parts.chain.tip?.block.header.timestampMs ?? parts.chain.rules.spec.genesis.timeMs;
    this.stop = watchProcess({ ...parts, metrics: this.registry });
    this.registry.declare([
      "block_interval_seconds",
      "submitted_to_final_seconds",
      "vote_fsync_seconds",
      "finalise_seconds",
      "consensus_nullified_total",
      "own_views_missed_total",
      "evidence_total",
      "tx_applied_total",
      "network_bans_total",
      "refused_messages_total",
    ]);
    this.registry.onRead(() => this.#readChain());
    this.registry.onRead(() => this.#readEngine());
    this.registry.onRead(() => this.#readMesh());
  }

  /** A message that was refused, and is held against its sender. */
  scored(reason: Refusal): void {
    this.registry.count("refused_messages_total", 1, { reason, scored: "yes" });
  }

  submitted(id: Hash): void {
    const [oldest] = this.#submittedMs.keys();
    if (this.#submittedMs.size >= SUBMISSIONS_FOLLOWED_MAX && oldest !== undefined) this.#submittedMs.delete(oldest);
    this.#submittedMs.set(bytesToHex(id), this.#parts.clock.monotonicMs());
  }

  final({ block, summary }: FinalBlock): void {
    const { timestampMs } = block.header;
    this.registry.observe("block_interval_seconds", (timestampMs - this.#finalMs) / 1000);
    this.#finalMs = timestampMs;
    this.registry.count("tx_applied_total", summary.effects.length);
    if (this.#submittedMs.size === 0) return;
    const nowMs = this.#parts.clock.monotonicMs();
    for (const { id } of summary.effects) {
      const key = bytesToHex(id);
      const sinceMs = this.#submittedMs.get(key);
      if (sinceMs === undefined) continue;
      this.#submittedMs.delete(key);
      this.registry.observe("submitted_to_final_seconds", (nowMs - sinceMs) / 1000);
    }
  }

  /** Looks at what a step of the engine has led to, and hands it on. */
  effects(state: BbftState, effects: readonly BbftEffect[]): readonly BbftEffect[] {
    countEffects(this.registry, state, effects);
    for (const effect of effects) {
      if (effect.type !== "viewEntered") continue;
      this.#parts.leaders.entered(effect, state.committees.present, this.#parts.clock.monotonicMs());
    }
    return effects;
  }

  timed<T>(name: "vote_fsync_seconds" | "finalise_seconds", job: () => Promise<T>): Promise<T> {
    const { clock, vitals } = this.#parts;
    const onTime = (tookMs: number): void => {
      if (name === "vote_fsync_seconds") vitals.voteSynced(tookMs);
    };
    return timed({ metrics: this.registry, clock, onTime }, name, job);
  }

  #queue(queue: QueueName, size: number, limit: number): void {
    this.registry.gauge("queue_size", size, { queue });
    this.registry.gauge("queue_limit", limit, { queue });
  }

  #readChain(): void {
    const { chain, info, clock, overRate } = this.#parts;
    this.registry.gauge("chain_height", chain.height);
    this.registry.gauge("chain_final_height", chain.height);
    this.registry.gauge("chain_final_age_seconds", Math.max(0, clock.nowMs() - this.#finalMs) / 1000);
    this.registry.gauge("mempool_transactions", chain.mempool.size);
    this.registry.gauge("ready", info.info().ready ? 1 : 0);
    this.#queue("mempool_transactions", chain.mempool.size, SIDE_MEMPOOL_TRANSACTIONS_MAX);
    this.#queue("mempool_bytes", chain.mempool.bytes, SIDE_MEMPOOL_BYTES_MAX);
    this.#queue("submissions_followed", this.#submittedMs.size, SUBMISSIONS_FOLLOWED_MAX);
    this.registry.total("refused_messages_total", overRate(), { reason: "TRANSACTION_RATE", scored: "no" });
  }

  #readEngine(): void {
    const state = this.#parts.engine();
    if (state === undefined) return;
    const { epoch, view, voting, streak, committee, quorum } = statusOf(state);
    this.registry.gauge("epoch", epoch);
    this.registry.gauge("consensus_view", view);
    this.registry.gauge("voting", voting === "voting" ? 1 : 0);
    this.registry.gauge("nullified_streak", streak);
    this.registry.gauge("committee_validators", committee.length);
    this.registry.gauge("committee_quorum", quorum);
    const { validators } = this.#parts.info.consensus();
    const isLive = ({ self, lastVoteAgeMs }: (typeof validators)[number]): boolean =>
      self ? voting === "voting" : lastVoteAgeMs !== null && lastVoteAgeMs < LIVE_MS;
    this.registry.gauge("committee_live", validators.filter(isLive).length);
    const sizes = tableSizes(state);
    const { present, next } = state.committees;
    const bounds: readonly (readonly [QueueName, string, number])[] = [
      ["engine_blocks", "blocks", limits.BLOCKS_MAX + limits.SYNC_BLOCKS_MAX],
      ["engine_vote_views", "votes", limits.VIEWS_BEHIND_MAX + limits.VIEWS_AHEAD_MAX + 1],
      ["engine_proposals_ahead", "stash", present.n + next.n],
      ["engine_blocks_wanted", "wanted", limits.WANTED_MAX + limits.SYNC_BLOCKS_MAX],
      ["engine_views_wanted", "wantedViews", limits.FETCH_VIEWS_MAX],
      ["engine_evidence", "evidence", present.n],
      ["engine_peers_served", "served", limits.SERVED_PEERS_MAX],
      ["engine_record_entries", "pendingEntries", limits.RECORD_PENDING_MAX + limits.MESSAGE_VOTES_MAX],
    ];
    for (const [queue, table, limit] of bounds) this.#queue(queue, sizes[table] ?? 0, limit);
  }

  #readMesh(): void {
    const { mesh, peersConfigured, clock } = this.#parts;
    const peers = mesh.peers();
    this.registry.gauge("peers", peers.length);
    this.registry.gauge("peers_configured", peersConfigured());
    const busiest = peers.reduce((most, { queuedBytes }) => Math.max(most, queuedBytes), 0);
    this.#queue("network_lanes_of_busiest_peer_bytes", busiest, LANES_BYTES_MAX);
    const inForce = mesh.bans().filter(({ untilMs }) => untilMs > clock.nowMs());
    this.registry.gauge("bans", inForce.length);
  }
}
