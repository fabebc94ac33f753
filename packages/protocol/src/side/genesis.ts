// The genesis block of a side chain, built from its spec (sidechain.md section 2): height 0, epoch 0, view 0, no
// certificate. A pegged chain starts without a coin, so its one batch is empty; on any other chain the batch holds one
// coinbase with the genesis outputs.

import { concatBytes, type Hash, u64ToBytesLe } from "@bystack/utils/bytes";
import { BTM_ASSET_ID, ZERO_HASH } from "../entry.ts";
import { merkleRoot } from "../merkle.ts";
import type { SideChainSpec } from "../spec/side.ts";
import { chainIdOf } from "../spec.ts";
import { skipRoot } from "./certificate.ts";
import { mapSideTransaction } from "./entries.ts";
import { encodeSideBatch, hashSideHeader, type SideHeader, sideBodyRoot } from "./header.ts";
import { createSideTransaction, type SideTransaction } from "./transaction.ts";

export type SideGenesis = {
  readonly chainId: Hash;
  readonly header: SideHeader;
  readonly hash: Hash;
  /** The bytes of the one batch. */
  readonly batch: Uint8Array;
  /** The coinbase of a chain without a federation that has genesis outputs; else none. */
  readonly transactions: readonly SideTransaction[];
};

/** Coinbase data of a height: chainId and height, so that no two chains mint one output (federation.md section 10). */
export function coinbaseArbitrary(chainId: Hash, height: number): Uint8Array {
  return concatBytes(chainId, u64ToBytesLe(BigInt(height)));
}

function genesisTransactions(spec: SideChainSpec, chainId: Hash): SideTransaction[] {
  if (spec.genesis.outputs.length === 0) return [];
  const coinbase = createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "coinbase", arbitrary: coinbaseArbitrary(chainId, 0) }],
    outputs: spec.genesis.outputs.map(({ program, amountNeu }) => ({
      kind: "intra",
      assetId: BTM_ASSET_ID,
      amount: amountNeu,
      program,
    })),
  });
  return [coinbase];
}

/** Builds the genesis block. Its hash covers the whole spec through the chain id. */
export function sideGenesis(spec: SideChainSpec): SideGenesis {
  const chainId = chainIdOf(spec);
  const transactions = genesisTransactions(spec, chainId);
  const batch = encodeSideBatch(transactions.map((transaction) => transaction.raw));
  const header: SideHeader = {
    chainId,
    epoch: 0,
    view: 0,
    height: 0,
    parentHash: ZERO_HASH,
    parentView: 0,
    timestampMs: spec.genesis.timeMs,
    bodyRoot: sideBodyRoot([batch]),
    transactionCount: transactions.length,
    transactionRoot: merkleRoot(transactions.map((transaction) => mapSideTransaction(transaction).id)),
    parentStateRoot: ZERO_HASH,
    skipRoot: skipRoot([]),
    nextCommitteeRoot: ZERO_HASH,
  };
  return { chainId, header, hash: hashSideHeader(header), batch, transactions };
}
