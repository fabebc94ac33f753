// Waiting for something on a chain, with a deadline and a reason that can be shown.

import { BystackError } from "@bystack/utils/errors";
import { proofError } from "./errors.ts";

export type Waiter = {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
};

const POLL_MS = 100;

/** Polls `look` until it gives a value. Nodes that are away and things not there yet only mean: again. */
export async function waitFor<T>(
  waiter: Waiter,
  options: { what: string; deadlineMs: number },
  look: () => Promise<T | undefined>,
): Promise<T> {
  const until = waiter.nowMs() + options.deadlineMs;
  let last = "nothing yet";
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined) return value;
    } catch (error) {
      if (!(error instanceof BystackError) || (error.kind !== "not-found" && error.kind !== "unavailable")) throw error;
      last = error.message;
    }
    if (waiter.nowMs() > until) throw proofError("PROOF_TIMEOUT", { why: `${options.what}: ${last}` });
    await waiter.sleep(POLL_MS);
  }
}
