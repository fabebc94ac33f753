// Byte helpers: hexadecimal both ways, order, little-endian integers.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bigintToBytesLe,
  bytesToBigintLe,
  bytesToHex,
  compareBytes,
  concatBytes,
  equalBytes,
  hexToBytes,
  tryBytesToUtf8,
  tryHexToBytes,
  u64ToBytesLe,
} from "@bystack/utils/bytes";
import fc from "fast-check";

test("hexadecimal text goes both ways and refuses what is not hexadecimal", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => equalBytes(hexToBytes(bytesToHex(bytes)), bytes)));
  assert.deepEqual(tryHexToBytes("AbFf"), Uint8Array.of(0xab, 0xff));
  for (const bad of ["a", "0g", "0x00", " 00", "é0"]) assert.equal(tryHexToBytes(bad), undefined, bad);
  assert.throws(() => hexToBytes("zz"), TypeError);
});

test("compareBytes is the order of the printed text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (a, b) => {
      const texts = bytesToHex(a) < bytesToHex(b) ? -1 : bytesToHex(a) > bytesToHex(b) ? 1 : 0;
      assert.equal(Math.sign(compareBytes(a, b)), texts);
    }),
  );
});

test("little-endian integers go both ways", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (n) => bytesToBigintLe(bigintToBytesLe(n, 32)) === n),
  );
  assert.equal(bytesToHex(u64ToBytesLe(0x0102030405060708n)), "0807060504030201");
  assert.deepEqual(concatBytes(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3));
});

test("UTF-8 is strict", () => {
  assert.equal(tryBytesToUtf8(Uint8Array.of(0xc3, 0xa9)), "é");
  assert.equal(tryBytesToUtf8(Uint8Array.of(0xc3)), undefined);
});
