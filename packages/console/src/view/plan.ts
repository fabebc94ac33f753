// Words for plans: what an action does, how bad it can get, how long all of it takes. Pure.

import { formatDuration } from "./formats.ts";
import type { Status } from "./status.ts";

export type Risk = "none" | "restart" | "margin0" | "halt" | "loss";
export type ActionClass = "make" | "live" | "roll" | "end";

const RISKS: Readonly<Record<Risk, Status>> = {
  none: { tone: "good", word: "no risk" },
  restart: { tone: "busy", word: "restarts a node" },
  margin0: { tone: "warn", word: "no margin meanwhile" },
  halt: { tone: "bad", word: "the chain stands still" },
  loss: { tone: "bad", word: "data go for good" },
};

export const RISK_ORDER: readonly Risk[] = ["none", "restart", "margin0", "halt", "loss"];

const CLASSES: Readonly<Record<ActionClass, { readonly sign: string; readonly word: string }>> = {
  make: { sign: "+", word: "new" },
  live: { sign: "~", word: "at once" },
  roll: { sign: "~", word: "node by node" },
  end: { sign: "−", word: "goes" },
};

export function riskStatus(risk: Risk): Status {
  return RISKS[risk];
}

export function classWords(kind: ActionClass): { readonly sign: string; readonly word: string } {
  return CLASSES[kind];
}

/** The worst that one of the actions brings. */
export function worstRisk(actions: readonly { readonly risk: Risk }[]): Risk {
  const worst = Math.max(0, ...actions.map(({ risk }) => RISK_ORDER.indexOf(risk)));
  return RISK_ORDER[worst] ?? "none";
}

type Committee = { readonly n: number; readonly q: number; readonly f: number };
type Voters = { readonly voting: number; readonly quorum: number; readonly validators: number };

/**
 * What a committee survives now and while the action lasts. `live` is who votes at this moment; a target that does not vote is
 * not missed.
 * @returns undefined where no validator is concerned
 */
export function margins(
  committee: Committee | null,
  live: Voters | undefined,
  isTargetVoting: boolean,
): { now: string; meanwhile: string } | undefined {
  if (committee === null) return undefined;
  const { n, q, f } = committee;
  const meanwhile = `n ${n}, q ${q}, f ${f}`;
  if (live === undefined) return { now: "not there yet", meanwhile };
  const left = isTargetVoting ? live.voting - 1 : live.voting;
  const spare = (votes: number): string => (votes < q ? "stands still" : `survives ${votes - q}`);
  return {
    now: `${live.voting} of ${n} vote, ${spare(live.voting)}`,
    meanwhile: `${left} of ${n} vote, ${q} needed, ${spare(left)}`,
  };
}

/** Together, as if one after the other. */
export function estimateText(actions: readonly { readonly estimateMs: number }[]): string {
  return `about ${formatDuration(Math.ceil(actions.reduce((sum, { estimateMs }) => sum + estimateMs, 0) / 1000) * 1000)}`;
}
