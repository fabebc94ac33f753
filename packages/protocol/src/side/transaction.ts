// Transactions of side chains: types and wire form (spec/vapor.md section 2.1, plus the system input of federation.md
// section 4). `decodeSideTransaction` is strict (sidechain.md section 1): one encoding per transaction, everything else is
// refused. The lenient reader accepts what Vapor accepts, for its recorded vectors; it drops what no id covers.

import { EMPTY_BYTES, equalBytes, type Hash } from "@bystack/utils/bytes";
import { err, type Result } from "@bystack/utils/result";
import { TRANSACTION_FLAGS } from "../main/transaction.ts";
import { ByteReader, ByteWriter, type DecodeError } from "../wire.ts";

/** A reference to an output: where its value came from, what it is worth, who owns it. VM version 1 always. */
export type SpendCommitment = {
  readonly sourceId: Hash;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly sourcePosition: bigint;
  readonly program: Uint8Array;
};

/** A claim of a main-chain deposit (or, on old Vapor, a federation peg-in). */
export type SideCrossChainInput = SpendCommitment & {
  readonly kind: "cross-chain";
  readonly issuanceVmVersion: bigint;
  readonly definition: Uint8Array;
  readonly issuanceProgram: Uint8Array;
  readonly arguments: readonly Uint8Array[];
};

export type SideSpendInput = SpendCommitment & {
  readonly kind: "spend";
  readonly arguments: readonly Uint8Array[];
};

export type SideCoinbaseInput = { readonly kind: "coinbase"; readonly arbitrary: Uint8Array };

/** Takes a vote output back. */
export type SideVetoInput = SpendCommitment & {
  readonly kind: "veto";
  readonly vote: Uint8Array;
  readonly arguments: readonly Uint8Array[];
};

/** The one input that makes a system transaction: headers, proofs, governance (`systemKind`, federation.md section 4). */
export type SideSystemInput = {
  readonly kind: "system";
  readonly systemKind: bigint;
  readonly body: Uint8Array;
  readonly arguments: readonly Uint8Array[];
};

export type SideInput = SideCrossChainInput | SideSpendInput | SideCoinbaseInput | SideVetoInput | SideSystemInput;

/** `intra`: ordinary · `cross`: burn towards the main chain · `vote`: locked vote for a 64-byte key. VM version 1 always. */
export type SideOutput = {
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
} & ({ readonly kind: "intra" } | { readonly kind: "cross" } | { readonly kind: "vote"; readonly vote: Uint8Array });

export type SideTransactionData = {
  readonly version: bigint;
  /** Last height at which it is valid; 0 = no limit. */
  readonly timeRange: bigint;
  readonly inputs: readonly SideInput[];
  readonly outputs: readonly SideOutput[];
};

/** A transaction with the bytes it has on the wire. `size` is the number of bytes: storage gas. */
export type SideTransaction = SideTransactionData & { readonly size: number; readonly raw: Uint8Array };

/** Caps of a decoder; the chain spec's `limits` has the values. Each keeps a hostile message from costing memory. */
export type SideDecodeLimits = {
  readonly transactionBytesMax: number;
  readonly inputsMax: number;
  readonly outputsMax: number;
};

/** The defaults of sidechain.md section 2. */
export const SIDE_DECODE_LIMITS: SideDecodeLimits = {
  transactionBytesMax: 200_000,
  inputsMax: 1024,
  outputsMax: 1024,
};

function readAssetVersion(reader: ByteReader): void {
  const at = reader.position;
  if (reader.varint63() !== 1n) reader.fail("ASSET_VERSION", at);
}

function readVmVersion1(reader: ByteReader): void {
  const at = reader.position;
  if (reader.varint63() !== 1n) reader.fail("VM_VERSION", at);
}

function readSpendCommitment(reader: ByteReader): SpendCommitment {
  return reader.extensible((content) => {
    const sourceId = content.hash();
    const assetId = content.hash();
    const amount = content.varint63();
    const sourcePosition = content.varint63();
    readVmVersion1(content);
    return { sourceId, assetId, amount, sourcePosition, program: content.varstr() };
  }).value;
}

/** An input before its arguments are known. */
type Unwitnessed =
  | Omit<SideCrossChainInput, "arguments">
  | Omit<SideSpendInput, "arguments">
  | Omit<SideVetoInput, "arguments">
  | Omit<SideSystemInput, "arguments">
  | SideCoinbaseInput;

function readInputCommitment(reader: ByteReader): Unwitnessed {
  const at = reader.position;
  const type = reader.byte();
  switch (type) {
    case 0: {
      const spend = readSpendCommitment(reader);
      const issuanceVmVersion = reader.varint63();
      const definition = reader.varstr();
      return { kind: "cross-chain", ...spend, issuanceVmVersion, definition, issuanceProgram: reader.varstr() };
    }
    case 1:
      return { kind: "spend", ...readSpendCommitment(reader) };
    case 3:
      return { kind: "veto", ...readSpendCommitment(reader), vote: reader.varstr() };
    case 4:
      return { kind: "system", systemKind: reader.varint63(), body: reader.varstr() };
    default:
      if (type !== 2) reader.fail("INPUT_TYPE", at);
      return { kind: "coinbase", arbitrary: reader.varstr() };
  }
}

function readInput(reader: ByteReader): SideInput {
  readAssetVersion(reader);
  const input = reader.extensible(readInputCommitment).value;
  return reader.extensible((content): SideInput => {
    if (input.kind === "coinbase") return input;
    const withArguments = { arguments: content.varstrList() };
    switch (input.kind) {
      case "cross-chain":
        return { ...input, ...withArguments };
      case "spend":
        return { ...input, ...withArguments };
      case "veto":
        return { ...input, ...withArguments };
      case "system":
        return { ...input, ...withArguments };
    }
  }).value;
}

function readOutputCommitment(reader: ByteReader): SideOutput {
  const at = reader.position;
  const type = reader.byte();
  const vote = type === 2 ? reader.varstr() : EMPTY_BYTES;
  const { value } = reader.extensible((content) => {
    const assetId = content.hash();
    const amount = content.varint63();
    readVmVersion1(content);
    return { assetId, amount, program: content.varstr() };
  });
  if (type === 1) return { kind: "cross", ...value };
  if (type === 2) return { kind: "vote", ...value, vote };
  if (type !== 0) reader.fail("OUTPUT_TYPE", at);
  return { kind: "intra", ...value };
}

function readOutput(reader: ByteReader): SideOutput {
  readAssetVersion(reader);
  const output = reader.extensible(readOutputCommitment).value;
  reader.varstr(); // The output witness: empty in every canonical transaction.
  return output;
}

function readList<T>(reader: ByteReader, max: number, readItem: (reader: ByteReader) => T): T[] {
  const at = reader.position;
  const count = reader.varint31();
  if (count > max) reader.fail("SIZE_LIMIT", at);
  const items: T[] = [];
  for (let i = 0; i < count && reader.error === undefined; i += 1) items.push(readItem(reader));
  return items;
}

/**
 * Reads one transaction from a stream, leniently: non-minimal integers, suffixes and output witnesses are accepted and
 * forgotten (`raw` still has them). Look at `reader.error` before believing it. Shares memory with the reader's bytes.
 */
export function readSideTransaction(
  reader: ByteReader,
  limits: SideDecodeLimits = SIDE_DECODE_LIMITS,
): SideTransaction {
  const start = reader.position;
  if (reader.byte() !== TRANSACTION_FLAGS) reader.fail("FLAGS", start);
  const version = reader.varint63();
  const timeRange = reader.varint63();
  const inputs = readList(reader, limits.inputsMax, readInput);
  const outputs = readList(reader, limits.outputsMax, readOutput);
  const raw = reader.error === undefined ? reader.bytes.subarray(start, reader.position) : EMPTY_BYTES;
  return { version, timeRange, inputs, outputs, size: raw.length, raw };
}

/** Decodes what Vapor decodes; for its vectors and for foreign data only. A side chain uses the strict decoder. */
export function decodeSideTransactionLenient(
  bytes: Uint8Array,
  limits: SideDecodeLimits = SIDE_DECODE_LIMITS,
): Result<SideTransaction, DecodeError> {
  if (bytes.length > limits.transactionBytesMax) return err({ code: "SIZE_LIMIT", at: limits.transactionBytesMax });
  const reader = new ByteReader(bytes);
  const transaction = readSideTransaction(reader, limits);
  reader.finish();
  return reader.result(transaction);
}

/** The first offset at which two byte strings differ. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

/**
 * Decodes a transaction of a side chain: exactly its canonical bytes and nothing else (minimal integers, no suffixes, no
 * output witnesses, asset version 1, nothing behind it). What decodes encodes back to the same bytes. Shares memory
 * with `bytes`.
 */
export function decodeSideTransaction(
  bytes: Uint8Array,
  limits: SideDecodeLimits = SIDE_DECODE_LIMITS,
): Result<SideTransaction, DecodeError> {
  const decoded = decodeSideTransactionLenient(bytes, limits);
  if (!decoded.ok) return decoded;
  const canonical = encodeSideTransaction(decoded.value);
  if (!equalBytes(canonical, bytes)) return err({ code: "NOT_CANONICAL", at: firstDifference(canonical, bytes) });
  return decoded;
}

function writeSpendCommitment(writer: ByteWriter, spend: SpendCommitment): ByteWriter {
  return writer.extensible((content) => {
    content.raw(spend.sourceId).raw(spend.assetId).varint63(spend.amount).varint63(spend.sourcePosition);
    content.varint63(1n).varstr(spend.program);
  });
}

function writeInputCommitment(writer: ByteWriter, input: SideInput): void {
  switch (input.kind) {
    case "cross-chain":
      writeSpendCommitment(writer.byte(0), input).varint63(input.issuanceVmVersion);
      writer.varstr(input.definition).varstr(input.issuanceProgram);
      return;
    case "spend":
      writeSpendCommitment(writer.byte(1), input);
      return;
    case "coinbase":
      writer.byte(2).varstr(input.arbitrary);
      return;
    case "veto":
      writeSpendCommitment(writer.byte(3), input).varstr(input.vote);
      return;
    case "system":
      writer.byte(4).varint63(input.systemKind).varstr(input.body);
  }
}

const OUTPUT_TYPE = { intra: 0, cross: 1, vote: 2 } as const;

function writeOutput(writer: ByteWriter, output: SideOutput): void {
  writer.varint63(1n).extensible((commitment) => {
    commitment.byte(OUTPUT_TYPE[output.kind]);
    if (output.kind === "vote") commitment.varstr(output.vote);
    commitment.extensible((content) => {
      content.raw(output.assetId).varint63(output.amount).varint63(1n).varstr(output.program);
    });
  });
  writer.varstr(EMPTY_BYTES);
}

/** The canonical bytes. @throws RangeError when an integer is outside its range. */
export function encodeSideTransaction(transaction: SideTransactionData): Uint8Array {
  const writer = new ByteWriter(512).byte(TRANSACTION_FLAGS);
  writer.varint63(transaction.version).varint63(transaction.timeRange);
  writer.varint31(transaction.inputs.length);
  for (const input of transaction.inputs) {
    writer.varint63(1n).extensible((content) => writeInputCommitment(content, input));
    writer.extensible((content) => {
      if (input.kind !== "coinbase") content.varstrList(input.arguments);
    });
  }
  writer.varint31(transaction.outputs.length);
  for (const output of transaction.outputs) writeOutput(writer, output);
  return writer.finish();
}

/** Makes a whole transaction from its content: encodes it for `raw` and `size`. */
export function createSideTransaction(data: SideTransactionData): SideTransaction {
  const raw = encodeSideTransaction(data);
  return { ...data, size: raw.length, raw };
}
