// The simulator's own parts: order of events, determinism of chance, the fake signatures.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex } from "@bystack/utils/bytes";
import { fakeCrypto, fakeKey } from "../src/fake-crypto.ts";
import { FORGERY_BLOCKS_MAX, Forgery } from "../src/forgery.ts";
import { EventQueue } from "../src/heap.ts";
import { drawPlan } from "../src/plan.ts";
import { SimRng } from "../src/rng.ts";
import type { ToyLedger } from "../src/toy-ledger.ts";

test("events come by time, and by order of scheduling at equal times", () => {
  const queue = new EventQueue<number>();
  const rng = new SimRng(1);
  const times = Array.from({ length: 500 }, () => rng.below(50));
  times.forEach((time, i) => {
    queue.push(time, i);
  });
  const order: [number, number][] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) order.push([next.timeMs, next.value]);
  const expected = times.map((time, i): [number, number] => [time, i]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  assert.deepEqual(order, expected);
});

test("equal seeds give equal chance, others another", () => {
  const draw = (seed: number): number[] => {
    const rng = new SimRng(seed);
    return Array.from({ length: 8 }, () => rng.u32());
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  assert.deepEqual(drawPlan(5, { nodes: 4, byzantine: 1 }), drawPlan(5, { nodes: 4, byzantine: 1 }));
});

test("a fake signature is one signer's over one message", () => {
  const message = Uint8Array.of(1, 2, 3);
  const signature = fakeCrypto(2).sign(message);
  const verify = fakeCrypto(0).verify;
  assert.ok(verify(fakeKey(2), message, signature));
  assert.ok(!verify(fakeKey(1), message, signature));
  assert.ok(!verify(fakeKey(2), Uint8Array.of(1, 2, 4), signature));
  const changed = signature.slice();
  changed[60] = 1;
  assert.ok(!verify(fakeKey(2), message, changed));
});

test("what a forger remembers is bounded: the oldest block goes first", () => {
  const forgery = new Forgery({} as ToyLedger, new SimRng(1), {} as BbftConfig);
  const hashOf = (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 255);
  for (let i = 0; i <= FORGERY_BLOCKS_MAX; i += 1)
    forgery.learn({ type: "BLOCK", block: { hash: hashOf(i) } as unknown as SideBlock });
  assert.equal(forgery.block(bytesToHex(hashOf(0))), undefined);
  assert.ok(forgery.block(bytesToHex(hashOf(1))) !== undefined);
  assert.ok(forgery.block(bytesToHex(hashOf(FORGERY_BLOCKS_MAX))) !== undefined);
});
