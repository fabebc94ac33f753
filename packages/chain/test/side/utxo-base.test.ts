// The table of final outputs against a Map, under random changes; and a table that is full says so instead of losing coins.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type SideUtxo, UTXO_KIND, type UtxoBase } from "@bystack/ledger/side/utxo";
import { UtxoTable } from "@bystack/storage/utxo-table";
import { createSeededRng, type SeededRng, testSeed } from "@bystack/testing/rng";
import { bytesToHex } from "@bystack/utils/bytes";
import { createUtxoBase } from "../../src/side/utxo-base.ts";

const STEPS = 10_000;

function randomUtxo(rng: SeededRng): SideUtxo {
  return {
    assetId: rng.bytes(32),
    amount: BigInt(rng.u32()) * BigInt(1 + rng.below(1 << 20)),
    program: rng.bytes(rng.pick([0, 1, 22, 34, 34, 300])),
    kind: rng.pick(Object.values(UTXO_KIND)),
    vote: rng.chance(0.1) ? rng.bytes(64) : new Uint8Array(0),
    createdHeight: rng.u32(),
    sourceId: rng.bytes(32),
    sourcePosition: rng.below(1024),
  };
}

function listOf(base: UtxoBase): [string, SideUtxo][] {
  return [...base.entries()].map(([id, utxo]): [string, SideUtxo] => [bytesToHex(id), utxo]);
}

const byId = (a: [string, unknown], b: [string, unknown]): number => (a[0] < b[0] ? -1 : 1);

test("the table holds what a map holds, whatever is set, set again and deleted", (t) => {
  const rng = createSeededRng(testSeed(11));
  t.diagnostic(`seed ${rng.seed}`);
  const base = createUtxoBase(new UtxoTable({ rng, bytesMax: 256 << 20 }));
  const model = new Map<string, SideUtxo>();
  const ids = Array.from({ length: 3000 }, () => rng.bytes(32));
  for (let step = 0; step < STEPS; step += 1) {
    const id = rng.pick(ids);
    if (rng.chance(0.55)) {
      const utxo = randomUtxo(rng);
      base.set(id, utxo);
      model.set(bytesToHex(id), utxo);
    } else {
      base.delete(id);
      model.delete(bytesToHex(id));
    }
    const asked = rng.pick(ids);
    assert.deepEqual(base.get(asked), model.get(bytesToHex(asked)), `step ${step}`);
    if (step % 2500 === 2499) assert.deepEqual(listOf(base).sort(byId), [...model].sort(byId), `step ${step}`);
  }
});

test("what was read stays as it was when the table changes", () => {
  const rng = createSeededRng(5);
  const base = createUtxoBase(new UtxoTable({ rng, bytesMax: 64 << 20 }));
  const [id, first, second] = [rng.bytes(32), randomUtxo(rng), randomUtxo(rng)];
  base.set(id, first);
  const read = base.get(id);
  base.set(id, second);
  for (let i = 0; i < 100; i += 1) base.set(rng.bytes(32), randomUtxo(rng));
  assert.deepEqual(read, first);
  assert.deepEqual(base.get(id), second);
});

test("a table that takes no more stops the node instead of losing an output", () => {
  const rng = createSeededRng(6);
  const base = createUtxoBase(new UtxoTable({ rng, bytesMax: 4 << 20 }));
  assert.throws(() => {
    for (let i = 0; i < 200_000; i += 1) base.set(rng.bytes(32), { ...randomUtxo(rng), program: rng.bytes(300) });
  }, /invariant broken: .*room/);
});
