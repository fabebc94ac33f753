// Hash functions against the recorded values of the main chain, the NIST sets and published single values.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { hmacSha512, ripemd160, sha3_256, sha3_256Parts, sha256, sha512, sha512Parts, shake128 } from "../src/hash.ts";
import { needsShared, sharedJson, vectorCases } from "./vectors.ts";

type HashCase = { name: string; data: string; sha3_256: string; ripemd160: string; merkle_leaf: string };
type CavpCase = { len_bits: number; msg: string; digest: string };

for (const c of vectorCases<HashCase>("bytom/hash.json")) {
  test(`hash.json ${c.name}`, () => {
    const data = hexToBytes(c.data);
    assert.equal(bytesToHex(sha3_256(data)), c.sha3_256);
    assert.equal(bytesToHex(ripemd160(data)), c.ripemd160);
    assert.equal(bytesToHex(sha3_256Parts(Uint8Array.of(0), data)), c.merkle_leaf);
  });
}

for (const file of ["sha3/sha3-256-short.json", "sha3/sha3-256-long.json"]) {
  test(file, needsShared(file), () => {
    const { cases } = sharedJson<{ cases: CavpCase[] }>(file);
    assert.ok(cases.length > 0);
    for (const c of cases) {
      const message = hexToBytes(c.msg).subarray(0, c.len_bits / 8); // an empty message is written as one zero byte
      assert.equal(bytesToHex(sha3_256(message)), c.digest);
    }
  });
}

test("sha3/sha3-256-monte.json", needsShared("sha3/sha3-256-monte.json"), () => {
  const { seed, checkpoints } = sharedJson<{ seed: string; checkpoints: string[] }>("sha3/sha3-256-monte.json");
  let digest = hexToBytes(seed);
  for (const checkpoint of checkpoints) {
    for (let i = 0; i < 1000; i += 1) digest = sha3_256(digest);
    assert.equal(bytesToHex(digest), checkpoint);
  }
});

test("published digests of the other functions", () => {
  const abc = utf8ToBytes("abc");
  assert.equal(bytesToHex(sha256(abc)), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(bytesToHex(ripemd160(abc)), "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
  // FIPS 180-4 example "abc" and FIPS 202 SHAKE128 of the empty message; RFC 4231 test case 2.
  assert.equal(bytesToHex(sha512(abc)).slice(0, 32), "ddaf35a193617abacc417349ae204131");
  assert.equal(
    bytesToHex(shake128(new Uint8Array(0), 32)),
    "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
  );
  const mac = hmacSha512(utf8ToBytes("Jefe"), utf8ToBytes("what do ya want "), utf8ToBytes("for nothing?"));
  assert.equal(bytesToHex(mac).slice(0, 32), "164b7a7bfcf819e2e395fbe73b56e0a3");
});

test("results are plain arrays whose slice is a copy", () => {
  const data = utf8ToBytes("data");
  const results = [sha3_256(data), sha3_256Parts(data), sha256(data), sha512(data), sha512Parts(data), ripemd160(data)];
  for (const result of [...results, shake128(data, 9), hmacSha512(data, data)]) {
    assert.equal(Object.getPrototypeOf(result), Uint8Array.prototype);
  }
});

test("parts hash like the whole, and SHAKE128 gives any length", () => {
  const parts = [utf8ToBytes("one"), new Uint8Array(0), utf8ToBytes("two")];
  assert.deepEqual(sha3_256Parts(...parts), sha3_256(concatBytes(...parts)));
  assert.deepEqual(sha512Parts(...parts), sha512(concatBytes(...parts)));
  const long = shake128(parts[0] as Uint8Array, 2048);
  assert.equal(long.length, 2048);
  assert.deepEqual(shake128(parts[0] as Uint8Array, 7), long.subarray(0, 7));
});
