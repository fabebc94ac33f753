// Replays a recorded main chain through the chain of a node, over a store in memory: every rule and every proof of work, and
// after each block the tip that was recorded. Proofs are computed a few blocks ahead in the workers of a pool; a proof is
// taken only for the very hash, seed and bits that the chain then asks about.

import { createMainBlockNode, type MainBlockNode } from "@bystack/chain/main/block-index";
import { MainChainService } from "@bystack/chain/main/chain-service";
import { KvMainChainStore } from "@bystack/chain/main/kv-store";
import type { MainRefusal } from "@bystack/chain/main/main-chain";
import type { TensorityPool } from "@bystack/crypto/tensority-pool";
import { mainErrorMessage } from "@bystack/ledger/main/errors";
import { type MainBlock, mainBlockHash } from "@bystack/protocol/main/block";
import { targetOfBits } from "@bystack/protocol/pow";
import type { MainChainSpec } from "@bystack/protocol/spec";
import { createMemoryStore } from "@bystack/storage/memory";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import type { RecordedChain, RecordedReorganisation, RecordedStep } from "./recording.ts";
import { replayError } from "./replay-errors.ts";

/** Proofs of work under way at once, for each worker of the pool. */
const AHEAD_PER_WORKER = 4;

export type ReplayProgress = { readonly blocks: number; readonly height: number; readonly tip: string };

export type ReplayOptions = {
  readonly chain: RecordedChain;
  readonly reorganisation?: RecordedReorganisation;
  /** Only the first so many blocks after the genesis. */
  readonly blocksMax?: number;
  readonly pool: TensorityPool;
  readonly workers: number;
  readonly nowMs: () => number;
  readonly onProgress?: (progress: ReplayProgress) => void;
};

export type ReplayResult = {
  readonly height: number;
  readonly tip: string;
  /** Blocks that were checked; the genesis block comes from the chain spec. */
  readonly blocks: number;
  readonly transactions: number;
  readonly gasOnly: number;
  readonly reorganisations: number;
};

type Work = { readonly hash: Hash; readonly seed: Hash; readonly bits: bigint };

/** Computes proofs of work ahead of the chain. Seeds come from the recorded headers: a wrong guess is only wasted. */
class ProofsAhead {
  readonly #pool: TensorityPool;
  readonly #nodes = new Map<string, MainBlockNode>();
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(pool: TensorityPool) {
    this.#pool = pool;
  }

  #keyOf({ hash, seed, bits }: Work): string {
    return `${bytesToHex(hash)}:${bytesToHex(seed)}:${bits}`;
  }

  #compute(work: Work): Promise<boolean> {
    const proof = this.#pool.verify(work.hash, work.seed, targetOfBits(work.bits)).then(({ ok }) => ok);
    // A failure is reported by whoever asks for the proof, if anybody does.
    proof.catch(() => {});
    return proof;
  }

  /** Notes a block and starts its proof, if its parent is known. */
  start(block: MainBlock): void {
    const parent = this.#nodes.get(bytesToHex(block.header.previousHash));
    if (parent === undefined && block.header.height !== 0n) return;
    const node = createMainBlockNode(block.header, parent);
    if (this.#nodes.has(node.key)) return;
    this.#nodes.set(node.key, node);
    if (parent === undefined) return;
    const work = { hash: node.hash, seed: node.seed, bits: block.header.bits };
    this.#known.set(this.#keyOf(work), this.#compute(work));
  }

  check(work: Work): Promise<boolean> {
    const key = this.#keyOf(work);
    const proof = this.#known.get(key) ?? this.#compute(work);
    this.#known.delete(key);
    return proof;
  }
}

function differs(step: RecordedStep, what: string): Error {
  return replayError("REPLAY_DIFFERS", { why: `block ${step.height} (${step.hash}): ${what}` });
}

function describeRefusal({ code, transaction }: MainRefusal): string {
  const where = transaction === undefined ? "" : ` in transaction ${transaction}`;
  return `refused${where}: ${code}: ${mainErrorMessage(code)}`;
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #service: MainChainService;
  readonly #store: KvMainChainStore;
  readonly #proofs: ProofsAhead;
  #blocks = 0;
  #transactions = 0;
  readonly #gasOnly = new Set<string>();
  #reorganisations = 0;

  private constructor(
    options: ReplayOptions,
    parts: { service: MainChainService; store: KvMainChainStore; proofs: ProofsAhead },
  ) {
    this.#options = options;
    this.#service = parts.service;
    this.#store = parts.store;
    this.#proofs = parts.proofs;
  }

  static async open(options: ReplayOptions, spec: MainChainSpec): Promise<Replay> {
    const store = await KvMainChainStore.open(createMemoryStore());
    const proofs = new ProofsAhead(options.pool);
    const service = await MainChainService.open({ spec, store, checkWork: (work) => proofs.check(work) });
    return new Replay(options, { service, store, proofs });
  }

  async run(steps: readonly RecordedStep[]): Promise<void> {
    const ahead = AHEAD_PER_WORKER * this.#options.workers;
    for (const { block } of steps.slice(0, ahead)) this.#proofs.start(block);
    for (const [i, step] of steps.entries()) {
      const later = steps[i + ahead];
      if (later !== undefined) this.#proofs.start(later.block);
      await this.#take(step);
    }
  }

  async #take(step: RecordedStep): Promise<void> {
    const hash = bytesToHex(mainBlockHash(step.block.header));
    if (hash !== step.hash) throw differs(step, `its bytes have the hash ${hash}`);
    const result = await this.#service.processBlock(step.block, this.#options.nowMs());
    if (!result.ok) throw differs(step, describeRefusal(result.error));
    const { orphan, known, change } = result.value;
    if (orphan !== step.orphan) throw differs(step, orphan ? "its parent is not known" : "it was kept as an orphan");
    const { tip } = this.#service.chain;
    if (tip.key !== step.bestHash || Number(tip.header.height) !== step.bestHeight)
      throw differs(step, `the tip is ${tip.header.height} ${tip.key}, not ${step.bestHeight} ${step.bestHash}`);
    if (change !== undefined && change.detached.length > 0) this.#reorganisations += 1;
    if (!orphan) await this.#compareStatuses(step);
    if (known) return;
    this.#transactions += step.block.transactions.length;
    this.#blocks += 1;
    this.#options.onProgress?.({ blocks: this.#blocks, height: Number(tip.header.height), tip: tip.key });
  }

  async #compareStatuses(step: RecordedStep): Promise<void> {
    const stored = await this.#store.block(hexToBytes(step.hash));
    if (stored === undefined) throw differs(step, "it is not in the store");
    stored.statusFail.forEach((fail, i) => {
      if (fail) this.#gasOnly.add(`${step.hash}:${i}`);
    });
    if (step.statusFail !== undefined && stored.statusFail.join() !== step.statusFail.join())
      throw differs(step, `transaction statuses are ${stored.statusFail.join()}`);
  }

  compareMempool(expected: readonly string[] | undefined): void {
    const waiting = this.#service.mempool.entries().map(({ id }) => bytesToHex(id));
    if (expected === undefined || waiting.join() === expected.join()) return;
    throw replayError("REPLAY_DIFFERS", {
      why: `after the reorganisation these transactions wait: ${waiting.join(", ") || "none"}`,
    });
  }

  compareTip(chain: RecordedChain): void {
    const { tip } = this.#service.chain;
    if (tip.key === chain.tipHash && Number(tip.header.height) === chain.tipHeight) return;
    throw replayError("REPLAY_DIFFERS", {
      why: `the tip is ${tip.header.height} ${tip.key}, recorded is ${chain.tipHeight} ${chain.tipHash}`,
    });
  }

  result(): ReplayResult {
    const { tip } = this.#service.chain;
    return {
      height: Number(tip.header.height),
      tip: tip.key,
      blocks: this.#blocks,
      transactions: this.#transactions,
      gasOnly: this.#gasOnly.size,
      reorganisations: this.#reorganisations,
    };
  }
}

/** Replays the recording. The pool stays the caller's to close. @throws BystackError REPLAY_DIFFERS naming the block */
export async function replayMainChain(options: ReplayOptions): Promise<ReplayResult> {
  const { chain, reorganisation, blocksMax } = options;
  const replay = await Replay.open(options, chain.spec);
  const isPart = blocksMax !== undefined && blocksMax < chain.steps.length - 1;
  if (isPart && reorganisation !== undefined)
    throw replayError("REPLAY_OPTION_INVALID", { why: "a reorganisation needs the whole chain before it" });
  await replay.run(isPart ? chain.steps.slice(0, blocksMax + 1) : chain.steps);
  if (!isPart) replay.compareTip(chain);
  if (reorganisation !== undefined) {
    if (reorganisation.baseHash !== chain.tipHash)
      throw replayError("REPLAY_DIFFERS", { why: `the reorganisation begins at ${reorganisation.baseHash}` });
    await replay.run(reorganisation.steps);
    replay.compareMempool(reorganisation.mempoolAfter);
  }
  return replay.result();
}
