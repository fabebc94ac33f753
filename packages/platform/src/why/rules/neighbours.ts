// What only the comparison of a node with others shows: a clock that is apart, another state, another chain, one key used
// twice, too few connections, a node that is behind.

import type { Committee } from "../committee.ts";
import { are, type Draft, duration, listed, nodeDraft } from "../draft.ts";
import {
  type Answering,
  type ChainEvidence,
  type Evidence,
  isAnswering,
  type NodeEvidence,
  nodesOf,
} from "../evidence.ts";

/** A validator votes for no block that is further than this from its own clock (bbft.md). */
export const CLOCK_APART_MS = 500;
/** Blocks that a node may be behind: what happens between two answers is none (platform.md section 9). */
export const LAG_BLOCKS = 5;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/**
 * Whose clock is far from that of the most, that of whoever asks among them: two others at least are needed to say which one
 * it is. What the way of question and answer may hide is taken off.
 */
export function clockFindings(chain: string, evidence: Evidence): Draft[] {
  const nodes = evidence.nodes.filter(isAnswering);
  return nodes.flatMap((node) => {
    if (node.chain !== chain || node.clock === undefined) return [];
    const others = nodes.filter(({ id }) => id !== node.id).flatMap(({ clock }) => clock?.offsetMs ?? []);
    if (others.length < 1) return [];
    const apartMs = node.clock.offsetMs - median([...others, 0]);
    if (Math.abs(apartMs) - node.clock.uncertainMs <= CLOCK_APART_MS) return [];
    const amount = `${(Math.abs(apartMs) / 1000).toFixed(1)} s ${apartMs > 0 ? "ahead of" : "behind"}`;
    const sentence =
      `The clock of ${node.id} is ${amount} those of the others, and a validator votes for no block that is more than ` +
      "0.5 s from its clock. Set the clock of its host by NTP.";
    const seen = `its answer was read within ${Math.round(node.clock.uncertainMs * 2)} ms`;
    return [nodeDraft("clock-skew", node, sentence, { evidence: [seen], commands: ["timedatectl status"] })];
  });
}

const placeText = (node: Answering): string =>
  `${node.id}: height ${node.info.finalHeight}, block ${node.info.finalHash.slice(0, 16)}`;

/** The value that most of them have; undefined when two share the first place. */
function majority(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [first, second] = [...counts].sort(([, a], [, b]) => b - a);
  return first !== undefined && first[1] > (second?.[1] ?? 0) ? first[0] : undefined;
}

function diverged(node: Answering, others: readonly Answering[], what: string): Draft {
  const sentence =
    `${node.id} has another ${what} than ${listed(others.map(({ id }) => id))} at height ${node.info.finalHeight}: one of them ` +
    "has computed or stored something wrong. Keep its data folder and report it; then rebuild the node from its peers.";
  return nodeDraft("diverged", node, sentence, {
    severity: "critical",
    evidence: [placeText(node), ...others.map(placeText)],
    commands: [`bystack logs ${node.id}`, `bystack node rebuild ${node.id}`],
  });
}

/** Nodes of a side chain that are at one height and have not one state there; of a main chain short forks are ordinary. */
export function divergedFindings(chain: ChainEvidence, evidence: Evidence): Draft[] {
  if (chain.kind === "main") return [];
  const nodes = nodesOf(evidence, chain.chain).filter(isAnswering);
  const found = new Map<string, Draft>();
  const compare = (what: string, of: (node: Answering) => { height: number; value: string } | undefined): void => {
    const told = nodes.flatMap((node) => {
      const at = of(node);
      return at === undefined ? [] : [{ node, ...at }];
    });
    for (const height of new Set(told.map((one) => one.height))) {
      const here = told.filter((one) => one.height === height);
      const most = majority(here.map(({ value }) => value));
      const wrong = here.filter(({ value }) => value !== (most ?? here[0]?.value));
      for (const { node, value } of wrong) {
        const others = here.filter((one) => one.value !== value).map((one) => one.node);
        if (!found.has(node.id)) found.set(node.id, diverged(node, others, what));
      }
    }
  };
  compare("final block", ({ info }) => ({ height: info.finalHeight, value: info.finalHash }));
  compare("state", ({ vitals }) => {
    const root = vitals?.side?.stateRoot;
    return root === undefined ? undefined : { height: root.height, value: root.root };
  });
  return [...found.values()];
}

/** Nodes that follow another chain than the network's. */
export function chainFindings(chain: ChainEvidence, evidence: Evidence): Draft[] {
  const nodes = nodesOf(evidence, chain.chain).filter(isAnswering);
  const expected = chain.chainId === "" ? majority(nodes.map(({ info }) => info.chainId)) : chain.chainId;
  if (expected === undefined) return [];
  return nodes.flatMap((node) => {
    if (node.info.chainId === expected) return [];
    const sentence =
      `${node.id} runs another chain than ${chain.chain}: its spec makes ${node.info.chainId.slice(0, 16)}, that of the others ` +
      `${expected.slice(0, 16)}. Put the right spec file in place and start it again.`;
    return [
      nodeDraft("wrong-network", node, sentence, {
        commands: [`bystack logs ${node.id}`, `bystack node start ${node.id}`],
      }),
    ];
  });
}

/** What the moment of a vote and that of a start may differ by when two nodes tell of them. */
const MOMENTS_APART_MS = 2_000;

/** A validator that signs nothing since its start, while the others hear new votes of its key: they are another instance's. */
function elsewhere(nodes: readonly Answering[]): Draft[] {
  return nodes.flatMap((node) => {
    const { consensus, clock, info } = node;
    const isSilent =
      consensus?.silence === "observe" || consensus?.silence === "bar" || consensus?.silence === "asking";
    if (!isSilent || !consensus.validators.some(({ self }) => self)) return [];
    const hears = nodes.flatMap((other) => {
      const heard = other.consensus?.validators.find(({ id }) => id === node.id)?.lastVoteAgeMs ?? undefined;
      const otherNowMs = other.vitals?.nowMs;
      if (other.id === node.id || heard === undefined || otherNowMs === undefined) return [];
      const votedAtMs = otherNowMs - heard - (other.clock?.offsetMs ?? 0);
      const startedAtMs = info.startedAtMs - (clock?.offsetMs ?? 0);
      return votedAtMs > startedAtMs + MOMENTS_APART_MS ? [`${other.id} heard its key ${duration(heard)} ago`] : [];
    });
    if (hears.length === 0) return [];
    const sentence =
      `The key of ${node.id} runs twice: this instance signs nothing, and yet the others hear new votes of the key. ` +
      "Find the other instance and stop one of the two.";
    return [
      nodeDraft("double-run", node, sentence, {
        severity: "critical",
        evidence: hears,
        commands: [`bystack logs ${node.id}`],
      }),
    ];
  });
}

/** One vote key in two processes, or one that has signed twice. */
export function doubleRunFindings(chain: string, evidence: Evidence): Draft[] {
  const nodes = nodesOf(evidence, chain).filter(isAnswering);
  const byKey = Map.groupBy(
    nodes.filter(({ consensus }) => consensus?.validators.some(({ self }) => self)),
    ({ consensus }) => consensus?.validators.find(({ self }) => self)?.voteKey ?? "",
  );
  const shared = [...byKey.values()].flatMap((pair) => {
    const [first] = pair;
    if (first === undefined || pair.length < 2) return [];
    const ids = pair.map(({ id }) => id);
    const sentence = `${listed(ids)} run with one and the same vote key: what they sign can be used against the key. Stop all but one of them.`;
    const instances = pair.map(
      ({ id, info }) =>
        `${id}: instance ${info.instance.slice(0, 8)}, started ${duration(evidence.nowMs - info.startedAtMs)} ago`,
    );
    return [
      nodeDraft("double-run", first, sentence, {
        severity: "critical",
        evidence: instances,
        about: ids,
        commands: ids.map((id) => `bystack logs ${id}`),
      }),
    ];
  });
  const accusers = Map.groupBy(
    nodes.flatMap(({ id, vitals }) => (vitals?.side?.accused ?? []).map((name) => ({ id, name }))),
    ({ name }) => name,
  );
  const accused = [...accusers].map(([name, by]) => {
    const sentence =
      `The key of ${name} has signed two different votes in one view: two instances use it, or its node is faulty. ` +
      "Stop the other instance; where there is none, stop the node and report it.";
    const lines = by.map(({ id }) => `${id} holds both signatures`);
    return nodeDraft("double-run", { id: name, chain }, sentence, {
      severity: "critical",
      evidence: lines,
      commands: [`bystack logs ${name}`],
    });
  });
  const known = new Set(shared.flatMap(({ about }) => about));
  const rest = [...elsewhere(nodes), ...accused].filter(({ subject }) => !known.has(subject));
  return [...shared, ...new Map(rest.map((one) => [one.subject, one])).values()];
}

/** Fewer connections than a vote needs, because the others are away; a cut between nodes that run is a partition. */
export function peerFindings(node: Answering): Draft[] {
  const { consensus } = node;
  if (consensus === undefined || node.peers.length === 0) return [];
  const connected = node.peers.filter((peer) => peer.connected).length;
  const isValidator = consensus.validators.some(({ self }) => self);
  const needed = isValidator ? consensus.quorum - 1 : 1;
  if (connected >= needed) return [];
  const away = node.peers.filter((peer) => !peer.connected).map(({ id }) => id);
  const sentence = `${node.id} is connected to ${connected} of ${node.peers.length} peers and needs ${needed}; ${listed(away)} ${are(away)} not connected.`;
  return [nodeDraft("peers-missing", node, sentence, { commands: [`bystack logs ${node.id}`] })];
}

/** How far a node is behind the others, and when it will be there. */
export function syncingFindings(node: Answering, committee: Committee | undefined): Draft[] {
  const best = committee?.best;
  if (best === undefined) return [];
  const lag = best.height - node.info.finalHeight;
  const allowed = LAG_BLOCKS;
  if (lag <= allowed) return [];
  const rate = node.vitals?.side?.blocksPerSecond ?? 0;
  const own = best.intervalMs > 0 && committee?.stoppedSinceMs === undefined ? 1000 / best.intervalMs : 0;
  const gain = rate - own;
  const where = `${node.id} is at height ${node.info.finalHeight} of ${best.height}, ${lag} blocks behind`;
  const evidence = [`it takes in ${rate.toFixed(1)} blocks a second; the chain makes ${own.toFixed(1)}`];
  if (gain > 0) {
    const sentence = `${where}, and catches up by itself in about ${duration((lag / gain) * 1000)}.`;
    return [nodeDraft("syncing", node, sentence, { severity: "note", evidence })];
  }
  const isYoung = committee !== undefined && node.info.startedAtMs > 0 && rate > 0;
  const sentence = `${where}, and does not come nearer. Look at its log: its peers must be able to reach it, and it them.`;
  const parts = { severity: isYoung ? ("note" as const) : ("problem" as const), evidence };
  return [nodeDraft("syncing", node, sentence, { ...parts, commands: [`bystack logs ${node.id}`] })];
}

export const isValidatorOf = (node: NodeEvidence): boolean =>
  node.consensus?.validators.some(({ self }) => self) === true;
