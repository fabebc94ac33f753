// A clock that only moves when a test moves it, with the timers that hang on it. Timers due at one instant run in the
// order in which they were set; a timer set by a running timer runs in the same `advance` when it falls due within it.

import type { Clock } from "@bystack/utils/ports";

/** Clock and timers under the test's control. */
export type FakeClock = Clock & {
  /** Runs `run` once when the clock has moved on by `delayMs`; the result cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Moves the clock and runs what falls due. */
  advance(byMs: number): void;
  /** Moves the wall clock alone, as an operator or NTP would: timers and the monotonic reading do not notice. */
  jump(byMs: number): void;
  /** How many timers wait. */
  readonly waiting: number;
};

type Timer = { readonly dueMs: number; readonly order: number; readonly run: () => void };

/** @param startMs the first reading of the wall clock; the monotonic one starts at zero */
export function createFakeClock(startMs = 1_700_000_000_000): FakeClock {
  let elapsedMs = 0;
  let wallOffsetMs = startMs;
  let order = 0;
  let timers: Timer[] = [];

  const nextDue = (limitMs: number): Timer | undefined => {
    let best: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueMs > limitMs) continue;
      if (best === undefined || timer.dueMs < best.dueMs || (timer.dueMs === best.dueMs && timer.order < best.order))
        best = timer;
    }
    return best;
  };

  return {
    nowMs: () => wallOffsetMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (delayMs, run) => {
      const timer: Timer = { dueMs: elapsedMs + Math.max(0, delayMs), order, run };
      order += 1;
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance: (byMs) => {
      const limitMs = elapsedMs + byMs;
      for (let timer = nextDue(limitMs); timer !== undefined; timer = nextDue(limitMs)) {
        const due = timer;
        timers = timers.filter((other) => other !== due);
        elapsedMs = Math.max(elapsedMs, due.dueMs);
        due.run();
      }
      elapsedMs = limitMs;
    },
    jump: (byMs) => {
      wallOffsetMs += byMs;
    },
    get waiting() {
      return timers.length;
    },
  };
}
