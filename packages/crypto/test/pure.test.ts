// What runs in a browser answers byte for byte what Node's own cryptography answers: hashes over every block boundary,
// signatures and verdicts over random and damaged items.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bytesToHex, concatBytes, hexToBytes } from "@bystack/utils/bytes";
import fc from "fast-check";
import { ed25519Backend as ed25519OfNode } from "../src/ed25519-node.ts";
import { ed25519Backend as ed25519Pure } from "../src/ed25519-pure.ts";
import { hashBackend as hashOfNode } from "../src/hash-node.ts";
import { hashBackend as hashPure } from "../src/hash-pure.ts";

const SINGLE = ["sha3_256", "sha256", "sha512", "ripemd160"] as const;

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);
}

suite("hashes", () => {
  test("every length up to 300 bytes, over all block boundaries", () => {
    for (let length = 0; length <= 300; length += 1) {
      const data = bytesOf(length);
      for (const name of SINGLE) assert.deepEqual(hashPure[name](data), hashOfNode[name](data), `${name} ${length}`);
      assert.deepEqual(hashPure.shake128(data, 2_048), hashOfNode.shake128(data, 2_048), `shake128 ${length}`);
    }
  });

  test("in parts, and with a key", () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), parts, (key, list) => {
        assert.deepEqual(hashPure.hmacSha512(key, ...list), hashOfNode.hmacSha512(key, ...list));
        assert.deepEqual(hashPure.sha512Parts(...list), hashOfNode.sha512Parts(...list));
        assert.deepEqual(hashPure.sha3_256Parts(...list), hashOfNode.sha3_256Parts(...list));
      }),
    );
  });

  test("a digest is the caller's own bytes", () => {
    const digest = hashPure.sha3_256(bytesOf(3));
    digest.fill(0);
    assert.deepEqual(hashPure.sha3_256(bytesOf(3)), hashOfNode.sha3_256(bytesOf(3)));
  });
});

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const messages = fc.uint8Array({ maxLength: 200 });

suite("Ed25519", () => {
  test("RFC 8032, section 7.1, test 2", () => {
    const signer = ed25519Pure.createSigner(
      hexToBytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
    );
    assert.equal(bytesToHex(signer.publicKey), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    assert.equal(
      bytesToHex(signer.sign(Uint8Array.of(0x72))),
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
  });

  test("the same keys and the same signatures", () => {
    fc.assert(
      fc.property(seeds, messages, (seed, message) => {
        const [pure, own] = [ed25519Pure.createSigner(seed), ed25519OfNode.createSigner(seed)];
        assert.deepEqual(pure.publicKey, own.publicKey);
        assert.deepEqual(pure.sign(message), own.sign(message));
      }),
      { numRuns: 40 },
    );
  });

  test("the same verdict when one bit is wrong somewhere", () => {
    fc.assert(
      fc.property(seeds, messages, fc.integer({ min: -1, max: 62 * 8 }), (seed, message, wrong) => {
        const { publicKey, sign } = ed25519OfNode.createSigner(seed);
        const signature = concatBytes(sign(message));
        if (wrong >= 0) signature[wrong >> 3] = (signature[wrong >> 3] ?? 0) ^ (1 << (wrong & 7));
        const item = { publicKey, message, signature };
        assert.equal(ed25519Pure.verifyOrdinary(item), ed25519OfNode.verifyOrdinary(item));
        assert.equal(ed25519Pure.verifyOrdinary(item), wrong < 0);
      }),
      { numRuns: 40 },
    );
  });
});
