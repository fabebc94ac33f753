// The UTXO table against Map: same answers under random inserts, deletes, reads and scans, through growth, with colliding
// keys, values of every size class, and at its limit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { UtxoTable } from "@bystack/storage/utxo-table";
import { createSeededRng, type SeededRng, testSeed } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import fc from "fast-check";

const MIB = 1 << 20;
const createTable = (seed = 1, bytesMax = 1 << 30): UtxoTable =>
  new UtxoTable({ rng: createSeededRng(seed), bytesMax });

/** Keys from a small space, so that operations meet; `salted` ones share their first eight bytes and so their hash. */
function keyOf(number: number, colliding: boolean): Uint8Array {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(colliding ? 28 : 0, number * (colliding ? 1 : 0x9e37_79b1), true);
  return key;
}

function compareAll(table: UtxoTable, model: Map<string, string>): void {
  assert.equal(table.size, model.size);
  const seen = new Map<string, string>();
  for (let cursor: number | undefined = 0; cursor !== undefined; ) {
    cursor = table.scan(cursor, 777, (key, value) => {
      assert.ok(!seen.has(bytesToHex(key)), "visited once");
      seen.set(bytesToHex(key), bytesToHex(value));
    });
  }
  assert.deepEqual(seen, model);
}

function churn(
  rng: SeededRng,
  options: { operations: number; keys: number; colliding: boolean; valueBytesMax: number },
): void {
  const table = createTable(rng.u32());
  const model = new Map<string, string>();
  for (let i = 0; i < options.operations; i += 1) {
    const key = keyOf(rng.below(options.keys), options.colliding);
    const name = bytesToHex(key);
    // Phases of growth and of shrinking, so that deletes meet half-moved tables.
    const grows = Math.floor(i / (options.operations / 8)) % 2 === 0;
    if (rng.chance(grows ? 0.7 : 0.2)) {
      const value = rng.bytes(rng.below(options.valueBytesMax + 1));
      assert.equal(table.insert(key, value), model.has(name) ? "exists" : "inserted");
      if (!model.has(name)) model.set(name, bytesToHex(value));
    } else if (rng.chance(0.7)) {
      assert.equal(table.delete(key), model.delete(name));
    } else {
      const value = table.get(key);
      assert.equal(value === undefined ? undefined : bytesToHex(value), model.get(name));
      assert.equal(table.has(key), model.has(name));
    }
  }
  compareAll(table, model);
}

test("200,000 random operations agree with Map, through growth and shrinking", (t) => {
  const seed = testSeed(0x5eed);
  t.diagnostic(`seed ${seed}`);
  churn(createSeededRng(seed), { operations: 200_000, keys: 60_000, colliding: false, valueBytesMax: 90 });
});

test("keys with one hash and values of every size agree with Map", (t) => {
  const seed = testSeed(7);
  t.diagnostic(`seed ${seed}`);
  churn(createSeededRng(seed), { operations: 40_000, keys: 150, colliding: true, valueBytesMax: 1200 });
});

test("any sequence of operations agrees with Map", () => {
  const operation = fc.record({
    kind: fc.constantFrom("insert", "delete", "get"),
    key: fc.nat(40),
    bytes: fc.nat(70_000),
    colliding: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300 }), fc.integer(), (operations, seed) => {
      const table = createTable(seed);
      const model = new Map<string, number>();
      for (const { kind, key, bytes, colliding } of operations) {
        const id = keyOf(key, colliding);
        const name = bytesToHex(id);
        const length = Math.min(bytes, 65_536);
        if (kind === "insert") {
          assert.equal(table.insert(id, new Uint8Array(length).fill(key)), model.has(name) ? "exists" : "inserted");
          if (!model.has(name)) model.set(name, length);
        } else if (kind === "delete") assert.equal(table.delete(id), model.delete(name));
        else {
          const value = table.get(id);
          assert.equal(value?.length, model.get(name));
          assert.ok(value === undefined || value.every((byte) => byte === key));
        }
      }
      assert.equal(table.size, model.size);
    }),
    { numRuns: 150 },
  );
});

test("a scan in pieces meets every entry that stays, though others come and go", () => {
  const rng = createSeededRng(3);
  const table = createTable();
  for (let i = 0; i < 5000; i += 1) table.insert(keyOf(i, false), Uint8Array.of(1));
  const seen = new Set<string>();
  let next = 5000;
  for (let cursor: number | undefined = 0; cursor !== undefined; ) {
    cursor = table.scan(cursor, 100, (key) => seen.add(bytesToHex(key)));
    for (let i = 0; i < 60; i += 1) {
      table.delete(keyOf(1000 + rng.below(4000), false));
      table.insert(keyOf(next, false), Uint8Array.of(2));
      next += 1;
    }
    if (next > 50_000) break;
  }
  for (let i = 0; i < 1000; i += 1) assert.ok(seen.has(bytesToHex(keyOf(i, false))), `entry ${i}`);
});

test("at its limit the table says full, changes nothing, and takes entries again once some are gone", () => {
  const table = createTable(1, 40 * MIB);
  let count = 0;
  const value = new Uint8Array(200);
  while (table.insert(keyOf(count, false), value) === "inserted") count += 1;
  assert.ok(count > 100_000, `${count} entries`);
  assert.ok(table.figures().reservedBytes <= 40 * MIB);
  assert.equal(table.size, count);
  assert.equal(table.insert(keyOf(count, false), value), "full");
  assert.equal(table.get(keyOf(count, false)), undefined);
  for (let i = 0; i < 1000; i += 1) assert.ok(table.delete(keyOf(i, false)));
  for (let i = 0; i < 1000; i += 1) assert.equal(table.insert(keyOf(count + i, false), value), "inserted");
  assert.equal(table.insert(keyOf(1, false), value), "full");
});

test("keys and values of a wrong size are a programmer's error", () => {
  const table = createTable();
  assert.throws(() => table.insert(new Uint8Array(31), Uint8Array.of(1)), RangeError);
  assert.throws(() => table.insert(new Uint8Array(32), new Uint8Array(65_537)), RangeError);
  assert.equal(table.get(new Uint8Array(31)), undefined);
  assert.equal(table.delete(new Uint8Array(32)), false);
});

test("while the table grows every key is found after every single change", () => {
  const table = createTable(5);
  for (let i = 0; i < 1600; i += 1) {
    assert.equal(table.insert(keyOf(i, false), Uint8Array.of(i & 0xff)), "inserted");
    if (i % 10 === 9) assert.ok(table.delete(keyOf(i - 5, false)));
    for (let k = 0; k <= i; k += 1) {
      const isGone = k % 10 === 4 && k + 5 <= i;
      assert.equal(table.has(keyOf(k, false)), !isGone, `key ${k} after ${i}`);
    }
  }
});
