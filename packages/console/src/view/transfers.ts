// Crossings between the main chain and a side chain in words. Pure.

import { formatDuration } from "./formats.ts";
import type { Status } from "./status.ts";

type TransferState = "under-way" | "done" | "refused" | "held";
type StepState = "done" | "running" | "waiting" | "failed";

const STATES: Readonly<Record<TransferState, Status>> = {
  "under-way": { tone: "busy", word: "under way" },
  done: { tone: "good", word: "done" },
  refused: { tone: "bad", word: "refused" },
  held: { tone: "warn", word: "held" },
};

export function transferStatus(state: TransferState): Status {
  return STATES[state];
}

const STEPS: Readonly<Record<StepState, Status>> = {
  done: { tone: "good", word: "done" },
  running: { tone: "busy", word: "now" },
  waiting: { tone: "idle", word: "to come" },
  failed: { tone: "bad", word: "failed" },
};

export function crossingStepStatus(state: StepState): Status {
  return STEPS[state];
}

export function directionText(direction: "in" | "out", chain: string): string {
  return direction === "in" ? `into ${chain}` : `out of ${chain}`;
}

/**
 * What is left of an estimate, counted down from when it was made.
 * @param etaMs null: nobody can say
 */
export function remainingText(etaMs: number | null, madeAtMs: number, nowMs: number): string {
  if (etaMs === null) return "–";
  const left = etaMs - Math.max(0, nowMs - madeAtMs);
  return left < 1_000 ? "any moment" : `about ${formatDuration(left)}`;
}

/** The step that is at work, or the last one. */
export function presentStep<T extends { readonly state: StepState }>(steps: readonly T[]): T | undefined {
  return steps.find(({ state }) => state === "running" || state === "failed") ?? steps.at(-1);
}
