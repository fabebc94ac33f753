// The one sentence of Home: whether all is well, and if not, what is worst and what it means for those who use the chain.
// Worst first: a chain that stands still, one without margin, nodes that are away, what is merely stopped.

import { counted, formatDuration, listed } from "./formats.ts";
import type { ChainState, Tone } from "./status.ts";

export type HealthInput = {
  readonly running: boolean;
  readonly main: { readonly chain: string; readonly state: ChainState; readonly finalAgeMs: number | null };
  readonly sides: readonly {
    readonly chain: string;
    readonly state: ChainState;
    readonly finalAgeMs: number | null;
    readonly voting: number;
    readonly validators: number;
    readonly quorum: number;
    readonly federation: {
      readonly threshold: number;
      readonly members: number;
      readonly running: number;
      readonly paused: readonly string[];
    } | null;
  }[];
  readonly nodes: readonly {
    readonly id: string;
    readonly chain: string;
    readonly phase: string;
    readonly ready: boolean;
    readonly why: string | null;
  }[];
};

export type Health = {
  readonly tone: Tone;
  readonly sentence: string;
  /** The page that says more, as a path below the network's own; null when there is nothing to see. */
  readonly more: { readonly path: string; readonly label: string } | null;
};

type Rule = (input: HealthInput) => Health | undefined;

const chainLink = (chain: string): Health["more"] => ({ path: `/chains/${chain}/consensus`, label: "See why" });
const nodesLink: Health["more"] = { path: "/nodes", label: "See the nodes" };

const stopped: Rule = ({ running, nodes }) =>
  running
    ? undefined
    : {
        tone: "idle",
        sentence: `The network is stopped: none of its ${counted(nodes.length, "node")} runs.`,
        more: null,
      };

const halted: Rule = ({ sides }) => {
  const found = sides.filter(({ state }) => state === "halted");
  const [first] = found;
  if (first === undefined) return undefined;
  const { chain, voting, validators, quorum, finalAgeMs } = first;
  const since = finalAgeMs === null ? "" : ` for ${formatDuration(finalAgeMs)}`;
  const why =
    voting < quorum
      ? `${voting} of ${validators} validators vote, a final block needs ${quorum}`
      : `no block has become final though ${voting} of ${validators} validators vote`;
  const sentence =
    found.length === 1
      ? `${chain} has stood still${since}: ${why}.`
      : `${counted(found.length, "side chain")} stand still: ${listed(found.map((side) => side.chain))}.`;
  return { tone: "bad", sentence, more: chainLink(chain) };
};

const mainSilent: Rule = ({ main: { chain, state, finalAgeMs } }) => {
  if (state !== "halted" && state !== "stopped") return undefined;
  const what =
    state === "stopped"
      ? "is down"
      : `has had no block${finalAgeMs === null ? "" : ` for ${formatDuration(finalAgeMs)}`}`;
  return {
    tone: "bad",
    sentence: `The main chain ${chain} ${what}: side chains go on, deposits and payouts wait.`,
    more: { path: "/main", label: "See the main chain" },
  };
};

const pegShort: Rule = ({ sides }) => {
  for (const { chain, federation } of sides) {
    if (federation === null) continue;
    const { paused, running, threshold, members } = federation;
    if (paused.length > 0)
      return { tone: "bad", sentence: `The peg of ${chain} is paused: ${listed(paused)}.`, more: chainLink(chain) };
    if (running < threshold)
      return {
        tone: "bad",
        sentence: `The peg of ${chain} cannot pay: ${running} of ${members} members run, ${threshold} must sign.`,
        more: chainLink(chain),
      };
  }
  return undefined;
};

const marginGone: Rule = ({ sides }) => {
  const found = sides.filter(({ state, voting, quorum }) => state === "degraded" && voting === quorum);
  const [first] = found;
  if (first === undefined) return undefined;
  const sentence =
    found.length === 1
      ? `${first.chain} has no margin left: ${first.voting} of ${first.validators} validators vote, and it stops with one less.`
      : `${counted(found.length, "side chain")} have no margin left: ${listed(found.map(({ chain }) => chain))}.`;
  return { tone: "warn", sentence, more: chainLink(first.chain) };
};

const starting: Rule = ({ main, sides }) => {
  const found = [main, ...sides].filter(({ state }) => state === "starting" || state === "stopped");
  if (found.length === 0) return undefined;
  const sentence = `${counted(found.length, "chain")} of ${sides.length + 1} not there yet: ${listed(found.map(({ chain }) => chain))}.`;
  return { tone: "busy", sentence, more: nodesLink };
};

const nodesAway: Rule = ({ nodes }) => {
  const away = nodes.filter(({ ready }) => !ready);
  const [first] = away;
  if (first === undefined) return undefined;
  const why = first.why === null ? first.phase : first.why;
  const sentence =
    away.length === 1
      ? `All chains move; ${first.id} is not ready: ${why}.`
      : `All chains move; ${counted(away.length, "node")} are not ready: ${listed(away.map(({ id }) => id))}.`;
  return {
    tone: "warn",
    sentence,
    more: away.length === 1 ? { path: `/nodes/${first.id}`, label: "See the node" } : nodesLink,
  };
};

const well: Rule = ({ sides, nodes }) => ({
  tone: "good",
  sentence:
    nodes.length === 0
      ? "All is well."
      : `All is well: ${counted(sides.length + 1, "chain")} and ${counted(nodes.length, "node")} work as defined.`,
  more: null,
});

const RULES: readonly Rule[] = [stopped, halted, mainSilent, pegShort, starting, marginGone, nodesAway];

/** @returns the worst that is the case, in one sentence */
export function healthOf(input: HealthInput): Health {
  for (const rule of RULES) {
    const found = rule(input);
    if (found !== undefined) return found;
  }
  return well(input) as Health;
}
