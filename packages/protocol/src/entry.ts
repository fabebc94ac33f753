// Entries: the nodes of the graph into which every transaction and header of both chains is mapped, and their ids
// (spec/bytom.md section 3). id = H("entryid:" | type | ":" | H(body)); every id of the system is made here.

import { sha3_256 } from "@bystack/crypto/hash";
import { bytesToHex, concatBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { ByteWriter } from "./wire.ts";

/** The asset id of BTM on every chain: 32 bytes 0xff. Treat it as read-only. */
export const BTM_ASSET_ID: Hash = new Uint8Array(32).fill(0xff);

/** The id of a missing entry. Treat it as read-only. */
export const ZERO_HASH: Hash = new Uint8Array(32);

/** An amount of one asset, in its smallest unit (neu for BTM). */
export type AssetAmount = { readonly assetId: Hash; readonly amount: bigint };

/** A program and the version of the machine that runs it. */
export type Program = { readonly vmVersion: bigint; readonly code: Uint8Array };

/** Where a value comes from: an entry and a position in it. */
export type ValueSource = { readonly ref: Hash; readonly value: AssetAmount; readonly position: bigint };

/** The program that every mux entry carries (TRUE). It is hashed and never run. */
export const MUX_PROGRAM: Program = { vmVersion: 1n, code: Uint8Array.of(0x51) };

const prefixes = new Map<string, Uint8Array>();

function entryPrefix(type: string): Uint8Array {
  let prefix = prefixes.get(type);
  if (prefix === undefined) {
    prefix = utf8ToBytes(`entryid:${type}:`);
    // The types are string literals of this package (about 15), so the table is bounded by the code.
    prefixes.set(type, prefix);
  }
  return prefix;
}

/** Id of an entry from its type string and encoded body. `type` is a literal of the protocol, never foreign text. */
export function entryId(type: string, body: Uint8Array): Hash {
  const prefix = entryPrefix(type);
  const bytes = new Uint8Array(prefix.length + 32);
  bytes.set(prefix);
  bytes.set(sha3_256(body), prefix.length);
  return sha3_256(bytes);
}

export function writeAssetAmount(writer: ByteWriter, value: AssetAmount): ByteWriter {
  return writer.raw(value.assetId).u64le(value.amount);
}

export function writeProgram(writer: ByteWriter, program: Program): ByteWriter {
  return writer.u64le(program.vmVersion).varstr(program.code);
}

export function writeSource(writer: ByteWriter, source: ValueSource): ByteWriter {
  writer.raw(source.ref);
  return writeAssetAmount(writer, source.value).u64le(source.position);
}

/** Id of `mux1`. An undefined source stands for an input without meaning: it is counted and adds no bytes. */
export function muxEntryId(sources: readonly (ValueSource | undefined)[]): Hash {
  const writer = new ByteWriter(96 * sources.length + 16).varint31(sources.length);
  for (const source of sources) if (source !== undefined) writeSource(writer, source);
  return entryId("mux1", writeProgram(writer, MUX_PROGRAM).finish());
}

/** Id of `retirement1`; the program of a retirement is in no id. */
export function retirementEntryId(source: ValueSource): Hash {
  return entryId("retirement1", writeSource(new ByteWriter(96), source).finish());
}

/** Id of an entry whose body is a source and a program: `output1`, `intrachainoutput1`, `crosschainoutput1`. */
export function outputEntryId(type: string, source: ValueSource, program: Program): Hash {
  const writer = writeSource(new ByteWriter(128), source);
  return entryId(type, writeProgram(writer, program).finish());
}

/** Id of an entry whose body is one hash: `spend1`, `vetoInput1`. */
export function spendingEntryId(type: string, spentOutputId: Hash): Hash {
  return entryId(type, spentOutputId);
}

/** Id of `coinbase1`. */
export function coinbaseEntryId(arbitrary: Uint8Array): Hash {
  return entryId("coinbase1", new ByteWriter(arbitrary.length + 8).varstr(arbitrary).finish());
}

/** Id of `txheader`: the transaction id. */
export function transactionEntryId(header: {
  readonly version: bigint;
  readonly timeRange: bigint;
  readonly resultIds: readonly Hash[];
}): Hash {
  const writer = new ByteWriter(24 + 32 * header.resultIds.length);
  writer.u64le(header.version).u64le(header.timeRange).varint31(header.resultIds.length);
  for (const id of header.resultIds) writer.raw(id);
  return entryId("txheader", writer.finish());
}

/** What an input's signature signs: H(entry id of the input | transaction id). It covers the whole transaction. */
export function signatureHash(inputEntryId: Hash, transactionId: Hash): Hash {
  return sha3_256(concatBytes(inputEntryId, transactionId));
}

/** True when the program makes its output a retirement: its first byte is FAIL. */
export function isRetirementProgram(program: Uint8Array): boolean {
  return program[0] === 0x6a;
}

/**
 * Per entry the index of the last equal one. Entries live in a map by id, so a repeated one takes the ordinal of its
 * last input, and the slots of the earlier ones stay empty.
 */
export function entryOrdinals(ids: readonly Hash[]): number[] {
  const keys = ids.map(bytesToHex);
  const last = new Map<string, number>();
  keys.forEach((key, index) => {
    last.set(key, index);
  });
  return keys.map((key, index) => last.get(key) ?? index);
}
