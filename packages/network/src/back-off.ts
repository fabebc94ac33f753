// How long to wait before the next attempt to reach a peer: doubling with jitter, long after a reason that only a change of
// configuration ends, and from the start again once a connection has lasted.

import type { Rng } from "@bystack/utils/ports";
import { LASTING_REASONS, type NetworkErrorCode } from "./errors.ts";

export type BackOffOptions = {
  readonly rng: Rng;
  readonly firstMs: number;
  readonly longestMs: number;
  /** Wait after a lasting reason. */
  readonly refusedMs: number;
  /** A connection that was open this long starts the count again. */
  readonly stableMs: number;
};

export class BackOff {
  readonly #options: BackOffOptions;
  #attempts = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** The wait after an attempt or a connection that ended with `code` after `openMs` (0 when it never opened). */
  nextMs(code: NetworkErrorCode, openMs: number): number {
    if (openMs >= this.#options.stableMs) this.#attempts = 0;
    const plainMs = LASTING_REASONS.has(code)
      ? this.#options.refusedMs
      : Math.min(this.#options.longestMs, this.#options.firstMs * 2 ** this.#attempts);
    this.#attempts = Math.min(this.#attempts + 1, 30);
    // Between half and the whole: nodes that lost each other at one moment do not come back at one moment.
    const [a = 0, b = 0] = this.#options.rng.bytes(2);
    return plainMs * (0.5 + (a * 256 + b) / 131_072);
  }
}
