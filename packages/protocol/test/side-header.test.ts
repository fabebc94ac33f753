// Side-chain header: one encoding, a hash over it, roots (sidechain.md section 2).

import assert from "node:assert/strict";
import { test } from "node:test";
import { sha3_256, sha3_256Parts } from "@bystack/crypto/hash";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";
import { merkleRoot } from "../src/merkle.ts";
import {
  committeeRoot,
  encodeSideBatch,
  encodeSideHeader,
  hashSideHeader,
  readSideBatch,
  readSideHeader,
  SIDE_HEADER_BYTES_MAX,
  type SideHeader,
  sideBodyRoot,
} from "../src/side/header.ts";
import { ByteReader } from "../src/wire.ts";

const fill = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const header: SideHeader = {
  chainId: fill(1),
  epoch: 3,
  view: 17,
  height: 1234,
  parentHash: fill(2),
  parentView: 15,
  timestampMs: 1_700_000_000_123,
  bodyRoot: fill(3),
  transactionCount: 5,
  transactionRoot: fill(4),
  parentStateRoot: fill(5),
  skipRoot: fill(6),
  nextCommitteeRoot: fill(0),
};

test("a header goes through its bytes and hashes with its domain", () => {
  const bytes = encodeSideHeader(header);
  const reader = new ByteReader(bytes);
  assert.deepEqual(readSideHeader(reader), header);
  reader.finish();
  assert.equal(reader.error, undefined);
  assert.equal(bytesToHex(hashSideHeader(header)), bytesToHex(sha3_256Parts(utf8ToBytes("bystack/block/1"), bytes)));
  assert.equal(bytes[0], 1);
});

test("the longest header fits its named maximum", () => {
  const most = Number.MAX_SAFE_INTEGER;
  const long = {
    ...header,
    epoch: most,
    view: most,
    height: most,
    parentView: most,
    timestampMs: most,
    transactionCount: 0x7fffffff,
  };
  assert.ok(encodeSideHeader(long).length <= SIDE_HEADER_BYTES_MAX);
  assert.deepEqual(readSideHeader(new ByteReader(encodeSideHeader(long))), long);
});

test("another version, a longer integer, a cut and a number beyond 2^53 are refused", () => {
  const bytes = encodeSideHeader(header);
  const errorOf = (changed: Uint8Array): string | undefined => {
    const reader = new ByteReader(changed);
    readSideHeader(reader);
    return reader.error;
  };
  assert.equal(errorOf(Uint8Array.of(2, ...bytes.subarray(1))), "INVALID");
  // The epoch 3 as two bytes: the same number, other bytes, no second hash for one header.
  assert.equal(errorOf(Uint8Array.of(...bytes.subarray(0, 33), 0x83, 0x00, ...bytes.subarray(34))), "INVALID");
  assert.equal(errorOf(bytes.subarray(0, bytes.length - 1)), "SHORT");
  const big = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
  assert.equal(errorOf(Uint8Array.of(...bytes.subarray(0, 33), ...big, ...bytes.subarray(34))), "VARINT63_RANGE");
});

test("body and committee roots", () => {
  const batch = encodeSideBatch([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
  assert.equal(bytesToHex(sideBodyRoot([batch])), bytesToHex(merkleRoot([sha3_256(batch)])));
  const keys = [fill(7), fill(8)];
  const items = keys.map((key) => Uint8Array.of(32, ...key));
  assert.equal(bytesToHex(committeeRoot(keys)), bytesToHex(merkleRoot(items)));
});

test("a batch reads back as its exact bytes, and a false count does not get past the end", () => {
  const batch = encodeSideBatch([Uint8Array.of(9, 9), new Uint8Array(0)]);
  const reader = new ByteReader(Uint8Array.of(...batch, 0xee));
  assert.deepEqual([...readSideBatch(reader)], [...batch]);
  assert.equal(reader.remaining, 1);
  const hostile = new ByteReader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07, 0x00));
  assert.equal(readSideBatch(hostile).length, 0);
  assert.equal(hostile.error, "SHORT");
});
