// Main-chain block → facts. A gas-only transaction moves its BTM alone (spec/bytom.md section 10).

import { isBtm } from "@bystack/ledger/main/rules";
import { createdOutputs, spentOutputs } from "@bystack/ledger/main/utxo";
import type { AssetAmount } from "@bystack/protocol/entry";
import { whatOfMain } from "@bystack/protocol/explain/main";
import { encodeMainBlock } from "@bystack/protocol/main/block";
import { type MappedMainTransaction, mapMainTransaction } from "@bystack/protocol/main/entries";
import { bytesToHex } from "@bystack/utils/bytes";
import type { StoredMainBlock } from "../main/store.ts";
import type { ExplorerBlock, ExplorerOutput, ExplorerTransaction } from "./facts.ts";

/** BTM in less BTM out; none for a coinbase. */
export function mainFee(mapped: MappedMainTransaction): bigint {
  let fee = 0n;
  for (const { kind, value } of mapped.sources) {
    if (kind === "coinbase") return 0n;
    if (isBtm(value.assetId)) fee += value.amount;
  }
  for (const { value } of mapped.results) if (isBtm(value.assetId)) fee -= value.amount;
  return fee;
}

/** What outputs and retirements have more than the inputs, by asset. */
function issuedBy(made: readonly AssetAmount[], taken: readonly AssetAmount[]): AssetAmount[] {
  const sums = new Map<string, AssetAmount>();
  const add = ({ assetId }: AssetAmount, amount: bigint): void => {
    const key = bytesToHex(assetId);
    sums.set(key, { assetId, amount: (sums.get(key)?.amount ?? 0n) + amount });
  };
  for (const value of made) add(value, value.amount);
  for (const value of taken) add(value, -value.amount);
  return [...sums.values()].filter(({ amount }) => amount !== 0n);
}

/** One transaction of a main-chain block. `addressPrefix` of the chain. */
export function mainTransactionFacts(
  mapped: MappedMainTransaction,
  place: { readonly position: number; readonly sizeBytes: number; readonly statusFail: boolean },
  addressPrefix: string,
): ExplorerTransaction {
  const { position, sizeBytes, statusFail } = place;
  const applied = { mapped, statusFail };
  const spent = new Set(spentOutputs(applied).map(bytesToHex));
  const created = new Set(createdOutputs(applied).map(bytesToHex));
  const kind = position === 0 ? ("coinbase" as const) : ("normal" as const);
  const spends: ExplorerOutput[] = [];
  for (const source of mapped.sources) {
    if (source.kind !== "spend" || !spent.delete(bytesToHex(source.spentOutputId))) continue;
    spends.push({ ...source.value, id: source.spentOutputId, program: source.input.program });
  }
  const creates = mapped.results
    .filter(({ id }) => created.has(bytesToHex(id)))
    .map(({ id, value, program }) => ({ ...value, id, program, kind }));
  const retires = mapped.results
    .filter((result) => result.kind === "retirement" && (!statusFail || isBtm(result.value.assetId)))
    .map(({ value }) => value);
  return {
    id: mapped.id,
    position,
    sizeBytes,
    feeNeu: mainFee(mapped),
    gasOnly: statusFail,
    what: whatOfMain(mapped, addressPrefix),
    spends,
    creates,
    issues: issuedBy([...creates, ...retires], spends),
    retires,
    burns: [],
    definitions: mapped.sources.flatMap((source) =>
      source.kind === "issuance" && !statusFail
        ? [{ assetId: source.value.assetId, definition: source.input.definition }]
        : [],
    ),
  };
}

/** A block of the main chain. `addressPrefix` of the chain. */
export function mainBlockFacts(stored: StoredMainBlock, addressPrefix: string): ExplorerBlock {
  const { hash, block, statusFail } = stored;
  const { header, transactions } = block;
  return {
    hash,
    previous: header.previousHash,
    height: Number(header.height),
    timestampMs: Number(header.timestamp) * 1000,
    sizeBytes: encodeMainBlock(block).length,
    effective: undefined,
    transactions: (function* () {
      for (const [position, transaction] of transactions.entries()) {
        const place = { position, sizeBytes: transaction.size, statusFail: statusFail[position] === true };
        yield mainTransactionFacts(mapMainTransaction(transaction), place, addressPrefix);
      }
    })(),
  };
}
