// What goes into a schedule besides its seed, and what comes out of it.

import type { BbftMessage } from "@bystack/consensus/bbft/messages";
import type { Mutation } from "@bystack/consensus/bbft/mutation";
import type { Violation } from "./checker.ts";
import type { Coverage } from "./coverage.ts";
import type { Scheme } from "./fake-crypto.ts";
import type { CrashPoint } from "./node-plan.ts";
import type { Plan, PlanOptions } from "./plan.ts";

export type Outcome = {
  readonly seed: number;
  readonly events: number;
  /** Steps of honest engines that were compared with the model of the voting rules. */
  readonly modelSteps: number;
  readonly virtualMs: number;
  /** From the healing until every honest node had two more final blocks; undefined when it did not come to that. */
  readonly recoveredMs: number | undefined;
  readonly counted: boolean;
  readonly violations: readonly Violation[];
  readonly coverage: Coverage;
  /** Where honest nodes died. */
  readonly died: readonly CrashPoint[];
  readonly epochBlocks: number;
  readonly run: number;
  readonly traceHash: number;
  readonly finalHeight: number;
  readonly chart: readonly string[];
  readonly plan: Plan;
};

export type ScheduleOptions = PlanOptions & {
  readonly mutation?: Mutation;
  /** Invariants that count, all when left out. */
  readonly only?: readonly string[];
  /** Virtual time after the healing in which progress is required; 90 s when left out. */
  readonly livenessMs?: number;
  /** Signatures: the fast fake ones when left out. */
  readonly scheme?: Scheme;
  /**
   * Compare each step of the engines with the model of the voting rules. Left out: yes, but not with a rule taken out of
   * the engine, which the invariants have to notice without that help.
   */
  readonly conform?: boolean;
  /** Told of every message that a place puts on a link. */
  readonly onSent?: (from: number, message: BbftMessage) => void;
  /** Lines of the chart to keep; 0 for none. */
  readonly chartLines?: number;
};
