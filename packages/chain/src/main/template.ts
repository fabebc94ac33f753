// Builds a candidate block (spec/bytom.md section 13.1): waiting transactions in order of arrival, judged for the new height
// and applied to a view, then the coinbase that takes subsidy and fees. Pure: time, pool and state come in; the result says
// which transactions can never be mined, so that the caller drops them. One transaction a step: the caller may pause between.

import type { MainLedgerRules } from "@bystack/ledger/main/rules";
import { type MainUtxoLookup, MainUtxoView } from "@bystack/ledger/main/utxo";
import { validateMainTransaction } from "@bystack/ledger/main/validate-transaction";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { type MainBlock, statusRoot, transactionsRoot } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { createMainTransaction, type MainTransaction } from "@bystack/protocol/main/transaction";
import { blockSubsidy } from "@bystack/protocol/pow";
import { concatBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import type { MainBlockNode, MainHeaderNeeds } from "./block-index.ts";
import type { MempoolEntry } from "./mempool.ts";
import type { ProgramRules } from "./verified-signatures.ts";

/** Longest text of its own that a miner may put into a coinbase: the arbitrary limit less height and marker. */
export const COINBASE_EXTRA_BYTES_MAX = 107;

export type TemplateInput = {
  readonly parent: MainBlockNode;
  readonly needs: MainHeaderNeeds;
  readonly rules: MainLedgerRules;
  readonly nowSeconds: bigint;
  /** Control program that receives subsidy and fees. */
  readonly program: Uint8Array;
  readonly extra?: Uint8Array;
  readonly lookup: MainUtxoLookup;
  /** For a caller that has verified the signatures before. */
  readonly vmRules?: ProgramRules;
};

export type MainTemplate = {
  /** Complete but for the nonce, which is 0. */
  readonly block: MainBlock;
  readonly seed: Hash;
  readonly statusFail: readonly boolean[];
  readonly feesNeu: bigint;
  readonly gasUsed: number;
  /** Ids of pool transactions that are invalid at this height or cannot be applied. */
  readonly rejected: readonly Hash[];
};

function coinbaseTransaction(input: TemplateInput, amount: bigint): MainTransaction {
  const height = input.parent.header.height + 1n;
  const extra = (input.extra ?? new Uint8Array(0)).subarray(0, COINBASE_EXTRA_BYTES_MAX);
  return createMainTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "coinbase", arbitrary: concatBytes(Uint8Array.of(0), utf8ToBytes(`${height}`), extra) }],
    outputs: [{ kind: "output", assetId: BTM_ASSET_ID, amount, program: input.program }],
  });
}

/** A candidate block in the making. */
export class MainTemplateBuilder {
  readonly #input: TemplateInput;
  readonly #height: bigint;
  readonly #view: MainUtxoView;
  readonly #transactions: MempoolEntry[] = [];
  readonly #statusFail: boolean[] = [];
  readonly #rejected: Hash[] = [];
  #feesNeu = 0n;
  #gasUsed = 0;

  constructor(input: TemplateInput) {
    this.#input = input;
    this.#height = input.parent.header.height + 1n;
    this.#view = new MainUtxoView(input.lookup, input.rules);
  }

  /** Takes one more waiting transaction, in order of arrival; false when the block is full. */
  add(entry: MempoolEntry): boolean {
    const { rules, vmRules } = this.#input;
    const { transaction, mapped } = entry;
    const context = { blockVersion: 1n, blockHeight: this.#height, isFirst: false, rules };
    const verdict = validateMainTransaction(transaction, { ...context, ...(vmRules && { vmRules }) }, mapped);
    const { gas, error } = verdict;
    if (!gas.gasValid) {
      this.#rejected.push(entry.id);
      return true;
    }
    if (this.#gasUsed + gas.gasUsed > rules.blockGasMax) return false;
    const fail = error !== undefined;
    const block = { height: this.#height, isFirst: false };
    if (this.#view.applyTransaction({ mapped, statusFail: fail }, block) !== undefined) {
      this.#rejected.push(entry.id);
      return true;
    }
    this.#transactions.push(entry);
    this.#statusFail.push(fail);
    this.#feesNeu += gas.btmValue;
    this.#gasUsed += gas.gasUsed;
    return true;
  }

  /** The candidate. Its time is now, or one second after the median when the clock is behind that. */
  finish(): MainTemplate {
    const { parent, needs, nowSeconds, rules } = this.#input;
    const coinbase = coinbaseTransaction(this.#input, blockSubsidy(this.#height, rules.subsidy) + this.#feesNeu);
    const ids = [mapMainTransaction(coinbase).id, ...this.#transactions.map(({ id }) => id)];
    const statuses = [false, ...this.#statusFail];
    const header = {
      version: 1n,
      height: this.#height,
      previousHash: parent.hash,
      timestamp: nowSeconds > needs.medianTime ? nowSeconds : needs.medianTime + 1n,
      transactionsRoot: transactionsRoot(ids),
      statusRoot: statusRoot(statuses),
      nonce: 0n,
      bits: needs.bits,
    };
    return {
      block: { header, transactions: [coinbase, ...this.#transactions.map(({ transaction }) => transaction)] },
      seed: needs.seed,
      statusFail: statuses,
      feesNeu: this.#feesNeu,
      gasUsed: this.#gasUsed,
      rejected: this.#rejected,
    };
  }
}

/** Builds the candidate from the waiting transactions, in order of arrival, in one go. */
export function buildMainTemplate(input: TemplateInput & { readonly entries: readonly MempoolEntry[] }): MainTemplate {
  const builder = new MainTemplateBuilder(input);
  for (const entry of input.entries) if (!builder.add(entry)) break;
  return builder.finish();
}
