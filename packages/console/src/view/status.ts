// The five ways a thing can stand. Each is a word, an icon and a colour together, so that none of them carries it alone.

export const TONES = ["good", "warn", "bad", "busy", "idle"] as const;
export type Tone = (typeof TONES)[number];

export type Status = { readonly tone: Tone; readonly word: string };

type NodeLike = {
  readonly phase: "absent" | "created" | "running" | "stopped";
  readonly ready: boolean;
  readonly hasSeat: boolean | null;
  readonly voting: boolean | null;
};

/**
 * What a node is doing, from what the platform saw of it.
 * @param isWanted its network shall run: a node that is not there is down, not stopped
 */
export function nodeStatus({ phase, ready, hasSeat, voting }: NodeLike, isWanted: boolean): Status {
  if (phase === "running") {
    if (!ready) return { tone: "warn", word: "not ready" };
    if (hasSeat === false) return { tone: "good", word: "follows" };
    return { tone: "good", word: voting === true ? "votes" : "ready" };
  }
  if (phase === "created") return { tone: "busy", word: "created" };
  if (isWanted) return { tone: "bad", word: "down" };
  return { tone: "idle", word: phase };
}

type OperationState = "queued" | "waiting" | "running" | "succeeded" | "failed" | "cancelled";

const OPERATION: Readonly<Record<OperationState, Status>> = {
  queued: { tone: "idle", word: "queued" },
  waiting: { tone: "warn", word: "waiting" },
  running: { tone: "busy", word: "running" },
  succeeded: { tone: "good", word: "succeeded" },
  failed: { tone: "bad", word: "failed" },
  cancelled: { tone: "idle", word: "cancelled" },
};

export function operationStatus(operation: { readonly state: OperationState; readonly cancelAsked: boolean }): Status {
  return operation.state === "running" && operation.cancelAsked
    ? { tone: "warn", word: "cancelling" }
    : OPERATION[operation.state];
}

type StepState = "waiting" | "running" | "done" | "undone" | "failed";

const STEP: Readonly<Record<StepState, Status>> = {
  waiting: { tone: "idle", word: "to do" },
  running: { tone: "busy", word: "running" },
  done: { tone: "good", word: "done" },
  undone: { tone: "warn", word: "taken back" },
  failed: { tone: "bad", word: "failed" },
};

export function stepStatus(state: StepState): Status {
  return STEP[state];
}

/** States that the platform gives a chain. */
export type ChainState = "stopped" | "starting" | "running" | "degraded" | "halted";

const CHAIN: Readonly<Record<ChainState, Status>> = {
  stopped: { tone: "idle", word: "stopped" },
  starting: { tone: "busy", word: "starting" },
  running: { tone: "good", word: "running" },
  degraded: { tone: "warn", word: "degraded" },
  halted: { tone: "bad", word: "halted" },
};

type SideLike = { readonly state: ChainState; readonly voting: number; readonly quorum: number };

export function chainStatus(state: ChainState): Status {
  return CHAIN[state];
}

/** Of degraded side chains those stand out that stop with the next validator. */
export function sideStatus({ state, voting, quorum }: SideLike): Status {
  return state === "degraded" && voting <= quorum ? { tone: "warn", word: "no margin" } : CHAIN[state];
}
