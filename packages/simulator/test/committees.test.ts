// The merge gate for committees of up to thirteen, with as many hostile members as they tolerate and with fewer, in the mix
// of the gate profile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawSizes, PROFILES } from "../src/profiles.ts";
import { shortfalls } from "../src/report.ts";
import { gate } from "./gate.ts";

test("committees of up to thirteen, with as many hostile members as they tolerate and with fewer", () => {
  const report = gate(PROFILES.gate.schedules, (seed) => drawSizes(PROFILES.gate, seed));
  assert.deepEqual(shortfalls(report, false), []);
  for (const sizes of ["4/1", "5/1", "7/2", "10/3", "13/4"]) assert.ok((report.sizes[sizes] ?? 0) > 0, sizes);
});
