// Time for what expires. Within one run the clock cannot be set back: the wall clock's first reading goes on with the monotonic
// one, so a life is never prolonged. Between two runs it can be: what lies in the future then counts as over.

import type { Clock } from "@bystack/utils/ports";

/** How far ahead of the clock a time may lie, for a clock that was corrected a little between two runs. */
const AHEAD_MS = 60_000;

/** The later of the wall clock and what has passed since it was first read. */
export function createSteadyNow(clock: Clock): () => number {
  const beganAtMs = clock.nowMs();
  const beganMs = clock.monotonicMs();
  return () => Math.max(clock.nowMs(), Math.floor(beganAtMs + clock.monotonicMs() - beganMs));
}

/** Has something that began then, and lasts so long, begun and not ended? */
export function isLive(beganAtMs: number, lastsMs: number, nowMs: number): boolean {
  return beganAtMs <= nowMs + AHEAD_MS && nowMs - beganAtMs < lastsMs;
}
