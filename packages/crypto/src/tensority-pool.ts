// Proof of work off the event loop: a few workers that check results and search for nonces. A worker does both with one
// Tensority, so that the caches of seeds (16 MiB each) exist once; checks go first (tensority-worker.ts).
//
// The main thread keeps the queue of checks and gives each worker one at a time: a worker that dies takes with it one
// check and one search at most. Their promises are rejected, and the next job starts a new worker.

import { Worker } from "node:worker_threads";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { assertInvariant, type BystackError } from "@bystack/utils/errors";
import { BoundedQueue } from "@bystack/utils/queue";
import { CRYPTO_ERRORS, type CryptoErrorCode, cryptoError } from "./errors.ts";
import { TENSORITY_SEEDS_DEFAULT, type TensorityBackend } from "./tensority.ts";
import { type MiningJob, type MiningOutcome, meetsTarget } from "./tensority-miner.ts";
import type { WorkerAnswer, WorkerFailure, WorkerOptions, WorkerRequest } from "./tensority-worker.ts";

export { type MiningJob, type MiningOutcome, NONCE_LIMIT } from "./tensority-miner.ts";

/** Checks that may wait, all workers together: about 25 s of work for one `wasm` worker. */
export const TENSORITY_QUEUE_MAX = 256;

/** A report of progress comes every so many hashes. */
export const TENSORITY_PROGRESS_HASHES = 8;

/** JavaScript heap of a worker; the seed caches and matrices lie outside it. */
const WORKER_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };

export type TensorityPool = {
  readonly backend: TensorityBackend;
  /**
   * The Tensority result for a header hash and a seed, and whether it meets the target. Rejects with TENSORITY_QUEUE_FULL,
   * TENSORITY_WORKER_FAILED, TENSORITY_POOL_CLOSED, or the error of an absent backend.
   */
  verify(headerHash: Hash, seed: Hash, target: bigint): Promise<{ readonly hash: Hash; readonly ok: boolean }>;
  /**
   * Searches for a nonce until there is an outcome; aborting the signal is one. One search a worker: another one rejects
   * with TENSORITY_MINING_BUSY. `onProgress` gets the number of hashes so far.
   */
  mine(
    job: MiningJob & { readonly onProgress?: (hashes: number) => void },
    signal?: AbortSignal,
  ): Promise<MiningOutcome>;
  /** Ends all workers at once; what is pending rejects with TENSORITY_POOL_CLOSED. */
  close(): Promise<void>;
};

export type TensorityPoolOptions = {
  readonly backend: TensorityBackend;
  /** Threads; one by default. */
  readonly workers?: number;
  /** Seeds each worker keeps; two by default. */
  readonly maxSeeds?: number;
  readonly queueMax?: number;
  /** URL of a module that each worker imports first: the loader that registers the native backend. */
  readonly backendModule?: string;
};

type Check = {
  readonly headerHash: Hash;
  readonly seed: Hash;
  readonly resolve: (hash: Hash) => void;
  readonly reject: (error: BystackError) => void;
};

type Search = {
  readonly id: number;
  readonly resolve: (outcome: MiningOutcome) => void;
  readonly reject: (error: BystackError) => void;
  readonly onProgress: ((hashes: number) => void) | undefined;
};

function errorOf(failure: WorkerFailure): BystackError {
  const isKnown = (code: string): code is CryptoErrorCode => Object.hasOwn(CRYPTO_ERRORS, code);
  return cryptoError(isKnown(failure.code) ? failure.code : "TENSORITY_WORKER_FAILED", { why: failure.why });
}

/** One place for a worker: started with its first job, and again after it died. */
class Seat {
  readonly #options: WorkerOptions;
  readonly #onIdle: () => void;
  #worker: Worker | undefined;
  check: Check | undefined;
  search: Search | undefined;
  /** The seed of the last check given to it: its cache is most likely there. */
  seed = "";

  constructor(options: WorkerOptions, onIdle: () => void) {
    this.#options = options;
    this.#onIdle = onIdle;
  }

  send(request: WorkerRequest): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(request);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./tensority-worker.ts", import.meta.url), {
      name: "tensority",
      workerData: this.#options,
      resourceLimits: WORKER_LIMITS,
    });
    let cause: unknown;
    worker.on("message", (answer: WorkerAnswer) => this.#receive(answer));
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => {
      if (this.#worker !== worker) return; // closed on purpose
      this.#worker = undefined;
      const why = cause instanceof Error ? cause.message : "it ended by itself";
      this.fail(cryptoError("TENSORITY_WORKER_FAILED", { why, cause }));
      this.#onIdle();
    });
    return worker;
  }

  #receive(answer: WorkerAnswer): void {
    const { check, search } = this;
    if (answer.type === "verified" || answer.type === "verify-failed") {
      this.check = undefined;
      if (answer.type === "verified") check?.resolve(answer.hash);
      else check?.reject(errorOf(answer.failure));
      this.#onIdle();
    } else if (search?.id === answer.id) {
      if (answer.type === "progress") {
        search.onProgress?.(answer.hashes);
        return;
      }
      this.search = undefined;
      if (answer.type === "mined") search.resolve(answer.outcome);
      else search.reject(errorOf(answer.failure));
    }
  }

  fail(error: BystackError): void {
    this.check?.reject(error);
    this.search?.reject(error);
    this.check = undefined;
    this.search = undefined;
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

/** A pool of proof-of-work workers. They start with the first jobs; `close` it when done, or the process stays alive. */
export function createTensorityPool(options: TensorityPoolOptions): TensorityPool {
  const { backend, workers = 1, maxSeeds = TENSORITY_SEEDS_DEFAULT, queueMax = TENSORITY_QUEUE_MAX } = options;
  assertInvariant(Number.isInteger(workers) && workers >= 1, "a pool has at least one worker");
  const { backendModule } = options;
  const workerOptions = { backend, maxSeeds, ...(backendModule === undefined ? {} : { backendModule }) };
  const waiting = new BoundedQueue<Check>({ name: "tensority checks", capacity: queueMax });
  const seats = Array.from({ length: workers }, () => new Seat(workerOptions, dispatch));
  let lastId = 0;
  let closed = false;

  /** Gives waiting checks to free seats: where the seed was used last, else where nobody mines, else anywhere. */
  function dispatch(): void {
    while (!closed && waiting.length > 0) {
      const free = seats.filter((seat) => seat.check === undefined);
      if (free.length === 0) return;
      const check = waiting.shift();
      if (check === undefined) return;
      const seed = bytesToHex(check.seed);
      const seat =
        free.find((one) => one.seed === seed) ?? free.find((one) => one.search === undefined) ?? (free[0] as Seat);
      seat.check = check;
      seat.seed = seed;
      seat.send({ type: "verify", headerHash: check.headerHash, seed: check.seed });
    }
  }

  return {
    backend,
    async verify(headerHash, seed, target) {
      assertInvariant(headerHash.length === 32 && seed.length === 32, "header hash and seed have 32 bytes");
      if (closed) throw cryptoError("TENSORITY_POOL_CLOSED");
      const hash = await new Promise<Hash>((resolve, reject) => {
        const check = { headerHash, seed, resolve, reject };
        if (!waiting.push(check)) return reject(cryptoError("TENSORITY_QUEUE_FULL", { details: { queueMax } }));
        dispatch();
      });
      return { hash, ok: meetsTarget(hash, target) };
    },
    async mine({ onProgress, ...job }, signal) {
      if (closed) throw cryptoError("TENSORITY_POOL_CLOSED");
      if (signal?.aborted) return { status: "aborted", hashes: 0 };
      const seat = seats.find((one) => one.search === undefined);
      if (seat === undefined) throw cryptoError("TENSORITY_MINING_BUSY", { details: { workers } });
      lastId += 1;
      const id = lastId;
      const abort = () => {
        if (seat.search?.id === id) seat.send({ type: "abort", id });
      };
      signal?.addEventListener("abort", abort, { once: true });
      try {
        return await new Promise<MiningOutcome>((resolve, reject) => {
          seat.search = { id, resolve, reject, onProgress };
          seat.send({ type: "mine", id, job, progressEvery: TENSORITY_PROGRESS_HASHES });
        });
      } finally {
        signal?.removeEventListener("abort", abort);
      }
    },
    async close() {
      closed = true;
      const error = cryptoError("TENSORITY_POOL_CLOSED");
      for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) check.reject(error);
      for (const seat of seats) seat.fail(error);
      await Promise.all(seats.map((seat) => seat.stop()));
    },
  };
}
