// What a peer may make this node spend on transactions that it passes on. A peer passes on only what it has accepted
// itself, so a refusal that does not depend on height or on what came first is a fault. One that does depend on it (a
// signature under a program that looks at the height, an input that was just spent) is none: whoever may submit could
// otherwise set honest peers against each other. Such refusals cost the peer a part of its rate instead.

import type { SubmitVerdict } from "@bystack/chain/side/mempool";
import type { Clock } from "@bystack/utils/ports";

/** Transactions that one peer may pass on in a second, and at once: each costs 0.2 ms when it is new and good. */
export const RELAYED_PER_SECOND_MAX = 1000;
/** What a refused one counts: a signature that does not verify costs as much time as the rest of ten good ones. */
export const REFUSED_COST = 50;
/** Peers whose rate is remembered; the mesh has fewer. */
export const RATED_PEERS_MAX = 1024;

/** Refusals that are the same at every node and at every height. */
const FAULTS: ReadonlySet<string> = new Set([
  "TX_DECODE",
  "TX_FORM",
  "TX_VERSION",
  "TX_DUPLICATE_INPUT",
  "TX_ZERO_AMOUNT",
  "TX_PROGRAM",
  "TX_OVERFLOW",
  "TX_UNBALANCED",
  "TX_FEE",
  "HEADERS_RELAYED",
]);

type Rate = { left: number; atMs: number };

export class TransactionGate {
  readonly #clock: Clock;
  readonly #rates = new Map<string, Rate>();
  #overRate = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Transactions that were not looked at because their peer had had its share. */
  get overRate(): number {
    return this.#overRate;
  }

  /**
   * Judges one transaction of a peer with `submit`, unless the peer has had its share for now.
   * @returns the code of a fault of the peer's, or undefined
   */
  take(peer: string, submit: () => SubmitVerdict): string | undefined {
    const rate = this.#rateOf(peer);
    if (rate.left < 1) {
      this.#overRate += 1;
      return undefined;
    }
    const verdict = submit();
    rate.left -= verdict.ok || verdict.code === "MEMPOOL_FULL" ? 1 : REFUSED_COST;
    return !verdict.ok && FAULTS.has(verdict.code) ? verdict.code : undefined;
  }

  #rateOf(peer: string): Rate {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#rates.get(peer);
    if (known === undefined) {
      if (this.#rates.size >= RATED_PEERS_MAX) this.#rates.clear();
      const fresh = { left: RELAYED_PER_SECOND_MAX, atMs: nowMs };
      this.#rates.set(peer, fresh);
      return fresh;
    }
    const earned = ((nowMs - known.atMs) * RELAYED_PER_SECOND_MAX) / 1000;
    known.left = Math.min(RELAYED_PER_SECOND_MAX, known.left + earned);
    known.atMs = nowMs;
    return known;
  }
}
