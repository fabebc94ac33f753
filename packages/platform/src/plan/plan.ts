// A plan: what would be done to make a network what its definition says, and what would be refused, worked out before
// anything is touched. Pure: the same definitions and the same observation give the same plan and the same hash.

import { createHash } from "node:crypto";
import type { Committee } from "./guard.ts";

/**
 * `make`: something new beside what is there · `live`: takes effect at once · `roll`: nodes restart, one at a time ·
 * `end`: something goes.
 */
export type ActionClass = "make" | "live" | "roll" | "end";

/**
 * What may go wrong for those who use the chain: nothing · a node restarts · no further validator may fail meanwhile · the
 * chain stands still · data go for good.
 */
export type Risk = "none" | "restart" | "margin0" | "halt" | "loss";

export type Verb =
  | "network.create"
  | "account.create"
  | "asset.create"
  | "chain.create"
  | "node.add"
  | "node.configure"
  | "network.configure"
  | "node.remove";

export type Action = {
  readonly verb: Verb;
  /** Which one: a chain, a node, an account. */
  readonly target: string;
  /** The chain that it belongs to; null for the network's own. */
  readonly chain: string | null;
  readonly class: ActionClass;
  /** What it does, for people. */
  readonly title: string;
  readonly before: string;
  readonly after: string;
  readonly risk: Risk;
  /** What the chain survives while it lasts; null where no validator is concerned. */
  readonly committee: Committee | null;
  readonly estimateMs: number;
};

/** What a definition asks for and the platform does not do. */
export type Refusal = {
  readonly code: "FIXED_FIELD" | "QUORUM_GUARD" | "NOT_CHANGEABLE";
  /** Where it stands in the definition. */
  readonly path: string;
  readonly why: string;
  readonly next: string;
};

export type Plan = {
  /** Of everything below; apply carries it, and a plan that the world has moved on from is refused. */
  readonly hash: string;
  readonly network: string;
  /** Revision of the definition that the plan starts from; 0 for a network that is not there yet. */
  readonly revision: number;
  /** SHA3-256 of the text of the definition. */
  readonly definitionHash: string;
  readonly actions: readonly Action[];
  readonly refused: readonly Refusal[];
};

export function createPlan(parts: Omit<Plan, "hash">): Plan {
  const { network, revision, definitionHash, actions, refused } = parts;
  const text = JSON.stringify([network, revision, definitionHash, actions, refused]);
  const hash = createHash("sha3-256").update(text).digest("hex");
  return { hash, ...parts };
}
