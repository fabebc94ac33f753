// The five ways a thing can stand. Each is a word, an icon and a colour together, so that none of them carries it alone.

export const TONES = ["good", "warn", "bad", "busy", "idle"] as const;
export type Tone = (typeof TONES)[number];

export type Status = { readonly tone: Tone; readonly word: string };

type NodeLike = { readonly phase: string; readonly ready: boolean; readonly hasSeat: boolean | null };

/** What a node is doing, from what the platform saw of it. */
export function nodeStatus({ phase, ready, hasSeat }: NodeLike): Status {
  if (phase === "running") {
    if (!ready) return { tone: "warn", word: "not ready" };
    return { tone: "good", word: hasSeat === false ? "follows" : "ready" };
  }
  if (phase === "starting" || phase === "stopping" || phase === "created") return { tone: "busy", word: phase };
  if (phase === "backoff") return { tone: "bad", word: "restarting" };
  if (phase === "failed" || phase === "lost" || phase === "locked") return { tone: "bad", word: phase };
  return { tone: "idle", word: phase === "absent" ? "absent" : "stopped" };
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

type SideLike = { readonly height: number | null; readonly voting: number; readonly validators: number };

/** Votes that a final block needs: bbft.md section 3, q = n - floor((n - 1) / 3). */
export function quorumOf(validators: number): number {
  return validators - Math.floor((validators - 1) / 3);
}

/** A side chain by who votes: halted below its quorum, degraded when no further validator may fail or one is away. */
export function sideStatus({ height, voting, validators }: SideLike): Status {
  if (height === null && voting === 0) return { tone: "idle", word: "stopped" };
  const quorum = quorumOf(validators);
  if (voting < quorum) return { tone: "bad", word: "halted" };
  if (voting < validators) return { tone: "warn", word: voting === quorum ? "no margin" : "degraded" };
  return { tone: "good", word: "running" };
}
