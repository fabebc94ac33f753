// Builds a candidate block (spec/bytom.md section 13.1): waiting transactions in order of arrival, judged for the new height
// and applied to a view, then the coinbase that takes subsidy and fees. Pure: time, pool and state come in; the result says
// which transactions can never be mined, so that the caller drops them.

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
  /** In order of arrival. */
  readonly entries: readonly MempoolEntry[];
  readonly lookup: MainUtxoLookup;
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

type Selection = {
  readonly transactions: readonly MempoolEntry[];
  readonly statusFail: readonly boolean[];
  readonly rejected: readonly Hash[];
  readonly feesNeu: bigint;
  readonly gasUsed: number;
};

function selectTransactions(input: TemplateInput): Selection {
  const { rules } = input;
  const height = input.parent.header.height + 1n;
  const view = new MainUtxoView(input.lookup, rules);
  const transactions: MempoolEntry[] = [];
  const statusFail: boolean[] = [];
  const rejected: Hash[] = [];
  let feesNeu = 0n;
  let gasUsed = 0;
  for (const entry of input.entries) {
    const { transaction, mapped } = entry;
    const context = { blockVersion: 1n, blockHeight: height, isFirst: false, rules };
    const { gas, error } = validateMainTransaction(transaction, context, mapped);
    if (!gas.gasValid) {
      rejected.push(entry.id);
      continue;
    }
    if (gasUsed + gas.gasUsed > rules.blockGasMax) break;
    const fail = error !== undefined;
    if (view.applyTransaction({ mapped, statusFail: fail }, { height, isFirst: false }) !== undefined) {
      rejected.push(entry.id);
      continue;
    }
    transactions.push(entry);
    statusFail.push(fail);
    feesNeu += gas.btmValue;
    gasUsed += gas.gasUsed;
  }
  return { transactions, statusFail, rejected, feesNeu, gasUsed };
}

/** Builds the candidate. Its time is now, or one second after the median when the clock is behind that. */
export function buildMainTemplate(input: TemplateInput): MainTemplate {
  const { parent, needs, nowSeconds } = input;
  const { transactions, statusFail, rejected, feesNeu, gasUsed } = selectTransactions(input);
  const height = parent.header.height + 1n;
  const coinbase = coinbaseTransaction(input, blockSubsidy(height, input.rules.subsidy) + feesNeu);
  const ids = [mapMainTransaction(coinbase).id, ...transactions.map(({ id }) => id)];
  const statuses = [false, ...statusFail];
  const header = {
    version: 1n,
    height,
    previousHash: parent.hash,
    timestamp: nowSeconds > needs.medianTime ? nowSeconds : needs.medianTime + 1n,
    transactionsRoot: transactionsRoot(ids),
    statusRoot: statusRoot(statuses),
    nonce: 0n,
    bits: needs.bits,
  };
  return {
    block: { header, transactions: [coinbase, ...transactions.map(({ transaction }) => transaction)] },
    seed: needs.seed,
    statusFail: statuses,
    feesNeu,
    gasUsed,
    rejected,
  };
}
