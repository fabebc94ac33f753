// What the collector keeps must not keep the main-chain blocks that it was found in.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "@bystack/storage/memory";
import { type Deposit, DepositList } from "../src/collector/deposits.ts";

test("a deposit on the list holds its own bytes, not a view of its block", async () => {
  const block = new Uint8Array(100_000);
  const view = (from: number, length: number): Uint8Array => block.subarray(from, from + length);
  const deposit: Deposit = {
    nullifier: view(0, 32),
    transactionId: view(32, 32),
    transactionIndex: 1,
    position: 0,
    mainHeight: 7,
    assetId: view(64, 32),
    amount: 5n,
    program: view(96, 34),
    recipient: view(130, 22),
    flaw: undefined,
    credited: false,
    claim: undefined,
  };
  const list = new DepositList(createMemoryStore());
  await list.put(deposit);
  const [kept] = list.all();
  assert.ok(kept !== undefined);
  assert.deepEqual(kept, deposit);
  for (const field of [kept.nullifier, kept.transactionId, kept.assetId, kept.program, kept.recipient])
    assert.ok((field?.buffer.byteLength ?? 0) < 1000);
});
