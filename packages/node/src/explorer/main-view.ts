// The explorer's view of a main chain.

import { mainFee } from "@bystack/chain/explorer/main-facts";
import type { MainChainService } from "@bystack/chain/main/chain-service";
import type { KvMainChainStore } from "@bystack/chain/main/kv-store";
import { whatOfMain } from "@bystack/protocol/explain/main";
import { type MappedMainTransaction, mapMainTransaction } from "@bystack/protocol/main/entries";
import type { MainTransaction } from "@bystack/protocol/main/transaction";
import type { Hash } from "@bystack/utils/bytes";
import type { Decoded, DecodedInput, DecodedOutput, ExplorerChain, Summary } from "./chain-view.ts";

function inputsOf(transaction: MainTransaction, mapped: MappedMainTransaction): DecodedInput[] {
  return transaction.inputs.map((input, index): DecodedInput => {
    const source = mapped.sources.find((found) => found.index === index);
    const none = { value: undefined, program: undefined, outputId: undefined };
    if (source === undefined || input.kind === "opaque") return { kind: "unknown", ...none };
    if (source.kind === "coinbase") return { kind: "coinbase", ...none, value: source.value };
    const { kind, value } = source;
    const { program } = source.input;
    return { kind, value, program, outputId: source.kind === "spend" ? source.spentOutputId : undefined };
  });
}

function outputsOf({ results }: MappedMainTransaction): DecodedOutput[] {
  return results.map(({ id, kind, value, program }) => ({
    id,
    kind: kind === "output" ? "normal" : kind,
    value,
    program,
    vote: undefined,
  }));
}

export function createMainView(parts: {
  readonly addressPrefix: string;
  readonly service: MainChainService;
  readonly store: KvMainChainStore;
}): ExplorerChain {
  const { addressPrefix, service, store } = parts;
  const { chain, mempool } = service;
  const summarise = (mapped: MappedMainTransaction, sizeBytes: number, gasOnly: boolean): Summary => ({
    id: mapped.id,
    gasOnly,
    sizeBytes,
    feeNeu: mainFee(mapped),
    what: whatOfMain(mapped, addressPrefix),
  });
  const decode = (transaction: MainTransaction, gasOnly: boolean, block: Decoded["block"]): Decoded => {
    const mapped = mapMainTransaction(transaction);
    const { timeRange, size } = transaction;
    const inputs = inputsOf(transaction, mapped);
    return { ...summarise(mapped, size, gasOnly), timeRange, inputs, outputs: outputsOf(mapped), block };
  };
  return {
    addressPrefix,
    mainAddressPrefix: "",
    status: "confirmed",
    height: () => Number(chain.tip.header.height),
    transaction: async (id: Hash) => {
      const record = await store.index.transaction(id);
      const stored = record === undefined ? undefined : await store.block(record.blockHash);
      if (record === undefined || stored === undefined) {
        const waiting = mempool.get(id);
        return waiting === undefined ? undefined : decode(waiting.transaction, waiting.statusFail, undefined);
      }
      const { height, position, blockHash: hash, statusFail } = record;
      const transaction = stored.block.transactions[position];
      const timestampMs = Number(stored.block.header.timestamp) * 1000;
      return transaction && decode(transaction, statusFail, { height, position, hash, timestampMs });
    },
    isWaiting: (id) => mempool.get(id) !== undefined,
    waiting: (limit) => ({
      count: mempool.size,
      items: mempool
        .entries()
        .slice(0, limit)
        .map(({ mapped, transaction, statusFail }) => summarise(mapped, transaction.size, statusFail)),
    }),
  };
}
