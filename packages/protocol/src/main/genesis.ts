// The genesis block of a main chain, built from its spec (spec/bytom.md section 24). Nobody mines or validates it: it is
// the agreed first block, and its hash is what peers compare.

import { type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { BTM_ASSET_ID, ZERO_HASH } from "../entry.ts";
import { INITIAL_SEED, workOfBits } from "../pow.ts";
import type { MainChainSpec } from "../spec/main.ts";
import { type MainBlock, mainBlockHash, statusRoot, transactionsRoot } from "./block.ts";
import { mapMainTransaction } from "./entries.ts";
import { createMainTransaction } from "./transaction.ts";

/** The genesis block. Its coinbase has one output on the Bytom networks and any number on a dev chain. */
export function mainGenesisBlock(spec: MainChainSpec): MainBlock {
  const { genesis } = spec;
  const transaction = createMainTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "coinbase", arbitrary: utf8ToBytes(genesis.arbitrary) }],
    outputs: genesis.outputs.map(({ program, amountNeu }) => ({
      kind: "output",
      assetId: BTM_ASSET_ID,
      amount: amountNeu,
      program,
    })),
  });
  const header = {
    version: 1n,
    height: 0n,
    previousHash: ZERO_HASH,
    timestamp: BigInt(genesis.timeSeconds),
    transactionsRoot: transactionsRoot([mapMainTransaction(transaction).id]),
    statusRoot: statusRoot([false]),
    nonce: genesis.nonce,
    bits: genesis.bits,
  };
  return { header, transactions: [transaction] };
}

/** A point of the main chain from which headers can be followed: what a side chain's spec starts from. */
export type MainAnchor = {
  readonly height: number;
  readonly hash: Hash;
  readonly bits: bigint;
  /** Work of the chain up to and with this block. */
  readonly work: bigint;
  /** Timestamps of the last blocks, oldest first, this one last: at most eleven. */
  readonly timesSeconds: readonly number[];
  /** Timestamp of the block that opened this block's retarget period (the last one at a multiple of it). */
  readonly periodStartSeconds: number;
  /** The seed that this block's own proof of work used. */
  readonly seed: Hash;
};

/** The genesis block as an anchor. */
export function genesisAnchor(spec: MainChainSpec): MainAnchor {
  const { header } = mainGenesisBlock(spec);
  const { timeSeconds, bits } = spec.genesis;
  return {
    height: 0,
    hash: mainBlockHash(header),
    bits,
    work: workOfBits(bits),
    timesSeconds: [timeSeconds],
    periodStartSeconds: timeSeconds,
    seed: INITIAL_SEED,
  };
}
