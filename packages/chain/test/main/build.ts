// A dev main chain for tests: everything belongs to everybody (program TRUE), so payments need no signatures. Blocks are
// built by the chain's own template code on any parent, and their proof of work is assumed valid.

import { mainLedgerRulesOf } from "@bystack/ledger/main/rules";
import type { MainUtxoLookup } from "@bystack/ledger/main/utxo";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import type { MainBlock } from "@bystack/protocol/main/block";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { mainGenesisBlock } from "@bystack/protocol/main/genesis";
import { createMainTransaction, type MainTransaction } from "@bystack/protocol/main/transaction";
import { retargetRulesOf } from "@bystack/protocol/spec/main";
import { createDevMainSpec } from "@bystack/protocol/spec/presets";
import { type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { createMainBlockNode, headerNeeds, type MainBlockNode } from "../../src/main/block-index.ts";
import { MainChainService } from "../../src/main/chain-service.ts";
import { MemoryMainChainStore } from "../../src/main/memory-store.ts";
import type { MempoolEntry } from "../../src/main/mempool.ts";
import { buildMainTemplate } from "../../src/main/template.ts";

export const TRUE = Uint8Array.of(0x51);
export const COIN = 1_000_000_000_000n;
export const FEE = 10_000_000n;
const GENESIS_COINS = 8;
const GENESIS_SECONDS = 1_700_000_000;
export const NOW_MS = (GENESIS_SECONDS + 1_000_000) * 1000;

export const SPEC = createDevMainSpec({
  genesisTimeSeconds: GENESIS_SECONDS,
  outputs: Array.from({ length: GENESIS_COINS }, () => ({ program: TRUE, amountNeu: COIN })),
});
export const RULES = mainLedgerRulesOf(SPEC);

export async function openChain(): Promise<{ service: MainChainService; store: MemoryMainChainStore }> {
  const store = new MemoryMainChainStore();
  return { service: await MainChainService.open({ spec: SPEC, store, checkWork: async () => true }), store };
}

/** An output that anybody may spend. */
export type Coin = { readonly sourceId: Hash; readonly position: bigint; readonly amount: bigint };

export function coinsOf(transaction: MainTransaction): Coin[] {
  const { muxId, results } = mapMainTransaction(transaction);
  return results.map(({ position, value }) => ({ sourceId: muxId, position: BigInt(position), amount: value.amount }));
}

/** The outputs of the genesis block: spendable at once, for the dev spec waives their maturity. */
export function genesisCoins(): Coin[] {
  return mainGenesisBlock(SPEC).transactions.flatMap(coinsOf);
}

/** Spends coins into `parts` equal outputs and leaves a fee. */
export function pay(
  coins: readonly Coin[],
  options: { parts?: number; timeRange?: bigint; fee?: bigint } = {},
): MainTransaction {
  const { parts = 1, timeRange = 0n, fee = FEE } = options;
  const total = coins.reduce((sum, { amount }) => sum + amount, 0n);
  const each = (total - fee) / BigInt(parts);
  return createMainTransaction({
    version: 1n,
    timeRange,
    inputs: coins.map(({ sourceId, position, amount }) => ({
      kind: "spend",
      sourceId,
      assetId: BTM_ASSET_ID,
      amount,
      sourcePosition: position,
      program: TRUE,
      arguments: [],
    })),
    outputs: Array.from({ length: parts }, () => ({
      kind: "output",
      assetId: BTM_ASSET_ID,
      amount: each,
      program: TRUE,
    })),
  });
}

export function entryOf(transaction: MainTransaction): MempoolEntry {
  const mapped = mapMainTransaction(transaction);
  return { id: mapped.id, transaction, mapped, statusFail: false, feeNeu: 0n, gasUsed: 0 };
}

/** Says of every output that it is there, so that a template takes any transaction. */
const everything: MainUtxoLookup = () => ({ coinbase: false, height: 0n, spent: false });

/** A block on any parent; `mark` tells siblings apart; `gasOnly` are those transactions whose programs fail. */
export function mineOn(
  parent: MainBlockNode,
  options: {
    mark?: string;
    transactions?: readonly MainTransaction[];
    gasOnly?: ReadonlySet<MainTransaction>;
  } = {},
): { block: MainBlock; node: MainBlockNode } {
  const { block } = buildMainTemplate({
    parent,
    needs: headerNeeds(parent, retargetRulesOf(SPEC)),
    rules: RULES,
    // One target time after the parent: siblings differ by their mark alone.
    nowSeconds: parent.header.timestamp + 2n,
    program: TRUE,
    extra: utf8ToBytes(options.mark ?? ""),
    entries: (options.transactions ?? []).map((item) => ({
      ...entryOf(item),
      statusFail: options.gasOnly?.has(item) === true,
    })),
    lookup: everything,
  });
  return { block, node: createMainBlockNode(block.header, parent) };
}

/** Mines and processes a block on the tip with everything that waits. */
export async function mineTip(service: MainChainService): Promise<MainBlock> {
  const { block } = await service.buildTemplate({ nowMs: NOW_MS, program: TRUE });
  const result = await service.processBlock(block, NOW_MS);
  if (!result.ok) throw new Error(`the template is refused: ${result.error.code}`);
  return block;
}
