// The explorer's view of a side chain.

import { sideFee } from "@bystack/chain/explorer/side-facts";
import { bodyTransactionAt } from "@bystack/chain/side/indexes";
import type { SideChain } from "@bystack/chain/side/side-chain";
import { depositId, whatOfSide } from "@bystack/protocol/explain/side";
import { type MappedSideTransaction, mapSideTransaction, type SideSource } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { decodeSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import type { Decoded, DecodedInput, DecodedOutput, ExplorerChain, Summary } from "./chain-view.ts";

/** Bytes of waiting transactions that one question has decoded: a full page of them could hold up a vote. */
export const MEMPOOL_PAGE_BYTES_MAX = 524_288;

function inputOf(source: SideSource): DecodedInput {
  const none = { value: undefined, program: undefined, outputId: undefined };
  switch (source.kind) {
    case "coinbase":
      return { kind: "coinbase", ...none, value: source.value };
    case "system":
      return { kind: "system", ...none };
    case "cross-chain": {
      const { value, input } = source;
      return { kind: "claim", value, program: input.program, outputId: depositId(input) };
    }
    default: {
      const { kind, value, input, spentOutputId } = source;
      return { kind, value, program: input.program, outputId: spentOutputId };
    }
  }
}

const OUTPUT_KINDS = { intra: "normal", cross: "burn", vote: "vote", retirement: "retirement" } as const;

function outputsOf({ results }: MappedSideTransaction): DecodedOutput[] {
  return results.map(({ id, kind, value, program, vote }) => ({
    id,
    kind: OUTPUT_KINDS[kind],
    value,
    program,
    vote: kind === "vote" ? vote : undefined,
  }));
}

/** `placeOf`: where a transaction that took effect is. */
export function createSideView(parts: {
  readonly chain: SideChain;
  readonly mainAddressPrefix: string;
  readonly placeOf: (id: Hash) => Promise<{ readonly height: number; readonly position: number } | undefined>;
}): ExplorerChain {
  const { chain, mainAddressPrefix } = parts;
  const { addressPrefix } = chain.rules.spec;
  const prefixes = { side: addressPrefix, main: mainAddressPrefix };
  const summarise = (transaction: SideTransaction, mapped: MappedSideTransaction): Summary => ({
    id: mapped.id,
    gasOnly: false,
    sizeBytes: transaction.size,
    feeNeu: sideFee(transaction, mapped),
    what: whatOfSide(transaction, mapped, prefixes),
  });
  const decode = (raw: Uint8Array, block: Decoded["block"]): Decoded | undefined => {
    const decoded = decodeSideTransaction(raw);
    if (!decoded.ok) return undefined;
    const mapped = mapSideTransaction(decoded.value);
    const inputs = mapped.sources.map(inputOf);
    const { timeRange } = decoded.value;
    return { ...summarise(decoded.value, mapped), timeRange, inputs, outputs: outputsOf(mapped), block };
  };
  /** The log begins with block 1. */
  const genesisTransaction = (id: Hash): Decoded | undefined => {
    const { hash, header, transactions } = sideGenesis(chain.rules.spec);
    const position = transactions.findIndex((item) => equalBytes(mapSideTransaction(item).id, id));
    const found = transactions[position];
    return found && decode(found.raw, { height: 0, position, hash, timestampMs: header.timestampMs });
  };
  return {
    addressPrefix,
    mainAddressPrefix,
    status: "final",
    height: () => chain.height,
    transaction: async (id) => {
      const place = await parts.placeOf(id);
      if (place?.height === 0) return genesisTransaction(id);
      const stored = place === undefined ? undefined : await chain.blocks.read(place.height);
      if (place === undefined || stored === undefined) {
        const waiting = chain.mempool.get(id);
        return waiting === undefined ? undefined : decode(waiting.raw, undefined);
      }
      const { hash, header, batches } = stored.block;
      const entry = bodyTransactionAt(batches, place.position);
      return entry && decode(entry.raw, { ...place, hash, timestampMs: header.timestampMs });
    },
    isWaiting: (id) => chain.mempool.has(id),
    waiting: (limit) => {
      const items: Summary[] = [];
      let bytes = 0;
      for (const id of chain.mempool.ids(limit)) {
        const raw = chain.mempool.get(id)?.raw;
        const decoded = raw === undefined ? undefined : decodeSideTransaction(raw);
        if (raw === undefined || decoded?.ok !== true) continue;
        bytes += raw.length;
        if (bytes > MEMPOOL_PAGE_BYTES_MAX && items.length > 0) break;
        items.push(summarise(decoded.value, mapSideTransaction(decoded.value)));
      }
      return { count: chain.mempool.size, items };
    },
  };
}
