// The chain inside the node: takes blocks and transactions, tells the event stream and the miner when the tip moves, and
// makes a failure of the store the end of the node (architecture.md section 8). Refusals are values, or typed errors for
// whoever submitted a transaction.

import type { NodeEvent } from "@bystack/api/node-routes";
import type { MainChainService, TemplateOptions } from "@bystack/chain/main/chain-service";
import type { KvMainChainStore } from "@bystack/chain/main/kv-store";
import type { MainRefusal, MainTipChange } from "@bystack/chain/main/main-chain";
import type { MainTemplate } from "@bystack/chain/main/template";
import { describeDecodeError } from "@bystack/protocol/errors";
import type { MainBlock } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { decodeMainTransaction, MAIN_RELAY_BYTES_MAX } from "@bystack/protocol/main/transaction";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Logger } from "@bystack/utils/ports";
import { nodeError } from "../errors.ts";
import { submitRefusal } from "./submit-errors.ts";

/** What failed without harm to the chain: the job may be tried again. */
const HARMLESS = ["CHAIN_BUSY", "WORK_UNAVAILABLE"];

export type ChainHostOptions = {
  readonly service: MainChainService;
  readonly store: KvMainChainStore;
  readonly nowMs: () => number;
  readonly logger: Logger;
  readonly publish: (event: NodeEvent) => void;
  /** The tip has moved. */
  readonly onTip: () => void;
  /** The node must end, for this reason. */
  readonly onFailure: (error: unknown) => void;
};

export class ChainHost {
  readonly service: MainChainService;
  readonly store: KvMainChainStore;
  readonly #options: ChainHostOptions;
  #reorganisations = 0;

  constructor(options: ChainHostOptions) {
    this.#options = options;
    this.service = options.service;
    this.store = options.store;
  }

  /** Since the start. */
  get reorganisations(): number {
    return this.#reorganisations;
  }

  async #guard<T>(job: Promise<T>): Promise<T> {
    try {
      return await job;
    } catch (error) {
      const code = error instanceof BystackError ? error.code : "";
      if (!HARMLESS.includes(code)) this.#options.onFailure(code === "CHAIN_STOPPED" ? (error as Error).cause : error);
      throw error;
    }
  }

  /** Processes a block; the refusal when it was not taken. */
  async accept(block: MainBlock): Promise<MainRefusal | undefined> {
    const result = await this.#guard(this.service.processBlock(block, this.#options.nowMs()));
    if (!result.ok) return result.error;
    if (result.value.change !== undefined) this.#announce(result.value.change);
    return undefined;
  }

  /** One event for each block that joined the main chain, upwards. */
  #announce({ detached, attached }: MainTipChange): void {
    const { logger, publish, onTip } = this.#options;
    const reorganised = detached.length > 0;
    if (reorganised) {
      this.#reorganisations += 1;
      logger.warn("the main chain was reorganised", { detached: detached.length, attached: attached.length });
    }
    for (const { node, applied } of attached) {
      const height = Number(node.header.height);
      logger.debug("block", { height, hash: node.key, transactions: applied.length });
      const transactions = applied.map(({ mapped }) => bytesToHex(mapped.id));
      publish({ type: "block", height, hash: node.key, transactions, reorganised });
    }
    onTip();
  }

  buildTemplate(options: TemplateOptions): Promise<MainTemplate> {
    return this.#guard(this.service.buildTemplate(options));
  }

  /**
   * Takes a signed transaction into the mempool. One that waits or stands in a block already is a success.
   * @throws BystackError TRANSACTION_REJECTED for bytes that are none, MEMPOOL_FULL, or the ledger's own code
   */
  async submit(raw: Uint8Array): Promise<{ id: Hash; known: boolean }> {
    const decoded = decodeMainTransaction(raw, { bytesMax: MAIN_RELAY_BYTES_MAX });
    if (!decoded.ok) throw nodeError("TRANSACTION_REJECTED", { why: describeDecodeError(decoded.error) });
    const mapped = mapMainTransaction(decoded.value);
    const { id, spentOutputIds } = mapped;
    if ((await this.store.index.transaction(id)) !== undefined) return { id, known: true };
    const verdict = await this.#guard(this.service.submitTransaction(decoded.value, this.#options.nowMs(), mapped));
    if (!verdict.ok) throw submitRefusal(verdict.error);
    if (verdict.value.status === "waiting") {
      // Success would be a promise that nobody keeps: the output may be spent, or never come.
      this.service.mempool.confirm(id);
      const spenders = await Promise.all(spentOutputIds.map((output) => this.store.index.spender(output)));
      throw submitRefusal(spenders.some((spender) => spender !== undefined) ? "UTXO_SPENT" : "UTXO_MISSING");
    }
    return { id, known: verdict.value.status === "known" };
  }
}
