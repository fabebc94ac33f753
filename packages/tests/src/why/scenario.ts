// A situation of a network and what `bystack why` must say of it first, or that it must not say something. Where the evidence
// comes from is told: engines in virtual time, processes, or a record of what such a network answers.

import type { FindingId } from "@bystack/api/why-schema";
import type { Subject } from "@bystack/platform/why/diagnose";
import type { Evidence } from "@bystack/platform/why/evidence";

export type Scenario = {
  readonly name: string;
  readonly source: "simulated" | "process" | "recorded";
  /** The condition that it is about. */
  readonly about: FindingId | "healthy";
  /** What must come first; `null`: nothing is wrong, and notes may be there. */
  readonly first: FindingId | null;
  /** What must not be said at all: for a near miss the condition that it is about. */
  readonly never?: readonly FindingId[];
  readonly subject?: Subject;
  readonly evidence: () => Evidence | Promise<Evidence>;
};
