// What `bystack why` looks at: for each node its process, its last exit and log, what its API answers about itself and about
// its peers, and whether its main node answers. Plain data of one moment, so that real nodes, the simulator and a record all
// give the same shape, and what is concluded from it (diagnose.ts) is a pure function.

import type { NODE_ROUTES } from "@bystack/api/node-routes";
import type { SIDE_ROUTES } from "@bystack/api/side-routes";
import type { z } from "zod";
import type { NodeExit, NodePhase } from "../provider/provider.ts";

type Reply<K extends keyof typeof SIDE_ROUTES> = z.output<(typeof SIDE_ROUTES)[K]["reply"]>;

export type Info = Reply<"info">;
export type Consensus = Reply<"consensus">;
export type Peer = Reply<"peers">["items"][number];
export type Incident = Reply<"incidents">["items"][number];
export type Vitals = Reply<"vitals">;
export type Miner = z.output<(typeof NODE_ROUTES)["main"]["reply"]>;

/** How far a node's clock is from that of whoever asked. */
export type ClockReading = {
  readonly offsetMs: number;
  /** Half of the time that question and answer took: the offset may be off by so much. */
  readonly uncertainMs: number;
};

/** What a federation member, or the node under it, knows of the peg. */
export type PegEvidence = {
  readonly status: Reply<"federationStatus">;
  /** Undefined where no member runs in the node. */
  readonly members: Reply<"members">["items"] | undefined;
  readonly payouts: Reply<"payouts">["items"];
  readonly requests: Reply<"requests">["items"];
  readonly deposits: Reply<"deposits">["items"];
};

/** Where a node stands in the elections of its chain. */
export type SeatEvidence = {
  readonly nextElectionHeight: number;
  /** Undefined when its key is none of the candidates'. */
  readonly candidate: Reply<"candidates">["items"][number] | undefined;
};

/** How the answer of a node was missed. */
export type Unreachable = {
  /** `silent`: no answer in time. `refused`: nothing listens. `stranger`: something answers that is no node of ours. */
  readonly how: "silent" | "refused" | "stranger";
  readonly why: string;
};

export type NodeEvidence = {
  readonly id: string;
  readonly chain: string;
  readonly kind: "main" | "side";
  /** It has a seat in the first committee of its chain. */
  readonly founder: boolean;
  readonly phase: NodePhase;
  /** Of the process that the provider knows. */
  readonly instance: string | undefined;
  readonly exit: NodeExit | undefined;
  /** Why a running node gave no answer; undefined when it did, or when it does not run. */
  readonly unreachable: Unreachable | undefined;
  readonly info: Info | undefined;
  readonly consensus: Consensus | undefined;
  readonly vitals: Vitals | undefined;
  readonly miner: Miner | undefined;
  readonly clock: ClockReading | undefined;
  readonly peers: readonly Peer[];
  readonly incidents: readonly Incident[];
  readonly peg: PegEvidence | undefined;
  readonly seat: SeatEvidence | undefined;
  /** When it ended without having been asked to, as far back as its log is read. */
  readonly crashesMs: readonly number[];
  /** The main node that it follows: where, and why it does not answer; undefined when it follows none. */
  readonly main: { readonly url: string; readonly unreachable: string | undefined } | undefined;
};

export type ChainEvidence = {
  readonly chain: string;
  readonly kind: "main" | "side";
  /** What the platform made it with; empty where that is not known. */
  readonly chainId: string;
};

/** What the nodes say of one transaction. */
export type TransactionEvidence = {
  readonly id: string;
  readonly answers: readonly {
    readonly node: string;
    readonly chain: string;
    readonly reply: Reply<"transactionWhy">;
  }[];
};

/** What an account that pays for something has left. */
export type AccountEvidence = { readonly account: string; readonly chain: string; readonly btmNeu: bigint };

export type Evidence = {
  readonly nowMs: number;
  readonly chains: readonly ChainEvidence[];
  readonly nodes: readonly NodeEvidence[];
  readonly accounts?: readonly AccountEvidence[];
  readonly transaction?: TransactionEvidence;
};

/** A node that answered. */
export type Answering = NodeEvidence & { readonly info: Info };

export function isAnswering(node: NodeEvidence): node is Answering {
  return node.info !== undefined && node.unreachable === undefined;
}

export function nodesOf(evidence: Evidence, chain: string): NodeEvidence[] {
  return evidence.nodes.filter((node) => node.chain === chain);
}
