// What is to be said of a node's process: how it ended, that it ends again and again, that it does not answer here although
// its peers hear it, that somebody else answers in its place.

import type { Committee } from "../committee.ts";
import { CRASH_LOOP_ENDS, CRASH_LOOP_MS } from "../crashes.ts";
import { are, type Draft, draft, duration, listed, nodeDraft } from "../draft.ts";
import { type Evidence, isAnswering, type NodeEvidence, nodesOf } from "../evidence.ts";
import { explainEnd } from "./exits.ts";

/** Findings that the sentence about the whole chain tells already, as its evidence. */
const ORDINARY: readonly string[] = ["process-down", "not-started", "unreachable"];
const CHAIN_FINDINGS: readonly string[] = ["quorum-lost", "margin-zero"];

function ended(node: NodeEvidence): Draft {
  const { exit } = node;
  if (exit === undefined) {
    const sentence = `${node.id} has not been started, or nobody saw how it ended.`;
    return nodeDraft("not-started", node, sentence, { commands: [`bystack node start ${node.id}`] });
  }
  const { id, sentence, evidence, commands } = explainEnd(node.id, exit);
  return nodeDraft(id, node, sentence, { sinceMs: exit.atMs, evidence: [...evidence], commands: [...commands] });
}

function stranger(node: NodeEvidence, why: string): Draft {
  const sentence =
    `Something else answers on the port of ${node.id}: ${why}. Stop the program that has taken it, ` +
    "or set the port to 0 in node.json.";
  return nodeDraft("port-stolen", node, sentence, { commands: [`bystack logs ${node.id}`] });
}

/** Who of the others hears a node that does not answer here: by its votes, or by an open connection on a chain that goes on. */
function heardBy(node: NodeEvidence, evidence: Evidence, committee: Committee | undefined): string[] {
  const others = nodesOf(evidence, node.chain).filter(isAnswering);
  if (others.length === 0) return [];
  if (committee?.seats.find(({ id }) => id === node.id)?.hidden === true)
    return others
      .filter(({ consensus }) =>
        consensus?.validators.some(({ id, lastVoteAgeMs }) => id === node.id && lastVoteAgeMs !== null),
      )
      .map(({ id }) => id);
  return [];
}

function unreachable(node: NodeEvidence, evidence: Evidence, committee: Committee | undefined): Draft {
  const { how = "silent", why = "no answer" } = node.unreachable ?? {};
  if (how === "stranger") return stranger(node, why);
  const witnesses = heardBy(node, evidence, committee);
  if (witnesses.length > 0) {
    const sentence =
      `${node.id} does not answer here (${why}), but ${listed(witnesses)} ${witnesses.length === 1 ? "hears" : "hear"} its votes: ` +
      `${node.chain} is fine. Check the way from here to the API of ${node.id}: its port, proxy or firewall.`;
    return nodeDraft("platform-blind", node, sentence, { evidence: [why], commands: [`bystack logs ${node.id}`] });
  }
  const sentence = `${node.id} runs, but its API does not answer: ${why}. Look at its last lines; when it hangs, restart it.`;
  const commands = [`bystack logs ${node.id}`, `bystack node restart ${node.id}`];
  return nodeDraft("unreachable", node, sentence, { evidence: [why], commands });
}

/** All nodes of a chain run and none answers: there is no witness, and nothing to be concluded of the chain. */
function allUnreachable(nodes: readonly NodeEvidence[], chain: string): Draft | undefined {
  const silent = nodes.filter(({ phase, unreachable: missed }) => phase === "running" && missed !== undefined);
  if (
    nodes.length < 2 ||
    silent.length < nodes.length ||
    silent.some(({ unreachable: missed }) => missed?.how === "stranger")
  )
    return undefined;
  const ids = silent.map(({ id }) => id);
  const sentence =
    `None of the nodes of ${chain} answers here, although their processes run, so nothing can be said of the chain: ` +
    "the fault may be on this side. Check the way from here to them, and whether this machine is overloaded.";
  return draft("unreachable", { chain, subject: chain }, sentence, {
    evidence: silent.map(({ id, unreachable: missed }) => `${id}: ${missed?.why ?? "no answer"}`),
    commands: ids.map((id) => `bystack logs ${id}`),
    about: ids,
  });
}

/** An answer by another process than the one that the provider started. */
function foreignInstance(node: NodeEvidence): Draft[] {
  const { info, instance } = node;
  if (info === undefined || instance === undefined || info.instance === instance) return [];
  return [stranger(node, `it calls itself ${info.node} of ${info.chain}, instance ${info.instance.slice(0, 8)}`)];
}

/** A loop of starts and ends, with how many in which time. */
function crashLoop(node: NodeEvidence, nowMs: number): Draft[] {
  const recent = node.crashesMs.filter((atMs) => atMs > nowMs - CRASH_LOOP_MS && atMs <= nowMs);
  const [first] = recent;
  if (first === undefined || recent.length < CRASH_LOOP_ENDS) return [];
  const sentence =
    `${node.id} has ended by itself ${recent.length} times in ${Math.max(1, Math.ceil((nowMs - first) / 60_000))} minutes. ` +
    "Its last lines say why.";
  const tail = node.exit?.tail.slice(-3) ?? [];
  return [
    nodeDraft("crash-loop", node, sentence, { sinceMs: first, evidence: tail, commands: [`bystack logs ${node.id}`] }),
  ];
}

/** A whole chain whose nodes are gone, one main node at least: nothing of it goes on. */
function isLastOfMain(node: NodeEvidence, evidence: Evidence): boolean {
  return node.kind === "main" && !nodesOf(evidence, node.chain).some(isAnswering);
}

/** Everything about the processes of one chain's nodes; what the chain's own finding says is left to it. */
export function processFindings(
  chain: string,
  evidence: Evidence,
  told: { readonly committee: Committee | undefined; readonly drafts: readonly Draft[] },
): Draft[] {
  const nodes = nodesOf(evidence, chain);
  const blind = allUnreachable(nodes, chain);
  const covered = new Set(told.drafts.filter(({ id }) => CHAIN_FINDINGS.includes(id)).flatMap(({ about }) => about));
  return [
    ...(blind === undefined ? [] : [blind]),
    ...nodes.flatMap((node) => {
      const loop = crashLoop(node, evidence.nowMs);
      if (isAnswering(node)) return [...loop, ...foreignInstance(node)];
      if (blind !== undefined) return loop;
      const found = node.phase === "running" ? unreachable(node, evidence, told.committee) : ended(node);
      // A loop says it better than its last end.
      const isTold = ORDINARY.includes(found.id) && (covered.has(node.id) || loop.length > 0);
      if (isTold) return loop;
      if (!isLastOfMain(node, evidence)) return [...loop, found];
      const sentence = `${chain} has stopped: ${found.sentence}`;
      return [
        ...loop,
        { ...found, severity: "critical" as const, sentence, evidence: mainEvidence(node, found.evidence, evidence) },
      ];
    }),
  ];
}

function mainEvidence(node: NodeEvidence, lines: readonly string[], evidence: Evidence): string[] {
  const followers = evidence.nodes.filter(({ main }) => main?.unreachable !== undefined).map(({ id }) => id);
  const since = node.exit === undefined ? [] : [`ended ${duration(Math.max(0, evidence.nowMs - node.exit.atMs))} ago`];
  return [
    ...lines,
    ...since,
    ...(followers.length === 0 ? [] : [`${listed(followers)} ${are(followers)} without a main node`]),
  ];
}
