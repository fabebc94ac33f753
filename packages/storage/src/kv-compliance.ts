// The compliance suite of the KvStore port: every driver runs it, and the memory driver is the oracle of its random part.
// `open` makes an empty store; `reopen` closes a store and opens what it left, where the driver keeps anything.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex, compareBytes, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { isStorageError, type StorageErrorCode } from "./errors.ts";
import {
  bucketKey,
  bucketRange,
  KV_KEY_BYTES_MAX,
  KV_READERS_MAX,
  type KvEntry,
  type KvRange,
  type KvReader,
  type KvStore,
  prefixRange,
} from "./kv.ts";

export type KvFactory = {
  readonly name: string;
  open(): Promise<KvStore>;
  /** Absent for a driver that keeps nothing. */
  reopen?(store: KvStore): Promise<KvStore>;
};

/** Any seed will do; a failure names it with the round. */
const MODEL_SEED = 20_261_121;

const entry = (key: string, value: string): KvEntry => ({ key: utf8ToBytes(key), value: utf8ToBytes(value) });
const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString();

async function collect(reader: KvReader, range?: KvRange): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, value } of reader.iterate(range)) found.push(`${text(key)}=${text(value)}`);
  return found;
}

const isCode = (code: StorageErrorCode) => (error: unknown) => isStorageError(error, code);

async function checkBatches(store: KvStore): Promise<void> {
  await store.batch({ puts: [entry("a", "1"), entry("b", "2")] });
  assert.deepEqual((await store.getMany([utf8ToBytes("b"), utf8ToBytes("x"), utf8ToBytes("a")])).map(text), [
    "2",
    undefined,
    "1",
  ]);
  await store.batch({
    deletes: [utf8ToBytes("a"), utf8ToBytes("never"), utf8ToBytes("b")],
    puts: [entry("b", "3"), entry("b", "4")],
  });
  assert.equal(await store.get(utf8ToBytes("a")), undefined);
  assert.equal(text(await store.get(utf8ToBytes("b"))), "4", "puts come after deletes, the last put wins");
  const empty = { key: utf8ToBytes("e"), value: new Uint8Array(0) };
  await store.batch({ puts: [empty], flush: true });
  assert.equal((await store.get(empty.key))?.length, 0, "an empty value is a value");
  const value = Uint8Array.of(1, 2, 3);
  const written = store.batch({ puts: [{ key: utf8ToBytes("own"), value }] });
  value.fill(9);
  await written;
  const read = await store.get(utf8ToBytes("own"));
  assert.deepEqual([...(read ?? [])], [1, 2, 3], "the store takes a copy");
  read?.fill(7);
  assert.deepEqual([...((await store.get(utf8ToBytes("own"))) ?? [])], [1, 2, 3], "and gives copies out");
}

async function checkRefusals(store: KvStore): Promise<void> {
  const longest = { key: new Uint8Array(KV_KEY_BYTES_MAX).fill(1), value: utf8ToBytes("v") };
  await store.batch({ puts: [longest] });
  assert.equal(text(await store.get(longest.key)), "v");
  for (const key of [new Uint8Array(0), new Uint8Array(KV_KEY_BYTES_MAX + 1)]) {
    await assert.rejects(store.get(key), isCode("KEY_INVALID"));
    await assert.rejects(
      store.batch({ puts: [entry("half", "1"), { key, value: longest.value }] }),
      isCode("KEY_INVALID"),
    );
    await assert.rejects(store.batch({ puts: [entry("half", "1")], deletes: [key] }), isCode("KEY_INVALID"));
  }
  assert.equal(await store.get(utf8ToBytes("half")), undefined, "a refused batch leaves nothing");
}

async function checkRanges(store: KvStore): Promise<void> {
  const names = ["a", "aa", "ab", "b", "ba", "c"];
  await store.batch({ puts: names.map((name) => entry(name, name)) });
  const of = async (range: KvRange): Promise<string> =>
    (await collect(store, range)).map((pair) => pair.split("=")[0]).join(" ");
  const from = utf8ToBytes("aa");
  const to = utf8ToBytes("ba");
  assert.equal(await of({}), "a aa ab b ba c");
  assert.equal(await of({ reverse: true }), "c ba b ab aa a");
  assert.equal(await of({ from, to }), "aa ab b");
  assert.equal(await of({ from, to, reverse: true }), "b ab aa");
  assert.equal(await of({ from, limit: 2 }), "aa ab");
  assert.equal(await of({ to, reverse: true, limit: 2 }), "b ab");
  assert.equal(await of({ from: utf8ToBytes("aZ"), to: utf8ToBytes("bZ"), reverse: true }), "b ab aa");
  assert.equal(await of({ from: to, to: from }), "");
  assert.equal(await of({ limit: 0 }), "");
  assert.equal(await of(prefixRange(from.subarray(0, 1))), "a aa ab");
  const high = [
    Uint8Array.of(0xff, 0xff),
    Uint8Array.of(0xff),
    Uint8Array.of(0x80),
    bucketKey(7, Uint8Array.of(0)),
    bucketKey(7),
    bucketKey(8),
  ];
  await store.batch({ puts: high.map((key) => ({ key, value: key })) });
  const keys: string[] = [];
  for await (const { key } of store.iterate({ from: Uint8Array.of(0x7b) })) keys.push(bytesToHex(key));
  assert.deepEqual(keys, ["80", "ff", "ffff"], "keys are ordered as unsigned bytes");
  const bucket: string[] = [];
  for await (const { key } of store.iterate(bucketRange(7))) bucket.push(bytesToHex(key));
  assert.deepEqual(bucket, ["07", "0700"]);
  assert.deepEqual(prefixRange(Uint8Array.of(0xff)), { from: Uint8Array.of(0xff) });
}

async function checkSnapshots(store: KvStore): Promise<void> {
  await store.batch({ puts: [entry("k", "old"), entry("m", "old")] });
  const snapshot = await store.snapshot();
  await store.batch({ puts: [entry("k", "new"), entry("l", "new")], deletes: [utf8ToBytes("m")] });
  assert.equal(text(await snapshot.get(utf8ToBytes("k"))), "old");
  assert.deepEqual(await collect(snapshot), ["k=old", "m=old"]);
  assert.deepEqual((await snapshot.getMany([utf8ToBytes("l"), utf8ToBytes("m")])).map(text), [undefined, "old"]);
  assert.deepEqual(await collect(store), ["k=new", "l=new"]);
  snapshot.release();
  snapshot.release();
  await assert.rejects(snapshot.get(utf8ToBytes("k")), isCode("STORE_CLOSED"));
  const many = await Promise.all(Array.from({ length: KV_READERS_MAX }, () => store.snapshot()));
  await assert.rejects(store.snapshot(), isCode("SNAPSHOTS_EXHAUSTED"));
  for (const one of many) one.release();
  (await store.snapshot()).release();
}

async function checkIterationIsolated(store: KvStore): Promise<void> {
  const count = 1000;
  const keyOf = (i: number): string => i.toString().padStart(6, "0");
  await store.batch({ puts: Array.from({ length: count }, (_, i) => entry(keyOf(i), "old")) });
  let seen = 0;
  for await (const { value } of store.iterate()) {
    if (seen === 0) await store.batch({ puts: Array.from({ length: count * 2 }, (_, i) => entry(keyOf(i), "new")) });
    assert.equal(text(value), "old");
    seen += 1;
  }
  assert.equal(seen, count);
  for await (const _ of store.iterate()) break;
  await store.batch({ deletes: [utf8ToBytes(keyOf(0))] });
  assert.equal((await collect(store)).length, count * 2 - 1);
}

/** Random batches and ranges against a plain array. The draws come from a small generator of its own, seeded. */
async function checkAgainstModel(store: KvStore, seed: number): Promise<void> {
  let state = seed;
  const draw = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const model = new Map<string, string>();
  const key = (): string => bytesToHex(Uint8Array.from({ length: 1 + draw(3) }, () => draw(6) * 51));
  for (let round = 0; round < 150; round += 1) {
    const deletes = Array.from({ length: draw(6) }, key);
    const puts = Array.from({ length: draw(8) }, () => ({
      key: key(),
      value: bytesToHex(Uint8Array.of(round, draw(256))),
    }));
    for (const gone of deletes) model.delete(gone);
    for (const put of puts) model.set(put.key, put.value);
    await store.batch({
      deletes: deletes.map(hexToBytes),
      puts: puts.map((put) => ({ key: hexToBytes(put.key), value: hexToBytes(put.value) })),
    });
    const [from, to] = [hexToBytes(key()), hexToBytes(key())];
    const range: KvRange = {
      ...(draw(3) > 0 ? { from } : {}),
      ...(draw(3) > 0 ? { to } : {}),
      reverse: draw(2) === 1,
      ...(draw(3) === 0 ? { limit: draw(10) } : {}),
    };
    const expected = [...model]
      .map(([k, v]) => ({ key: hexToBytes(k), value: v }))
      .filter(
        (e) =>
          (range.from === undefined || compareBytes(e.key, range.from) >= 0) &&
          (range.to === undefined || compareBytes(e.key, range.to) < 0),
      )
      .sort((a, b) => compareBytes(a.key, b.key) * (range.reverse === true ? -1 : 1))
      .slice(0, range.limit ?? undefined)
      .map((e) => `${bytesToHex(e.key)}=${e.value}`);
    const found: string[] = [];
    for await (const e of store.iterate(range)) found.push(`${bytesToHex(e.key)}=${bytesToHex(e.value)}`);
    assert.deepEqual(found, expected, `seed ${seed}, round ${round}`);
  }
}

async function checkClosed(store: KvStore): Promise<void> {
  const snapshot = await store.snapshot();
  const writing = store.batch({ puts: [entry("last", "1")] });
  snapshot.release();
  await store.close();
  await writing;
  await store.close();
  await assert.rejects(store.get(utf8ToBytes("k")), isCode("STORE_CLOSED"));
  await assert.rejects(store.batch({ puts: [entry("k", "1")] }), isCode("STORE_CLOSED"));
  await assert.rejects(store.snapshot(), isCode("STORE_CLOSED"));
  await assert.rejects(collect(store), isCode("STORE_CLOSED"));
}

/** Registers the tests of a driver with node:test. */
export function testKvStore(factory: KvFactory): void {
  const cases: Readonly<Record<string, (store: KvStore) => Promise<void>>> = {
    "batches are atomic, ordered, and copy": checkBatches,
    "keys out of bounds are refused before anything happens": checkRefusals,
    "ranges are ordered by unsigned bytes, both ways, limited": checkRanges,
    "a snapshot does not see later batches": checkSnapshots,
    "an iteration sees one state": checkIterationIsolated,
    "random batches and ranges agree with a plain array": (store) => checkAgainstModel(store, MODEL_SEED),
  };
  for (const [name, check] of Object.entries(cases)) {
    test(`${factory.name}: ${name}`, async () => {
      const store = await factory.open();
      try {
        await check(store);
      } finally {
        await store.close();
      }
    });
  }
  test(`${factory.name}: after close everything is refused`, async () => checkClosed(await factory.open()));
  const { reopen } = factory;
  if (reopen === undefined) return;
  test(`${factory.name}: what was written is there after reopening`, async () => {
    const store = await factory.open();
    await store.batch({ puts: [entry("a", "1"), entry("b", "2")], flush: true });
    await store.batch({ deletes: [utf8ToBytes("a")] });
    const again = await reopen(store);
    assert.deepEqual(await collect(again), ["b=2"]);
    await again.close();
  });
}
