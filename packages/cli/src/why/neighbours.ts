// What only the comparison of a node with others shows: too few connections, a partition, a clock that is apart.

import type { Consensus, Evidence, NodeEvidence } from "./evidence.ts";
import { type Finding, finding, listed } from "./finding.ts";

/**
 * Clocks that differ by more than this are told: a validator votes within 500 ms of its own clock, and the answers that are
 * compared were given up to a second apart.
 */
export const CLOCK_APART_MS = 1_500;

/** Nodes that run and answer although this one has no connection with them. */
function runningApart(away: readonly string[], evidence: Evidence): string[] {
  return evidence.nodes
    .filter(({ id, phase, unreachable }) => away.includes(id) && phase === "running" && unreachable === undefined)
    .map(({ id }) => id);
}

/** Fewer connections than a vote needs: because the others are away, or because they run and cannot be reached. */
export function peerFindings(node: NodeEvidence, consensus: Consensus, evidence: Evidence): Finding[] {
  const connected = node.peers.filter((peer) => peer.connected).length;
  const isValidator = consensus.validators.some(({ self }) => self);
  const needed = isValidator ? consensus.quorum - 1 : 1;
  if (connected >= needed) return [];
  const away = node.peers.filter((peer) => !peer.connected).map(({ id }) => id);
  const apart = runningApart(away, evidence);
  const counts = `${node.id} is connected to ${connected} of ${node.peers.length} peers and needs ${needed}; `;
  if (connected + apart.length >= needed) {
    const sentence = `${counts}${listed(apart)} run and answer here, so the network between them is cut.`;
    const next = "Check firewalls, addresses and ports between the nodes; they dial again by themselves.";
    return [finding("partitioned", node.id, `${sentence} ${next}`, { commands: [`bystack logs ${node.id}`] })];
  }
  const commands = [...away.map((id) => `bystack why ${id}`), `bystack logs ${node.id}`];
  return [finding("peers-missing", node.id, `${counts}not connected: ${listed(away)}.`, { commands })];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/**
 * The age of one block by several clocks: whose age is far from that of the most has a clock that is apart. Two others at
 * the same block are needed to say which of them it is.
 */
export function clockFindings(node: NodeEvidence, evidence: Evidence): Finding[] {
  const { info } = node;
  if (info === undefined || info.finalHeight === 0) return [];
  const ages = evidence.nodes.flatMap(({ id, info: other }) =>
    id !== node.id && other?.kind === info.kind && other.finalHash === info.finalHash ? [other.finalAgeMs] : [],
  );
  if (ages.length < 2) return [];
  const apartMs = info.finalAgeMs - median(ages);
  if (Math.abs(apartMs) <= CLOCK_APART_MS) return [];
  const amount = `${(Math.abs(apartMs) / 1000).toFixed(1)} s ${apartMs > 0 ? "ahead of" : "behind"}`;
  const sentence =
    `The clock of ${node.id} is ${amount} those of the others, and a validator votes for no block that is more than ` +
    "0.5 s from its clock. Set the clocks by NTP.";
  return [finding("clock-apart", node.id, sentence, { commands: [`bystack logs ${node.id}`] })];
}
