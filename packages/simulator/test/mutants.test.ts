// The simulator notices when a rule is taken out: the pinned seed of each mutant is replayed, with the same seed the
// rules as they stand break nothing, and a failure shrinks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFailure } from "../src/failure.ts";
import { MUTANTS, runMutant, settingsOf } from "../src/mutants.ts";
import { runSchedule } from "../src/schedule.ts";
import { shrink } from "../src/shrink.ts";

for (const mutant of MUTANTS) {
  test(`without rule ${mutant.mutation}, seed ${mutant.pinnedSeed} finds a violation`, () => {
    assert.ok(mutant.pinnedSeed > 0, "npm run simulate -- --mutants finds the seed to pin");
    const broken = runMutant(mutant, mutant.pinnedSeed);
    assert.notDeepEqual(broken.violations, []);
    const intact = runSchedule(mutant.pinnedSeed, settingsOf(mutant));
    assert.deepEqual(intact.violations, []);
  });
}

test("a failing schedule shrinks to one that fails in the same way", () => {
  const options = { nodes: 4, byzantine: 1, mutation: "S2" } as const;
  const mutant = MUTANTS.find((candidate) => candidate.mutation === "S2");
  const failed = runSchedule(mutant?.pinnedSeed ?? 1, options);
  const shrunk = shrink(failed.seed, options, failed);
  assert.equal(shrunk.outcome.violations[0]?.invariant, failed.violations[0]?.invariant);
  assert.ok(shrunk.outcome.plan.faults.size < failed.plan.faults.size);
  const lines = formatFailure(failed, options);
  assert.match(lines[0] ?? "", /^VIOLATION of I6 with seed /);
  assert.ok(
    lines.some((line) => line.includes("NULLIFY(")),
    "the chart shows the votes",
  );
  assert.match(
    lines[lines.length - 1] ?? "",
    /^replay: npm run simulate -- --nodes 4 --byzantine 1 --seed \d+ --seeds 1 --mutation S2/,
  );
});
