// A final block as the block log holds it: the block and, where this node has one, the FINALIZE certificate of its own.
// The log's record number is the block's height, so a block is found without an index.

import { type Certificate, readCertificate, writeCertificate } from "@bystack/protocol/side/certificate";
import { readSideBlock, type SideBlock, writeSideBlock } from "@bystack/protocol/side/proposal";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";

/** Record type in the block log. */
export const STORED_BLOCK_TYPE = 1;

export type StoredBlock = { readonly block: SideBlock; readonly certificate: Certificate | undefined };

export function encodeStoredBlock({ block, certificate }: StoredBlock): Uint8Array {
  const writer = new ByteWriter(1024);
  writeSideBlock(writer, block);
  writer.byte(certificate === undefined ? 0 : 1);
  if (certificate !== undefined) writeCertificate(writer, certificate);
  return writer.finish();
}

/** Undefined for anything that {@link encodeStoredBlock} does not write. */
export function decodeStoredBlock(bytes: Uint8Array): StoredBlock | undefined {
  const reader = new ByteReader(bytes);
  const block = readSideBlock(reader);
  const flag = reader.byte();
  const certificate = flag === 1 ? readCertificate(reader) : undefined;
  if (flag > 1) reader.fail("INVALID");
  reader.finish();
  return reader.error === undefined ? { block, certificate } : undefined;
}
