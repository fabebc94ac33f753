// The miner: one block a slot of its timetable. It builds its template when it starts hashing, starts over when the tip
// moves or the template grows old, and never makes two blocks for one slot. Clock, timers, chain and search come in as
// ports; a rejection of `template` or `accept` means that the node must end and comes out of `ended`.

import type { MainTemplate } from "@bystack/chain/main/template";
import type { MiningJob, MiningOutcome } from "@bystack/crypto/tensority-pool";
import { type MainBlock, mainHeaderBody } from "@bystack/protocol/main/block";
import { targetOfBits } from "@bystack/protocol/pow";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import type { Clock, Logger } from "@bystack/utils/ports";
import { nextSlot } from "./timetable.ts";

/** A search longer than this starts over with a new template: its time and its transactions have grown old. */
const TEMPLATE_AGE_MS = 30_000;
/** Searches over which the hash rate is taken. */
const RATE_SEARCHES = 16;
const NONCE_BYTES = 8;

export type MinerPorts = {
  readonly clock: Clock;
  /** Calls once after the delay; the result cancels it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  readonly tip: () => Hash;
  readonly template: (nowMs: number) => Promise<MainTemplate>;
  readonly search: (job: MiningJob, signal: AbortSignal) => Promise<MiningOutcome>;
  /** Hands the block to the chain; a refusal's code, undefined when it was taken. */
  readonly accept: (block: MainBlock) => Promise<string | undefined>;
  readonly logger: Logger;
};

export type Miner = {
  /** Tells the miner that the tip has moved. */
  tipChanged(): void;
  hashesPerSecond(): number;
  /** Aborts the search and waits for it to end. */
  stop(): Promise<void>;
  /** Resolves on stop, rejects when the chain failed. */
  readonly ended: Promise<void>;
};

export type MinerOptions = {
  readonly everyMs: number;
  /** The chain's own limit: a block further ahead of the clock would be refused. */
  readonly futureSecondsMax: bigint;
};

/** The block of a template with its nonce. */
function completed(template: MainTemplate, nonce: bigint): MainBlock {
  return { ...template.block, header: { ...template.block.header, nonce } };
}

function jobOf({ block, seed }: MainTemplate): MiningJob {
  const body = mainHeaderBody(block.header);
  const target = targetOfBits(block.header.bits);
  return { body: body.subarray(0, body.length - NONCE_BYTES), seed, target, nonceStart: 0n };
}

type Search = { readonly hashes: number; readonly ms: number };

class TimetableMiner {
  readonly #options: MinerOptions;
  readonly #ports: MinerPorts;
  #stopped = false;
  #wake: (() => void) | undefined;
  #search: { readonly parent: string; readonly abort: AbortController } | undefined;
  #rate: Search[] = [];

  constructor(options: MinerOptions, ports: MinerPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  async run(): Promise<void> {
    const { clock, logger } = this.#ports;
    const timetable = { startMs: clock.monotonicMs(), everyMs: this.#options.everyMs };
    let last = -1;
    while (!this.#stopped) {
      const next = nextSlot(timetable, last, clock.monotonicMs());
      if (next.waitMs > 0) {
        await this.#sleep(next.waitMs);
        continue;
      }
      if (next.skipped > 0) logger.warn("mining slots skipped: the miner was late", { skipped: next.skipped });
      last = next.slot;
      await this.#mineSlot(last);
    }
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#ports.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Mines one block, or gives the slot up. */
  async #mineSlot(slot: number): Promise<void> {
    const { clock, logger, tip } = this.#ports;
    while (!this.#stopped) {
      const nowMs = clock.nowMs();
      const template = await this.#ports.template(nowMs);
      const parent = bytesToHex(template.block.header.previousHash);
      if (parent !== bytesToHex(tip())) continue;
      const latest = BigInt(Math.floor(nowMs / 1000)) + this.#options.futureSecondsMax;
      if (template.block.header.timestamp > latest) {
        logger.warn("mining waits: the chain's time is too far ahead of the clock", { slot });
        return;
      }
      const outcome = await this.#hash(template, parent);
      if (outcome === undefined) return;
      if (outcome.status !== "found" || parent !== bytesToHex(tip())) continue;
      const block = completed(template, outcome.nonce);
      const refusal = await this.#ports.accept(block);
      if (refusal !== undefined) logger.error("the chain refuses our own block", { slot, code: refusal });
      return;
    }
  }

  /** Searches a nonce; undefined when the search failed, which is no reason to stop: the next slot tries again. */
  async #hash(template: MainTemplate, parent: string): Promise<MiningOutcome | undefined> {
    const { clock, logger } = this.#ports;
    const abort = new AbortController();
    const cancel = this.#ports.after(TEMPLATE_AGE_MS, () => abort.abort());
    this.#search = { parent, abort };
    if (this.#stopped) abort.abort();
    const fromMs = clock.monotonicMs();
    try {
      const outcome = await this.#ports.search(jobOf(template), abort.signal);
      this.#rate = [...this.#rate, { hashes: outcome.hashes, ms: clock.monotonicMs() - fromMs }].slice(-RATE_SEARCHES);
      return outcome;
    } catch (error) {
      logger.error("the search for a nonce failed", { why: error instanceof Error ? error.message : String(error) });
      return undefined;
    } finally {
      cancel();
      this.#search = undefined;
    }
  }

  tipChanged(): void {
    if (this.#search !== undefined && this.#search.parent !== bytesToHex(this.#ports.tip())) this.#search.abort.abort();
  }

  hashesPerSecond(): number {
    const hashes = this.#rate.reduce((sum, search) => sum + search.hashes, 0);
    const ms = this.#rate.reduce((sum, search) => sum + search.ms, 0);
    return ms <= 0 ? 0 : Math.round((hashes / ms) * 100_000) / 100;
  }

  halt(): void {
    this.#stopped = true;
    this.#wake?.();
    this.#search?.abort.abort();
  }
}

/** Starts mining at once: slot 0 is now. */
export function startMiner(options: MinerOptions, ports: MinerPorts): Miner {
  const miner = new TimetableMiner(options, ports);
  const ended = miner.run();
  // Whoever waits for `ended` hears of a rejection; nobody else has to.
  ended.catch(() => {});
  return {
    tipChanged: () => miner.tipChanged(),
    hashesPerSecond: () => miner.hashesPerSecond(),
    stop: async () => {
      miner.halt();
      await ended.catch(() => {});
    },
    ended,
  };
}
