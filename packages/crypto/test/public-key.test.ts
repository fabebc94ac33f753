// Odd encodings and usable keys, checked against arithmetic on the curve instead of another table.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bigintToBytesLe, bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { isCanonicalPoint, isOnCurve, isSmallOrder, publicKeyFromSeed, validatePublicKey } from "../src/ed25519.ts";
import {
  addPoints,
  decodePointLax,
  encodePoint,
  GROUP_ORDER,
  isIdentity,
  multiplyBase,
  multiplyPoint,
} from "../src/edwards.ts";
import { sample } from "./vectors.ts";

const P = (1n << 255n) - 19n;

/** y and the sign bit as 32 bytes, whatever y is. */
function encoding(y: bigint, sign: bigint): Uint8Array {
  return bigintToBytesLe(y | (sign << 255n), 32);
}

/** The subgroup of order 8, found by computing: l times random points. */
function torsionPoints(): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (let i = 0; found.size < 8; i += 1) {
    const point = decodePointLax(sample("torsion", i));
    if (point === undefined) continue;
    let multiple = multiplyPoint(point, GROUP_ORDER);
    const step = multiple;
    for (let k = 0; k < 8; k += 1) {
      const bytes = encodePoint(multiple);
      found.set(bytesToHex(bytes), bytes);
      multiple = addPoints(multiple, step);
    }
  }
  return found;
}

test("the table of small orders is the subgroup of order 8, no more and no less", () => {
  const torsion = torsionPoints();
  assert.equal(torsion.size, 8);
  for (const bytes of torsion.values()) {
    assert.ok(isSmallOrder(bytes));
    assert.ok(isCanonicalPoint(bytes));
    assert.deepEqual(validatePublicKey(bytes), { ok: false, error: "small-order" });
  }
  for (let i = 0; i < 50; i += 1) assert.equal(isSmallOrder(sample("not small", i)), false);
});

test("isSmallOrder and isCanonicalPoint agree with arithmetic for every y at the edge of the field", () => {
  for (let offset = -3n; offset < 19n; offset += 1n) {
    for (const sign of [0n, 1n]) {
      const bytes = encoding(P + offset, sign);
      const point = decodePointLax(bytes);
      const isSmall = point !== undefined && isIdentity(multiplyPoint(point, 8n));
      if (point !== undefined) assert.equal(isSmallOrder(bytes), isSmall, bytesToHex(bytes));
      const isCanonical = point === undefined ? offset < 0n : bytesToHex(encodePoint(point)) === bytesToHex(bytes);
      assert.equal(isCanonicalPoint(bytes), isCanonical, bytesToHex(bytes));
    }
  }
});

test("usable keys pass, every other kind is named", () => {
  const key = publicKeyFromSeed(sample("key", 0));
  assert.deepEqual(validatePublicKey(key), { ok: true, value: key });
  const fault = (bytes: Uint8Array) => {
    const verdict = validatePublicKey(bytes);
    return verdict.ok ? "none" : verdict.error;
  };
  assert.equal(fault(key.subarray(1)), "length");
  assert.equal(fault(encoding(P + 3n, 0n)), "not-canonical");
  assert.equal(fault(encoding(1n, 1n)), "not-canonical"); // x = 0 with the sign bit
  assert.equal(fault(encoding(2n, 0n)), "not-on-curve");
  assert.equal(isOnCurve(encoding(2n, 0n)), false);
  const torsion = decodePointLax(hexToBytes("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"));
  assert.ok(torsion);
  assert.equal(fault(encodePoint(addPoints(multiplyBase(5n), torsion))), "torsion");
});
