// A tiny main chain for tests: a tree of blocks with real headers, ids and Merkle roots, outputs per branch, and a miner
// who decides which asset transactions are gas-only. Proof of work is assumed: the ledger gets its verdicts as arguments.

import assert from "node:assert/strict";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import {
  type MainBlock,
  type MainHeader,
  mainBlockHash,
  statusRoot,
  transactionsRoot,
} from "@bystack/protocol/main/block";
import { type MappedMainTransaction, mapMainTransaction } from "@bystack/protocol/main/entries";
import { mainGenesisBlock } from "@bystack/protocol/main/genesis";
import { createMainTransaction, type MainOutput, type MainTransaction } from "@bystack/protocol/main/transaction";
import { isRetargetParent, nextBits, type RetargetRules } from "@bystack/protocol/pow";
import { type MainChainSpec, retargetRulesOf } from "@bystack/protocol/spec/main";
import { bytesToHex, equalBytes, type Hash, u64ToBytesLe } from "@bystack/utils/bytes";

export type MainNode = {
  readonly block: MainBlock;
  readonly hash: Hash;
  readonly height: number;
  readonly parent: MainNode | undefined;
  readonly mapped: readonly MappedMainTransaction[];
  readonly statusFail: readonly boolean[];
  /** Unspent outputs of this branch: output id → asset. */
  readonly utxos: ReadonlySet<string>;
};

export type Mined = { readonly transaction: MainTransaction; readonly fail?: boolean };

const isBtm = (assetId: Hash): boolean => equalBytes(assetId, BTM_ASSET_ID);

export class MainSim {
  tip: MainNode;
  readonly genesis: MainNode;
  /** Between a block and its child. */
  spacingSeconds = 2n;
  readonly #retarget: RetargetRules;
  #nonce = 0n;

  constructor(spec: MainChainSpec) {
    this.#retarget = retargetRulesOf(spec);
    const block = mainGenesisBlock(spec);
    const mapped = block.transactions.map((transaction) => mapMainTransaction(transaction));
    const hash = mainBlockHash(block.header);
    const utxos = new Set<string>();
    this.genesis = { block, hash, height: 0, parent: undefined, mapped, statusFail: [false], utxos };
    this.tip = this.genesis;
  }

  unique(): bigint {
    this.#nonce += 1n;
    return this.#nonce;
  }

  /** A transaction out of nothing the ledger cares about: its input's source is a fresh id. */
  deposit(outputs: readonly MainOutput[]): MainTransaction {
    const sourceId = new Uint8Array(32);
    sourceId.set(u64ToBytesLe(this.unique()));
    const input = { kind: "spend", sourceId, assetId: BTM_ASSET_ID, amount: 1n, sourcePosition: 0n } as const;
    return createMainTransaction({
      version: 1n,
      timeRange: 0n,
      inputs: [{ ...input, program: Uint8Array.of(0x51), arguments: [] }],
      outputs,
    });
  }

  /** True when all inputs that would move exist unspent on this branch (a deposit's faucet input always does). */
  canMine(transaction: MainTransaction, on: MainNode = this.tip): boolean {
    const mapped = mapMainTransaction(transaction);
    return mapped.sources.every(
      (source) =>
        source.kind !== "spend" ||
        this.#isFaucet(source.input.program) ||
        on.utxos.has(bytesToHex(source.spentOutputId)),
    );
  }

  #isFaucet(program: Uint8Array): boolean {
    return program.length === 1;
  }

  /** Mines a block with these transactions behind a coinbase. The new block becomes the tip unless told otherwise. */
  mine(transactions: readonly Mined[] = [], parent: MainNode = this.tip): MainNode {
    const coinbase = createMainTransaction({
      version: 1n,
      timeRange: 0n,
      inputs: [{ kind: "coinbase", arbitrary: u64ToBytesLe(this.unique()) }],
      outputs: [{ kind: "output", assetId: BTM_ASSET_ID, amount: 1n, program: Uint8Array.of(0x51) }],
    });
    const all = [{ transaction: coinbase, fail: false }, ...transactions];
    const mapped = all.map(({ transaction }) => mapMainTransaction(transaction));
    const statusFail = all.map(({ fail }) => fail === true);
    const utxos = new Set(parent.utxos);
    mapped.forEach((entry, i) => {
      const fail = statusFail[i] === true;
      for (const source of entry.sources) {
        if (source.kind !== "spend" || (fail && !isBtm(source.value.assetId))) continue;
        if (this.#isFaucet(source.input.program)) continue;
        assert.ok(utxos.delete(bytesToHex(source.spentOutputId)), "the miner only takes transactions that are valid");
      }
      for (const result of entry.results) {
        if (result.kind === "output" && (!fail || isBtm(result.value.assetId))) utxos.add(bytesToHex(result.id));
      }
    });
    const header: MainHeader = {
      version: 1n,
      height: BigInt(parent.height + 1),
      previousHash: parent.hash,
      timestamp: parent.block.header.timestamp + this.spacingSeconds,
      transactionsRoot: transactionsRoot(mapped.map((entry) => entry.id)),
      statusRoot: statusRoot(statusFail),
      nonce: this.unique(),
      bits: this.#nextBits(parent),
    };
    const block = { header, transactions: all.map(({ transaction }) => transaction) };
    const hash = mainBlockHash(header);
    const node = { block, hash, height: parent.height + 1, parent, mapped, statusFail, utxos };
    if (node.height > this.tip.height) this.tip = node;
    return node;
  }

  #nextBits(parent: MainNode): bigint {
    const { header } = parent.block;
    if (!isRetargetParent(header.height, this.#retarget)) return header.bits;
    let start = parent;
    for (let i = 0n; i < this.#retarget.blocksPerRetarget; i += 1n) start = start.parent ?? start;
    return nextBits(header, start.block.header.timestamp, this.#retarget);
  }

  mineEmpty(count: number): void {
    for (let i = 0; i < count; i += 1) this.mine();
  }

  /** Replaces the last `depth` blocks by `depth + 1` others; the first of them hold these transactions. */
  reorganise(depth: number, bodies: readonly (readonly Mined[])[] = []): void {
    let node = this.ancestor(depth);
    for (let i = 0; i <= depth; i += 1) node = this.mine(bodies[i] ?? [], node);
    this.tip = node;
  }

  ancestor(depth: number): MainNode {
    let node = this.tip;
    for (let i = 0; i < depth; i += 1) node = node.parent ?? node;
    return node;
  }

  /** Where a transaction is on the best chain. */
  find(transactionId: Hash): { readonly node: MainNode; readonly index: number } | undefined {
    for (let node: MainNode | undefined = this.tip; node !== undefined; node = node.parent) {
      const index = node.mapped.findIndex((entry) => equalBytes(entry.id, transactionId));
      if (index >= 0) return { node, index };
    }
    return undefined;
  }

  confirmations(node: MainNode): number {
    return this.tip.height - node.height + 1;
  }

  /** Headers above the highest one that is known, oldest first. */
  headersAfter(isKnown: (hash: Hash) => boolean): MainHeader[] {
    const headers: MainHeader[] = [];
    for (let node: MainNode | undefined = this.tip; node !== undefined && !isKnown(node.hash); node = node.parent) {
      headers.unshift(node.block.header);
    }
    return headers;
  }
}
