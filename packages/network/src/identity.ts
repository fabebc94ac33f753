// A node's peer key: an Ed25519 key of its own, used for nothing but the mutual TLS between peers (never a vote or account
// key). The peer id is its public key, 32 bytes in lower-case hexadecimal. TLS wants certificates, so each node makes one
// around its key, by library; nothing in it but the key is believed: no authority, no name, no date (RFC 8410 for the encoding).

import { createPrivateKey, createPublicKey, type KeyObject, sign, type X509Certificate } from "node:crypto";
import { bytesToHex, concatBytes, hexToBytes } from "@bystack/utils/bytes";
import type { Rng } from "@bystack/utils/ports";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  Name,
  RelativeDistinguishedName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import { networkError } from "./errors.ts";

/** 64 lower-case hexadecimal digits: the raw Ed25519 public key. */
export type PeerId = string;

/** What a node proves who it is with. `certificatePem` is public, `privateKeyPem` is a secret. */
export type Identity = {
  readonly id: PeerId;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
};

const ED25519_OID = "1.3.101.112";
const COMMON_NAME_OID = "2.5.4.3";
const PKCS8_PREFIX = hexToBytes("302e020100300506032b657004220420");

/** A new secret seed of 32 bytes; it belongs into the node's configuration or key store. */
export function generatePeerSeed(rng: Rng): Uint8Array {
  return rng.bytes(32);
}

export function isPeerId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function rawPublicKey(key: KeyObject): Uint8Array | undefined {
  if (key.asymmetricKeyType !== "ed25519") return undefined;
  const { x } = key.export({ format: "jwk" });
  return x === undefined ? undefined : new Uint8Array(Buffer.from(x, "base64url"));
}

function commonName(text: string): Name {
  const attribute = new AttributeTypeAndValue({
    type: COMMON_NAME_OID,
    value: new AttributeValue({ utf8String: text }),
  });
  return new Name([new RelativeDistinguishedName([attribute])]);
}

function makeCertificate(publicKey: Uint8Array, privateKey: KeyObject): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ED25519_OID });
  const name = commonName("bystack peer");
  const body = new TBSCertificate({
    version: Version.v3,
    // Derived from the key: the same key always makes the same certificate.
    serialNumber: new Uint8Array(concatBytes(Uint8Array.of(1), publicKey.subarray(0, 15))).buffer,
    signature: algorithm,
    issuer: name,
    subject: name,
    // RFC 5280 section 4.1.2.5: a certificate without a well-defined end.
    validity: new Validity({ notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("9999-12-31T23:59:59Z") }),
    subjectPublicKeyInfo: new SubjectPublicKeyInfo({ algorithm, subjectPublicKey: new Uint8Array(publicKey).buffer }),
  });
  const signature = sign(null, new Uint8Array(AsnConvert.serialize(body)), privateKey);
  const certificate = new Certificate({
    tbsCertificate: body,
    signatureAlgorithm: algorithm,
    signatureValue: new Uint8Array(signature).buffer,
  });
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** The identity of a secret seed of 32 bytes. @throws IDENTITY_INVALID for another length */
export function createIdentity(seed: Uint8Array): Identity {
  if (seed.length !== 32) throw networkError("IDENTITY_INVALID", { why: `a seed has 32 bytes, not ${seed.length}` });
  const privateKey = createPrivateKey({
    key: Buffer.from(concatBytes(PKCS8_PREFIX, seed)),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = rawPublicKey(createPublicKey(privateKey));
  if (publicKey === undefined) throw networkError("IDENTITY_INVALID", { why: "the key is not an Ed25519 key" });
  return {
    id: bytesToHex(publicKey),
    certificatePem: makeCertificate(publicKey, privateKey),
    privateKeyPem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

/** The peer id behind a certificate whose key TLS has verified; undefined when it is not an Ed25519 key. */
export function peerIdOf(certificate: X509Certificate | undefined): PeerId | undefined {
  const key = certificate === undefined ? undefined : rawPublicKey(certificate.publicKey);
  return key === undefined ? undefined : bytesToHex(key);
}
