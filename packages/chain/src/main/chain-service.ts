// Chain and mempool of one main-chain node, one job at a time: blocks, transactions and templates see a state that does not
// move under them. When the tip moves, the mempool follows: confirmed transactions leave, detached ones come back through
// ordinary validation. After a failure of the store nothing is accepted any more (architecture.md section 8, rule 3).

import { createdOutputs, spentOutputs } from "@bystack/ledger/main/utxo";
import type { MainBlock } from "@bystack/protocol/main/block";
import { type MappedMainTransaction, mapMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import { bytesToHex } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Result } from "@bystack/utils/result";
import { mainChainError } from "./errors.ts";
import {
  type MainBlockAccepted,
  MainChain,
  type MainChainOptions,
  type MainRefusal,
  type MainTipChange,
} from "./main-chain.ts";
import { MainMempool, MEMPOOL_LIMITS, type MempoolVerdict } from "./mempool.ts";
import { type MainTemplate, MainTemplateBuilder } from "./template.ts";

/** Jobs that may wait: more than a sync batch, far less than memory. */
export const CHAIN_JOBS_MAX = 1_024;

export type TemplateOptions = { readonly nowMs: number; readonly program: Uint8Array; readonly extra?: Uint8Array };

export class MainChainService {
  readonly chain: MainChain;
  readonly mempool: MainMempool;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #failure: unknown;

  private constructor(chain: MainChain) {
    this.chain = chain;
    this.mempool = new MainMempool(chain.rules, MEMPOOL_LIMITS, chain.vmRules);
  }

  /** @throws BystackError as {@link MainChain.open} */
  static async open(options: MainChainOptions): Promise<MainChainService> {
    return new MainChainService(await MainChain.open(options));
  }

  /** @throws BystackError CHAIN_BUSY, CHAIN_STOPPED */
  async #run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#waiting >= CHAIN_JOBS_MAX) throw mainChainError("CHAIN_BUSY");
    this.#waiting += 1;
    const guarded = async (): Promise<T> => {
      if (this.#failure !== undefined) throw mainChainError("CHAIN_STOPPED", { cause: this.#failure });
      try {
        return await job();
      } catch (error) {
        // Jobs answer refusals as values: any other throw comes from the store or is a broken invariant.
        if (!(error instanceof BystackError && error.code === "WORK_UNAVAILABLE")) this.#failure = error;
        throw error;
      } finally {
        this.#waiting -= 1;
      }
    };
    const result = this.#last.then(guarded, guarded);
    this.#last = result;
    return await result;
  }

  /** Processes a block and lets the mempool follow. `nowMs` is the wall clock. */
  processBlock(block: MainBlock, nowMs: number): Promise<Result<MainBlockAccepted, MainRefusal>> {
    return this.#run(async () => {
      const result = await this.chain.processBlock(block, nowMs);
      if (result.ok && result.value.change !== undefined) await this.#follow(result.value.change, nowMs);
      return result;
    });
  }

  /** Takes a transaction into the mempool. `mapped` saves the mapping when the caller has it. */
  submitTransaction(
    transaction: MainTransaction,
    nowMs: number,
    mapped = mapMainTransaction(transaction),
  ): Promise<MempoolVerdict> {
    return this.#run(() => this.#submit(transaction, mapped, nowMs));
  }

  /** Builds a candidate block on the tip; transactions that can never be mined leave the pool. */
  buildTemplate(options: TemplateOptions): Promise<MainTemplate> {
    return this.#run(async () => {
      const { chain, mempool } = this;
      const entries = mempool.entries();
      const lookup = await chain.prefetch(entries.flatMap(({ mapped }) => mapped.spentOutputIds));
      const builder = new MainTemplateBuilder({
        parent: chain.tip,
        needs: chain.needsOf(chain.tip),
        rules: chain.rules,
        nowSeconds: BigInt(Math.floor(options.nowMs / 1000)),
        program: options.program,
        ...(options.extra === undefined ? {} : { extra: options.extra }),
        lookup,
        vmRules: chain.vmRules,
      });
      for (const entry of entries) {
        if (!builder.add(entry)) break;
        await chain.pause();
      }
      const template = builder.finish();
      for (const id of template.rejected) mempool.drop(id);
      return template;
    });
  }

  /** Forgets orphans that waited too long; call it every few minutes. */
  sweep(nowMs: number): void {
    this.chain.sweep(nowMs);
    this.mempool.sweep(nowMs);
  }

  async #submit(transaction: MainTransaction, mapped: MappedMainTransaction, nowMs: number): Promise<MempoolVerdict> {
    const verdict = await this.#judge(transaction, mapped, nowMs);
    // What waited for this transaction's outputs, and for theirs in turn.
    const added = verdict.ok && verdict.value.status === "added" ? [mapped] : [];
    for (let next = added.pop(); next !== undefined; next = added.pop()) {
      for (const orphan of this.mempool.takeOrphansOf(next.resultIds)) {
        const released = await this.#judge(orphan.transaction, orphan.mapped, nowMs);
        if (released.ok && released.value.status === "added") added.push(orphan.mapped);
      }
    }
    return verdict;
  }

  async #judge(transaction: MainTransaction, mapped: MappedMainTransaction, nowMs: number): Promise<MempoolVerdict> {
    const lookup = await this.chain.prefetch(mapped.spentOutputIds);
    return this.mempool.submit(transaction, { tip: this.chain.tip.header, nowMs, lookup }, mapped);
  }

  async #follow({ detached, attached }: MainTipChange, nowMs: number): Promise<void> {
    const { mempool } = this;
    const confirmed = new Set<string>();
    for (const { applied } of attached) {
      for (const item of applied) {
        confirmed.add(bytesToHex(item.mapped.id));
        mempool.confirm(item.mapped.id);
        mempool.dropSpendersOf(spentOutputs(item));
        await this.chain.pause();
      }
    }
    mempool.dropExpired(this.chain.tip.header.height + 1n);
    // After a reorganisation the detached transactions go first, oldest before newest, and all that waited behind them:
    // the order of arrival has to be an order in which they can be mined.
    const waiting = detached.length === 0 ? [] : mempool.takeAll();
    for (const { block, applied } of detached.toReversed()) {
      for (const [index, transaction] of block.transactions.entries()) {
        const mapped = applied[index]?.mapped;
        const isCoinbase = transaction.inputs.some(({ kind }) => kind === "coinbase");
        if (mapped === undefined || isCoinbase || confirmed.has(bytesToHex(mapped.id))) continue;
        await this.#submit(transaction, mapped, nowMs);
      }
    }
    for (const { transaction, mapped } of waiting) await this.#submit(transaction, mapped, nowMs);
    const created = attached.flatMap(({ applied }) => applied.flatMap(createdOutputs));
    for (const orphan of mempool.takeOrphansOf(created)) await this.#submit(orphan.transaction, orphan.mapped, nowMs);
  }
}
