// The system's clock, randomness and timers as ports.

import { randomBytes } from "node:crypto";
import type { Timers } from "@bystack/federation/ports";
import type { Clock, Rng } from "@bystack/utils/ports";

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

export const systemRng: Rng = { bytes: (length) => Uint8Array.from(randomBytes(length)) };

export const systemTimers: Timers = {
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
