// CRC-32C against its published check values, and against itself in pieces.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "@bystack/storage/crc32c";
import { createSeededRng } from "@bystack/testing/rng";

test("check values of RFC 3720 appendix B.4", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe306_9283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a91_36aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8_ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd_794e);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

test("the checksum of a whole is that of its pieces one after the other", () => {
  const bytes = createSeededRng(1).bytes(100);
  for (let cut = 0; cut <= bytes.length; cut += 1)
    assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), crc32c(bytes));
});
