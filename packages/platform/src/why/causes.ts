// Which findings bring which others about, and in which order they are told: causes before what they cause, and of what is
// left the worst first. One table for all, so that a new condition needs a line here and nothing else.

import { FINDING_IDS, FINDINGS_MAX, type Finding, type FindingId } from "@bystack/api/why-schema";
import { type Draft, keyOf } from "./draft.ts";

/** What ends a process or keeps it from its work, for a reason of its own. */
const BREAKDOWNS: readonly FindingId[] = [
  "disk-full",
  "disk-failed",
  "out-of-memory",
  "crash-loop",
  "key-locked",
  "old-release",
  "wrong-network",
  "port-stolen",
  "double-run",
  "diverged",
  "data-damaged",
  "options-wrong",
  "folder-in-use",
  "vote-log-lost",
];
const LATE: readonly FindingId[] = ["cpu-starved", "slow-fsync", "clock-skew"];
const HALTS: readonly FindingId[] = ["partition", "quorum-lost", "no-final-block", "no-miner", "difficulty-high"];
const DOWN: readonly FindingId[] = ["process-down", "not-started", "unreachable"];

/** By consequence. What concerns a node is caused only by what concerns this node too, or the whole chain. */
const CAUSES: Readonly<Partial<Record<FindingId, readonly FindingId[]>>> = {
  "quorum-lost": [...BREAKDOWNS, ...LATE, "partition"],
  "margin-zero": [...BREAKDOWNS, ...LATE, "partition"],
  partition: ["wrong-network", "port-stolen"],
  "no-final-block": [...BREAKDOWNS, ...LATE, "leader-dead"],
  "leader-dead": [...LATE],
  "vote-log-lost": ["double-run"],
  "crash-loop": BREAKDOWNS.filter((id) => id !== "crash-loop"),
  "process-down": ["crash-loop"],
  unreachable: ["cpu-starved"],
  "main-unreachable": [...DOWN, ...BREAKDOWNS],
  syncing: ["partition", ...LATE],
  "peers-missing": [...HALTS, ...DOWN, "margin-zero"],
  "not-ready": FINDING_IDS.filter(
    (id) => !["not-ready", "healed", "transfer-waits", "peg-rejected", "tx-stuck", "tx-unknown"].includes(id),
  ),
  "signers-short": [...HALTS, ...DOWN, ...BREAKDOWNS, "margin-zero"],
  "reserve-mismatch": ["deep-reorg"],
  "transfer-waits": [
    ...HALTS,
    "deep-reorg",
    "reserve-mismatch",
    "supply-mismatch",
    "signers-short",
    "fees-empty",
    "main-unreachable",
    "process-down",
  ],
  "tx-stuck": [...HALTS, "process-down"],
};

/** Findings of a main chain reach the side chains that follow it. */
const FROM_MAIN: readonly FindingId[] = ["main-unreachable", "transfer-waits"];

function concernsSame(cause: Draft, effect: Draft, mainChains: ReadonlySet<string>): boolean {
  if (cause.chain !== effect.chain) return FROM_MAIN.includes(effect.id) && mainChains.has(cause.chain);
  // A chain as a whole, or a transfer on it, is concerned by all of its nodes that the effect is about.
  if (cause.about.length === 0 || effect.about.length === 0 || effect.subject === effect.chain) {
    return effect.about.length === 0 || cause.about.length === 0 || cause.about.some((id) => effect.about.includes(id));
  }
  return cause.subject === cause.chain || cause.about.some((id) => effect.about.includes(id));
}

type Node = { readonly draft: Draft; readonly causes: Set<Node>; weight: number };

const SEVERITY: Readonly<Record<Finding["severity"], number>> = { critical: 0, problem: 1, note: 2 };
const rankOf = ({ id, severity }: Draft): number => SEVERITY[severity] * 100 + FINDING_IDS.indexOf(id);

/** A cause is told as early as the worst that it brings about. */
function weigh(nodes: readonly Node[]): void {
  const lift = (node: Node, weight: number): void => {
    if (weight >= node.weight) return;
    node.weight = weight;
    for (const cause of node.causes) lift(cause, weight);
  };
  for (const node of nodes) {
    const own = rankOf(node.draft);
    node.weight = Math.min(node.weight, own);
    for (const cause of node.causes) lift(cause, node.weight);
  }
}

function dependsOn(node: Node, other: Node): boolean {
  const seen = new Set<Node>([node]);
  for (const one of seen) for (const cause of one.causes) seen.add(cause);
  return seen.has(other);
}

function joined(drafts: readonly Draft[], mainChains: ReadonlySet<string>): Node[] {
  const nodes = drafts.map((draft): Node => ({ draft, causes: new Set(), weight: Number.POSITIVE_INFINITY }));
  for (const effect of nodes) {
    for (const cause of nodes) {
      if (cause === effect || !(CAUSES[effect.draft.id] ?? []).includes(cause.draft.id)) continue;
      // Of two that could cause each other the table's first word stands.
      if (concernsSame(cause.draft, effect.draft, mainChains) && !dependsOn(cause, effect)) effect.causes.add(cause);
    }
  }
  return nodes;
}

function toFinding({ draft, causes }: Node): Finding {
  const { chain: _chain, about: _about, because, ...rest } = draft;
  // A transfer or a node that would be well but for something worse is no note any more.
  const worse = [...causes].some(({ draft: cause }) => cause.severity !== "note");
  const severity = rest.severity === "note" && worse && rest.id === "transfer-waits" ? "problem" : rest.severity;
  return { ...rest, severity, causes: [...[...causes].map((cause) => keyOf(cause.draft)), ...because] };
}

/** Findings with their causes, in the order in which they are told. */
export function ordered(
  drafts: readonly Draft[],
  mainChains: ReadonlySet<string>,
): { finding: Finding; draft: Draft }[] {
  const nodes = joined(drafts, mainChains);
  weigh(nodes);
  const told = new Set<Node>();
  const order: Node[] = [];
  while (order.length < Math.min(nodes.length, FINDINGS_MAX)) {
    const free = nodes.filter((node) => !told.has(node) && [...node.causes].every((cause) => told.has(cause)));
    const next = free.toSorted((a, b) => a.weight - b.weight || rankOf(a.draft) - rankOf(b.draft))[0];
    if (next === undefined) break;
    told.add(next);
    order.push(next);
  }
  return order.map((node) => ({ finding: toFinding(node), draft: node.draft }));
}
