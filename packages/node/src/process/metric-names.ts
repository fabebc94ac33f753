// Every metric of a node: its name (shown with `bystack_` before it), what it counts, and the closed list of values that
// each of its labels may take. docs/reference/metrics.md is rendered from this table.

import { SCORED_REFUSALS, UNSCORED_REFUSALS } from "@bystack/consensus/bbft/refusals";
import { NETWORK_ERRORS } from "@bystack/network/errors";
import type { MetricDefinition as Definition } from "@bystack/utils/metrics";
import { SIDE_PROTOCOL } from "../side/protocol.ts";

export type MetricDefinition = Definition & { readonly nodes: "main and side" | "main" | "side" };

/** Refusals that the node itself finds, before the engine sees the message or beside it. */
export const NODE_REFUSALS = ["MALFORMED_MESSAGE", "TRANSACTION", "TRANSACTION_RATE"] as const;

/** Tables and queues that others can fill; each has its limit under the same label. */
export const QUEUES = [
  "mempool_transactions",
  "mempool_bytes",
  "engine_blocks",
  "engine_vote_views",
  "engine_proposals_ahead",
  "engine_blocks_wanted",
  "engine_views_wanted",
  "engine_evidence",
  "engine_peers_served",
  "engine_record_entries",
  "network_lanes_of_busiest_peer_bytes",
  "submissions_followed",
] as const;
export type QueueName = (typeof QUEUES)[number];

const CODES = Object.keys(NETWORK_ERRORS);
const LANES = ["control", ...SIDE_PROTOCOL.lanes.flatMap(({ name }) => [name, `${name}-inbound`])];
const MESSAGES = SIDE_PROTOCOL.messages.map(({ name }) => name);
const REASONS = [...SCORED_REFUSALS, ...UNSCORED_REFUSALS, ...NODE_REFUSALS];
const BLOCK_SECONDS = [0.1, 0.25, 0.5, 0.6, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60];
const DISK_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

export const METRICS = {
  chain_height: { kind: "gauge", nodes: "main and side", help: "Height of the newest block." },
  chain_final_height: {
    kind: "gauge",
    nodes: "main and side",
    help: "Height of the newest final block; on a main chain that of the newest block.",
  },
  chain_final_age_seconds: {
    kind: "gauge",
    nodes: "main and side",
    help: "Age of the newest final block by this node's clock.",
  },
  ready: { kind: "gauge", nodes: "main and side", help: "1 when the node calls itself ready, otherwise 0." },
  peers: { kind: "gauge", nodes: "main and side", help: "Peers connected now." },
  peers_configured: { kind: "gauge", nodes: "side", help: "Peers in the node's options." },
  start_time_seconds: { kind: "gauge", nodes: "main and side", help: "When the process started, in Unix time." },
  process_resident_memory_bytes: { kind: "gauge", nodes: "main and side", help: "Memory of the process." },
  process_heap_used_bytes: { kind: "gauge", nodes: "main and side", help: "JavaScript heap in use." },
  process_cpu_seconds_total: { kind: "counter", nodes: "main and side", help: "Processor time of the process." },
  event_loop_lag_seconds: {
    kind: "histogram",
    nodes: "main and side",
    help: "How much later than planned a timer of four times a second ran: nothing else runs meanwhile.",
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  mempool_transactions: { kind: "gauge", nodes: "main and side", help: "Transactions that wait for a block." },
  queue_size: {
    kind: "gauge",
    nodes: "main and side",
    help: "What waits in a queue or stands in a table that others can fill.",
    labels: { queue: QUEUES },
  },
  queue_limit: {
    kind: "gauge",
    nodes: "main and side",
    help: "The most that the queue of this name takes.",
    labels: { queue: QUEUES },
  },

  reorganisations_total: { kind: "counter", nodes: "main", help: "Reorganisations of the main chain since the start." },
  mining: { kind: "gauge", nodes: "main", help: "1 when the node mines, otherwise 0." },
  pow_hash_rate: { kind: "gauge", nodes: "main", help: "Proofs of work that the miner tries in a second." },

  epoch: { kind: "gauge", nodes: "side", help: "Epoch that consensus is in." },
  consensus_view: { kind: "gauge", nodes: "side", help: "View that consensus is in." },
  voting: { kind: "gauge", nodes: "side", help: "1 when this node votes, otherwise 0; `bystack why` says why not." },
  committee_validators: { kind: "gauge", nodes: "side", help: "Validators of the present epoch." },
  committee_quorum: { kind: "gauge", nodes: "side", help: "Votes that make a certificate." },
  committee_live: {
    kind: "gauge",
    nodes: "side",
    help: "Validators of the present epoch whose signature this node has seen within ten seconds, itself counted when it votes.",
  },
  nullified_streak: { kind: "gauge", nodes: "side", help: "Views nullified in a row since the last final block." },
  block_interval_seconds: {
    kind: "histogram",
    nodes: "side",
    help: "Time between final blocks and their parents, by their time stamps.",
    buckets: BLOCK_SECONDS,
  },
  submitted_to_final_seconds: {
    kind: "histogram",
    nodes: "side",
    help: "From the moment this node's HTTP took a new transaction in until it was final here.",
    buckets: BLOCK_SECONDS,
  },
  consensus_nullified_total: { kind: "counter", nodes: "side", help: "Views that ended with a NULLIFY certificate." },
  own_views_missed_total: {
    kind: "counter",
    nodes: "side",
    help: "Views led by this validator that ended with a NULLIFY certificate.",
  },
  refused_messages_total: {
    kind: "counter",
    nodes: "side",
    help: "Messages of peers, or parts of them, that were refused; `scored`: whether it counts against the peer.",
    labels: { reason: REASONS, scored: ["yes", "no"] },
  },
  tx_applied_total: { kind: "counter", nodes: "side", help: "Transactions in final blocks since the start." },
  evidence_total: { kind: "counter", nodes: "side", help: "Pieces of evidence found against validators." },
  bans: { kind: "gauge", nodes: "side", help: "Peer keys that are refused for a while now." },
  vote_fsync_seconds: {
    kind: "histogram",
    nodes: "side",
    help: "Writing own votes to the record and syncing it; a vote waits for this.",
    buckets: DISK_SECONDS,
  },
  finalise_seconds: {
    kind: "histogram",
    nodes: "side",
    help: "Storing final blocks with their indexes, synced.",
    buckets: DISK_SECONDS,
  },

  network_peers: { kind: "gauge", nodes: "side", help: "Open connections of the mesh." },
  network_sent_bytes_total: { kind: "counter", nodes: "side", help: "Bytes sent to peers, before TLS." },
  network_received_bytes_total: { kind: "counter", nodes: "side", help: "Bytes received from peers, after TLS." },
  network_sent_messages_total: {
    kind: "counter",
    nodes: "side",
    help: "Messages queued for peers.",
    labels: { message: MESSAGES },
  },
  network_received_messages_total: {
    kind: "counter",
    nodes: "side",
    help: "Messages received from peers.",
    labels: { message: MESSAGES },
  },
  network_dropped_total: {
    kind: "counter",
    nodes: "side",
    help: "Messages dropped because a lane was full; `-inbound`: because the node still worked on earlier ones.",
    labels: { lane: LANES },
  },
  network_refused_total: {
    kind: "counter",
    nodes: "side",
    help: "Connections that did not open, by reason.",
    labels: { code: CODES },
  },
  network_disconnects_total: {
    kind: "counter",
    nodes: "side",
    help: "Open connections that ended, by reason.",
    labels: { code: CODES },
  },
  network_dials_total: { kind: "counter", nodes: "side", help: "Connections dialled." },
  network_bans_total: { kind: "counter", nodes: "side", help: "Times that a peer key was banned." },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
