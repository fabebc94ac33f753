// The audit log as a file: it comes out whole, is verified as it is read, and no file that was tampered with passes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PlatformStore } from "@bystack/platform/store";
import { nextAuditRow } from "@bystack/platform/store/audit";
import {
  AUDIT_LINE_BYTES_MAX,
  auditHead,
  exportAudit,
  formatAuditRow,
  verifyAuditExport,
} from "@bystack/platform/store/audit-export";
import { createMemoryStore } from "@bystack/storage/memory";
import { createFakeClock } from "@bystack/testing/clock";
import { createSeededRng, testSeed } from "@bystack/testing/rng";

const ROWS = 450;
const entry = { actorId: "u1", via: "token" as const, route: "nodeStop", target: "李 \u2028", outcome: "ok" };

async function exported(rows = ROWS) {
  const store = await PlatformStore.open(createMemoryStore(), createFakeClock());
  for (let i = 0; i < rows; i += 1) await store.write("t", { audit: { ...entry, requestHash: "1".repeat(64) } });
  await store.write("other", { audit: { ...entry, requestHash: "2".repeat(64) } });
  const view = store.tenant("t");
  const lines: string[] = [];
  for await (const line of exportAudit(view)) lines.push(line);
  return { view, lines, head: await auditHead(view) };
}

const bytesOf = (lines: readonly string[]) => [Buffer.from(lines.join(""))];

describe("an export", () => {
  test("has every row of the tenant, and is verified in pieces of any size", async () => {
    const seed = testSeed(7);
    const rng = createSeededRng(seed);
    const { lines, head } = await exported();
    assert.equal(lines.length, ROWS);
    const [whole = Buffer.alloc(0)] = bytesOf(lines);
    assert.deepEqual(await verifyAuditExport([whole], { head }), { ok: true, rows: ROWS, head: head.hash });
    // One buffer for all pieces, as a file is read: what it held before must not be looked at again.
    const shared = Buffer.alloc(700);
    async function* pieces() {
      for (let at = 0; at < whole.length; ) {
        const length = whole.copy(shared, 0, at, at + 1 + rng.below(shared.length));
        yield shared.subarray(0, length);
        at += length;
      }
    }
    assert.deepEqual(
      await verifyAuditExport(pieces(), { head }),
      { ok: true, rows: ROWS, head: head.hash },
      `seed ${seed}`,
    );
  });

  test("of a part goes on from the mark behind which it begins, and from no other", async () => {
    const { view, lines, head } = await exported(5);
    const rest: string[] = [];
    for await (const line of exportAudit(view, 3)) rest.push(line);
    assert.deepEqual(rest, lines.slice(3));
    const from = JSON.parse(lines[2] ?? "");
    assert.equal((await verifyAuditExport(bytesOf(rest), { from, head })).ok, true);
    assert.equal((await verifyAuditExport(bytesOf(rest))).ok, false);
    assert.equal((await verifyAuditExport(bytesOf(rest), { from: { seq: 3, hash: "0".repeat(64) } })).ok, false);
    const nothing = await exported(0);
    assert.deepEqual(nothing.lines, []);
    assert.deepEqual(await verifyAuditExport([], { head: nothing.head }), {
      ok: true,
      rows: 0,
      head: nothing.head.hash,
    });
  });

  test("that was changed, cut, lengthened or written in another way is not taken", async () => {
    const { lines, head } = await exported(6);
    const [a = "", b = "", c = "", d = "", e = "", f = ""] = lines;
    const row = JSON.parse(f);
    const more = `${formatAuditRow(nextAuditRow({ ...entry, atMs: 1, requestHash: "3".repeat(64) }, row))}\n`;
    const spaced = c.replace('"seq":3', '"seq": 3');
    const twice = c.replace('"seq":3', '"seq":9,"seq":3');
    const extra = c.replace("}\n", ',"more":1}\n');
    const escaped = c.replace("nodeStop", "node\\u0053top");
    for (const [name, changed] of Object.entries({
      field: [a, b, c.replace("nodeStop", "nodeList"), d, e, f],
      gap: [a, b, d, e, f],
      order: [a, c, b, d, e, f],
      beginning: [b, c, d, e, f],
      end: [a, b, c, d, e],
      appended: [...lines, more],
      spaced: [a, b, spaced, d, e, f],
      twice: [a, b, twice, d, e, f],
      extra: [a, b, extra, d, e, f],
      escaped: [a, b, escaped, d, e, f],
      empty: [a, b, "\n", c, d, e, f],
      windows: lines.map((line) => line.replace("\n", "\r\n")),
      bom: ["\ufeff", ...lines],
      list: ["[1]\n"],
      null: ["null\n"],
    }))
      assert.equal((await verifyAuditExport(bytesOf(changed), { head })).ok, false, name);
    assert.deepEqual(await verifyAuditExport(bytesOf([a, b, d])), {
      ok: false,
      seq: 3,
      why: "row 3 is missing: row 4 comes next",
    });
  });

  test("with endless lines, broken text or a cut end is refused without being kept", async () => {
    const { lines } = await exported(2);
    let read = 0;
    function* endless() {
      for (;;) {
        read += 1;
        yield Buffer.alloc(1_024, 97);
      }
    }
    const code = "AUDIT_EXPORT_INVALID";
    await assert.rejects(verifyAuditExport(endless()), { code, why: /line 1: it is longer/ });
    assert.equal(read, AUDIT_LINE_BYTES_MAX / 1_024 + 1);
    await assert.rejects(verifyAuditExport([Buffer.from(lines.join("")), Uint8Array.of(0xff, 10)]), {
      code,
      why: /line 3/,
    });
    await assert.rejects(verifyAuditExport([Buffer.from(lines.join("").slice(0, -1))]), {
      code,
      why: /line 2: it is cut off/,
    });
    const deep = Buffer.from(`${"[".repeat(8_000)}\n`);
    assert.equal((await verifyAuditExport([deep])).ok, false);
  });

  test("keeps rows with every field at its longest", async () => {
    const worst = {
      ...entry,
      actorId: "\u0001".repeat(100),
      route: "\u0001".repeat(100),
      target: "\u0001".repeat(200),
      outcome: "\u0001".repeat(100),
    };
    const row = nextAuditRow({ ...worst, atMs: 1, requestHash: "1".repeat(64) }, undefined);
    const verdict = await verifyAuditExport([Buffer.from(`${formatAuditRow(row)}\n`)]);
    assert.equal(verdict.ok, true);
  });
});
