// The local clock of one simulated node: skew, drift and jumps while the schedule is unruly, afterwards the skew alone, as
// after a time server has been reached again.

import type { Clock } from "./node-plan.ts";

/** Local clocks start here, so that no time is ever near zero. */
export const CLOCK_START_MS = 1_700_000_000_000;

/** What a node reads at a moment of the simulation. */
export function readClock(clock: Clock, now: { readonly ms: number; readonly healed: boolean }): number {
  let read = CLOCK_START_MS + now.ms + clock.skewMs;
  if (!now.healed) {
    read += now.ms * clock.drift;
    for (const jump of clock.jumps) if (now.ms >= jump.atMs) read += jump.byMs;
  }
  return Math.floor(read);
}
