// Asks every node of a network about itself and about its peers, all at once: the reasons of one node's trouble are often at
// another. Each question has a deadline, so that nodes that hang cost the answer no more than that; what is missing then is
// itself evidence. What is concluded from it is a pure function (diagnose.ts).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@bystack/api/client";
import { NODE_ROUTES } from "@bystack/api/node-routes";
import { LIST_ITEMS_MAX } from "@bystack/api/schemas";
import { BystackError } from "@bystack/utils/errors";
import type { NetworkLayout, NetworkNode, NetworkState } from "../network/layout.ts";
import { clientOf, type SideClient } from "../network/run.ts";
import type { DeployProvider, NodeExit, NodeStatus } from "../provider/provider.ts";
import { crashesIn, LOG_LINES_MAX } from "./crashes.ts";
import type {
  AccountEvidence,
  ChainEvidence,
  ClockReading,
  Evidence,
  NodeEvidence,
  PegEvidence,
  SeatEvidence,
  TransactionEvidence,
  Unreachable,
  Vitals,
} from "./evidence.ts";

/** How long one question may take. Two follow each other at most, and all together are over within three seconds. */
export const ANSWER_MS = 1_200;
/** Transfers of each kind that a node is asked for; of one transaction as many as a list may have. */
const TRANSFERS_ASKED = 50;

export type WhySource = {
  readonly layout: NetworkLayout;
  readonly state: NetworkState;
  readonly provider: DeployProvider;
  readonly nowMs: () => number;
  /** What accounts that pay for something have left, where somebody can tell. */
  readonly accounts?: () => Promise<readonly AccountEvidence[]>;
};

type Outcome<T> = { readonly value: T } | { readonly missed: Unreachable };

function missedBy(error: unknown): Unreachable {
  if (!(error instanceof BystackError))
    return { how: "silent", why: error instanceof Error ? error.message : String(error) };
  const why = `${error.message} ${error.why}`.trim();
  if (error.code === "BAD_ANSWER") return { how: "stranger", why };
  if (error.code !== "UNREACHABLE") return { how: "silent", why };
  const { cause } = error;
  if (cause instanceof Error && cause.name === "TimeoutError")
    return { how: "silent", why: `no answer within ${ANSWER_MS} ms` };
  const deeper = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : undefined;
  return { how: "refused", why: deeper ?? why };
}

async function outcome<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { missed: missedBy(error) };
  }
}

/** The answer, or undefined for whatever reason there is none. */
async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  const found = await outcome(work);
  return "value" in found ? found.value : undefined;
}

/** A provider may hang as a node may. */
async function within<T>(work: Promise<T>): Promise<T> {
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
  const answer = await outcome(client.call("info"));
  return { url, unreachable: "missed" in answer ? answer.missed.why : undefined };
}

/** A node's vitals, and how far its clock is from this one: what it said, against the middle of question and answer. */
async function vitalsOf(client: SideClient, nowMs: () => number): Promise<{ vitals?: Vitals; clock?: ClockReading }> {
  const askedMs = nowMs();
  const vitals = await orNothing(client.call("vitals"));
  const answeredMs = nowMs();
  if (vitals === undefined) return {};
  const clock = { offsetMs: vitals.nowMs - (askedMs + answeredMs) / 2, uncertainMs: (answeredMs - askedMs) / 2 };
  return { vitals, clock };
}

async function pegOf(client: SideClient, limit: number): Promise<PegEvidence | undefined> {
  const [status, members, payouts, requests, deposits] = await Promise.all([
    orNothing(client.call("federationStatus")),
    orNothing(client.call("members")),
    orNothing(client.call("payouts", { query: { limit, live: "true" } })),
    orNothing(client.call("requests", { query: { limit } })),
    orNothing(client.call("deposits", { query: { limit } })),
  ]);
  if (status === undefined) return undefined;
  return {
    status,
    members: members?.items,
    payouts: payouts?.items ?? [],
    requests: requests?.items ?? [],
    deposits: deposits?.items ?? [],
  };
}

async function consensusOf(client: SideClient) {
  const consensus = await orNothing(client.call("consensus"));
  if (consensus?.silence !== "observer") return { consensus, seat: undefined };
  const [elections, own, candidates] = await Promise.all([
    orNothing(client.call("elections")),
    orNothing(client.call("voteKey")),
    orNothing(client.call("candidates", { query: { limit: LIST_ITEMS_MAX } })),
  ]);
  const candidate = candidates?.items.find(({ voteKey }) => voteKey === own?.voteKey);
  const seat: SeatEvidence | undefined = elections && { nextElectionHeight: elections.nextElectionHeight, candidate };
  return { consensus, seat };
}

type Base = Pick<NodeEvidence, "id" | "chain" | "kind" | "founder" | "phase" | "instance" | "exit" | "crashesMs">;
const NOTHING = {
  unreachable: undefined,
  info: undefined,
  consensus: undefined,
  vitals: undefined,
  miner: undefined,
  clock: undefined,
  peers: [],
  incidents: [],
  peg: undefined,
  seat: undefined,
  main: undefined,
} as const;

async function askSide(
  source: WhySource,
  base: Base,
  client: SideClient,
  limit: number,
): Promise<Partial<NodeEvidence>> {
  const [{ consensus, seat }, peers, incidents, peg, main] = await Promise.all([
    consensusOf(client),
    orNothing(client.call("peers")),
    orNothing(client.call("incidents")),
    pegOf(client, limit),
    mainOf(mainUrlOf(source.layout, base.id)),
  ]);
  return { consensus, seat, peers: peers?.items ?? [], incidents: incidents?.items ?? [], peg, main };
}

async function nodeEvidence(
  source: WhySource,
  node: NetworkNode,
  status: NodeStatus,
  limit: number,
): Promise<NodeEvidence> {
  const lines = await orNothing(within(source.provider.logs(node.id, LOG_LINES_MAX)));
  const base: Base = {
    id: node.id,
    chain: node.chain,
    kind: node.kind,
    founder: node.index !== null && node.kind === "side",
    phase: status.phase,
    instance: status.instance?.instance,
    exit: exitOf(status),
    crashesMs: crashesIn(lines ?? []),
  };
  const client = status.phase === "running" ? clientOf(source.layout, node, ANSWER_MS) : undefined;
  if (client === undefined) {
    const missed = { how: "refused", why: "it does not say where it listens" } as const;
    return { ...base, ...NOTHING, unreachable: status.phase === "running" ? missed : undefined };
  }
  const [info, { vitals, clock }, rest] = await Promise.all([
    outcome(client.call("info")),
    vitalsOf(client, source.nowMs),
    node.kind === "side"
      ? askSide(source, base, client, limit)
      : orNothing(client.call("main")).then((miner): Partial<NodeEvidence> => ({ miner })),
  ]);
  if ("missed" in info) return { ...base, ...NOTHING, unreachable: info.missed };
  return { ...base, ...NOTHING, ...rest, info: info.value, vitals, clock };
}

function chainsOf({ mainChain, mainSpecHash, sides }: NetworkState): ChainEvidence[] {
  return [
    { chain: mainChain, kind: "main", chainId: mainSpecHash },
    ...sides.map(({ chain, chainId }) => ({ chain, kind: "side" as const, chainId })),
  ];
}

async function transactionOf(
  source: WhySource,
  statuses: readonly NodeStatus[],
  id: string,
): Promise<TransactionEvidence> {
  const answers = await Promise.all(
    source.state.nodes.map(async (node, index) => {
      if (statuses[index]?.phase !== "running") return [];
      const client = clientOf(source.layout, node, ANSWER_MS);
      const reply = client && (await orNothing(client.call("transactionWhy", { params: { id } })));
      return reply === undefined ? [] : [{ node: node.id, chain: node.chain, reply }];
    }),
  );
  return { id, answers: answers.flat() };
}

/** Everything that can be asked within three seconds, of all nodes at once; with a transaction also what they know of it. */
export async function collect(source: WhySource, transaction?: string): Promise<Evidence> {
  const { state, provider, nowMs } = source;
  const statuses = await provider.status(state.nodes.map(({ id }) => id));
  const limit = transaction === undefined ? TRANSFERS_ASKED : LIST_ITEMS_MAX;
  const [nodes, accounts, told] = await Promise.all([
    Promise.all(
      state.nodes.map((node, index) => {
        const absent = {
          id: node.id,
          phase: "absent",
          instance: undefined,
          exit: undefined,
          rssBytes: undefined,
        } as const;
        return nodeEvidence(source, node, statuses[index] ?? absent, limit);
      }),
    ),
    source.accounts === undefined ? undefined : orNothing(within(source.accounts())),
    transaction === undefined ? undefined : transactionOf(source, statuses, transaction),
  ]);
  return {
    nowMs: nowMs(),
    chains: chainsOf(state),
    nodes,
    ...(accounts !== undefined && { accounts }),
    ...(told !== undefined && { transaction: told }),
  };
}
