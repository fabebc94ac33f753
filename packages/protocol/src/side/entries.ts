// Mapping of a side-chain transaction to entries (spec/vapor.md section 2.2; the system input: federation.md section 4):
// ids, mux, sources and results. Nothing here judges validity; two inputs with one entry show as `ordinal` != `index`.

import { sha3_256 } from "@bystack/crypto/hash";
import { EMPTY_BYTES, equalBytes, type Hash } from "@bystack/utils/bytes";
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
  writeProgram,
  writeSource,
  ZERO_HASH,
} from "../entry.ts";
import { ByteWriter } from "../wire.ts";
import type {
  SideCoinbaseInput,
  SideCrossChainInput,
  SideInput,
  SideOutput,
  SideSpendInput,
  SideSystemInput,
  SideTransactionData,
  SideVetoInput,
  SpendCommitment,
} from "./transaction.ts";

/** One source of the mux: an input, its entry and its value. */
export type SideSource = {
  readonly index: number;
  readonly entryId: Hash;
  readonly value: AssetAmount;
  /** `index`, or the index of the last input that repeats the same entry. */
  readonly ordinal: number;
} & (
  | { readonly kind: "spend"; readonly input: SideSpendInput; readonly spentOutputId: Hash }
  | { readonly kind: "veto"; readonly input: SideVetoInput; readonly spentOutputId: Hash }
  | { readonly kind: "cross-chain"; readonly input: SideCrossChainInput; readonly mainOutputId: Hash }
  | { readonly kind: "coinbase"; readonly input: SideCoinbaseInput }
  | { readonly kind: "system"; readonly input: SideSystemInput }
);

/** One destination of the mux. A program that starts with 0x6a makes any kind of output a retirement. */
export type SideResult = {
  readonly kind: "intra" | "cross" | "vote" | "retirement";
  readonly id: Hash;
  readonly position: number;
  readonly value: AssetAmount;
  readonly program: Uint8Array;
  /** The key voted for; empty but for `vote`. */
  readonly vote: Uint8Array;
};

export type MappedSideTransaction = {
  readonly id: Hash;
  readonly muxId: Hash;
  readonly version: bigint;
  readonly timeRange: bigint;
  /** Per input; the zero hash where a later input repeats the same entry. */
  readonly inputIds: readonly Hash[];
  readonly sources: readonly SideSource[];
  readonly results: readonly SideResult[];
  readonly resultIds: readonly Hash[];
  /** Outputs of this chain that are spent or vetoed, each once, in input order. */
  readonly spentOutputIds: readonly Hash[];
  /** The ids under which Vapor marks claimed deposits (empty program); our nullifier N is another (federation.md). */
  readonly mainOutputIds: readonly Hash[];
  /** Entries whose value is BTM, and the coinbase, each once, in input order; never a system input. */
  readonly gasInputIds: readonly Hash[];
};

function sourceOf(spend: SpendCommitment): ValueSource {
  const value = { assetId: spend.assetId, amount: spend.amount };
  return { ref: spend.sourceId, value, position: spend.sourcePosition };
}

const program1 = (code: Uint8Array): Program => ({ vmVersion: 1n, code });

/** Id of an ordinary output: `intrachainoutput1`. */
export function sideOutputId(source: ValueSource, program: Uint8Array): Hash {
  return outputEntryId("intrachainoutput1", source, program1(program));
}

/** Id of a burn towards the main chain: `crosschainoutput1`. It is the id of the peg-out request. */
export function crossOutputId(source: ValueSource, program: Uint8Array): Hash {
  return outputEntryId("crosschainoutput1", source, program1(program));
}

/** Id of a vote output: `voteoutput1`. */
export function voteOutputId(source: ValueSource, program: Uint8Array, vote: Uint8Array): Hash {
  const writer = writeProgram(writeSource(new ByteWriter(256), source), program1(program));
  return entryId("voteoutput1", writer.varstr(vote).finish());
}

function crossChainEntryId(input: SideCrossChainInput, mainOutputId: Hash): Hash {
  const writer = new ByteWriter(input.issuanceProgram.length + 96).raw(mainOutputId);
  writeProgram(writer, { vmVersion: input.issuanceVmVersion, code: input.issuanceProgram });
  return entryId("crosschaininput1", writer.raw(sha3_256(input.definition)).finish());
}

/** Id of `systeminput1`: kind u64 | H(body). */
export function systemEntryId(input: Pick<SideSystemInput, "systemKind" | "body">): Hash {
  return entryId("systeminput1", new ByteWriter(48).u64le(input.systemKind).raw(sha3_256(input.body)).finish());
}

function mapInput(input: SideInput, index: number, outputs: readonly SideOutput[]): SideSource {
  const place = { index, ordinal: index };
  switch (input.kind) {
    case "coinbase": {
      const amount = outputs.reduce((sum, output) => sum + output.amount, 0n);
      const value = { assetId: BTM_ASSET_ID, amount };
      return { ...place, kind: "coinbase", input, entryId: coinbaseEntryId(input.arbitrary), value };
    }
    case "system": {
      const value = { assetId: BTM_ASSET_ID, amount: 0n };
      return { ...place, kind: "system", input, entryId: systemEntryId(input), value };
    }
    case "cross-chain": {
      const source = sourceOf(input);
      const mainOutputId = sideOutputId(source, EMPTY_BYTES);
      const id = crossChainEntryId(input, mainOutputId);
      return { ...place, kind: "cross-chain", input, entryId: id, value: source.value, mainOutputId };
    }
    case "spend": {
      const source = sourceOf(input);
      const spentOutputId = sideOutputId(source, input.program);
      const id = spendingEntryId("spend1", spentOutputId);
      return { ...place, kind: "spend", input, entryId: id, value: source.value, spentOutputId };
    }
    case "veto": {
      const source = sourceOf(input);
      const spentOutputId = voteOutputId(source, input.program, input.vote);
      const id = spendingEntryId("vetoInput1", spentOutputId);
      return { ...place, kind: "veto", input, entryId: id, value: source.value, spentOutputId };
    }
  }
}

function mapOutput(output: SideOutput, position: number, muxId: Hash): SideResult {
  const value = { assetId: output.assetId, amount: output.amount };
  const source = { ref: muxId, value, position: BigInt(position) };
  const { program } = output;
  const vote = output.kind === "vote" ? output.vote : EMPTY_BYTES;
  const common = { position, value, program, vote };
  if (isRetirementProgram(program)) return { ...common, kind: "retirement", id: retirementEntryId(source) };
  switch (output.kind) {
    case "intra":
      return { ...common, kind: "intra", id: sideOutputId(source, program) };
    case "cross":
      return { ...common, kind: "cross", id: crossOutputId(source, program) };
    case "vote":
      return { ...common, kind: "vote", id: voteOutputId(source, program, vote) };
  }
}

/** Maps a transaction to its entries. Never fails: a transaction that decodes has an id. */
export function mapSideTransaction(transaction: SideTransactionData): MappedSideTransaction {
  const { version, timeRange, outputs } = transaction;
  const mapped = transaction.inputs.map((input, index) => mapInput(input, index, outputs));
  const ordinals = entryOrdinals(mapped.map((source) => source.entryId));
  const sources = mapped.map((source, i) => (ordinals[i] === i ? source : { ...source, ordinal: ordinals[i] ?? i }));
  const muxId = muxEntryId(sources.map((source) => ({ ref: source.entryId, value: source.value, position: 0n })));
  const results = outputs.map((output, position) => mapOutput(output, position, muxId));
  const resultIds = results.map((result) => result.id);

  const inputIds: Hash[] = sources.map(() => ZERO_HASH);
  const spentOutputIds: Hash[] = [];
  const mainOutputIds: Hash[] = [];
  const gasInputIds: Hash[] = [];
  for (const source of sources) {
    if (source.ordinal !== source.index) continue;
    inputIds[source.index] = source.entryId;
    if (source.kind === "spend" || source.kind === "veto") spentOutputIds.push(source.spentOutputId);
    if (source.kind === "cross-chain") mainOutputIds.push(source.mainOutputId);
    if (source.kind !== "system" && equalBytes(source.value.assetId, BTM_ASSET_ID)) gasInputIds.push(source.entryId);
  }
  return {
    id: transactionEntryId({ version, timeRange, resultIds }),
    muxId,
    version,
    timeRange,
    inputIds,
    sources,
    results,
    resultIds,
    spentOutputIds,
    mainOutputIds,
    gasInputIds,
  };
}

/** Signature hash of input `index`; of a repeated input's earlier slot it is that of the zero hash. */
export function sideSignatureHash(mapped: MappedSideTransaction, index: number): Hash {
  return signatureHash(mapped.inputIds[index] ?? ZERO_HASH, mapped.id);
}
