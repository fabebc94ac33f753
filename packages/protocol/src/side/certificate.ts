// Votes and certificates of BBFT as bytes, and the verification of a certificate (design: bbft.md sections 3 and 4 S6,
// sidechain.md section 2). A certificate is q signatures of distinct validators under one (epoch, kind, view, height,
// hash); signatures stand in ascending order of the signers' places in the committee. One encoding per certificate.

import { sha3_256 } from "@bystack/crypto/hash";
import { equalBytes, type Hash, isZeroBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { merkleRoot } from "../merkle.ts";
import { type ByteReader, ByteWriter } from "../wire.ts";
import { writeVarint53 } from "./header.ts";

/** What is signed: 0 is a leader's proposal, the others are votes and, q of them, certificates. */
export const VOTE_KINDS = { PROPOSE: 0, NOTARIZE: 1, NULLIFY: 2, FINALIZE: 3 } as const;
export type SignedKind = 0 | 1 | 2 | 3;
export type CertificateKind = 1 | 2 | 3;

/** Signature schemes by their number on the wire; only the Ed25519 list exists. */
export const CERTIFICATE_SCHEMES = { ED25519_LIST: 1 } as const;

/** Validators of one epoch: what the bitmap, the vote's signer byte and the message sizes are made for. */
export const COMMITTEE_SIZE_MAX = 100;
export const SIGNATURE_BYTES = 64;
/** Bytes of a certificate's bitmap: one bit for each of the largest committee. */
export const BITMAP_BYTES_MAX = Math.ceil(COMMITTEE_SIZE_MAX / 8);
/** Longest encoding: fixed part, bitmap and 100 signatures. */
export const CERTIFICATE_BYTES_MAX = 1 + 9 * 3 + 32 + 1 + 1 + BITMAP_BYTES_MAX + COMMITTEE_SIZE_MAX * SIGNATURE_BYTES;

export type SignedContent = {
  readonly epoch: number;
  readonly kind: SignedKind;
  readonly view: number;
  /** Zero for NULLIFY, as is the hash. */
  readonly height: number;
  readonly blockHash: Hash;
};

export type Certificate = SignedContent & {
  readonly kind: CertificateKind;
  readonly scheme: 1;
  /** Bit i of the committee's order is byte i >> 3, mask 1 << (i & 7). */
  readonly bitmap: Uint8Array;
  /** 64 bytes for each set bit, ascending. */
  readonly signatures: Uint8Array;
};

export type CertificateVerdict =
  | "ok"
  | "KIND"
  | "EPOCH"
  | "NULLIFY_CONTENT"
  | "BITMAP_LENGTH"
  | "BITMAP_RANGE"
  | "QUORUM"
  | "SIGNATURE_COUNT"
  | "SIGNATURE";

const DOMAIN = utf8ToBytes("BBFT/1");
const SIGNED_BYTES = DOMAIN.length + 32 + 8 + 1 + 8 + 8 + 32;

function putU64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value >>> 0, true);
  view.setUint32(offset + 4, Math.floor(value / 0x1_0000_0000), true);
}

/** The 95 bytes that a validator signs: "BBFT/1" | chainId | epoch | kind | view | height | hash, integers u64le. */
export function signedBytes(chainId: Hash, content: SignedContent): Uint8Array {
  const bytes = new Uint8Array(SIGNED_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(DOMAIN, 0);
  bytes.set(chainId, 6);
  putU64(view, 38, content.epoch);
  bytes[46] = content.kind;
  putU64(view, 47, content.view);
  putU64(view, 55, content.height);
  bytes.set(content.blockHash, 63);
  return bytes;
}

/** n - f with f = floor((n - 1) / 3): never 2f + 1. */
export function quorumSize(validators: number): number {
  return validators - Math.floor((validators - 1) / 3);
}

export function hasSigner(certificate: Certificate, index: number): boolean {
  return ((certificate.bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** Places of the signers in ascending order; bits beyond the bitmap's length do not exist. */
export function signersOf(certificate: Certificate): number[] {
  const signers: number[] = [];
  for (let i = 0; i < certificate.bitmap.length * 8; i += 1) if (hasSigner(certificate, i)) signers.push(i);
  return signers;
}

/** Puts votes of one content together. The caller vouches that they are distinct, ascending and verified. */
export function assembleCertificate(
  content: SignedContent & { readonly kind: CertificateKind },
  votes: readonly { readonly signer: number; readonly signature: Uint8Array }[],
  validators: number,
): Certificate {
  const bitmap = new Uint8Array(Math.ceil(validators / 8));
  const signatures = new Uint8Array(votes.length * SIGNATURE_BYTES);
  votes.forEach((vote, i) => {
    bitmap[vote.signer >> 3] = (bitmap[vote.signer >> 3] ?? 0) | (1 << (vote.signer & 7));
    signatures.set(vote.signature, i * SIGNATURE_BYTES);
  });
  const { epoch, kind, view, height, blockHash } = content;
  return { epoch, kind, view, height, blockHash, scheme: CERTIFICATE_SCHEMES.ED25519_LIST, bitmap, signatures };
}

export type CertificateContext = {
  readonly chainId: Hash;
  readonly epoch: number;
  /** Vote keys of the epoch's committee in its order. */
  readonly keys: readonly Uint8Array[];
  readonly quorum: number;
};

/** Everything about a certificate but its signatures. */
function validateForm(certificate: Certificate, context: CertificateContext): CertificateVerdict {
  if (certificate.kind < 1 || certificate.kind > 3) return "KIND";
  if (certificate.epoch !== context.epoch) return "EPOCH";
  const empty = certificate.height === 0 && isZeroBytes(certificate.blockHash);
  if (certificate.kind === VOTE_KINDS.NULLIFY && !empty) return "NULLIFY_CONTENT";
  const validators = context.keys.length;
  if (certificate.bitmap.length !== Math.ceil(validators / 8)) return "BITMAP_LENGTH";
  const last = certificate.bitmap[certificate.bitmap.length - 1] ?? 0;
  if (validators % 8 !== 0 && last >> (validators % 8) !== 0) return "BITMAP_RANGE";
  const count = signersOf(certificate).length;
  if (count < context.quorum) return "QUORUM";
  return certificate.signatures.length === count * SIGNATURE_BYTES ? "ok" : "SIGNATURE_COUNT";
}

/**
 * Verifies a certificate against its epoch's committee: at least `quorum` distinct signers, a bitmap with no bit above
 * n, exactly one valid signature for each bit. `verifySig(key, bytes, signature, signer)` is the scheme's own check.
 */
export function verifyCertificate(
  certificate: Certificate,
  context: CertificateContext,
  verifySig: (key: Uint8Array, bytes: Uint8Array, signature: Uint8Array, signer: number) => boolean,
): CertificateVerdict {
  const form = validateForm(certificate, context);
  if (form !== "ok") return form;
  const bytes = signedBytes(context.chainId, certificate);
  let offset = 0;
  for (const signer of signersOf(certificate)) {
    const key = context.keys[signer];
    const signature = certificate.signatures.subarray(offset, offset + SIGNATURE_BYTES);
    if (key === undefined || !verifySig(key, bytes, signature, signer)) return "SIGNATURE";
    offset += SIGNATURE_BYTES;
  }
  return "ok";
}

export function writeCertificate(writer: ByteWriter, certificate: Certificate): void {
  writer.byte(certificate.kind);
  writeVarint53(writer, certificate.epoch);
  writeVarint53(writer, certificate.view);
  writeVarint53(writer, certificate.height);
  writer.raw(certificate.blockHash).byte(certificate.scheme).varstr(certificate.bitmap).raw(certificate.signatures);
}

export function encodeCertificate(certificate: Certificate): Uint8Array {
  const writer = new ByteWriter(384);
  writeCertificate(writer, certificate);
  return writer.finish();
}

/** Reads one certificate; the number of signatures follows from the bitmap. Non-canonical bytes are INVALID. */
export function readCertificate(reader: ByteReader): Certificate {
  const start = reader.position;
  const kind = reader.byte();
  const epoch = reader.varint53();
  const view = reader.varint53();
  const height = reader.varint53();
  const blockHash = reader.hash();
  if (kind < 1 || kind > 3 || reader.byte() !== CERTIFICATE_SCHEMES.ED25519_LIST) reader.fail("INVALID");
  const bitmap = reader.varstr();
  if (bitmap.length > BITMAP_BYTES_MAX) reader.fail("LENGTH_RANGE");
  let count = 0;
  for (const byte of bitmap) for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  const signatures = reader.take(count * SIGNATURE_BYTES);
  const certificate: Certificate = {
    epoch,
    kind: kind as CertificateKind,
    view,
    height,
    blockHash,
    scheme: CERTIFICATE_SCHEMES.ED25519_LIST,
    bitmap,
    signatures,
  };
  if (reader.error === undefined) {
    const canonical = encodeCertificate(certificate);
    if (!equalBytes(canonical, reader.bytes.subarray(start, reader.position))) reader.fail("INVALID");
  }
  return certificate;
}

/** Merkle root over the hashes of the certificates of the skipped views, ascending. */
export function skipRoot(certificates: readonly Certificate[]): Hash {
  return merkleRoot(certificates.map((certificate) => sha3_256(encodeCertificate(certificate))));
}
