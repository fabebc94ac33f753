// System transactions of the peg (federation.md section 4): one type-4 input `kind | body`, arguments in the witness, one
// empty retirement. Kinds 1 (main-chain headers), 2 (proofs: payouts and coins) and 4 (governance) are read here; kinds 3, 5,
// 6 and proof form 02 are refused with FEATURE_OFF (on chains with elections side/evidence, side/candidate and side/vote-claim
// read 5, 6 and 7).
// One encoding for each; decoders give undefined for anything else.

import { concatBytes, equalBytes, type Hash, u64ToBytesLe, utf8ToBytes } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { BTM_ASSET_ID } from "../entry.ts";
import { decodeMainHeader, encodeMainHeader, type MainHeader } from "../main/block.ts";
import {
  createSideTransaction,
  type SideOutput,
  type SideSystemInput,
  type SideTransaction,
  type SideTransactionData,
} from "../side/transaction.ts";
import { ByteReader, ByteWriter } from "../wire.ts";
import { type ClaimProof, decodeClaimProof, encodeClaimProof } from "./claim.ts";
import { type InclusionPaths, readInclusionPaths, writeInclusionPaths } from "./inclusion.ts";
import { FLOAT_RECIPIENT } from "./vault.ts";

export const SYSTEM_KIND = {
  headers: 1n,
  proof: 2n,
  rogueSpend: 3n,
  governance: 4n,
  evidence: 5n,
  candidate: 6n,
  voteClaim: 7n,
} as const;

/** Headers in one system transaction. */
export const SYSTEM_HEADERS_MAX = 64;
/** Signatures under one governance action: more members than this no vault has. */
export const GOVERNANCE_SIGNATURES_MAX = 100;

/** `status` of a payout: what its main-chain block says became of it. */
export type PayoutProof = {
  readonly form: "payout";
  readonly payout: bigint;
  readonly headerHeight: bigint;
  readonly statusFail: boolean;
  readonly paths: InclusionPaths;
};

/** Proves a vault coin again after a reorganisation. The proof's encoding depends on the coin's asset (status path). */
export type CoinProof = { readonly form: "coin"; readonly nullifier: Hash; readonly proofBytes: Uint8Array };

export type GovernanceSignature = { readonly member: number; readonly signature: Uint8Array };

/** What a pause or a resume is about. `automatic` can only be resumed. */
export type PauseScope =
  | { readonly kind: "automatic" | "in" | "out" }
  | { readonly kind: "asset"; readonly assetId: Hash };

export type GovernanceAction =
  | { readonly action: "pause" | "resume"; readonly scope: PauseScope }
  | { readonly action: "list"; readonly assetId: Hash; readonly minimum: bigint; readonly cap: bigint };

export type Governance = {
  readonly kind: "governance";
  readonly seq: bigint;
  readonly body: Uint8Array;
  readonly act: GovernanceAction;
  /** Ascending by member, each once. */
  readonly signatures: readonly GovernanceSignature[];
};

export type SystemContent =
  | { readonly kind: "headers"; readonly headers: readonly MainHeader[] }
  | { readonly kind: "proof"; readonly proof: PayoutProof | CoinProof }
  | Governance;

export type SystemErrorCode = "SYSTEM_FORM" | "FEATURE_OFF";

// Kind 1.

export function encodeHeadersBody(headers: readonly MainHeader[]): Uint8Array {
  const writer = new ByteWriter(128 * headers.length + 8).varint31(headers.length);
  for (const header of headers) writer.raw(encodeMainHeader(header));
  return writer.finish();
}

/** 1 to {@link SYSTEM_HEADERS_MAX} headers in their canonical encoding, one after the other. */
export function decodeHeadersBody(body: Uint8Array): MainHeader[] | undefined {
  const reader = new ByteReader(body);
  const count = reader.varint31();
  if (reader.error !== undefined || count < 1 || count > SYSTEM_HEADERS_MAX) return undefined;
  const headers: MainHeader[] = [];
  for (let i = 0; i < count; i += 1) {
    const decoded = decodeMainHeader(body.subarray(reader.position));
    if (!decoded.ok) return undefined;
    const canonical = encodeMainHeader(decoded.value);
    if (!equalBytes(reader.take(canonical.length), canonical)) return undefined;
    headers.push(decoded.value);
  }
  return equalBytes(encodeHeadersBody(headers), body) ? headers : undefined;
}

// Kind 2.

const FORM_PAYOUT = 0x00;
const FORM_COIN = 0x01;
const FORM_DEAD_INPUT = 0x02;

function decodePayoutProof(reader: ByteReader, args: readonly Uint8Array[]): PayoutProof | undefined {
  const payout = reader.varint63();
  const headerHeight = reader.varint63();
  const status = reader.byte();
  reader.finish();
  const [argument] = args;
  if (reader.error !== undefined || status > 1 || args.length !== 1 || argument === undefined) return undefined;
  const inner = new ByteReader(argument);
  const paths = readInclusionPaths(inner, true);
  inner.finish();
  return inner.error === undefined
    ? { form: "payout", payout, headerHeight, statusFail: status === 1, paths }
    : undefined;
}

function decodeProof(input: SideSystemInput): Result<PayoutProof | CoinProof, SystemErrorCode> {
  const reader = new ByteReader(input.body);
  const form = reader.byte();
  if (reader.error === undefined && form === FORM_DEAD_INPUT) return err("FEATURE_OFF");
  if (form === FORM_PAYOUT) {
    const proof = decodePayoutProof(reader, input.arguments);
    return proof !== undefined && equalBytes(encodePayoutProofBody(proof), input.body) ? ok(proof) : err("SYSTEM_FORM");
  }
  const nullifier = reader.hash();
  reader.finish();
  const [proofBytes] = input.arguments;
  if (reader.error !== undefined || form !== FORM_COIN || input.arguments.length !== 1 || proofBytes === undefined) {
    return err("SYSTEM_FORM");
  }
  return ok({ form: "coin", nullifier, proofBytes });
}

function encodePayoutProofBody(proof: PayoutProof): Uint8Array {
  const writer = new ByteWriter(24).byte(FORM_PAYOUT).varint63(proof.payout).varint63(proof.headerHeight);
  return writer.byte(proof.statusFail ? 1 : 0).finish();
}

/** The claim proof inside a coin proof, once the coin's asset is known. */
export function decodeCoinProof(proof: CoinProof, options: { readonly isBtm: boolean }): ClaimProof | undefined {
  return decodeClaimProof(proof.proofBytes, options);
}

// Kind 4.

const ACTION = { pause: 1, resume: 2, list: 3 } as const;
const SCOPE = { automatic: 0, in: 1, out: 2, asset: 3 } as const;
const GOVERNANCE_TAG = utf8ToBytes("bystack/gov/1");

/** `seq u64le | action u8 | payload`. */
export function encodeGovernanceBody(seq: bigint, act: GovernanceAction): Uint8Array {
  const writer = new ByteWriter(64).u64le(seq).byte(ACTION[act.action]);
  if (act.action === "list") return writer.raw(act.assetId).varint63(act.minimum).varint63(act.cap).finish();
  writer.byte(SCOPE[act.scope.kind]);
  if (act.scope.kind === "asset") writer.raw(act.scope.assetId);
  return writer.finish();
}

function readScope(reader: ByteReader): PauseScope {
  const scope = reader.byte();
  if (scope === SCOPE.asset) return { kind: "asset", assetId: reader.hash() };
  if (scope > SCOPE.asset) reader.fail("INVALID");
  return { kind: scope === SCOPE.in ? "in" : scope === SCOPE.out ? "out" : "automatic" };
}

/** Decodes a governance body in its one form; undefined for anything else. */
export function decodeGovernanceBody(body: Uint8Array): { seq: bigint; act: GovernanceAction } | undefined {
  const reader = new ByteReader(body);
  const seqBytes = reader.take(8);
  if (reader.error !== undefined) return undefined;
  const seq = new DataView(seqBytes.buffer, seqBytes.byteOffset, 8).getBigUint64(0, true);
  const code = reader.byte();
  let act: GovernanceAction;
  if (code === ACTION.list) {
    act = { action: "list", assetId: reader.hash(), minimum: reader.varint63(), cap: reader.varint63() };
  } else {
    if (code !== ACTION.pause && code !== ACTION.resume) reader.fail("INVALID");
    act = { action: code === ACTION.pause ? "pause" : "resume", scope: readScope(reader) };
  }
  reader.finish();
  return reader.error === undefined && equalBytes(encodeGovernanceBody(seq, act), body) ? { seq, act } : undefined;
}

/** What members sign. Never 32 bytes long, so no vault input can be authorised by it. */
export function governanceMessage(chainId: Hash, epoch: number, body: Uint8Array): Uint8Array {
  return concatBytes(GOVERNANCE_TAG, chainId, u64ToBytesLe(BigInt(epoch)), body);
}

function decodeSignatures(args: readonly Uint8Array[]): GovernanceSignature[] | undefined {
  if (args.length > GOVERNANCE_SIGNATURES_MAX) return undefined;
  const signatures: GovernanceSignature[] = [];
  let last = -1;
  for (const argument of args) {
    const member = argument[0];
    if (argument.length !== 65 || member === undefined || member <= last) return undefined;
    signatures.push({ member, signature: argument.subarray(1) });
    last = member;
  }
  return signatures;
}

// All kinds.

/** True when a transaction is meant as a system transaction: its first input is of type 4. */
export function isSystemTransaction(transaction: SideTransactionData): boolean {
  return transaction.inputs[0]?.kind === "system";
}

/** The output that every system transaction begins with: a retirement `6a` of 0 BTM. */
export const EMPTY_RETIREMENT: SideOutput = {
  kind: "intra",
  assetId: BTM_ASSET_ID,
  amount: 0n,
  program: FLOAT_RECIPIENT,
};

/** Whether an output is exactly {@link EMPTY_RETIREMENT}. */
export function isEmptyRetirement(output: SideOutput | undefined): boolean {
  if (output?.kind !== "intra" || output.amount !== 0n) return false;
  return equalBytes(output.assetId, BTM_ASSET_ID) && equalBytes(output.program, FLOAT_RECIPIENT);
}

/** One type-4 input, version 1, time range 0, one empty retirement: every kind but 6. */
export function hasSystemForm(transaction: SideTransactionData): boolean {
  if (transaction.inputs.length !== 1 || transaction.outputs.length !== 1) return false;
  if (transaction.version !== 1n || transaction.timeRange !== 0n) return false;
  return isEmptyRetirement(transaction.outputs[0]);
}

/** Reads a system transaction of the peg. The transaction itself was decoded strictly. */
export function parseSystem(transaction: SideTransactionData): Result<SystemContent, SystemErrorCode> {
  const [input] = transaction.inputs;
  if (input?.kind !== "system" || !hasSystemForm(transaction)) return err("SYSTEM_FORM");
  switch (input.systemKind) {
    case SYSTEM_KIND.headers: {
      const headers = input.arguments.length === 0 ? decodeHeadersBody(input.body) : undefined;
      return headers === undefined ? err("SYSTEM_FORM") : ok({ kind: "headers", headers });
    }
    case SYSTEM_KIND.proof: {
      const proof = decodeProof(input);
      return proof.ok ? ok({ kind: "proof", proof: proof.value }) : proof;
    }
    case SYSTEM_KIND.governance: {
      const decoded = decodeGovernanceBody(input.body);
      const signatures = decodeSignatures(input.arguments);
      if (decoded === undefined || signatures === undefined) return err("SYSTEM_FORM");
      return ok({ kind: "governance", ...decoded, body: input.body, signatures });
    }
    case SYSTEM_KIND.rogueSpend:
    case SYSTEM_KIND.evidence:
    case SYSTEM_KIND.candidate:
      return err("FEATURE_OFF");
    default:
      return err("SYSTEM_FORM");
  }
}

/** A system transaction of the plain form. */
export function createSystem(systemKind: bigint, body: Uint8Array, args: readonly Uint8Array[]): SideTransaction {
  return createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "system", systemKind, body, arguments: args }],
    outputs: [EMPTY_RETIREMENT],
  });
}

/** Kind 1. */
export function createHeadersTransaction(headers: readonly MainHeader[]): SideTransaction {
  return createSystem(SYSTEM_KIND.headers, encodeHeadersBody(headers), []);
}

/** Kind 2, form 00: payout j is in the block at `headerHeight` with this status. */
export function createPayoutProofTransaction(proof: Omit<PayoutProof, "form">): SideTransaction {
  const writer = new ByteWriter(1024);
  writeInclusionPaths(writer, proof.paths);
  return createSystem(SYSTEM_KIND.proof, encodePayoutProofBody({ form: "payout", ...proof }), [writer.finish()]);
}

/** Kind 2, form 01: the vault coin N is (again) in a block. */
export function createCoinProofTransaction(nullifier: Hash, proof: ClaimProof): SideTransaction {
  const body = concatBytes(Uint8Array.of(FORM_COIN), nullifier);
  return createSystem(SYSTEM_KIND.proof, body, [encodeClaimProof(proof)]);
}

/** Kind 4. Signatures are put in member order; each is over {@link governanceMessage}. */
export function createGovernanceTransaction(
  body: Uint8Array,
  signatures: readonly GovernanceSignature[],
): SideTransaction {
  const args = [...signatures]
    .sort((a, b) => a.member - b.member)
    .map((entry) => concatBytes(Uint8Array.of(entry.member), entry.signature));
  return createSystem(SYSTEM_KIND.governance, body, args);
}
