// Proof of work of a main-chain node: which Tensority backend, and one pool of workers for checking and for mining. What the
// own miner has just found is not hashed a second time.

import { createTensority, fastestTensority, type TensorityBackend } from "@bystack/crypto/tensority";
import {
  createTensorityPool,
  type MiningJob,
  type MiningOutcome,
  type TensorityPool,
} from "@bystack/crypto/tensority-pool";
import { targetOfBits } from "@bystack/protocol/pow";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

export type BackendChoice = "auto" | TensorityBackend;

/** The backend to use. @throws BystackError of the missing backend when one was named: nothing takes its place */
export function chooseBackend(choice: BackendChoice): TensorityBackend {
  const backend = choice === "auto" ? fastestTensority() : choice;
  createTensority({ backend, maxSeeds: 1 });
  return backend;
}

export type ProofOfWork = {
  readonly backend: TensorityBackend;
  check(work: { readonly hash: Hash; readonly seed: Hash; readonly bits: bigint }): Promise<boolean>;
  mine(job: MiningJob, signal: AbortSignal): Promise<MiningOutcome>;
  close(): Promise<void>;
};

export function createProofOfWork(pool: TensorityPool): ProofOfWork {
  /** Hash, seed and target of the last block that the own search found. */
  let found = "";
  const keyOf = (hash: Hash, seed: Hash, target: bigint): string => `${bytesToHex(hash)}${bytesToHex(seed)}${target}`;
  return {
    backend: pool.backend,
    check: async ({ hash, seed, bits }) => {
      const target = targetOfBits(bits);
      if (keyOf(hash, seed, target) === found) return true;
      return (await pool.verify(hash, seed, target)).ok;
    },
    mine: async (job, signal) => {
      const outcome = await pool.mine(job, signal);
      if (outcome.status === "found") found = keyOf(outcome.blockHash, job.seed, job.target);
      return outcome;
    },
    close: () => pool.close(),
  };
}

/** One worker: two cores have to do for a whole network. */
export function openProofOfWork(backend: TensorityBackend): ProofOfWork {
  return createProofOfWork(createTensorityPool({ backend, workers: 1 }));
}
