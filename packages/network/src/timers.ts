// The timers port: everything in this package that waits, waits through it, so that tests move time by hand.

import type { Clock } from "@bystack/utils/ports";

/** Runs something once after a delay; the result cancels it and may be called at any time. */
export type Timers = {
  after(delayMs: number, run: () => void): () => void;
};

/** The real timers. They do not keep the process alive. */
export const systemTimers: Timers = {
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** The real clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
