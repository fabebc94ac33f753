// From evidence to findings: why a node does not vote, is not ready, or was healed. Pure; causes come before what they
// cause, and every sentence says what is the case and why, with a command where one helps (platform.md section 8).

import { crashFindings } from "./crashes.ts";
import type { Consensus, Evidence, Incident, NodeEvidence } from "./evidence.ts";
import { explainEnd } from "./exits.ts";
import { type Finding, finding, listed } from "./finding.ts";
import { clockFindings, peerFindings } from "./neighbours.ts";

export type { Finding } from "./finding.ts";

/** A chain without a final block for longer than this stands still, and a validator not heard for it is missing. */
export const SILENT_MS = 10_000;

const keyOf = ({ id, subject }: Finding): string => `${id} ${subject}`;

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/** What is to be said of a node whose process is down or does not answer. */
function processFindings(node: NodeEvidence): Finding[] {
  if (node.phase === "running") {
    if (node.unreachable === undefined) return [];
    const sentence = `${node.id} runs, but its API does not answer: ${node.unreachable}`;
    return [finding("unreachable", node.id, sentence, { commands: [`bystack logs ${node.id}`] })];
  }
  const { exit } = node;
  if (exit === undefined) {
    const sentence = `${node.id} has not been started, or nobody saw how it ended.`;
    return [finding("not-started", node.id, sentence, { commands: ["bystack up"] })];
  }
  const { id, sentence, evidence, commands } = explainEnd(node.id, exit);
  return [finding(id, node.id, sentence, { sinceMs: exit.atMs, evidence, commands })];
}

type Missing = { readonly ids: readonly string[]; readonly live: number };

/** Validators not heard of for long; a node counts itself as live while it votes. */
function missingOf({ validators, voting }: Consensus): Missing {
  const isLive = ({ self, lastVoteAgeMs }: Consensus["validators"][number]): boolean =>
    self ? voting : lastVoteAgeMs !== null && lastVoteAgeMs <= SILENT_MS;
  const away = validators.filter((validator) => !isLive(validator));
  return { ids: away.map(({ id }) => id), live: validators.length - away.length };
}

/** A chain that stands still: who is missing, what is wrong with them, whether they are too many. */
function standstill(node: NodeEvidence, consensus: Consensus, evidence: Evidence): Finding[] {
  const ageMs = node.info?.finalAgeMs ?? 0;
  if (ageMs <= SILENT_MS) return [];
  const sinceMs = evidence.nowMs - ageMs;
  const missing = missingOf(consensus);
  const others = evidence.nodes.filter(({ id }) => id !== node.id && missing.ids.includes(id));
  const causes = others.flatMap(processFindings);
  const found = [...causes];
  if (missing.live < consensus.quorum) {
    const sentence =
      `${missing.live} of ${consensus.validators.length} validators are heard by ${node.id} and ${consensus.quorum} are ` +
      `needed for a final block; missing: ${listed(missing.ids)}.`;
    found.push(
      finding("quorum-lost", node.id, sentence, {
        sinceMs,
        causes: causes.map(keyOf),
        commands: missing.ids.filter((id) => id !== node.id).map((id) => `bystack why ${id}`),
      }),
    );
  }
  const sentence = `${node.id} has seen no final block for ${seconds(ageMs)}; not heard of since: ${listed(missing.ids)}.`;
  found.push(finding("no-final-block", node.id, sentence, { sinceMs, causes: found.map(keyOf) }));
  return found;
}

const LOST_RECORD: readonly string[] = ["record-missing", "record-damaged"];

function observeFinding(node: NodeEvidence, why: string): Finding {
  const startedAtMs = node.info?.startedAtMs ?? 0;
  const lost = node.incidents.findLast(
    ({ code, atMs }) => LOST_RECORD.includes(code) && atMs >= startedAtMs - SILENT_MS,
  );
  const reason =
    lost === undefined
      ? "others know votes of its key that its record does not hold: the record is an older copy, or the key is used twice"
      : lost.what;
  const sentence = `${node.id} only observes, so that it signs nothing twice: ${reason}. It votes again by itself.`;
  return finding("vote-log-lost", node.id, sentence, {
    sinceMs: lost?.atMs ?? null,
    evidence: [why],
    causes: lost === undefined ? [] : [`healed ${node.id}`],
  });
}

/** Why a validator does not sign while its chain may well go on. */
function silenceFindings(node: NodeEvidence, consensus: Consensus): Finding[] {
  const why = consensus.notVotingBecause ?? "";
  switch (consensus.silence) {
    case "starting":
    case "asking":
    case "bar": {
      const sentence = `${node.id} does not vote yet: ${why}. This ends by itself once the others have answered.`;
      return [finding("silent-after-start", node.id, sentence, { sinceMs: node.info?.startedAtMs ?? null })];
    }
    case "observe":
      return [observeFinding(node, why)];
    case "halted": {
      const sentence = `${node.id} contradicts a certificate of its committee and has stopped: it or more than a third are faulty.`;
      return [finding("diverged", node.id, sentence, { commands: [`bystack logs ${node.id}`] })];
    }
    default:
      return [];
  }
}

function healedFinding(node: NodeEvidence, { code, atMs, file, what, done }: Incident): Finding {
  return finding("healed", node.id, `${node.id} had trouble with ${file}: ${what}. What it did: ${done}.`, {
    severity: "note",
    sinceMs: atMs,
    evidence: [code],
  });
}

function mainFindings(node: NodeEvidence): Finding[] {
  const { main } = node;
  if (main?.unreachable === undefined) return [];
  const sentence =
    `${node.id} cannot reach its main node at ${main.url} (${main.unreachable}): ` +
    "it proposes and judges no main-chain headers, so deposits and payouts wait.";
  return [finding("main-unreachable", node.id, sentence, { commands: ["bystack status"] })];
}

function supplyFindings(node: NodeEvidence, consensus: Consensus): Finding[] {
  if (consensus.supplyProblem === null) return [];
  const sentence = `${node.id} signs no payout any more: ${consensus.supplyProblem}.`;
  return [
    finding("supply-mismatch", node.id, sentence, {
      commands: [`bystack logs ${node.id}`, "bystack federation status"],
    }),
  ];
}

/** Everything that is to be said of one node, causes first. */
export function diagnose(evidence: Evidence, subject: string): Finding[] {
  const node = evidence.nodes.find(({ id }) => id === subject);
  if (node === undefined) return [];
  const found = processFindings(node);
  const { consensus, info } = node;
  if (found.length === 0 && consensus !== undefined) {
    found.push(...node.incidents.map((incident) => healedFinding(node, incident)));
    found.push(...supplyFindings(node, consensus));
    found.push(...mainFindings(node));
    found.push(...peerFindings(node, consensus, evidence));
    found.push(...clockFindings(node, evidence));
    found.push(...standstill(node, consensus, evidence));
    found.push(...silenceFindings(node, consensus));
  }
  const isExplained = found.some(({ severity }) => severity === "problem");
  if (info !== undefined && !info.ready && !isExplained)
    found.push(
      finding("not-ready", node.id, `${node.id} is not ready: ${info.notReadyBecause ?? "it does not say why"}.`),
    );
  return [...crashFindings(node, evidence.nowMs), ...found];
}
