// What a node measures for `bystack why`: only what is new counts, nothing grows without limit, and who leads in vain is told
// from who does not.

import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { createFakeClock } from "@bystack/testing/clock";
import { BystackError } from "@bystack/utils/errors";
import { RECENT_MS, RECENT_VALUES_MAX, RecentValues } from "../src/process/recent-values.ts";
import { REFUSED_TRANSACTIONS_MAX, RefusedTransactions } from "../src/process/refused-transactions.ts";
import { transactionWhy } from "../src/process/transaction-why.ts";
import { Vitals } from "../src/process/vitals.ts";
import { LEADER_VIEWS_MAX, LeaderRecord } from "../src/side/leader-record.ts";
import { BlockRate } from "../src/side/side-vitals.ts";

suite("the newest values", () => {
  test("99 of 100 are not above p99; what is older than a minute does not count", () => {
    const values = new RecentValues();
    assert.deepEqual(values.summary(0), { p99Ms: 0, longestMs: 0, samples: 0 });
    for (let i = 1; i <= 200; i += 1) values.add(i, i);
    assert.deepEqual(values.summary(200), { p99Ms: 198, longestMs: 200, samples: 200 });
    assert.equal(values.summary(RECENT_MS + 150).samples, 51);
    assert.equal(values.summary(RECENT_MS + 201).samples, 0);
  });

  test("never more than the limit", () => {
    const values = new RecentValues();
    for (let i = 0; i < RECENT_VALUES_MAX + 5; i += 1) values.add(i, 0);
    assert.deepEqual(values.summary(0).samples, RECENT_VALUES_MAX);
  });
});

suite("who leads in vain", () => {
  const four = { n: 4, keys: [1, 2, 3, 4].map((byte) => Uint8Array.of(byte)) };
  const others = { n: 4, keys: [1, 2, 3, 5].map((byte) => Uint8Array.of(byte)) };

  test("a leader whose views end nullified, with how long they took", () => {
    const record = new LeaderRecord(2);
    let atMs = 0;
    // Views 2 and 3 belong to place 1: they take a second each and are nullified.
    for (let view = 1; view <= 20; view += 1) {
      const before = view - 1;
      const inVain = Math.floor(before / 2) % 4 === 1;
      atMs += inVain ? 1_000 : 100;
      record.entered({ epoch: 1, view, nullified: inVain && before > 0 }, four, atMs);
    }
    const leaders = record.leaders();
    assert.deepEqual(
      leaders.map(({ index, led, nullified }) => [index, led, nullified]),
      [
        [0, 5, 0],
        [1, 6, 6],
        [2, 4, 0],
        [3, 4, 0],
      ],
    );
    assert.deepEqual([leaders[1]?.nullifiedMeanMs, leaders[1]?.nullifiedInRow], [1_000, 6]);
    assert.equal(leaders[0]?.nullifiedInRow, 0);
  });

  test("views that were jumped over, and those of another committee, do not count", () => {
    const record = new LeaderRecord(1);
    record.entered({ epoch: 1, view: 1, nullified: false }, four, 0);
    record.entered({ epoch: 1, view: 9, nullified: true }, four, 10);
    assert.deepEqual(record.leaders(), []);
    record.entered({ epoch: 1, view: 10, nullified: true }, four, 20);
    assert.deepEqual(
      record.leaders().map(({ index, led }) => [index, led]),
      [[1, 1]],
    );
    record.entered({ epoch: 2, view: 1, nullified: false }, four, 30);
    assert.equal(record.leaders().length, 1, "the same committee in the next epoch");
    record.entered({ epoch: 3, view: 1, nullified: false }, others, 40);
    assert.deepEqual(record.leaders(), []);
  });

  test("never more views than the limit", () => {
    const record = new LeaderRecord(1);
    for (let view = 1; view <= LEADER_VIEWS_MAX + 100; view += 1)
      record.entered({ epoch: 1, view, nullified: false }, four, view);
    assert.equal(
      record.leaders().reduce((sum, { led }) => sum + led, 0),
      LEADER_VIEWS_MAX,
    );
  });
});

test("blocks a second are those of the last seconds", () => {
  const clock = createFakeClock();
  const rate = new BlockRate(clock);
  assert.equal(rate.perSecond(), 0);
  for (let i = 0; i < 50; i += 1) {
    rate.arrived();
    clock.advance(100);
  }
  assert.equal(rate.perSecond(), 10);
  clock.advance(60_000);
  assert.equal(rate.perSecond(), 0);
});

test("the process tells its clock, its room and its delays; where no disk is to be asked it says so", async () => {
  const clock = createFakeClock();
  const vitals = new Vitals({ clock, instance: "i", folder: tmpdir() });
  vitals.lagged(7);
  vitals.voteSynced(9);
  const told = await vitals.process();
  assert.equal(told.nowMs, clock.nowMs());
  assert.deepEqual([told.eventLoopLag.p99Ms, vitals.voteSync().longestMs], [7, 9]);
  assert.ok((told.diskFreeBytes ?? 0) > 0 && told.heapLimitBytes > told.heapUsedBytes);
  const nowhere = new Vitals({ clock, instance: "i", folder: join(tmpdir(), "not", "there") });
  assert.equal((await nowhere.process()).diskFreeBytes, null);
});

suite("what became of a transaction", () => {
  const id = (n: number): Uint8Array => new Uint8Array(32).fill(n);
  const mempool = { transactions: 1, transactionsMax: 2 };
  const entry = { kind: "invalid", fault: "none", message: "spent", next: "build again" } as const;
  const errorOf = (code: string) => new BystackError(code, entry);
  const missing = async (): Promise<never> => {
    throw new BystackError("TRANSACTION_NOT_FOUND", { ...entry, kind: "not-found" });
  };

  test("a refusal is remembered in the words of its table, and forgotten when it was taken after all", async () => {
    const refused = new RefusedTransactions();
    refused.note(id(1), { how: "dropped", code: "TX_INPUT_SPENT", atMs: 5 });
    const text = "01".repeat(32);
    const ask = () => transactionWhy({ id: text, find: missing, refused: refused.get(text), errorOf, mempool });
    const { state, code, why, next, atMs } = await ask();
    assert.deepEqual([state, code, why, next, atMs], ["dropped", "TX_INPUT_SPENT", "spent", "build again", 5]);
    refused.forget(id(1));
    assert.equal((await ask()).state, "unknown");
  });

  test("where it stands comes before what was once said of it; a failing store is no answer", async () => {
    const known = { how: "refused", code: "X", atMs: 1 } as const;
    const find = async () => ({ status: "final" as const, gasOnly: false, blockHeight: 7 });
    const told = await transactionWhy({ id: "00", find, refused: known, errorOf, mempool });
    assert.deepEqual([told.state, told.blockHeight, told.code], ["final", 7, null]);
    const broken = async (): Promise<never> => {
      throw new Error("disk");
    };
    await assert.rejects(transactionWhy({ id: "00", find: broken, refused: known, errorOf, mempool }), /disk/);
  });

  test("what a block took was not dropped", () => {
    const refused = new RefusedTransactions();
    const dropped = [1, 2].map((n) => ({ id: id(n), code: "TX_INPUT_SPENT" }));
    refused.noteDropped(dropped, [id(1), id(3)], 9);
    assert.equal(refused.get("01".repeat(32)), undefined);
    assert.deepEqual(refused.get("02".repeat(32)), { how: "dropped", code: "TX_INPUT_SPENT", atMs: 9 });
  });

  test("the oldest goes first", () => {
    const refused = new RefusedTransactions();
    const name = (n: number) => Uint8Array.of(...new Uint8Array(30), n >> 8, n & 255);
    for (let n = 0; n <= REFUSED_TRANSACTIONS_MAX; n += 1)
      refused.note(name(n), { how: "refused", code: "X", atMs: n });
    assert.equal(refused.get("00".repeat(32)), undefined);
    assert.equal(refused.get(`${"00".repeat(30)}0001`)?.atMs, 1);
  });
});
