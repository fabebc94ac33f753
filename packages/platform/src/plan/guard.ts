// The guard: how many validators of a chain may fail, and whether it still has a quorum while one of them is away
// (platform.md section 2). The numbers are those of bbft.md section 3: n validators, f = floor((n - 1) / 3), q = n - f.

import { quorumSize } from "@bystack/protocol/side/certificate";
import type { Risk } from "./plan.ts";

/** A committee as people need to see it. */
export type Committee = {
  readonly n: number;
  /** Votes that a final block needs. */
  readonly q: number;
  /** How many may fail. */
  readonly f: number;
};

export function committeeOf(n: number): Committee {
  const q = quorumSize(n);
  return { n, q, f: n - q };
}

/** What was seen of a chain's validators. */
export type Voters = { readonly committee: Committee; readonly live: readonly string[] };

/**
 * Whether a validator may be away for a while.
 * @returns the risk, or undefined when the chain would stand still without it
 */
export function riskWithout({ committee, live }: Voters, node: string): Risk | undefined {
  // One that does not vote is not missed; it may be the one that a restart would mend.
  if (!live.includes(node)) return "restart";
  const left = live.length - 1;
  if (left < committee.q) return undefined;
  return left === committee.q ? "margin0" : "restart";
}
