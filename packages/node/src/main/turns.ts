// Lets the event loop turn during long work of the chain (architecture.md section 8, rule 7): requests are answered in
// between. The time that one stretch takes is bounded by this and by the largest single step.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Pause } from "@bystack/chain/main/pause";

/** Work goes on this long before others have their turn. */
export const STRETCH_MS = 8;

/** The pause of one chain; its jobs run one after the other, so they share the reading of the clock. */
export function createPause(monotonicMs: () => number, stretchMs = STRETCH_MS): Pause {
  let fromMs = monotonicMs();
  return () => {
    if (monotonicMs() - fromMs < stretchMs) return undefined;
    return nextTurn().then(() => {
      fromMs = monotonicMs();
    });
  };
}
