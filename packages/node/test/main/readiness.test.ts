// When a main-chain node counts as ready.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readiness } from "../../src/main/readiness.ts";

const TARGET = { targetMs: 2_000 };

test("ready below six targets of age; a founded chain has six targets to make its first block", () => {
  assert.equal(readiness({ ...TARGET, height: 5, tipAgeMs: 11_999, runningMs: 0 }), undefined);
  assert.match(readiness({ ...TARGET, height: 5, tipAgeMs: 12_000, runningMs: 0 }) ?? "", /12 s old, 12 s/);
  assert.equal(readiness({ ...TARGET, height: 0, tipAgeMs: 1e9, runningMs: 11_999 }), undefined);
  assert.notEqual(readiness({ ...TARGET, height: 0, tipAgeMs: 1e9, runningMs: 12_000 }), undefined);
});
