// How full a leader makes a block: at most what the slowest validator checks in 200 ms (bbft.md section 6), or a loaded
// committee nullifies the same block for ever. Each node measures itself in gas and tells the others; a report is one number
// and nobody can prove it, so one that is far below the others counts as a quarter of theirs (ADR 0010).

import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { equalBytes } from "@bystack/utils/bytes";
import type { Clock } from "@bystack/utils/ports";

/** What a validator may take to check a block; the leader's timeout is 300 ms by default. */
export const CHECK_MS = 200;
/** Blocks with less gas say more about the machine's noise than about its speed: about 60 payments. */
const MEASURED_GAS_MIN = 100_000;
/** Weight of the newest block in the running mean: ten seconds of full blocks decide. */
const NEWEST_WEIGHT = 0.1;
/** A report counts at least as so much of the smallest one that f liars cannot have made. */
const LEAST_SHARE = 0.25;
/** A node tells the others its report this often, in ms. */
export const REPORT_INTERVAL_MS = 2000;
/** Reports that are older than this are forgotten: their sender is away or has nothing to say, in ms. */
const REPORT_AGE_MS_MAX = 10 * REPORT_INTERVAL_MS;
/** Peers whose report is kept; pinned peers are never more. */
export const REPORTS_MAX = 1024;
/** Longest body of a report. */
export const REPORT_BYTES_MAX = 9;

export function encodeReport(gas: number): Uint8Array {
  return new ByteWriter(REPORT_BYTES_MAX).varint63(BigInt(gas)).finish();
}

/** Undefined for anything that {@link encodeReport} does not write. */
export function decodeReport(bytes: Uint8Array): number | undefined {
  const reader = new ByteReader(bytes);
  const gas = reader.varint53();
  return reader.error === undefined && equalBytes(encodeReport(gas), bytes) ? gas : undefined;
}

export class LoadLimit {
  readonly #clock: Clock;
  /** Running mean of gas a millisecond; undefined before the first block that says something. */
  #gasPerMs: number | undefined;
  readonly #reports = new Map<string, { readonly gas: number; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs the check of a proposed block and takes note of how long it took; `gasOf` reads the block's gas off the result. */
  measure<T>(check: () => T, gasOf: (result: T) => number): T {
    const from = this.#clock.monotonicMs();
    const result = check();
    const tookMs = Math.max(this.#clock.monotonicMs() - from, 0.001);
    const gas = gasOf(result);
    if (gas < MEASURED_GAS_MIN) return result;
    const rate = gas / tookMs;
    const before = this.#gasPerMs ?? rate;
    this.#gasPerMs = before + NEWEST_WEIGHT * (rate - before);
    return result;
  }

  /** What this node checks in {@link CHECK_MS}, in gas; undefined while it is not known. */
  own(): number | undefined {
    return this.#gasPerMs === undefined ? undefined : Math.floor(this.#gasPerMs * CHECK_MS);
  }

  /** Takes a peer's report in. */
  take(peer: string, gas: number): void {
    if (this.#reports.size >= REPORTS_MAX && !this.#reports.has(peer)) return;
    this.#reports.set(peer, { gas, atMs: this.#clock.monotonicMs() });
  }

  /**
   * The most gas for a block of this node's; undefined while nobody has reported. `others`: the peers that are the rest of
   * the committee, undefined in the place of one that is not known here; f: how many of the committee may lie.
   */
  gasMax(others: readonly (string | undefined)[], f: number): number | undefined {
    const now = this.#clock.monotonicMs();
    const reports = others.flatMap((peer) => {
      const report = peer === undefined ? undefined : this.#reports.get(peer);
      return report === undefined || now - report.atMs > REPORT_AGE_MS_MAX ? [] : [report.gas];
    });
    const own = this.own();
    if (own !== undefined) reports.push(own);
    const [smallest, ...rest] = reports.sort((a, b) => a - b);
    if (smallest === undefined) return undefined;
    const credible = f === 0 ? smallest : rest[f - 1];
    // Too few have reported to know who exaggerates: what this node knows of itself.
    if (credible === undefined) return own;
    return Math.max(smallest, Math.floor(credible * LEAST_SHARE));
  }
}
