// Runs every registered vector check over the recorded files. A file of a registered name must exist, and a file without
// cases is a failure: a suite that checks nothing looks exactly like one that passes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { VECTOR_SUITES } from "../src/conformance/suites.ts";

const vectors = join(import.meta.dirname, "..", "..", "..", "vectors");
const SHOWN_FAILURES_MAX = 10;

for (const { folder, checks } of VECTOR_SUITES) {
  suite(`vectors/${folder}`, () => {
    for (const [name, check] of Object.entries(checks)) {
      test(`${name}.json`, async () => {
        const read = (file: string): unknown => JSON.parse(readFileSync(join(vectors, folder, `${file}.json`), "utf8"));
        const results = await check(read(name), read);
        assert.notEqual(results.length, 0, "the file has no cases");
        const failed = results.filter((result) => !result.ok);
        const shown = failed.slice(0, SHOWN_FAILURES_MAX).map((result) => `${result.name}: ${result.detail}`);
        assert.equal(failed.length, 0, `${failed.length} of ${results.length} cases differ\n${shown.join("\n")}`);
      });
    }
  });
}
