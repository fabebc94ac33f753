// The inside of a proof-of-work worker: one Tensority, one search at most, and checks in between. The search does one hash
// for each turn of the event loop, so a check that arrives waits for one hash, never for the search.

import { parentPort, workerData } from "node:worker_threads";
import type { Hash } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { createTensority, type Tensority, type TensorityBackend } from "./tensority.ts";
import { createMiner, type MiningJob, type MiningOutcome } from "./tensority-miner.ts";

export type WorkerOptions = {
  readonly backend: TensorityBackend;
  readonly maxSeeds: number;
  /** A module to import first: the loader that registers the native backend in this thread. */
  readonly backendModule?: string;
};

export type WorkerRequest =
  | { readonly type: "verify"; readonly headerHash: Hash; readonly seed: Hash }
  | { readonly type: "mine"; readonly id: number; readonly job: MiningJob; readonly progressEvery: number }
  | { readonly type: "abort"; readonly id: number };

export type WorkerFailure = { readonly code: string; readonly why: string };

export type WorkerAnswer =
  | { readonly type: "verified"; readonly hash: Hash }
  | { readonly type: "verify-failed"; readonly failure: WorkerFailure }
  | { readonly type: "progress"; readonly id: number; readonly hashes: number }
  | { readonly type: "mined"; readonly id: number; readonly outcome: MiningOutcome }
  | { readonly type: "mine-failed"; readonly id: number; readonly failure: WorkerFailure };

type Search = { readonly id: number; readonly miner: ReturnType<typeof createMiner>; readonly progressEvery: number };

function failureOf(error: unknown): WorkerFailure {
  if (error instanceof BystackError) return { code: error.code, why: error.why };
  return { code: "", why: error instanceof Error ? error.message : String(error) };
}

async function serve(port: NonNullable<typeof parentPort>, options: WorkerOptions): Promise<void> {
  if (options.backendModule !== undefined) await import(options.backendModule);
  let tensority: Tensority | undefined;
  let search: Search | undefined;
  const answer = (message: WorkerAnswer): void => port.postMessage(message);

  // Created with the first job, so that a missing backend is the typed failure of that job.
  function engine(): Tensority {
    tensority ??= createTensority(options);
    return tensority;
  }

  function verify(headerHash: Hash, seed: Hash): void {
    try {
      answer({ type: "verified", hash: engine().hash(headerHash, seed) });
    } catch (error) {
      answer({ type: "verify-failed", failure: failureOf(error) });
    }
  }

  /** One hash of a search, then the event loop, then the next: unless the search was aborted or replaced meanwhile. */
  function turn(current: Search): void {
    if (search !== current) return;
    const { id, miner, progressEvery } = current;
    try {
      const outcome = miner.step();
      if (outcome === undefined) {
        if (miner.hashes % progressEvery === 0) answer({ type: "progress", id, hashes: miner.hashes });
        setImmediate(turn, current);
        return;
      }
      search = undefined;
      answer({ type: "mined", id, outcome });
    } catch (error) {
      search = undefined;
      answer({ type: "mine-failed", id, failure: failureOf(error) });
    }
  }

  function mine(request: WorkerRequest & { type: "mine" }): void {
    try {
      const miner = createMiner(engine(), request.job);
      search = { id: request.id, miner, progressEvery: request.progressEvery };
      setImmediate(turn, search);
    } catch (error) {
      answer({ type: "mine-failed", id: request.id, failure: failureOf(error) });
    }
  }

  function abort(id: number): void {
    if (search?.id !== id) return; // it ended before the abort arrived; its outcome is on its way
    const { hashes } = search.miner;
    search = undefined;
    answer({ type: "mined", id, outcome: { status: "aborted", hashes } });
  }

  port.on("message", (request: WorkerRequest) => {
    if (request.type === "verify") verify(request.headerHash, request.seed);
    else if (request.type === "mine") mine(request);
    else abort(request.id);
  });
}

if (parentPort !== null) await serve(parentPort, workerData as WorkerOptions);
