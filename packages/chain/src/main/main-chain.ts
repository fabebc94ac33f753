// Main-chain block processing (spec/bytom.md section 11): known blocks, orphans, validation, storing, fork choice and
// reorganisation. Deterministic: time and the verdict on proofs of work come in. One block at a time: the caller
// (chain-service.ts) keeps calls from overlapping. A block is stored before it is connected, so one that cannot be connected
// stays in the index as a side branch, as in the reference.

import type { MainBlockErrorCode, MainUtxoErrorCode } from "@bystack/ledger/main/errors";
import { type MainLedgerRules, mainLedgerRulesOf } from "@bystack/ledger/main/rules";
import { type AppliedMainTransaction, type MainUtxo, MainUtxoView, referencedOutputs } from "@bystack/ledger/main/utxo";
import { validateMainBody, validateMainHeader } from "@bystack/ledger/main/validate-block";
import { type MainBlock, mainBlockHash } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { mainGenesisBlock } from "@bystack/protocol/main/genesis";
import type { RetargetRules } from "@bystack/protocol/pow";
import { type MainChainSpec, retargetRulesOf } from "@bystack/protocol/spec/main";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { createMainBlockNode, headerNeeds, MainBlockIndex, type MainBlockNode } from "./block-index.ts";
import { mainChainError } from "./errors.ts";
import { branchChange, isBetterBranch } from "./fork-choice.ts";
import { OrphanBlocks } from "./orphan-blocks.ts";
import { NEVER_PAUSE, type Pause } from "./pause.ts";
import type { FreshMainBlock, MainChainStore, MainTipCommit } from "./store.ts";
import { type ProgramRules, rememberSignatures } from "./verified-signatures.ts";

/**
 * The verdict on a proof of work: does the Tensority hash of this header under this seed reach these bits? A rejection says
 * that nobody could tell; the block is then undecided.
 */
export type WorkCheck = (work: { readonly hash: Hash; readonly seed: Hash; readonly bits: bigint }) => Promise<boolean>;

export type MainChainOptions = {
  readonly spec: MainChainSpec;
  readonly store: MainChainStore;
  readonly checkWork: WorkCheck;
  /** Awaited between the steps of long work; by default there is no pause. */
  readonly pause?: Pause;
};

/** A block on its way into or out of the main chain. */
export type ConnectedMainBlock = {
  readonly node: MainBlockNode;
  readonly block: MainBlock;
  readonly applied: readonly AppliedMainTransaction[];
};

/** How the main chain changed: `detached` from the old tip down, `attached` upwards. */
export type MainTipChange = {
  readonly detached: readonly ConnectedMainBlock[];
  readonly attached: readonly ConnectedMainBlock[];
};

export type MainRefusal = {
  readonly code: MainBlockErrorCode | MainUtxoErrorCode;
  /** Index of the transaction that is to blame, when one alone is. */
  readonly transaction?: number;
};

/** `orphan`: the block waits for its parent. `change` is there when the tip moved. */
export type MainBlockAccepted = { readonly orphan: boolean; readonly known: boolean; readonly change?: MainTipChange };

/** Outputs looked up between two pauses. */
const PREFETCH_CHUNK = 512;

/** Blocks that passed validation in one call, by key, not yet written. */
type Accepted = Map<string, ConnectedMainBlock>;

export class MainChain {
  readonly rules: MainLedgerRules;
  readonly index: MainBlockIndex;
  /** How programs run, with a memory of valid signatures: for everybody who judges transactions of this chain. */
  readonly vmRules: ProgramRules = rememberSignatures();
  readonly pause: Pause;
  readonly #retarget: RetargetRules;
  readonly #store: MainChainStore;
  readonly #checkWork: WorkCheck;
  readonly #orphans = new OrphanBlocks();

  private constructor(options: MainChainOptions, index: MainBlockIndex) {
    this.rules = mainLedgerRulesOf(options.spec);
    this.#retarget = retargetRulesOf(options.spec);
    this.#store = options.store;
    this.#checkWork = options.checkWork;
    this.pause = options.pause ?? NEVER_PAUSE;
    this.index = index;
  }

  /**
   * Opens a chain: founds it in an empty store, or reads the headers up to the stored tip.
   * @throws BystackError FOREIGN_GENESIS, STORE_INCONSISTENT
   */
  static async open(options: MainChainOptions): Promise<MainChain> {
    const genesisBlock = mainGenesisBlock(options.spec);
    const genesis = createMainBlockNode(genesisBlock.header, undefined);
    const chain = new MainChain(options, new MainBlockIndex(genesis));
    const best = await options.store.best();
    if (best === undefined) await chain.#found(genesis, genesisBlock);
    else await chain.#load(best);
    return chain;
  }

  get tip(): MainBlockNode {
    return this.index.tip;
  }

  get orphanCount(): number {
    return this.#orphans.size;
  }

  /** What the child of a block has to carry: bits, earliest time and seed. */
  needsOf(parent: MainBlockNode): ReturnType<typeof headerNeeds> {
    return headerNeeds(parent, this.#retarget);
  }

  /** The genesis outputs enter the state like those of any block. */
  async #found(node: MainBlockNode, block: MainBlock): Promise<void> {
    const applied = block.transactions.map((item) => ({ mapped: mapMainTransaction(item), statusFail: false }));
    const view = new MainUtxoView(() => undefined, this.rules);
    view.applyBlock(0n, applied);
    await this.#store.commit({
      blocks: [{ hash: node.hash, block, statusFail: applied.map(() => false) }],
      tip: { tip: node.hash, height: 0n, fromHeight: 0n, attached: [node.hash], utxos: view.changes() },
    });
  }

  async #load(best: { readonly hash: Hash; readonly height: bigint }): Promise<void> {
    for await (const { hash, header } of this.#store.headers(best.height)) {
      const parent = this.index.get(header.previousHash);
      const isGenesis = header.height === 0n;
      if (isGenesis && !equalBytes(hash, this.tip.hash)) throw mainChainError("FOREIGN_GENESIS");
      if (isGenesis) continue;
      if (parent === undefined) {
        throw mainChainError("STORE_INCONSISTENT", { why: `the parent of ${bytesToHex(hash)} is missing` });
      }
      this.index.add(createMainBlockNode(header, parent));
    }
    const tip = this.index.get(best.hash);
    if (tip === undefined) throw mainChainError("STORE_INCONSISTENT", { why: "the header of the tip is missing" });
    this.index.setTip(tip);
  }

  /** Forgets orphans that waited too long. */
  sweep(nowMs: number): void {
    this.#orphans.sweep(nowMs);
  }

  /**
   * Processes one block. A refusal is a value. @throws BystackError WORK_UNAVAILABLE, with nothing changed; any other
   * rejection means that the store failed, and nothing may follow.
   */
  async processBlock(block: MainBlock, nowMs: number): Promise<Result<MainBlockAccepted, MainRefusal>> {
    const hash = mainBlockHash(block.header);
    const key = bytesToHex(hash);
    if (this.index.get(hash) !== undefined) return ok({ orphan: false, known: true });
    if (this.#orphans.has(key)) return ok({ orphan: true, known: true });
    const parent = this.index.get(block.header.previousHash);
    if (parent === undefined) {
      this.#orphans.add(key, block, nowMs);
      return ok({ orphan: true, known: false });
    }
    const accepted: Accepted = new Map();
    const first = await this.#validate(block, parent, nowMs);
    if (!first.ok) return first;
    accepted.set(key, first.value);
    const candidate = await this.#adoptOrphans(first.value.node, accepted, nowMs);
    await this.pause();
    const connected = await this.#connect(candidate, accepted);
    await this.pause();
    await this.#commit(accepted, connected.ok ? connected.value?.commit : undefined);
    if (!connected.ok) return connected;
    const change = connected.value?.change;
    return ok({ orphan: false, known: false, ...(change === undefined ? {} : { change }) });
  }

  async #validate(
    block: MainBlock,
    parent: MainBlockNode,
    nowMs: number,
  ): Promise<Result<ConnectedMainBlock, MainRefusal>> {
    const needs = this.needsOf(parent);
    // Cheap rules first, the slow proof of work next, programs last: nobody makes us run programs for free.
    const code = validateMainHeader(block.header, {
      parentHash: parent.hash,
      parentHeight: parent.header.height,
      requiredBits: needs.bits,
      medianTime: needs.medianTime,
      nowSeconds: BigInt(Math.floor(nowMs / 1000)),
      futureSecondsMax: this.rules.futureSecondsMax,
      proofOfWork: "assume-valid",
    });
    if (code !== undefined) return err({ code });
    const node = createMainBlockNode(block.header, parent);
    const work = { hash: node.hash, seed: needs.seed, bits: block.header.bits };
    if (!(await this.#isProven(work))) return err({ code: "errWorkProof" });
    await this.pause();
    const body = validateMainBody(block, this.rules, this.vmRules);
    if (!body.ok) return body;
    const { transactions, statusFail } = body.value;
    const applied = transactions.map((mapped, index) => ({ mapped, statusFail: statusFail[index] === true }));
    return ok({ node, block, applied });
  }

  async #isProven(work: Parameters<WorkCheck>[0]): Promise<boolean> {
    try {
      return await this.#checkWork(work);
    } catch (cause) {
      throw mainChainError("WORK_UNAVAILABLE", { cause });
    }
  }

  /**
   * Validates the orphans that waited for a block, and theirs; the highest descendant comes back, the first found among
   * equals. An orphan that turns out invalid is forgotten.
   */
  async #adoptOrphans(node: MainBlockNode, accepted: Accepted, nowMs: number): Promise<MainBlockNode> {
    let best = node;
    for (const { key, block } of this.#orphans.childrenOf(node.hash)) {
      this.#orphans.delete(key);
      const validated = await this.#validate(block, node, nowMs);
      if (!validated.ok) continue;
      accepted.set(key, validated.value);
      const descendant = await this.#adoptOrphans(validated.value.node, accepted, nowMs);
      if (descendant.header.height > best.header.height) best = descendant;
    }
    return best;
  }

  /** Moves the state to a candidate if it wins; undefined when it does not. */
  async #connect(
    candidate: MainBlockNode,
    accepted: Accepted,
  ): Promise<Result<{ change: MainTipChange; commit: MainTipCommit } | undefined, MainRefusal>> {
    const { tip } = this;
    if (candidate.parent !== tip && !isBetterBranch(candidate, tip)) return ok(undefined);
    const { detach, attach } = branchChange(tip, candidate);
    const detached = await this.#loadAll(detach, accepted);
    const attached = await this.#loadAll(attach, accepted);
    const view = await this.#viewOf([...detached, ...attached].flatMap(({ applied }) => applied));
    for (const { applied } of detached) {
      const code = view.detachBlock(applied);
      if (code !== undefined) return err({ code });
    }
    for (const { node, applied } of attached) {
      const code = view.applyBlock(node.header.height, applied);
      if (code !== undefined) return err({ code });
    }
    const { height } = candidate.header;
    const commit: MainTipCommit = {
      tip: candidate.hash,
      height,
      fromHeight: height - BigInt(attach.length) + 1n,
      attached: attach.map(({ hash }) => hash),
      utxos: view.changes(),
    };
    return ok({ change: { detached, attached }, commit });
  }

  async #loadAll(nodes: readonly MainBlockNode[], accepted: Accepted): Promise<ConnectedMainBlock[]> {
    const blocks: ConnectedMainBlock[] = [];
    for (const node of nodes) blocks.push(accepted.get(node.key) ?? (await this.#loadBlock(node)));
    return blocks;
  }

  async #loadBlock(node: MainBlockNode): Promise<ConnectedMainBlock> {
    const stored = await this.#store.block(node.hash);
    if (stored === undefined) throw mainChainError("STORE_INCONSISTENT", { why: `block ${node.key} is missing` });
    const { block, statusFail } = stored;
    const applied = block.transactions.map((item, index) => ({
      mapped: mapMainTransaction(item),
      statusFail: statusFail[index] === true,
    }));
    return { node, block, applied };
  }

  /** A view with everything that applying or undoing these transactions will ask for. */
  async #viewOf(transactions: readonly AppliedMainTransaction[]): Promise<MainUtxoView> {
    return new MainUtxoView(await this.prefetch(referencedOutputs(transactions)), this.rules);
  }

  /** A lookup over the stored outputs with these ids, as the ledger wants it: synchronous. */
  async prefetch(ids: readonly Hash[]): Promise<(id: Hash) => MainUtxo | undefined> {
    const entries = new Map<string, MainUtxo | undefined>();
    for (let from = 0; from < ids.length; from += PREFETCH_CHUNK) {
      const chunk = ids.slice(from, from + PREFETCH_CHUNK);
      const found = await this.#store.utxos(chunk);
      chunk.forEach((id, index) => {
        entries.set(bytesToHex(id), found[index]);
      });
      await this.pause();
    }
    return (id) => entries.get(bytesToHex(id));
  }

  async #commit(accepted: Accepted, tip: MainTipCommit | undefined): Promise<void> {
    const blocks: FreshMainBlock[] = Array.from(accepted.values(), ({ node, block, applied }) => ({
      hash: node.hash,
      block,
      statusFail: applied.map(({ statusFail }) => statusFail),
      mapped: applied.map(({ mapped }) => mapped),
    }));
    await this.#store.commit({ blocks, ...(tip === undefined ? {} : { tip }) });
    // Only what is written is known: a crash before this line leaves the same state on disk and in memory.
    for (const { node } of accepted.values()) this.index.add(node);
    const next = tip === undefined ? undefined : this.index.get(tip.tip);
    if (next !== undefined) this.index.setTip(next);
  }
}
