// Long work that pauses: the results are those of work in one go, and no other job of the chain comes in between.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { createMemoryStore } from "@bystack/storage/memory";
import { bytesToHex } from "@bystack/utils/bytes";
import { MainChainService } from "../../src/main/chain-service.ts";
import { KvMainChainStore } from "../../src/main/kv-store.ts";
import { NEVER_PAUSE, type Pause } from "../../src/main/pause.ts";
import { coinsOf, genesisCoins, mineTip, NOW_MS, pay, SPEC, TRUE } from "./build.ts";

const TRANSACTIONS = 12;

async function open(pause: Pause) {
  const kv = createMemoryStore();
  const store = await KvMainChainStore.open(kv, pause);
  const service = await MainChainService.open({ spec: SPEC, store, checkWork: async () => true, pause });
  return { kv, service };
}

/** A coin split into many, and a payment of each part. */
function payments() {
  const [coin] = genesisCoins();
  assert.ok(coin !== undefined);
  const split = pay([coin], { parts: TRANSACTIONS });
  return { split, spends: coinsOf(split).map((part) => pay([part])) };
}

async function dump({ kv }: Awaited<ReturnType<typeof open>>): Promise<string[]> {
  const lines: string[] = [];
  for await (const { key, value } of kv.iterate()) lines.push(`${bytesToHex(key)} ${bytesToHex(value)}`);
  return lines;
}

test("pausing at every step changes nothing in the store", async () => {
  let pauses = 0;
  const pausing = await open(() => {
    pauses += 1;
    return nextTurn();
  });
  const straight = await open(NEVER_PAUSE);
  const { split, spends } = payments();
  for (const { service } of [pausing, straight]) {
    assert.ok((await service.submitTransaction(split, NOW_MS)).ok);
    await mineTip(service);
    for (const spend of spends) assert.ok((await service.submitTransaction(spend, NOW_MS)).ok);
    const before = pauses;
    const block = await mineTip(service);
    assert.equal(block.transactions.length, 1 + TRANSACTIONS);
    // Template, index and mempool each pause at every transaction.
    if (service === pausing.service) assert.ok(pauses - before >= 3 * TRANSACTIONS, String(pauses - before));
  }
  assert.deepEqual(await dump(pausing), await dump(straight));
});

test("what is submitted while a template pauses waits for it, and comes into the next one", async () => {
  let onPause: () => void = () => {};
  const { service } = await open(() => {
    onPause();
    return nextTurn();
  });
  const { split, spends } = payments();
  const [early, late] = spends;
  assert.ok(early !== undefined && late !== undefined);
  assert.ok((await service.submitTransaction(split, NOW_MS)).ok);
  await mineTip(service);
  assert.ok((await service.submitTransaction(early, NOW_MS)).ok);
  let submitted: ReturnType<MainChainService["submitTransaction"]> | undefined;
  onPause = () => {
    submitted ??= service.submitTransaction(late, NOW_MS);
  };
  const template = await service.buildTemplate({ nowMs: NOW_MS, program: TRUE });
  assert.ok((await submitted)?.ok);
  const next = await service.buildTemplate({ nowMs: NOW_MS, program: TRUE });
  const ids = (block: typeof next.block) =>
    block.transactions.slice(1).map((item) => bytesToHex(mapMainTransaction(item).id));
  const [earlyId, lateId] = [early, late].map((item) => bytesToHex(mapMainTransaction(item).id));
  assert.deepEqual(ids(template.block), [earlyId]);
  assert.deepEqual(ids(next.block), [earlyId, lateId]);
});
