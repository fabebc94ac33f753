// A side chain as one node has it: final state and blocks, executed blocks above, mempool. What it does is a function of
// the blocks and transactions it is given; consensus, sockets and clocks are elsewhere. Restart: newest good snapshot,
// then the block log, each block executed again and compared with what the next one commits to.

import type { BlockSummary } from "@bystack/ledger/side/apply";
import { createBodyBuilder } from "@bystack/ledger/side/builder";
import type { PowVerdicts } from "@bystack/ledger/side/peg/headers";
import { createSideRules, type SideRules, type SignatureCheck, verifyStrictS } from "@bystack/ledger/side/rules";
import { createGenesisState, type SideState } from "@bystack/ledger/side/state";
import type { UtxoBase } from "@bystack/ledger/side/utxo";
import type { Certificate } from "@bystack/protocol/side/certificate";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import type { MainChainSpec, SideChainSpec } from "@bystack/protocol/spec";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import type { BlockStore } from "./block-store.ts";
import { chainSideError } from "./errors.ts";
import { SideMempool, type SubmitVerdict } from "./mempool.ts";
import { createCachedSignatureCheck } from "./signature-cache.ts";
import { type Executed, type ExecuteResult, StateTree } from "./state-tree.ts";
import type { StoredBlock } from "./stored-block.ts";

/** A block that has become final, with what it did. */
export type FinalBlock = { readonly block: SideBlock; readonly summary: BlockSummary; readonly state: SideState };

export type BuiltContent = {
  readonly batches: readonly Uint8Array[];
  readonly transactionCount: number;
  readonly transactionRoot: Hash;
  readonly parentStateRoot: Hash;
};

export type SideChainOptions = {
  readonly spec: SideChainSpec;
  readonly mainSpec: MainChainSpec | undefined;
  readonly blocks: BlockStore;
  /** Where final outputs live; empty at first. */
  readonly utxoBase?: UtxoBase;
  /** State of the newest good snapshot, when there is one; its outputs are in `utxoBase`. */
  readonly snapshot?: { readonly state: SideState } | undefined;
  readonly verify?: SignatureCheck;
};

export class SideChain {
  readonly rules: SideRules;
  readonly genesisHash: Hash;
  readonly #blocks: BlockStore;
  readonly #tree: StateTree;
  readonly #mempool: SideMempool;
  readonly #verifySignature: SignatureCheck;
  #tip: StoredBlock | undefined;
  #finalising: Promise<unknown> = Promise.resolve();

  private constructor(parts: {
    rules: SideRules;
    genesisHash: Hash;
    blocks: BlockStore;
    tree: StateTree;
    tip: StoredBlock | undefined;
    verifySignature: SignatureCheck;
  }) {
    this.rules = parts.rules;
    this.genesisHash = parts.genesisHash;
    this.#blocks = parts.blocks;
    this.#tree = parts.tree;
    this.#tip = parts.tip;
    this.#verifySignature = parts.verifySignature;
    this.#mempool = new SideMempool({ tip: parts.tree.final, verifySignature: parts.verifySignature });
  }

  /**
   * Opens a chain from its store. `onReplayed` sees every replayed block, for indexes and for progress.
   * @throws BystackError BLOCK_LOG_DAMAGED, STATE_MISMATCH, FEATURE_OFF, VAULT_KEYS
   */
  static async open(options: SideChainOptions, onReplayed?: (block: FinalBlock) => Promise<void>): Promise<SideChain> {
    const rules = options.snapshot?.state.rules ?? createSideRules(options.spec, options.mainSpec);
    const genesis = sideGenesis(options.spec);
    const verifySignature = createCachedSignatureCheck(options.verify ?? verifyStrictS);
    const start = options.snapshot?.state ?? createGenesisState(rules, options.utxoBase);
    const startHeight = start.position.height;
    const startBlock = startHeight === 0 ? undefined : await options.blocks.read(startHeight);
    if (startHeight > 0 && startBlock === undefined)
      throw chainSideError("BLOCK_LOG_DAMAGED", {
        why: `the snapshot is of height ${startHeight}, the log has no such block`,
      });
    const tree = new StateTree({ finalHash: startBlock?.block.hash ?? genesis.hash, final: start, verifySignature });
    let tip = startBlock;
    for await (const stored of options.blocks.iterate(startHeight + 1)) {
      const { block } = stored;
      if (bytesToHex(block.header.parentHash) !== tree.finalHash)
        throw chainSideError("BLOCK_LOG_DAMAGED", {
          why: `block ${block.header.height} does not follow its predecessor`,
        });
      const result = tree.execute(block, "assumed");
      if (!result.ok)
        throw chainSideError("STATE_MISMATCH", {
          why: `block ${block.header.height}: ${result.code} (${result.where})`,
        });
      tree.settle(result.executed);
      tip = stored;
      await onReplayed?.({ block, summary: result.executed.summary, state: result.executed.state });
    }
    return new SideChain({ rules, genesisHash: genesis.hash, blocks: options.blocks, tree, tip, verifySignature });
  }

  get final(): SideState {
    return this.#tree.final;
  }

  /** The newest final block; undefined at genesis. */
  get tip(): StoredBlock | undefined {
    return this.#tip;
  }

  get height(): number {
    return this.#tree.final.position.height;
  }

  get mempool(): SideMempool {
    return this.#mempool;
  }

  get blocks(): BlockStore {
    return this.#blocks;
  }

  stateOf(hash: Hash): SideState | undefined {
    return this.#tree.stateOf(hash);
  }

  submit(raw: Uint8Array): SubmitVerdict {
    return this.#mempool.submit(raw);
  }

  execute(block: SideBlock, verdicts: PowVerdicts): ExecuteResult {
    return this.#tree.execute(block, verdicts);
  }

  /**
   * Fills a block on top of a parent that is final or was executed: the coinbase that is due, the headers transaction, then
   * the mempool. `gasMax`: what the committee can check in time, undefined while that is not known; `halvings`: how often to
   * halve the fill, after own blocks that got no certificate. One transaction of any size always fits.
   */
  build(request: {
    parentHash: Hash;
    view: number;
    gasMax: number | undefined;
    halvings: number;
    headers: Uint8Array | undefined;
    verdicts: PowVerdicts;
  }): BuiltContent | undefined {
    const parent = this.#tree.stateOf(request.parentHash);
    if (parent === undefined) return undefined;
    const { limits, gas } = this.rules.spec;
    const bytesMax = Math.floor(limits.blockBytesMax / 2 ** request.halvings);
    const gasMax = Math.floor(Math.min(gas.maxBlock, request.gasMax ?? gas.maxBlock) / 2 ** request.halvings);
    const builder = createBodyBuilder({
      parent,
      view: request.view,
      verdicts: request.verdicts,
      verifySignature: this.#verifySignature,
    });
    if (request.headers !== undefined) builder.add(request.headers);
    let bytes = request.headers?.length ?? 0;
    let gasUsed = 0;
    for (const waiting of this.#mempool.candidates()) {
      if (bytes + waiting.raw.length > bytesMax || gasUsed > gasMax) break;
      const result = builder.add(waiting.raw);
      if (!result.ok) continue;
      bytes += waiting.raw.length;
      gasUsed += result.effect.gasUsed;
    }
    const body = builder.finish();
    return {
      batches: [body.batch],
      transactionCount: body.transactionCount,
      transactionRoot: body.transactionRoot,
      parentStateRoot: parent.root(),
    };
  }

  /**
   * Makes blocks final, ascending: on disk first, then in the indexes, and only then in the state that anybody reads, so
   * that nothing is ever told that a crash could take back. One batch at a time. Blocks that came certified from peers are
   * executed here for the first time; one that fails contradicts its certificate.
   * @throws BystackError CERTIFICATE_CONTRADICTION, or what the disk refused
   */
  finalise(
    blocks: readonly SideBlock[],
    certificate: Certificate,
    index?: (block: FinalBlock) => Promise<void>,
  ): Promise<FinalBlock[]> {
    const run = this.#finalising.then(() => this.#finaliseNext({ blocks, certificate, index }));
    // The caller ends the node on a failure; the queue itself must not stay rejected unheard.
    this.#finalising = run.catch(() => {});
    return run;
  }

  async #finaliseNext(batch: {
    blocks: readonly SideBlock[];
    certificate: Certificate;
    index: ((block: FinalBlock) => Promise<void>) | undefined;
  }): Promise<FinalBlock[]> {
    const fresh = batch.blocks.filter((block) => block.header.height > this.height);
    const executed = this.#executeInOrder(fresh);
    await this.#blocks.append(fresh, batch.certificate);
    const final = executed.map(({ block, summary, state }): FinalBlock => ({ block, summary, state }));
    for (const entry of final) await batch.index?.(entry);
    for (const entry of executed) this.#tree.settle(entry);
    const last = fresh.at(-1);
    if (last !== undefined) {
      this.#tip = { block: last, certificate: batch.certificate };
      this.#mempool.advance(this.#tree.final);
    }
    return final;
  }

  #executeInOrder(blocks: readonly SideBlock[]): Executed[] {
    let parent = this.#tree.finalHash;
    return blocks.map((block) => {
      if (bytesToHex(block.header.parentHash) !== parent) {
        throw chainSideError("CERTIFICATE_CONTRADICTION", {
          why: `final block ${block.header.height} does not follow final block ${this.height}`,
        });
      }
      parent = bytesToHex(block.hash);
      return this.#executedOf(block);
    });
  }

  #executedOf(block: SideBlock): Executed {
    const known = this.#tree.executed(block.hash);
    if (known !== undefined) return known;
    const result = this.#tree.execute(block, "assumed");
    if (result.ok) return result.executed;
    throw chainSideError("CERTIFICATE_CONTRADICTION", {
      why: `block ${block.header.height}: ${result.code} (${result.where})`,
    });
  }

  /** Whether a block's parent is known here as final or executed. */
  knowsParentOf(block: SideBlock): boolean {
    return (
      this.#tree.stateOf(block.header.parentHash) !== undefined || equalBytes(block.header.parentHash, this.genesisHash)
    );
  }
}
