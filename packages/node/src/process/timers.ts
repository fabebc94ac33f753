// The system's clock and randomness as ports.

import { randomBytes } from "node:crypto";
import type { Clock, Rng } from "@bystack/utils/ports";

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

export const systemRng: Rng = { bytes: (length) => Uint8Array.from(randomBytes(length)) };
