// Known attacks, each with exactly the faults that it takes (promises.md section 10): the rules as they stand withstand it,
// and without the rule that is there against it, it works.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTACK_NAMES, attackOf } from "../src/attacks.ts";
import { runSchedule } from "../src/schedule.ts";

/** Schedules of each attack against the rules as they stand. */
const SCHEDULES = 8;

for (const name of ATTACK_NAMES) {
  test(`${name}: withstood, and works without rule ${attackOf(name).rule}`, () => {
    const attack = attackOf(name);
    const { nodes, byzantine, rule, pinnedSeed } = attack;
    assert.ok(pinnedSeed > 0);
    for (let seed = pinnedSeed; seed < pinnedSeed + SCHEDULES; seed += 1) {
      const { violations, counted } = runSchedule(seed, { nodes, byzantine, attack });
      assert.deepEqual(violations, [], `seed ${seed}`);
      assert.ok(counted, `seed ${seed} came to its end`);
    }
    const broken = runSchedule(pinnedSeed, { nodes, byzantine, attack, mutation: rule });
    assert.notDeepEqual(broken.violations, []);
  });
}
