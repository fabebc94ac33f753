// The platform's store: tenants apart, changes whole and in order, events in sequence, the audit log's chain.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Change, type EventDraft, PlatformStore, put } from "@bystack/platform/store";
import { AUDIT_BEGINNING, type AuditRow, nextAuditRow, verifyAudit } from "@bystack/platform/store/audit";
import { createMemoryStore } from "@bystack/storage/memory";
import { createFakeClock } from "@bystack/testing/clock";
import { z } from "zod";
import { numberPart, partsOfKey, rowKey, rowRange, type Table } from "../src/store/table.ts";
import { AUDIT, EVENTS_KEPT_MS, META_TABLE } from "../src/store/tables.ts";

const NOTES: Table<{ text: string }> = { name: "notes", bucket: 200, row: z.strictObject({ text: z.string() }) };
const OTHERS: Table<{ text: string }> = { name: "others", bucket: 201, row: z.strictObject({ text: z.string() }) };

const entry = { actorId: "u1", via: "local" as const, route: "networkApply", target: "dev", outcome: "ok" };
const audit = { ...entry, requestHash: "1".repeat(64) };
const note = (text: string): EventDraft => ({ topic: "note", subject: text, data: {} });

async function open() {
  const kv = createMemoryStore();
  const clock = createFakeClock();
  return { kv, clock, store: await PlatformStore.open(kv, clock) };
}

describe("keys", () => {
  test("numbers sort as numbers, and parts come back", () => {
    const keys = [2, 10, 9, 2 ** 53 - 1].map((n) => rowKey(NOTES, "t", [numberPart(n)]));
    const sorted = keys.toSorted((a, b) => Buffer.compare(a, b)).map((key) => Number(partsOfKey(key)[0]));
    assert.deepEqual(sorted, [2, 9, 10, 2 ** 53 - 1]);
    assert.deepEqual(partsOfKey(rowKey(NOTES, "t", ["a", "b c"])), ["a", "b c"]);
  });

  test("no name reaches into another tenant or table", () => {
    for (const part of ["", "a\u0000b", "x".repeat(201)])
      assert.throws(() => rowKey(NOTES, "t", [part]), { code: "STORE_KEY_INVALID" });
    assert.throws(() => rowKey(NOTES, "t\u0000u", ["a"]), { code: "STORE_KEY_INVALID" });
    assert.throws(() => rowKey(NOTES, "t", []), { code: "STORE_KEY_INVALID" });
    const { from, to } = rowRange(NOTES, "t");
    const within = (key: Uint8Array): boolean =>
      Buffer.compare(key, from ?? key) >= 0 && to !== undefined && Buffer.compare(key, to) < 0;
    assert.ok(within(rowKey(NOTES, "t", ["\uffff"])));
    for (const key of [rowKey(NOTES, "t2", ["a"]), rowKey(NOTES, "s", ["a"]), rowKey(OTHERS, "t", ["a"])])
      assert.equal(within(key), false);
  });
});

describe("rows", () => {
  test("a tenant sees its own, in order, by pages forwards and backwards", async () => {
    const { store } = await open();
    const rows = ["a", "b", "c", "d"].map((key) => put(NOTES, [key], { text: key }));
    await store.write("one", { puts: rows });
    await store.write("two", { puts: [put(NOTES, ["b"], { text: "of two" })] });
    const view = store.tenant("one");
    const keys = async (options: Parameters<typeof view.list>[1]) =>
      (await view.list(NOTES, options)).map(({ key }) => key[0]);
    assert.deepEqual(await keys({}), ["a", "b", "c", "d"]);
    assert.deepEqual(await keys({ after: ["b"], limit: 1 }), ["c"]);
    assert.deepEqual(await keys({ reverse: true, limit: 2 }), ["d", "c"]);
    assert.deepEqual(await keys({ reverse: true, after: ["c"], limit: 2 }), ["b", "a"]);
    assert.deepEqual(await view.get(NOTES, ["b"]), { text: "b" });
    await store.write("one", { deletes: [{ table: NOTES as Table<never>, key: ["b"] }] });
    assert.equal(await view.get(NOTES, ["b"]), undefined);
    assert.deepEqual(await store.tenant("two").get(NOTES, ["b"]), { text: "of two" });
  });

  test("a row of another form is refused on the way in, and named on the way out", async () => {
    const { store, kv } = await open();
    await assert.rejects(store.write("t", { puts: [put(NOTES, ["a"], { text: 1 } as never)] }));
    for (const value of ["{", '{"text":1}', '{"text":"a","more":1}']) {
      await kv.batch({ puts: [{ key: rowKey(NOTES, "t", ["a"]), value: Buffer.from(value) }] });
      await assert.rejects(store.tenant("t").get(NOTES, ["a"]), { code: "STORE_DAMAGED" });
    }
  });

  test("changes run one after the other: none works with what another is about to replace", async () => {
    const { store } = await open();
    const count = () =>
      store.update("t", async (view) => {
        const { number } = (await view.get(META_TABLE, ["count"])) ?? { number: 0 };
        const change: Change = { puts: [put(META_TABLE, ["count"], { number: number + 1, text: "" })] };
        return [change, number];
      });
    const seen = await Promise.all(Array.from({ length: 50 }, count));
    assert.deepEqual(
      seen,
      Array.from({ length: 50 }, (_, i) => i),
    );
  });

  test("a change that fails writes nothing and holds nobody up", async () => {
    const { store } = await open();
    const failing = store.update("t", async () => {
      throw new Error("no");
    });
    const after = store.write("t", { puts: [put(NOTES, ["a"], { text: "a" })], events: [note("a")] });
    await assert.rejects(failing, /no/);
    await after;
    assert.deepEqual(
      (await store.eventsAfter("t", 0)).events.map(({ seq }) => seq),
      [1],
    );
  });

  test("rows of a newer release are not touched", async () => {
    const { store, kv, clock } = await open();
    await store.write("-", { puts: [put(META_TABLE, ["format"], { number: 2, text: "" })] });
    await assert.rejects(PlatformStore.open(kv, clock), { code: "STORE_FORMAT" });
  });
});

describe("events", () => {
  test("numbered without a gap, also after a start, and told once they are written", async () => {
    const { store, kv, clock } = await open();
    const told: string[] = [];
    const forget = store.onEvents((tenant) => told.push(tenant));
    await store.write("t", { events: [note("a"), note("b")] });
    await store.write("t", { puts: [put(NOTES, ["a"], { text: "a" })] });
    forget();
    const again = await PlatformStore.open(kv, clock);
    await again.write("t", { events: [note("c")] });
    assert.deepEqual(told, ["t"]);
    const { events, missed } = await again.eventsAfter("t", 1);
    assert.deepEqual(
      events.map(({ seq, subject }) => [seq, subject]),
      [
        [2, "b"],
        [3, "c"],
      ],
    );
    assert.equal(missed, false);
    assert.equal(await again.newestEvent("t"), 3);
    assert.equal(await again.newestEvent("u"), 0);
  });

  test("old ones go, their numbers do not come again, and whoever missed them is told", async () => {
    const { store, kv, clock } = await open();
    await store.write("t", { events: [note("a"), note("b")] });
    clock.advance(EVENTS_KEPT_MS + 1);
    assert.equal(await store.sweepEvents("t"), 2);
    const again = await PlatformStore.open(kv, clock);
    await again.write("t", { events: [note("c")] });
    const { events, missed } = await again.eventsAfter("t", 1);
    assert.deepEqual(
      events.map(({ seq }) => seq),
      [3],
    );
    assert.equal(missed, true);
    assert.equal((await again.eventsAfter("t", 2)).missed, false);
  });
});

describe("the audit log", () => {
  async function rowsOf(count: number): Promise<AuditRow[]> {
    const { store, kv, clock } = await open();
    for (let n = 0; n < count - 1; n += 1) await store.write("t", { audit });
    // The chain goes on after a start.
    const again = await PlatformStore.open(kv, clock);
    await again.write("t", { audit: { ...audit, outcome: "FORBIDDEN" } });
    return (await again.tenant("t").list(AUDIT)).map(({ value }) => value);
  }

  test("is one chain", async () => {
    const rows = await rowsOf(4);
    assert.deepEqual(verifyAudit(rows), { ok: true, rows: 4, head: rows[3]?.hash });
    assert.equal(rows[0]?.prev, AUDIT_BEGINNING);
    const [, second] = rows;
    assert.ok(second !== undefined);
    assert.equal(verifyAudit(rows.slice(2), second).ok, true);
  });

  test("shows a row that was changed, left out, put in or moved", async () => {
    const rows = await rowsOf(4);
    const [a, b, c, d] = rows;
    assert.ok(a && b && c && d);
    const forged = nextAuditRow({ ...audit, atMs: 1, actorId: "u2" }, b);
    for (const [field, value] of Object.entries({ ...forged, seq: 3, prev: "0".repeat(64), hash: "0".repeat(64) })) {
      if (c[field as keyof AuditRow] === value) continue;
      assert.equal(verifyAudit([a, b, { ...c, [field]: value }, d]).ok, false, field);
    }
    assert.deepEqual(verifyAudit([a, c, d]), { ok: false, seq: 2, why: "row 2 is missing: row 3 comes next" });
    assert.equal(verifyAudit([a, b, forged, d]).ok, false);
    assert.equal(verifyAudit([b, a, c, d]).ok, false);
    // Cut at the end it is a shorter chain: only a later hash that somebody has shows that.
    assert.equal(verifyAudit([a, b, c]).ok, true);
  });
});
