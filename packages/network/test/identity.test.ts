// Identities: the id is the key, the certificate carries it and nothing that matters besides, the encoding is what OpenSSL reads.

import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { createIdentity, generatePeerSeed, isPeerId, peerIdOf } from "@bystack/network/identity";
import { createSeededRng } from "@bystack/testing/rng";
import { hexToBytes } from "@bystack/utils/bytes";

test("the public key of RFC 8032's first test vector is its peer id", () => {
  const seed = hexToBytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const identity = createIdentity(seed);
  assert.equal(identity.id, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
});

test("the certificate carries the key, is signed by it, never ends, and is the same each time", () => {
  const seed = generatePeerSeed(createSeededRng(4));
  const identity = createIdentity(seed);
  const certificate = new X509Certificate(identity.certificatePem);
  assert.equal(peerIdOf(certificate), identity.id);
  assert.ok(certificate.verify(createPublicKey(createPrivateKey(identity.privateKeyPem))));
  assert.equal(certificate.subject, certificate.issuer);
  assert.equal(certificate.validToDate.getUTCFullYear(), 9999);
  assert.equal(createIdentity(seed).certificatePem, identity.certificatePem);
  assert.ok(isPeerId(identity.id));
  assert.ok(!isPeerId(identity.id.toUpperCase()));
});

test("keys of another kind and seeds of another length are refused", () => {
  assert.throws(() => createIdentity(new Uint8Array(31)), { code: "IDENTITY_INVALID" });
  assert.equal(peerIdOf(undefined), undefined);
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  assert.equal(peerIdOf({ publicKey } as X509Certificate), undefined);
});
