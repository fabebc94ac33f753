// What the API shows of the main chain: blocks, outputs and transactions in the shapes of the route table.

import type { UnspentOutput } from "@bystack/chain/index/main-index";
import type { StoredMainBlock } from "@bystack/chain/main/store";
import type { MainLedgerRules } from "@bystack/ledger/main/rules";
import { addressOfProgram } from "@bystack/protocol/address";
import { encodeMainBlock, encodeMainHeader, statusItem } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { merklePath } from "@bystack/protocol/merkle";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

/** An unspent output; a coinbase output says from which height on it may be spent. */
export function viewOutput(output: UnspentOutput, options: { prefix: string; rules: MainLedgerRules }) {
  const { prefix, rules } = options;
  const maturity = output.height === 0 ? rules.genesisMaturity : rules.coinbaseMaturity;
  return {
    id: bytesToHex(output.id),
    asset: bytesToHex(output.assetId),
    amount: output.amount.toString(),
    program: bytesToHex(output.program),
    address: addressOfProgram(output.program, prefix)?.text ?? null,
    sourceId: bytesToHex(output.sourceId),
    sourcePosition: output.sourcePosition,
    height: output.height,
    kind: output.coinbase ? ("coinbase" as const) : ("normal" as const),
    spendableFrom: output.coinbase ? output.height + Number(maturity) : output.height,
  };
}

/** `known`: ids that need not be made anew, by position. */
export function viewBlock(
  { hash, block, statusFail }: StoredMainBlock,
  onMainChain: boolean,
  known: ReadonlyMap<number, Hash>,
) {
  const { header, transactions } = block;
  return {
    hash: bytesToHex(hash),
    height: Number(header.height),
    previous: bytesToHex(header.previousHash),
    timestampMs: Number(header.timestamp) * 1000,
    transactions: transactions.map((item, i) => bytesToHex(known.get(i) ?? mapMainTransaction(item).id)),
    final: onMainChain,
    statusFail: statusFail.flatMap((fail, position) => (fail ? [position] : [])),
    raw: bytesToHex(encodeMainBlock(block)),
  };
}

/** Paths of a transaction and of its status to the roots in the header; both trees have the same shape. */
export function viewProof({ block, statusFail }: StoredMainBlock, position: number) {
  const ids = block.transactions.map((item) => mapMainTransaction(item).id);
  const transactions = merklePath(ids, position);
  const statuses = merklePath(statusFail.map(statusItem), position);
  return {
    header: bytesToHex(encodeMainHeader(block.header)),
    height: Number(block.header.height),
    position,
    directions: transactions.siblings.map((_, i) => (((transactions.directions[i >> 3] ?? 0) >> (i & 7)) & 1) === 1),
    transactionSiblings: transactions.siblings.map(bytesToHex),
    statusSiblings: statuses.siblings.map(bytesToHex),
    gasOnly: statusFail[position] === true,
  };
}
