// Whether lines of the audit log follow from each other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinks } from "../src/view/audit.ts";

/** Newest first, each on top of the one before. */
const rows = [9, 8, 7].map((seq) => ({ seq, prev: `h${seq - 1}`, hash: `h${seq}` }));

test("a whole page is whole, also when the head has moved on", () => {
  assert.deepEqual(checkLinks(rows, { seq: 9, hash: "h9" }), { isWhole: true, lines: 3 });
  assert.deepEqual(checkLinks(rows, { seq: 12, hash: "h12" }), { isWhole: true, lines: 3 });
  assert.deepEqual(checkLinks([], undefined), { isWhole: true, lines: 0 });
});

test("a line that is missing, changed or not the head's is named", () => {
  const without = rows.filter(({ seq }) => seq !== 8);
  assert.deepEqual(checkLinks(without, undefined), { isWhole: false, seq: 8, why: "line 8 is missing" });
  const changed = rows.map((row) => (row.seq === 8 ? { ...row, hash: "other" } : row));
  const found = checkLinks(changed, undefined);
  assert.equal(found.isWhole === false && found.seq, 9);
  assert.equal(checkLinks(rows, { seq: 9, hash: "other" }).isWhole, false);
});
