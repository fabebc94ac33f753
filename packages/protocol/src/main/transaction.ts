// Transactions of the main chain: their types and their wire form (spec/bytom.md section 2).
// Decoding keeps what no id covers (suffixes, the original bytes), because size feeds gas and relaying must not change
// a byte. Encoding reproduces the reference, the doubled suffixes of section 2.2 included. Inputs that the reference
// crashes on (section 2.3) are refused unless the caller asks for the bare codec.

import { EMPTY_BYTES, equalBytes, type Hash } from "@bystack/utils/bytes";
import type { Result } from "@bystack/utils/result";
import { assetIdOf } from "../asset.ts";
import { ByteReader, ByteWriter, type DecodeError } from "../wire.ts";

/** The one value of the first byte of a transaction. */
export const TRANSACTION_FLAGS = 0x07;

/** Parts of an input's two extensible strings that no rule reads; absent when empty. In no id, but in the size. */
export type InputSuffixes = {
  readonly commitmentSuffix?: Uint8Array;
  readonly witnessSuffix?: Uint8Array;
};

export type MainIssuanceInput = InputSuffixes & {
  readonly kind: "issuance";
  readonly nonce: Uint8Array;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly definition: Uint8Array;
  readonly vmVersion: bigint;
  readonly program: Uint8Array;
  readonly arguments: readonly Uint8Array[];
};

/** Spends an output of VM version 1 (no other decodes); source and position are those of the mux that made it. */
export type MainSpendInput = InputSuffixes & {
  readonly kind: "spend";
  readonly sourceId: Hash;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly sourcePosition: bigint;
  readonly program: Uint8Array;
  readonly arguments: readonly Uint8Array[];
  /** Suffix of the inner spend commitment: written twice on encoding. */
  readonly spendSuffix?: Uint8Array;
};

export type MainCoinbaseInput = InputSuffixes & {
  readonly kind: "coinbase";
  readonly arbitrary: Uint8Array;
};

/** Asset version other than 1: contents without meaning. Only the bare codec gives these. */
export type MainOpaqueInput = InputSuffixes & { readonly kind: "opaque"; readonly assetVersion: bigint };

export type MainInput = MainIssuanceInput | MainSpendInput | MainCoinbaseInput | MainOpaqueInput;

/** An output of VM version 1 (no other decodes); a program that starts with 0x6a makes it a retirement. */
export type MainPlainOutput = {
  readonly kind: "output";
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
  /** Suffix of the output commitment: written twice on encoding. */
  readonly commitmentSuffix?: Uint8Array;
};

export type MainOpaqueOutput = {
  readonly kind: "opaque";
  readonly assetVersion: bigint;
  readonly commitmentSuffix?: Uint8Array;
};

export type MainOutput = MainPlainOutput | MainOpaqueOutput;

/** The content of a transaction, as a builder makes it. */
export type MainTransactionData = {
  readonly version: bigint;
  /** Last height at which it is valid; 0 = no limit. */
  readonly timeRange: bigint;
  readonly inputs: readonly MainInput[];
  readonly outputs: readonly MainOutput[];
};

/** A transaction with the bytes it has on the wire. `size` is the number of bytes consumed: storage gas. */
export type MainTransaction = MainTransactionData & { readonly size: number; readonly raw: Uint8Array };

/**
 * Largest transaction worth decoding outside a block: one that pays in BTM needs a gas per byte and has 200,000 at most,
 * and one without BTM enters no mempool. Inside blocks there is no such limit, so check a block's proof of work
 * (`decodeMainHeader`) before its transactions: a decoded list of one-byte arguments takes some 66 bytes per byte.
 */
export const MAIN_RELAY_BYTES_MAX = 200_000;

/** `unsupported: "keep"` gives the bare codec: the cases of section 2.3 decode instead of being refused. */
export type MainDecodeOptions = { readonly unsupported?: "refuse" | "keep"; readonly bytesMax?: number };

type Suffixed<K extends string> = { readonly [key in K]?: Uint8Array };

/** A field for a suffix, left out when there is none (so that plain transactions compare equal without it). */
function suffixField<K extends string>(key: K, suffix: Uint8Array): Suffixed<K> {
  return suffix.length === 0 ? {} : ({ [key]: suffix } as Suffixed<K>);
}

function readVmVersion1(reader: ByteReader): void {
  const at = reader.position;
  if (reader.varint63() !== 1n) reader.fail("VM_VERSION", at);
}

type Commitment =
  | { readonly kind: "issuance"; readonly nonce: Uint8Array; readonly assetId: Hash; readonly amount: bigint }
  | (Omit<MainSpendInput, "arguments" | "commitmentSuffix" | "witnessSuffix"> & { readonly kind: "spend" })
  | { readonly kind: "coinbase"; readonly arbitrary: Uint8Array };

function readSpend(reader: ByteReader): Commitment {
  const { value, suffix } = reader.extensible((content) => {
    const sourceId = content.hash();
    const assetId = content.hash();
    const amount = content.varint63();
    const sourcePosition = content.varint63();
    readVmVersion1(content);
    return { sourceId, assetId, amount, sourcePosition, program: content.varstr() };
  });
  return { kind: "spend", ...value, ...suffixField("spendSuffix", suffix) };
}

function readCommitment(reader: ByteReader): Commitment {
  const at = reader.position;
  const type = reader.byte();
  if (type === 0) {
    return { kind: "issuance", nonce: reader.varstr(), assetId: reader.hash(), amount: reader.varint63() };
  }
  if (type === 1) return readSpend(reader);
  if (type !== 2) reader.fail("INPUT_TYPE", at);
  return { kind: "coinbase", arbitrary: reader.varstr() };
}

/** Reads the witness that belongs to a commitment and joins both to an input. */
function readWitness(reader: ByteReader, commitment: Commitment): MainInput {
  if (commitment.kind === "coinbase") return commitment;
  if (commitment.kind === "spend") return { ...commitment, arguments: reader.varstrList() };
  const definition = reader.varstr();
  const vmVersion = reader.varint63();
  const program = reader.varstr();
  // Checked here, before the arguments, as the reference does: an issuance with a wrong id is no transaction at all.
  if (reader.error === undefined && !equalBytes(assetIdOf({ vmVersion, program, definition }), commitment.assetId)) {
    reader.fail("ASSET_ID");
  }
  return { ...commitment, definition, vmVersion, program, arguments: reader.varstrList() };
}

function readInput(reader: ByteReader): MainInput {
  const assetVersion = reader.varint63();
  if (assetVersion !== 1n) {
    const commitmentSuffix = reader.varstr();
    const witnessSuffix = reader.varstr();
    return {
      kind: "opaque",
      assetVersion,
      ...suffixField("commitmentSuffix", commitmentSuffix),
      ...suffixField("witnessSuffix", witnessSuffix),
    };
  }
  const commitment = reader.extensible(readCommitment);
  const input = reader.extensible((content) => readWitness(content, commitment.value));
  return {
    ...input.value,
    ...suffixField("commitmentSuffix", commitment.suffix),
    ...suffixField("witnessSuffix", input.suffix),
  };
}

function readOutput(reader: ByteReader): MainOutput {
  const assetVersion = reader.varint63();
  let output: MainOutput;
  if (assetVersion === 1n) {
    const { value, suffix } = reader.extensible((content) => {
      const assetId = content.hash();
      const amount = content.varint63();
      readVmVersion1(content);
      return { assetId, amount, program: content.varstr() };
    });
    output = { kind: "output", ...value, ...suffixField("commitmentSuffix", suffix) };
  } else {
    output = { kind: "opaque", assetVersion, ...suffixField("commitmentSuffix", reader.varstr()) };
  }
  reader.varstr(); // The output witness: read and dropped.
  return output;
}

function readList<T>(reader: ByteReader, readItem: (reader: ByteReader) => T): T[] {
  const count = reader.varint31();
  const items: T[] = [];
  for (let i = 0; i < count && reader.error === undefined; i += 1) items.push(readItem(reader));
  return items;
}

/** The forms on which the reference crashes (section 2.3). */
function refuseUnsupported(reader: ByteReader, transaction: MainTransactionData): void {
  let coinbases = 0;
  for (const input of transaction.inputs) {
    if (input.kind === "opaque") reader.fail("ASSET_VERSION");
    if (input.kind === "coinbase") coinbases += 1;
  }
  for (const output of transaction.outputs) if (output.kind === "opaque") reader.fail("ASSET_VERSION");
  if (coinbases > 1 || (coinbases === 1 && transaction.outputs.length === 0)) reader.fail("COINBASE_FORM");
}

/**
 * Reads one transaction from a stream, as inside a block; look at `reader.error` before believing it. Views, not
 * copies: the result shares memory with the reader's bytes.
 */
export function readMainTransaction(reader: ByteReader, options: MainDecodeOptions = {}): MainTransaction {
  const start = reader.position;
  if (reader.byte() !== TRANSACTION_FLAGS) reader.fail("FLAGS", start);
  const version = reader.varint63();
  const timeRange = reader.varint63();
  const inputs = readList(reader, readInput);
  const outputs = readList(reader, readOutput);
  const raw = reader.error === undefined ? reader.bytes.subarray(start, reader.position) : EMPTY_BYTES;
  const transaction = { version, timeRange, inputs, outputs, size: raw.length, raw };
  if (options.unsupported !== "keep") refuseUnsupported(reader, transaction);
  return transaction;
}

/** Decodes a transaction that stands alone; nothing may follow it. Shares memory with `bytes`. */
export function decodeMainTransaction(
  bytes: Uint8Array,
  options: MainDecodeOptions = {},
): Result<MainTransaction, DecodeError> {
  const reader = new ByteReader(bytes);
  if (options.bytesMax !== undefined && bytes.length > options.bytesMax) reader.fail("SIZE_LIMIT");
  const transaction = readMainTransaction(reader, options);
  reader.finish();
  return reader.result(transaction);
}

function writeCommitment(writer: ByteWriter, input: Exclude<MainInput, MainOpaqueInput>): void {
  switch (input.kind) {
    case "issuance":
      writer.byte(0).varstr(input.nonce).raw(input.assetId).varint63(input.amount);
      return;
    case "spend":
      writer.byte(1).extensible((content) => {
        content.raw(input.sourceId).raw(input.assetId).varint63(input.amount).varint63(input.sourcePosition);
        content.varint63(1n).varstr(input.program);
        if (input.spendSuffix !== undefined) content.raw(input.spendSuffix);
      }, input.spendSuffix);
      return;
    case "coinbase":
      writer.byte(2).varstr(input.arbitrary);
  }
}

function writeInput(writer: ByteWriter, input: MainInput): void {
  if (input.kind === "opaque") {
    writer.varint63(input.assetVersion);
    writer.varstr(input.commitmentSuffix ?? EMPTY_BYTES).varstr(input.witnessSuffix ?? EMPTY_BYTES);
    return;
  }
  writer.varint63(1n).extensible((content) => writeCommitment(content, input), input.commitmentSuffix);
  writer.extensible((content) => {
    if (input.kind === "issuance") content.varstr(input.definition).varint63(input.vmVersion).varstr(input.program);
    if (input.kind !== "coinbase") content.varstrList(input.arguments);
  }, input.witnessSuffix);
}

function writeOutput(writer: ByteWriter, output: MainOutput): void {
  if (output.kind === "opaque") {
    // The reference writes this suffix twice too.
    const suffix = output.commitmentSuffix ?? EMPTY_BYTES;
    writer.varint63(output.assetVersion).extensible((content) => content.raw(suffix), suffix);
  } else {
    writer.varint63(1n).extensible((content) => {
      content.raw(output.assetId).varint63(output.amount).varint63(1n).varstr(output.program);
      if (output.commitmentSuffix !== undefined) content.raw(output.commitmentSuffix);
    }, output.commitmentSuffix);
  }
  writer.varstr(EMPTY_BYTES);
}

/**
 * Encodes the content as the reference does: suffixes of spend and output commitments come out twice, so this is not
 * the inverse of decoding for such transactions; relay `raw` instead. @throws RangeError on amounts from 2^63.
 */
export function encodeMainTransaction(transaction: MainTransactionData): Uint8Array {
  const writer = new ByteWriter(512).byte(TRANSACTION_FLAGS);
  writer.varint63(transaction.version).varint63(transaction.timeRange);
  writer.varint31(transaction.inputs.length);
  for (const input of transaction.inputs) writeInput(writer, input);
  writer.varint31(transaction.outputs.length);
  for (const output of transaction.outputs) writeOutput(writer, output);
  return writer.finish();
}

/** Makes a whole transaction from its content: encodes it for `raw` and `size`. */
export function createMainTransaction(data: MainTransactionData): MainTransaction {
  const raw = encodeMainTransaction(data);
  return { ...data, size: raw.length, raw };
}
