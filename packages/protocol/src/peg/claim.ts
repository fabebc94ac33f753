// Claims of main-chain deposits as bytes (federation.md section 4): Vapor's cross-chain input whose argument is a proof.
// The nullifier N is the real id of the deposit on the main chain; Vapor's own id (empty program) only serves the wire.
// Decoding is rule C1; the other rules are in claim-rules.ts.

import { sha3_256Parts } from "@bystack/crypto/hash";
import { EMPTY_BYTES, equalBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { BTM_ASSET_ID } from "../entry.ts";
import type { MainBlock } from "../main/block.ts";
import { mainOutputId, mapMainTransaction } from "../main/entries.ts";
import { mapSideTransaction } from "../side/entries.ts";
import {
  createSideTransaction,
  type SideCrossChainInput,
  type SideTransaction,
  type SideTransactionData,
} from "../side/transaction.ts";
import { ByteReader, ByteWriter } from "../wire.ts";
import { createInclusionPaths, type InclusionPaths, readInclusionPaths, writeInclusionPaths } from "./inclusion.ts";

/** Results that a proof may list; the gas of a main-chain transaction allows 3,174. */
export const CLAIM_RESULTS_MAX = 4096;
/** Longest asset definition that a claim may register. */
export const CLAIM_DEFINITION_BYTES_MAX = 4096;

const PROOF_VERSION = 0x01;
const CLAIM_TAG = utf8ToBytes("bystack/claim/1");

/** Why a deposit is real: its transaction's header fields and results, and the paths to a block's roots. */
export type ClaimProof = {
  readonly vaultEpoch: bigint;
  readonly headerHeight: bigint;
  readonly transactionVersion: bigint;
  readonly timeRange: bigint;
  readonly resultIds: readonly Hash[];
  readonly paths: InclusionPaths;
};

/** What is claimed: one output of the main chain. */
export type ClaimedOutput = {
  readonly muxId: Hash;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly position: bigint;
  readonly program: Uint8Array;
};

export type Collector = { readonly publicKey: Uint8Array; readonly signature: Uint8Array };

export type Claim = ClaimedOutput & {
  readonly transactionId: Hash;
  /** N: the deposit's output id on the main chain. */
  readonly nullifier: Hash;
  readonly issuanceVmVersion: bigint;
  readonly definition: Uint8Array;
  readonly issuanceProgram: Uint8Array;
  /** Program of the one output: who is credited. */
  readonly recipient: Uint8Array;
  readonly proof: ClaimProof;
  readonly collector?: Collector;
};

export function isBtm(assetId: Hash): boolean {
  return equalBytes(assetId, BTM_ASSET_ID);
}

/** N = id(`output1`) from mux, value, position and the real program. */
export function claimNullifier(output: ClaimedOutput): Hash {
  const value = { assetId: output.assetId, amount: output.amount };
  return mainOutputId({ ref: output.muxId, value, position: output.position }, { vmVersion: 1n, code: output.program });
}

export function encodeClaimProof(proof: ClaimProof): Uint8Array {
  const writer = new ByteWriter(32 * proof.resultIds.length + 512).byte(PROOF_VERSION);
  writer.varint63(proof.vaultEpoch).varint63(proof.headerHeight);
  writer.varint63(proof.transactionVersion).varint63(proof.timeRange);
  writer.varint31(proof.resultIds.length);
  for (const id of proof.resultIds) writer.raw(id);
  writeInclusionPaths(writer, proof.paths);
  return writer.finish();
}

/** Decodes a proof in its one canonical form; undefined for anything else. BTM proofs carry no status path. */
export function decodeClaimProof(bytes: Uint8Array, options: { readonly isBtm: boolean }): ClaimProof | undefined {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== PROOF_VERSION) return undefined;
  const vaultEpoch = reader.varint63();
  const headerHeight = reader.varint63();
  const transactionVersion = reader.varint63();
  const timeRange = reader.varint63();
  const count = reader.varint31();
  if (count > CLAIM_RESULTS_MAX || count * 32 > reader.remaining) return undefined;
  const resultIds: Hash[] = [];
  for (let i = 0; i < count; i += 1) resultIds.push(reader.hash());
  const paths = readInclusionPaths(reader, !options.isBtm);
  reader.finish();
  const proof = { vaultEpoch, headerHeight, transactionVersion, timeRange, resultIds, paths };
  if (reader.error !== undefined || !equalBytes(encodeClaimProof(proof), bytes)) return undefined;
  return proof;
}

/** True when a transaction is meant as a claim: its first input is a cross-chain one. */
export function isClaimTransaction(transaction: SideTransactionData): boolean {
  return transaction.inputs[0]?.kind === "cross-chain";
}

function readCollector(args: readonly Uint8Array[]): Collector | undefined | "malformed" {
  if (args.length === 1) return undefined;
  const [, publicKey, signature] = args;
  if (args.length !== 3 || publicKey?.length !== 32 || signature?.length !== 64) return "malformed";
  return { publicKey, signature };
}

function hasClaimForm(input: SideCrossChainInput, transaction: SideTransactionData): boolean {
  const [output] = transaction.outputs;
  if (transaction.inputs.length !== 1 || transaction.outputs.length !== 1 || output?.kind !== "intra") return false;
  if (transaction.version !== 1n || transaction.timeRange !== 0n) return false;
  if (input.amount === 0n || output.amount !== input.amount || !equalBytes(output.assetId, input.assetId)) return false;
  return input.definition.length <= CLAIM_DEFINITION_BYTES_MAX;
}

/**
 * Rule C1: exactly one cross-chain input and one output of the same value, version 1, time range 0, a canonical proof.
 * The transaction itself was decoded strictly. @returns CLAIM_FORM on anything else.
 */
export function parseClaim(transaction: SideTransactionData, transactionId: Hash): Result<Claim, "CLAIM_FORM"> {
  const [input] = transaction.inputs;
  const [output] = transaction.outputs;
  if (input?.kind !== "cross-chain" || output === undefined || !hasClaimForm(input, transaction)) {
    return err("CLAIM_FORM");
  }
  const collector = readCollector(input.arguments);
  const proofBytes = input.arguments[0];
  if (collector === "malformed" || proofBytes === undefined) return err("CLAIM_FORM");
  const proof = decodeClaimProof(proofBytes, { isBtm: isBtm(input.assetId) });
  if (proof === undefined) return err("CLAIM_FORM");
  const { assetId, amount, program, issuanceVmVersion, definition, issuanceProgram } = input;
  const deposit = { muxId: input.sourceId, assetId, amount, position: input.sourcePosition, program };
  return ok({
    ...deposit,
    transactionId,
    nullifier: claimNullifier(deposit),
    issuanceVmVersion,
    definition,
    issuanceProgram,
    recipient: output.program,
    proof,
    ...(collector === undefined ? {} : { collector }),
  });
}

/** What a collector signs over a claim: attribution, not authority. */
export function collectorMessage(chainId: Hash, claimTransactionId: Hash): Hash {
  return sha3_256Parts(CLAIM_TAG, chainId, claimTransactionId);
}

/** How an asset proves its id on the side chain; absent for BTM. */
export type AssetOrigin = {
  readonly issuanceVmVersion: bigint;
  readonly definition: Uint8Array;
  readonly issuanceProgram: Uint8Array;
};

export type ClaimSource = {
  readonly block: MainBlock;
  readonly statusFail: readonly boolean[];
  readonly transactionIndex: number;
  readonly position: number;
  readonly vaultEpoch: bigint;
  readonly recipient: Uint8Array;
  readonly origin?: AssetOrigin;
};

/** The proof for one output of a main-chain block. @throws RangeError when the block has no such output. */
export function createClaimProof(
  source: Pick<ClaimSource, "block" | "statusFail" | "transactionIndex" | "position" | "vaultEpoch">,
): { readonly output: ClaimedOutput; readonly proof: ClaimProof } {
  const mapped = source.block.transactions.map((transaction) => mapMainTransaction(transaction));
  const transaction = mapped[source.transactionIndex];
  const result = transaction?.results[source.position];
  if (transaction === undefined || result === undefined) throw new RangeError("no such output in the block");
  const { assetId, amount } = result.value;
  const paths = createInclusionPaths({
    transactionIds: mapped.map((entry) => entry.id),
    statusFail: source.statusFail,
    index: source.transactionIndex,
    withStatus: !isBtm(assetId),
  });
  return {
    output: { muxId: transaction.muxId, assetId, amount, position: BigInt(source.position), program: result.program },
    proof: {
      vaultEpoch: source.vaultEpoch,
      headerHeight: source.block.header.height,
      transactionVersion: transaction.version,
      timeRange: transaction.timeRange,
      resultIds: transaction.resultIds,
      paths,
    },
  };
}

/** Assembles the claim transaction of a proof; anybody may. */
export function assembleClaim(options: {
  readonly output: ClaimedOutput;
  readonly proof: ClaimProof;
  readonly recipient: Uint8Array;
  readonly origin?: AssetOrigin;
  readonly collector?: Collector;
}): SideTransaction {
  const { output, collector } = options;
  const { assetId, amount } = output;
  const origin = options.origin ?? { issuanceVmVersion: 1n, definition: EMPTY_BYTES, issuanceProgram: EMPTY_BYTES };
  const proof = encodeClaimProof(options.proof);
  return createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [
      {
        kind: "cross-chain",
        sourceId: output.muxId,
        assetId,
        amount,
        sourcePosition: output.position,
        program: output.program,
        issuanceVmVersion: origin.issuanceVmVersion,
        definition: origin.definition,
        issuanceProgram: origin.issuanceProgram,
        arguments: collector === undefined ? [proof] : [proof, collector.publicKey, collector.signature],
      },
    ],
    outputs: [{ kind: "intra", assetId, amount, program: options.recipient }],
  });
}

/** Builds the claim of a deposit from its block; `collector` signs the claim's id for attribution. */
export function createClaim(
  source: ClaimSource,
  collector?: {
    readonly chainId: Hash;
    readonly publicKey: Uint8Array;
    readonly sign: (message: Hash) => Uint8Array;
  },
): SideTransaction {
  const { recipient, origin } = source;
  const unsigned = assembleClaim({
    ...createClaimProof(source),
    recipient,
    ...(origin === undefined ? {} : { origin }),
  });
  const [input] = unsigned.inputs;
  if (collector === undefined || input?.kind !== "cross-chain") return unsigned;
  const { id } = mapSideTransaction(unsigned);
  const signature = collector.sign(collectorMessage(collector.chainId, id));
  const args = [...input.arguments, collector.publicKey, signature];
  const { version, timeRange, outputs } = unsigned;
  return createSideTransaction({ version, timeRange, inputs: [{ ...input, arguments: args }], outputs });
}
