// A list of incidents for the parts that note them, in a folder of the test.

import { mkdirSync } from "node:fs";
import { createFakeClock } from "@bystack/testing/clock";
import { nullLogger } from "@bystack/utils/ports";
import { Incidents } from "../src/process/incidents.ts";

export function incidentsIn(folder: string): Incidents {
  mkdirSync(folder, { recursive: true });
  return new Incidents({ folder, clock: createFakeClock(), logger: nullLogger });
}
