// An operation as the store keeps it: a change that is made in steps, with what became of each. Plain data; journal.ts moves it.

import { z } from "zod";

const milliseconds = z.number().int().nonnegative();

/** `undone`: taken back after a cancel. */
export const STEP_STATES = ["waiting", "running", "done", "undone", "failed"] as const;

export const STEP = z.strictObject({
  name: z.string().min(1).max(100),
  /** What it does, for people. */
  title: z.string().max(200),
  state: z.enum(STEP_STATES),
  /** It did not hold already: what a cancel takes back is what was made, never what was found. */
  made: z.boolean(),
  startedAtMs: milliseconds.nullable(),
  endedAtMs: milliseconds.nullable(),
  /** What it does or waits for at the moment. */
  note: z.string().max(500),
});

/** `queued`: another operation of the same chain goes first. `failed`: it may be resumed. */
export const OPERATION_STATES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;

export const OPERATION = z.strictObject({
  id: z.string().min(1).max(40),
  kind: z.string().max(60),
  title: z.string().max(200),
  network: z.string().max(31),
  /** Undefined for one that concerns the whole network: no other runs beside it there. */
  chain: z.string().max(31).nullable(),
  /** Who asked for it. */
  actorId: z.string().max(100),
  /** What the steps are made from, the same after every start. */
  input: z.json(),
  state: z.enum(OPERATION_STATES),
  createdAtMs: milliseconds,
  startedAtMs: milliseconds.nullable(),
  endedAtMs: milliseconds.nullable(),
  /** Steps are taken back instead of made. */
  cancelAsked: z.boolean(),
  steps: z.array(STEP).max(2_000),
  error: z
    .strictObject({ code: z.string(), message: z.string(), why: z.string(), next: z.string(), step: z.string() })
    .nullable(),
});

export type StepRecord = z.infer<typeof STEP>;
export type Operation = z.infer<typeof OPERATION>;

export function isOver({ state }: Pick<Operation, "state">): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}
