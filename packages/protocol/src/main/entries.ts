// Mapping of a main-chain transaction to entries (spec/bytom.md section 3): its id, the ids of its inputs and outputs,
// and what the rules of section 8 look at: the mux with its sources and destinations. Nothing here judges validity.

import { sha3_256 } from "@bystack/crypto/hash";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import {
  type AssetAmount,
  BTM_ASSET_ID,
  coinbaseEntryId,
  entryId,
  entryOrdinals,
  isRetirementProgram,
  muxEntryId,
  outputEntryId,
  type Program,
  retirementEntryId,
  signatureHash,
  spendingEntryId,
  transactionEntryId,
  type ValueSource,
  writeAssetAmount,
  ZERO_HASH,
} from "../entry.ts";
import { ByteWriter } from "../wire.ts";
import type {
  MainCoinbaseInput,
  MainInput,
  MainIssuanceInput,
  MainOutput,
  MainSpendInput,
  MainTransactionData,
} from "./transaction.ts";

/** One source of the mux: an input, its entry and its value. */
export type MainSource = {
  readonly index: number;
  readonly entryId: Hash;
  readonly value: AssetAmount;
  /**
   * The ordinal that the entry ended up with: `index`, but for an entry that a later input repeats it is that later
   * index. A source whose ordinal differs from its index fails validation (ErrMismatchedPosition); the VM's INDEX is
   * the ordinal.
   */
  readonly ordinal: number;
} & (
  | { readonly kind: "spend"; readonly input: MainSpendInput; readonly spentOutputId: Hash }
  | { readonly kind: "issuance"; readonly input: MainIssuanceInput }
  | { readonly kind: "coinbase"; readonly input: MainCoinbaseInput }
);

/** One destination of the mux: an output or a retirement. `vmVersion` is 1 but for outputs of unknown asset version. */
export type MainResult = {
  readonly kind: "output" | "retirement";
  readonly id: Hash;
  readonly position: number;
  readonly value: AssetAmount;
  readonly vmVersion: bigint;
  readonly program: Uint8Array;
};

export type MappedMainTransaction = {
  readonly id: Hash;
  readonly muxId: Hash;
  readonly version: bigint;
  readonly timeRange: bigint;
  /** Per input; the zero hash where a later input repeats the same entry, and for inputs without meaning. */
  readonly inputIds: readonly Hash[];
  /** Per input with a meaning, in input order. */
  readonly sources: readonly MainSource[];
  readonly results: readonly MainResult[];
  readonly resultIds: readonly Hash[];
  /** Previous outputs, each once, in input order. */
  readonly spentOutputIds: readonly Hash[];
  /** Entries that pay gas: spends of BTM and the coinbase, each once, in input order. */
  readonly gasInputIds: readonly Hash[];
};

/** Id of an `output1`, which is also its key in the set of unspent outputs. */
export function mainOutputId(source: ValueSource, program: Program): Hash {
  return outputEntryId("output1", source, program);
}

/** Id of the output that a spend input refers to. */
export function mainSpentOutputId(input: MainSpendInput): Hash {
  const source = {
    ref: input.sourceId,
    value: { assetId: input.assetId, amount: input.amount },
    position: input.sourcePosition,
  };
  return mainOutputId(source, { vmVersion: 1n, code: input.program });
}

/** Id of `issuance1`. */
export function issuanceEntryId(nonce: Uint8Array, value: AssetAmount): Hash {
  return entryId("issuance1", writeAssetAmount(new ByteWriter(80).raw(sha3_256(nonce)), value).finish());
}

function outputValue(output: MainOutput | undefined): AssetAmount {
  return output?.kind === "output"
    ? { assetId: output.assetId, amount: output.amount }
    : { assetId: ZERO_HASH, amount: 0n };
}

function mapInput(input: MainInput, index: number, firstOutput: MainOutput | undefined): MainSource | undefined {
  switch (input.kind) {
    case "issuance": {
      const value = { assetId: input.assetId, amount: input.amount };
      return { kind: "issuance", input, index, ordinal: index, entryId: issuanceEntryId(input.nonce, value), value };
    }
    case "spend": {
      const spentOutputId = mainSpentOutputId(input);
      const value = { assetId: input.assetId, amount: input.amount };
      const id = spendingEntryId("spend1", spentOutputId);
      return { kind: "spend", input, index, ordinal: index, entryId: id, value, spentOutputId };
    }
    case "coinbase": {
      const id = coinbaseEntryId(input.arbitrary);
      return { kind: "coinbase", input, index, ordinal: index, entryId: id, value: outputValue(firstOutput) };
    }
    case "opaque":
      return undefined;
  }
}

function mapOutput(output: MainOutput, position: number, muxId: Hash): MainResult {
  const value = outputValue(output);
  const source = { ref: muxId, value, position: BigInt(position) };
  const known = output.kind === "output";
  const program = known ? output.program : new Uint8Array(0);
  const vmVersion = known ? 1n : 0n;
  if (isRetirementProgram(program)) {
    return { kind: "retirement", id: retirementEntryId(source), position, value, vmVersion, program };
  }
  const id = mainOutputId(source, { vmVersion, code: program });
  return { kind: "output", id, position, value, vmVersion, program };
}

/** Gives every source the ordinal of the last input with the same entry. */
function withOrdinals(sources: readonly MainSource[]): readonly MainSource[] {
  const ordinals = entryOrdinals(sources.map((source) => source.entryId));
  if (ordinals.every((last, i) => last === i)) return sources;
  return sources.map((source, i) => ({ ...source, ordinal: sources[ordinals[i] ?? i]?.index ?? source.index }));
}

/** Maps a transaction to its entries. Never fails: a transaction that decodes has an id. */
export function mapMainTransaction(transaction: MainTransactionData): MappedMainTransaction {
  const firstOutput = transaction.outputs[0];
  const mapped = transaction.inputs.map((input, index) => mapInput(input, index, firstOutput));
  const muxId = muxEntryId(
    mapped.map((source) => source && { ref: source.entryId, value: source.value, position: 0n }),
  );
  const results = transaction.outputs.map((output, position) => mapOutput(output, position, muxId));
  const resultIds = results.map((result) => result.id);
  const id = transactionEntryId({ version: transaction.version, timeRange: transaction.timeRange, resultIds });

  const sources = withOrdinals(mapped.filter((source) => source !== undefined));
  const inputIds: Hash[] = mapped.map(() => ZERO_HASH);
  const spentOutputIds: Hash[] = [];
  const gasInputIds: Hash[] = [];
  for (const source of sources) {
    if (source.ordinal !== source.index) continue;
    inputIds[source.index] = source.entryId;
    if (source.kind === "spend") spentOutputIds.push(source.spentOutputId);
    if (source.kind === "coinbase" || (source.kind === "spend" && equalBytes(source.value.assetId, BTM_ASSET_ID))) {
      gasInputIds.push(source.entryId);
    }
  }
  const { version, timeRange } = transaction;
  return { id, muxId, version, timeRange, inputIds, sources, results, resultIds, spentOutputIds, gasInputIds };
}

/** Signature hash of input `index`; of a repeated input's earlier slot it is that of the zero hash. */
export function mainSignatureHash(mapped: MappedMainTransaction, index: number): Hash {
  return signatureHash(mapped.inputIds[index] ?? ZERO_HASH, mapped.id);
}
