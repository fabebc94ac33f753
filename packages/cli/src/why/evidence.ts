// What `bystack why` looks at: for each node its process, its last exit and log, what its API answers, and whether its main
// node answers. Collected once and within a few seconds; what is concluded from it is a pure function (diagnose.ts).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@bystack/api/client";
import { NODE_ROUTES } from "@bystack/api/node-routes";
import type { NetworkLayout, NetworkNode, NetworkState } from "@bystack/platform/network/layout";
import { clientOf, type SideClient } from "@bystack/platform/network/run";
import type { DeployProvider, NodeExit, NodeStatus } from "@bystack/platform/provider";
import { BystackError } from "@bystack/utils/errors";
import { crashesIn, LOG_LINES_MAX } from "./crashes.ts";

/** How long one question to a node may take. A node that needs longer does not answer. */
const ANSWER_MS = 1_000;

type Answer<T extends (...input: never[]) => Promise<unknown>> = Awaited<ReturnType<T>>;
const ask = {
  info: (client: SideClient) => client.call("info"),
  consensus: (client: SideClient) => client.call("consensus"),
  peers: (client: SideClient) => client.call("peers"),
  incidents: (client: SideClient) => client.call("incidents"),
};

export type Info = Answer<typeof ask.info>;
export type Consensus = Answer<typeof ask.consensus>;
export type Peers = Answer<typeof ask.peers>;
export type Incident = Answer<typeof ask.incidents>["items"][number];

export type NodeEvidence = {
  readonly id: string;
  readonly kind: "main" | "side";
  readonly phase: NodeStatus["phase"];
  readonly exit: NodeExit | undefined;
  /** Why a running node gave no answer; undefined when it did, or when it does not run. */
  readonly unreachable: string | undefined;
  readonly info: Info | undefined;
  readonly consensus: Consensus | undefined;
  readonly peers: Peers["items"];
  readonly incidents: readonly Incident[];
  /** When it ended without having been asked to, as far back as its log is read. */
  readonly crashesMs: readonly number[];
  /** The main node that it follows: where, and why it does not answer; undefined when it follows none. */
  readonly main: { readonly url: string; readonly unreachable: string | undefined } | undefined;
};

export type Evidence = { readonly nowMs: number; readonly nodes: readonly NodeEvidence[] };

function reasonOf(error: unknown): string {
  if (error instanceof BystackError) return `${error.message} ${error.why}`.trim();
  return error instanceof Error ? error.message : String(error);
}

async function orReason<T>(work: Promise<T>): Promise<{ value: T } | { reason: string }> {
  try {
    return { value: await work };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

function within<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** exit.json as it is on disk; undefined when it is not what the provider writes. */
function exitOf({ exit }: NodeStatus): NodeExit | undefined {
  if (typeof exit !== "object" || exit === null) return undefined;
  const { code, signal, atMs, meaning, tail } = exit;
  const isWhole =
    (code === null || Number.isInteger(code)) &&
    (signal === null || typeof signal === "string") &&
    Number.isSafeInteger(atMs) &&
    typeof meaning === "string" &&
    Array.isArray(tail) &&
    tail.every((line) => typeof line === "string");
  return isWhole ? exit : undefined;
}

function mainUrlOf(layout: NetworkLayout, id: string): string | undefined {
  try {
    const options: unknown = JSON.parse(readFileSync(join(layout.nodes, id, "node.json"), "utf8"));
    if (typeof options !== "object" || options === null || !("mainUrl" in options)) return undefined;
    return typeof options.mainUrl === "string" ? options.mainUrl : undefined;
  } catch {
    // The node itself says what is wrong with its options.
    return undefined;
  }
}

async function mainOf(url: string | undefined): Promise<NodeEvidence["main"]> {
  if (url === undefined) return undefined;
  const client = createClient({ baseUrl: url, routes: NODE_ROUTES, timeoutMs: ANSWER_MS });
  const answer = await orReason(client.call("info"));
  return { url, unreachable: "reason" in answer ? answer.reason : undefined };
}

async function nodeEvidence(
  { layout, provider }: { readonly layout: NetworkLayout; readonly provider: DeployProvider },
  node: NetworkNode,
  status: NodeStatus,
): Promise<NodeEvidence> {
  const lines = await orReason(provider.logs(node.id, LOG_LINES_MAX));
  const crashesMs = "value" in lines ? crashesIn(lines.value) : [];
  const base = { id: node.id, kind: node.kind, phase: status.phase, exit: exitOf(status), crashesMs };
  const nothing = { info: undefined, consensus: undefined, peers: [], incidents: [], main: undefined };
  const client = status.phase === "running" ? clientOf(layout, node) : undefined;
  if (client === undefined) return { ...base, ...nothing, unreachable: undefined };
  const info = await orReason(within(ask.info(client)));
  if ("reason" in info) return { ...base, ...nothing, unreachable: info.reason };
  if (node.kind === "main") return { ...base, ...nothing, unreachable: undefined, info: info.value };
  const [consensus, peers, incidents, main] = await Promise.all([
    orReason(within(ask.consensus(client))),
    orReason(within(ask.peers(client))),
    orReason(within(ask.incidents(client))),
    mainOf(mainUrlOf(layout, node.id)),
  ]);
  return {
    ...base,
    unreachable: "reason" in consensus ? consensus.reason : undefined,
    info: info.value,
    consensus: "value" in consensus ? consensus.value : undefined,
    peers: "value" in peers ? peers.value.items : [],
    incidents: "value" in incidents ? incidents.value.items : [],
    main,
  };
}

/** Asks every node of a network, all at once: the reasons of one node's trouble are often at another. */
export async function collectEvidence(options: {
  readonly layout: NetworkLayout;
  readonly state: NetworkState;
  readonly provider: DeployProvider;
  readonly nowMs: number;
}): Promise<Evidence> {
  const { layout, state, provider, nowMs } = options;
  const statuses = await provider.status(state.nodes.map(({ id }) => id));
  const nodes = await Promise.all(
    state.nodes.map((node, index) => {
      const status = statuses[index];
      const absent: NodeStatus = {
        id: node.id,
        phase: "absent",
        instance: undefined,
        exit: undefined,
        rssBytes: undefined,
      };
      return nodeEvidence({ layout, provider }, node, status ?? absent);
    }),
  );
  return { nowMs, nodes };
}
