// The record of a validator: what must be on disk before a vote leaves (bbft.md S5, "the record holds"). It is a list of
// entries, appended and, after a final block is stored, rewritten from what still matters. Framing, checksums and fsync
// are the shell's; a record whose last entry is cut is corrupt only when an earlier `persisted` covered it.

import {
  type Certificate,
  readCertificate,
  SIGNATURE_BYTES,
  writeCertificate,
} from "@bystack/protocol/side/certificate";
import { writeVarint53 } from "@bystack/protocol/side/header";
import { readSideBlock, type SideBlock, writeSideBlock } from "@bystack/protocol/side/proposal";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import type { Hash } from "@bystack/utils/bytes";
import { type Position, readVote, type Vote, writeVote } from "./messages.ts";

export type RecordEntry =
  /** First entry of every record: whose it is, and the place below which its own votes are no longer listed. */
  | { readonly type: "init"; readonly chainId: Hash; readonly key: Uint8Array; readonly floor: Position }
  /** Own vote. NOTARIZE brings the block's body; of a leader also the signature of its proposal. */
  | { readonly type: "own"; readonly vote: Vote; readonly block: SideBlock | undefined }
  /** A vote or proposal of somebody else, as received. */
  | { readonly type: "seen"; readonly vote: Vote }
  /** A certificate by which a view or epoch was entered, on which a FINALIZE rests, or that finalised a block. */
  | { readonly type: "certificate"; readonly certificate: Certificate }
  /** Body of the last block of an epoch that this node entered the next one by. */
  | { readonly type: "block"; readonly block: SideBlock }
  /** Signs nothing at or below `through`; a bar can be lifted, an observe state ends only there. */
  | { readonly type: "silence"; readonly reason: "bar" | "observe"; readonly through: Position }
  | { readonly type: "lifted"; readonly reason: "bar" | "observe" };

export type RecordEntryType = RecordEntry["type"];

const TYPES: readonly RecordEntryType[] = ["init", "own", "seen", "certificate", "block", "silence", "lifted"];

/** What `node init` writes and syncs together with the vote key. */
export function emptyRecord(chainId: Hash, key: Uint8Array): RecordEntry[] {
  return [{ type: "init", chainId, key, floor: { epoch: 1, view: 0 } }];
}

function writePosition(writer: ByteWriter, position: Position): void {
  writeVarint53(writer, position.epoch);
  writeVarint53(writer, position.view);
}

export function encodeRecordEntry(entry: RecordEntry): Uint8Array {
  const writer = new ByteWriter(512);
  writer.byte(TYPES.indexOf(entry.type) + 1);
  switch (entry.type) {
    case "init":
      writer.raw(entry.chainId).varstr(entry.key);
      writePosition(writer, entry.floor);
      break;
    case "own":
      writeVote(writer, entry.vote);
      writer.byte(entry.block === undefined ? 0 : 1);
      if (entry.block !== undefined) writeSideBlock(writer, entry.block);
      break;
    case "seen":
      writeVote(writer, entry.vote);
      break;
    case "certificate":
      writeCertificate(writer, entry.certificate);
      break;
    case "block":
      writeSideBlock(writer, entry.block);
      break;
    case "silence":
      writer.byte(entry.reason === "bar" ? 0 : 1);
      writePosition(writer, entry.through);
      break;
    case "lifted":
      writer.byte(entry.reason === "bar" ? 0 : 1);
      break;
  }
  return writer.finish();
}

function readFlag(reader: ByteReader): boolean {
  const flag = reader.byte();
  if (flag > 1) reader.fail("INVALID");
  return flag === 1;
}

function readEntry(reader: ByteReader, type: RecordEntryType): RecordEntry {
  const position = (): Position => ({ epoch: reader.varint53(), view: reader.varint53() });
  switch (type) {
    case "init": {
      const chainId = reader.hash();
      const key = reader.varstr();
      if (key.length > SIGNATURE_BYTES) reader.fail("LENGTH_RANGE");
      return { type, chainId, key, floor: position() };
    }
    case "own": {
      const vote = readVote(reader);
      return { type, vote, block: readFlag(reader) ? readSideBlock(reader) : undefined };
    }
    case "seen":
      return { type, vote: readVote(reader) };
    case "certificate":
      return { type, certificate: readCertificate(reader) };
    case "block":
      return { type, block: readSideBlock(reader) };
    case "silence":
      return { type, reason: readFlag(reader) ? "observe" : "bar", through: position() };
    case "lifted":
      return { type, reason: readFlag(reader) ? "observe" : "bar" };
  }
}

/** One entry that fills `bytes` exactly; undefined for anything else, which makes the record corrupt. */
export function decodeRecordEntry(bytes: Uint8Array): RecordEntry | undefined {
  const reader = new ByteReader(bytes);
  const type = TYPES[reader.byte() - 1];
  if (type === undefined) return undefined;
  const entry = readEntry(reader, type);
  reader.finish();
  return reader.error === undefined ? entry : undefined;
}
