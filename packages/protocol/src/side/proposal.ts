// A side-chain block with its certificates, and the proposal that carries it (design: sidechain.md section 2).
// A `SideBlock` value is always consistent in itself: its hash is the hash of its header, its batches match the body root
// and its skip certificates, when they are carried, match the skip root. Bytes that do not match are not this block.
// The parent's certificate is outside the hash, as is everything a re-proposal adds.

import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { type ByteReader, ByteWriter } from "../wire.ts";
import {
  type Certificate,
  readCertificate,
  SIGNATURE_BYTES,
  skipRoot,
  VOTE_KINDS,
  writeCertificate,
} from "./certificate.ts";
import {
  encodeSideHeader,
  hashSideHeader,
  readSideBatch,
  readSideHeader,
  SIDE_BATCHES_MAX,
  type SideHeader,
  sideBodyRoot,
  writeVarint53,
} from "./header.ts";

/** More skipped views than this, and the block carries their root only (bbft.md section 3). */
export const SKIP_CERTIFICATES_INLINE_MAX = 64;
/** Most certificates that a re-proposal brings along; a peer fetches what is beyond. */
export const JUSTIFICATION_MAX = 256;

export type SideBlock = {
  readonly hash: Hash;
  readonly header: SideHeader;
  /** Exact bytes of each batch. */
  readonly batches: readonly Uint8Array[];
  /** Undefined in block 1 alone: genesis needs no certificate. */
  readonly parentCertificate: Certificate | undefined;
  /** Empty above {@link SKIP_CERTIFICATES_INLINE_MAX} skipped views. */
  readonly skipCertificates: readonly Certificate[];
};

export type SideProposal = {
  /** View of the proposal: the header's own but for a re-proposal. */
  readonly view: number;
  readonly block: SideBlock;
  /** View of the NOTARIZE certificate that a re-proposal rests on; 0 otherwise. */
  readonly justifyView: number;
  readonly justification: readonly Certificate[];
  /** Of kind PROPOSE, over (epoch, view, height, hash). */
  readonly signature: Uint8Array;
};

/** Views between the parent and this block: each needs one NULLIFY certificate. */
export function skippedViews(header: SideHeader): number {
  return header.view - header.parentView - 1;
}

/**
 * Whether a certificate is of the kind, epoch and view in which a header says that its parent was certified: FINALIZE of the
 * epoch before for an epoch's first block, of any view; otherwise NOTARIZE in the parent's view.
 */
export function certifiesParentView(header: SideHeader, { kind, epoch, view }: Certificate): boolean {
  return header.parentView === 0
    ? kind === VOTE_KINDS.FINALIZE && epoch === header.epoch - 1
    : kind === VOTE_KINDS.NOTARIZE && epoch === header.epoch && view === header.parentView;
}

/** A block from its parts. @returns undefined when a part does not match the header's roots or its count. */
export function createSideBlock(parts: Omit<SideBlock, "hash">): SideBlock | undefined {
  const { header, batches, parentCertificate, skipCertificates } = parts;
  if (!equalBytes(sideBodyRoot(batches), header.bodyRoot)) return undefined;
  if ((parentCertificate === undefined) !== header.height <= 1) return undefined;
  const skipped = skippedViews(header);
  const carried = skipped > SKIP_CERTIFICATES_INLINE_MAX ? 0 : skipped;
  if (skipCertificates.length !== carried) return undefined;
  if (carried === skipped && !equalBytes(skipRoot(skipCertificates), header.skipRoot)) return undefined;
  return { hash: hashSideHeader(header), header, batches, parentCertificate, skipCertificates };
}

export function writeSideBlock(writer: ByteWriter, block: SideBlock): void {
  writer.raw(encodeSideHeader(block.header)).varint31(block.batches.length);
  for (const batch of block.batches) writer.raw(batch);
  if (block.parentCertificate !== undefined) writeCertificate(writer, block.parentCertificate);
  writer.varint31(block.skipCertificates.length);
  for (const certificate of block.skipCertificates) writeCertificate(writer, certificate);
}

export function encodeSideBlock(block: SideBlock): Uint8Array {
  const writer = new ByteWriter(2048);
  writeSideBlock(writer, block);
  return writer.finish();
}

function readCertificates(reader: ByteReader, countMax: number): Certificate[] {
  const count = reader.varint31();
  if (count > countMax) reader.fail("LENGTH_RANGE");
  const certificates: Certificate[] = [];
  for (let i = 0; i < count && reader.error === undefined; i += 1) certificates.push(readCertificate(reader));
  return certificates;
}

const NO_HASH = new Uint8Array(32);

/** Reads one block; parts that do not match their header's roots make it INVALID. */
export function readSideBlock(reader: ByteReader): SideBlock {
  const header = readSideHeader(reader);
  const count = reader.varint31();
  if (count > SIDE_BATCHES_MAX) reader.fail("LENGTH_RANGE");
  const batches: Uint8Array[] = [];
  for (let i = 0; i < count && reader.error === undefined; i += 1) batches.push(readSideBatch(reader));
  const parentCertificate = header.height > 1 && reader.error === undefined ? readCertificate(reader) : undefined;
  const skipCertificates = readCertificates(reader, SKIP_CERTIFICATES_INLINE_MAX);
  const parts = { header, batches, parentCertificate, skipCertificates };
  const block = reader.error === undefined ? createSideBlock(parts) : undefined;
  if (block === undefined) reader.fail("INVALID");
  return block ?? { hash: NO_HASH, ...parts };
}

export function writeSideProposal(writer: ByteWriter, proposal: SideProposal): void {
  writeVarint53(writer, proposal.view);
  writeSideBlock(writer, proposal.block);
  writeVarint53(writer, proposal.justifyView);
  writer.varint31(proposal.justification.length);
  for (const certificate of proposal.justification) writeCertificate(writer, certificate);
  writer.raw(proposal.signature);
}

/** Reads one proposal; only a re-proposal may carry a justification. */
export function readSideProposal(reader: ByteReader): SideProposal {
  const view = reader.varint53();
  const block = readSideBlock(reader);
  const justifyView = reader.varint53();
  const justification = readCertificates(reader, JUSTIFICATION_MAX);
  const signature = reader.take(SIGNATURE_BYTES);
  const plain = view === block.header.view;
  if (plain && (justifyView !== 0 || justification.length !== 0)) reader.fail("INVALID");
  return { view, block, justifyView, justification, signature };
}
