// What the programs of one transaction may ask about it (spec/bytom.md sections 14.6 and 14.7). The entry, not the input,
// has the context: an input that a later one repeats runs with the later one's arguments and position.

import { signatureHash } from "@bystack/protocol/entry";
import type { MainSource, MappedMainTransaction } from "@bystack/protocol/main/entries";
import { equalBytes } from "@bystack/utils/bytes";
import type { OutputQuery, VmContext } from "@bystack/vm/context";
import type { VmErrorCode } from "@bystack/vm/errors";

/** A retirement has no program in its entry, so at top level any program matches it, and below only an empty one. */
export function answerMainOutputQuery(mapped: MappedMainTransaction, query: OutputQuery): boolean | VmErrorCode {
  const result = query.index < mapped.results.length ? mapped.results[Number(query.index)] : undefined;
  if (result === undefined) return "ErrBadValue";
  if (result.value.amount !== query.amount || !equalBytes(result.value.assetId, query.assetId)) return false;
  if (result.kind === "retirement") {
    return query.vmVersion === 0n && (query.expansionReserved || query.code.length === 0);
  }
  return result.vmVersion === query.vmVersion && equalBytes(result.program, query.code);
}

/** The context of an input's program. */
export function mainProgramContext(
  mapped: MappedMainTransaction,
  source: Exclude<MainSource, { kind: "coinbase" }>,
  blockHeight: bigint,
): VmContext {
  return {
    txVersion: mapped.version,
    blockHeight,
    entryId: source.entryId,
    assetId: source.value.assetId,
    amount: source.value.amount,
    destinationPosition: BigInt(source.ordinal),
    ...(source.kind === "spend" ? { spentOutputId: source.spentOutputId } : {}),
    txSigHash: () => signatureHash(source.entryId, mapped.id),
    checkOutput: (query) => answerMainOutputQuery(mapped, query),
  };
}
