// What the tests of the explorer's index share: all rows as text, a store that loses power at a batch, and a slow recount of
// outputs by whoever holds them.

import assert from "node:assert/strict";
import type { KvStore } from "@bystack/storage/kv";
import { bytesToHex } from "@bystack/utils/bytes";
import type { ExplorerSource } from "../../src/explorer/follower.ts";
import { ExplorerFollower } from "../../src/explorer/follower.ts";
import type { ExplorerIndex } from "../../src/explorer/query.ts";
import { NEVER_PAUSE } from "../../src/main/pause.ts";

/** Every row of an index, as text. */
export async function dump(store: KvStore): Promise<string[]> {
  const lines: string[] = [];
  for await (const { key, value } of store.iterate()) lines.push(`${bytesToHex(key)} ${bytesToHex(value)}`);
  return lines;
}

/** Follows a chain up to where it is now. */
export async function follow(store: KvStore, source: ExplorerSource): Promise<ExplorerFollower> {
  const follower = new ExplorerFollower({ store, source, pause: NEVER_PAUSE });
  follower.poke();
  await follower.idle();
  return follower;
}

/** A store that loses power at a given batch: neither it nor anything after it is written. */
export function failingAt(store: KvStore, batch: number): KvStore & { readonly failed: () => boolean } {
  let batches = 0;
  return {
    ...store,
    batch: async (changes) => {
      batches += 1;
      if (batches >= batch) throw new Error("power cut");
      await store.batch(changes);
    },
    failed: () => batches >= batch,
  };
}

export type Held = { readonly program: Uint8Array; readonly assetId: Uint8Array; readonly amount: bigint };

/** Sums of outputs by program and asset, in hexadecimal. */
export function sumsOf(outputs: Iterable<Held>): Map<string, Map<string, bigint>> {
  const sums = new Map<string, Map<string, bigint>>();
  for (const { program, assetId, amount } of outputs) {
    const own = sums.get(bytesToHex(program)) ?? new Map<string, bigint>();
    const asset = bytesToHex(assetId);
    own.set(asset, (own.get(asset) ?? 0n) + amount);
    sums.set(bytesToHex(program), own);
  }
  return sums;
}

/** Balances, holders and what is held, as the index has them, against a recount. */
export async function assertBalances(index: ExplorerIndex, outputs: Iterable<Held>): Promise<void> {
  const sums = sumsOf(outputs);
  const holders = new Map<string, { program: string; amount: bigint }[]>();
  for (const [program, assets] of sums) {
    const found = await index.balances(Buffer.from(program, "hex"), undefined, 1_000);
    const listed = new Map(found.map(({ assetId, amount }) => [bytesToHex(assetId), amount]));
    assert.deepEqual(listed, new Map([...assets].sort(([a], [b]) => (a < b ? -1 : 1))), program);
    for (const [asset, amount] of assets) holders.set(asset, [...(holders.get(asset) ?? []), { program, amount }]);
  }
  for (const { assetId, holders: count, held } of await index.assets(undefined, 1_000)) {
    const expected = holders.get(bytesToHex(assetId)) ?? [];
    assert.equal(count, expected.length, "number of holders");
    assert.equal(
      held,
      expected.reduce((sum, { amount }) => sum + amount, 0n),
    );
    const listed = await index.holders(assetId, undefined, 1_000);
    assert.deepEqual(
      listed.map(({ amount }) => amount),
      expected.map(({ amount }) => amount).sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)),
    );
    const texts = listed.map(({ program, amount }) => `${bytesToHex(program)} ${amount}`).sort();
    assert.deepEqual(texts, expected.map(({ program, amount }) => `${program} ${amount}`).sort());
  }
  assert.equal((await index.assets(undefined, 1_000)).length >= holders.size, true);
}
