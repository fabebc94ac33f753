// The point arithmetic below Ed25519: two ways to multiply agree, and the laws of a group hold on the whole curve.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToBigintLe, bytesToHex } from "@bystack/utils/bytes";
import {
  addPoints,
  decodePointLax,
  encodePoint,
  GROUP_ORDER,
  isIdentity,
  multiplyBase,
  multiplyPoint,
  negatePoint,
} from "../src/edwards.ts";
import { sample } from "./vectors.ts";

const hex = (point: Parameters<typeof encodePoint>[0]) => bytesToHex(encodePoint(point));

test("the table of the base point and the window method agree", () => {
  const base = multiplyBase(1n);
  assert.equal(hex(base), `58${"66".repeat(31)}`);
  const edges = [
    0n,
    1n,
    8n,
    9n,
    15n,
    16n,
    2n ** 252n,
    GROUP_ORDER - 1n,
    GROUP_ORDER,
    GROUP_ORDER + 7n,
    2n ** 256n - 1n,
  ];
  const random = Array.from({ length: 10 }, (_, i) => bytesToBigintLe(sample("scalar", i)));
  for (const scalar of [...edges, ...random])
    assert.equal(hex(multiplyBase(scalar)), hex(multiplyPoint(base, scalar)), String(scalar));
});

test("group laws on random points, torsion parts included", () => {
  const points = Array.from({ length: 12 }, (_, i) => decodePointLax(sample("point", i))).filter(
    (p) => p !== undefined,
  );
  assert.ok(points.length >= 3);
  for (const [i, a] of points.entries()) {
    const b = points[(i + 1) % points.length] ?? a;
    const [m, n] = [bytesToBigintLe(sample("m", i)), bytesToBigintLe(sample("n", i))];
    assert.equal(hex(addPoints(a, b)), hex(addPoints(b, a)));
    assert.equal(hex(multiplyPoint(a, m + n)), hex(addPoints(multiplyPoint(a, m), multiplyPoint(a, n))));
    assert.equal(hex(multiplyPoint(addPoints(a, b), m)), hex(addPoints(multiplyPoint(a, m), multiplyPoint(b, m))));
    assert.ok(isIdentity(addPoints(a, negatePoint(a))));
    assert.ok(isIdentity(multiplyPoint(a, 8n * GROUP_ORDER)));
    const decoded = decodePointLax(encodePoint(a));
    assert.ok(decoded !== undefined && isIdentity(addPoints(decoded, negatePoint(a))));
  }
});
