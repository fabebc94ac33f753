// LtHash against its definition, written out lane by lane.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createLtHash, LTHASH_BYTES } from "../src/lthash.ts";
import { sample } from "./vectors.ts";

const elements = Array.from({ length: 20 }, (_, i) => sample("element", i));

/** The definition, lane by lane on a DataView: sum of the SHAKE128 expansions modulo 2^16. */
function define(added: readonly Uint8Array[], removed: readonly Uint8Array[] = []): Uint8Array {
  const state = new DataView(new ArrayBuffer(2048));
  for (const [list, sign] of [
    [added, 1],
    [removed, -1],
  ] as const) {
    for (const element of list) {
      const expanded = createHash("shake128", { outputLength: 2048 }).update(element).digest();
      for (let lane = 0; lane < 1024; lane += 1) {
        state.setUint16(2 * lane, state.getUint16(2 * lane, true) + sign * expanded.readUInt16LE(2 * lane), true);
      }
    }
  }
  return new Uint8Array(state.buffer);
}

test("sums and differences are those of the definition", () => {
  const hash = createLtHash();
  assert.deepEqual(hash.bytes(), new Uint8Array(LTHASH_BYTES));
  for (const element of elements) hash.add(element);
  for (const element of elements.slice(0, 7)) hash.remove(element);
  assert.deepEqual(hash.bytes(), define(elements, elements.slice(0, 7)));
  hash.remove(sample("never added", 0)); // lanes run below zero and wrap
  assert.deepEqual(hash.bytes(), define(elements, [...elements.slice(0, 7), sample("never added", 0)]));
});

test("order does not matter, multiplicity does", () => {
  const forth = createLtHash();
  const back = createLtHash();
  for (const element of elements) forth.add(element);
  for (const element of elements.toReversed()) back.add(element);
  assert.ok(forth.equals(back));
  back.add(elements[0] as Uint8Array);
  assert.ok(!forth.equals(back));
  for (const element of [...elements, elements[0] as Uint8Array]) back.remove(element);
  assert.ok(back.equals(createLtHash()));
});

test("a state taken out and put back, a copy, and independence of both", () => {
  const hash = createLtHash();
  hash.add(elements[0] as Uint8Array);
  const bytes = hash.bytes();
  const restored = createLtHash(bytes);
  const copy = hash.clone();
  hash.add(elements[1] as Uint8Array);
  bytes.fill(0);
  assert.deepEqual(restored.bytes(), define(elements.slice(0, 1)));
  assert.ok(copy.equals(restored));
  assert.ok(!copy.equals(hash));
  // A state at an odd place in a larger buffer.
  const odd = new Uint8Array(LTHASH_BYTES + 1);
  odd.set(hash.bytes(), 1);
  assert.ok(createLtHash(odd.subarray(1)).equals(hash));
  assert.throws(() => createLtHash(new Uint8Array(2047)));
});
