// Certificates: what is signed, who counts, one encoding (bbft.md sections 3 and 4 S6; promise P5).

import assert from "node:assert/strict";
import { test } from "node:test";
import { sha3_256Parts } from "@bystack/crypto/hash";
import { bytesToHex, concatBytes, equalBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import {
  assembleCertificate,
  CERTIFICATE_BYTES_MAX,
  type Certificate,
  type CertificateKind,
  encodeCertificate,
  quorumSize,
  readCertificate,
  signedBytes,
  signersOf,
  verifyCertificate,
} from "../src/side/certificate.ts";
import { ByteReader } from "../src/wire.ts";

const chainId = new Uint8Array(32).fill(0xc1);
const keys = Array.from({ length: 4 }, (_, i) => new Uint8Array(32).fill(i + 1));
const blockHash = new Uint8Array(32).fill(0xb1);

/** A stand-in for a signature: only the key and the bytes decide. */
function sign(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return concatBytes(sha3_256Parts(key, bytes), sha3_256Parts(bytes, key));
}

const verifySig = (key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean =>
  equalBytes(sign(key, bytes), signature);
const context = { chainId, epoch: 2, keys, quorum: 3 };

function certify(
  signers: readonly number[],
  changed: { kind?: CertificateKind; epoch?: number; chain?: Uint8Array } = {},
): Certificate {
  const kind = changed.kind ?? 1;
  const empty = kind === 2;
  const content = {
    epoch: changed.epoch ?? 2,
    kind,
    view: 9,
    height: empty ? 0 : 8,
    blockHash: empty ? new Uint8Array(32) : blockHash,
  };
  const bytes = signedBytes(changed.chain ?? chainId, content);
  const votes = signers.map((signer) => ({ signer, signature: sign(keys[signer] ?? chainId, bytes) }));
  return assembleCertificate(content, votes, keys.length);
}

test("signed bytes are laid out as designed", () => {
  const bytes = signedBytes(chainId, { epoch: 2, kind: 3, view: 2 ** 33 + 5, height: 7, blockHash });
  const expected = `424246542f31${"c1".repeat(32)}0200000000000000030500000002000000${"07"}00000000000000${"b1".repeat(32)}`;
  assert.equal(bytesToHex(bytes), expected);
});

test("a quorum is n - f", () => {
  assert.deepEqual([4, 5, 6, 7, 10, 100].map(quorumSize), [3, 4, 5, 5, 7, 67]);
});

test("q distinct valid signers make a certificate, of each kind", () => {
  for (const kind of [1, 2, 3] as const)
    assert.equal(verifyCertificate(certify([0, 2, 3], { kind }), context, verifySig), "ok");
  assert.deepEqual(signersOf(certify([0, 2, 3])), [0, 2, 3]);
});

test("anything less is refused for its own reason", () => {
  const good = certify([0, 1, 3]);
  const verdict = (certificate: Certificate): string => verifyCertificate(certificate, context, verifySig);
  assert.equal(verdict(certify([0, 1])), "QUORUM");
  assert.equal(verdict(certify([0, 1, 3], { epoch: 1 })), "EPOCH");
  assert.equal(verdict(certify([0, 1, 3], { chain: blockHash })), "SIGNATURE");
  assert.equal(verdict({ ...good, view: 10 }), "SIGNATURE");
  assert.equal(verdict({ ...good, height: 9 }), "SIGNATURE");
  assert.equal(verdict({ ...good, kind: 3 }), "SIGNATURE");
  assert.equal(verdict({ ...good, bitmap: Uint8Array.of(0b11011) }), "BITMAP_RANGE");
  assert.equal(verdict({ ...good, bitmap: Uint8Array.of(0b1011, 0) }), "BITMAP_LENGTH");
  assert.equal(verdict({ ...good, bitmap: Uint8Array.of(0b0111) }), "SIGNATURE");
  assert.equal(verdict({ ...good, bitmap: Uint8Array.of(0b1111) }), "SIGNATURE_COUNT");
  assert.equal(verdict({ ...good, signatures: concatBytes(good.signatures, new Uint8Array(64)) }), "SIGNATURE_COUNT");
  assert.equal(verdict({ ...certify([0, 1, 3], { kind: 2 }), height: 1 }), "NULLIFY_CONTENT");
  // One signer three times is one signer: there is one bit, and one signature belongs to it.
  const once = sign(keys[0] ?? chainId, signedBytes(chainId, good));
  assert.equal(verdict({ ...good, signatures: concatBytes(once, once, once) }), "SIGNATURE");
});

test("a certificate has one encoding", () => {
  const certificate = certify([0, 1, 3]);
  const bytes = encodeCertificate(certificate);
  const reader = new ByteReader(bytes);
  assert.deepEqual(encodeCertificate(readCertificate(reader)), bytes);
  assert.equal(reader.remaining, 0);
  assert.ok(bytes.length <= CERTIFICATE_BYTES_MAX);
  const padded = new ByteReader(Uint8Array.of(bytes[0] ?? 0, 0x82, 0x00, ...bytes.subarray(2)));
  readCertificate(padded);
  assert.equal(padded.error, "INVALID");
});

test("hostile bytes are refused or mean what they say", () => {
  const bytes = encodeCertificate(certify([0, 1, 3]));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, cut) => {
      const changed = bytes.slice(0, cut);
      if (at < cut) changed[at] = value;
      const reader = new ByteReader(changed);
      const certificate = readCertificate(reader);
      if (reader.error !== undefined) return true;
      const same = equalBytes(changed.subarray(0, reader.position), bytes);
      return same || verifyCertificate(certificate, context, verifySig) !== "ok";
    }),
    { numRuns: 2000 },
  );
});
