// How a network stands at a moment: its chains, heights, who votes and who may fail, the federation, each node. Asked of the
// nodes themselves, all at once.

import { BystackError } from "@bystack/utils/errors";
import { committeeOf } from "../plan/guard.ts";
import type { DeployProvider, NodePhase } from "../provider/provider.ts";
import {
  isChainWanted,
  type NetworkLayout,
  type NetworkState,
  RECYCLE_MS,
  type SideDesired,
  type SideState,
} from "./layout.ts";
import { clientOf } from "./run.ts";

/** How long one question may take: a node that hangs must not keep the picture of all others from being drawn. */
const ANSWER_MS = 1_000;
/** Without a final block for so long a side chain counts as halted (platform.md section 9). */
const SIDE_HALTED_MS = 10_000;
/** Blocks of the main chain that may be late before it counts as halted. */
const MAIN_HALTED_BLOCKS = 6;

export type NodeRow = {
  readonly id: string;
  readonly chain: string;
  readonly kind: "main" | "side";
  readonly phase: NodePhase;
  readonly url: string | null;
  readonly height: number | null;
  readonly finalHeight: number | null;
  readonly ready: boolean;
  readonly why: string | null;
  /** Whether it sits in the present committee of its side chain; null where that is not known or does not apply. */
  readonly hasSeat: boolean | null;
  readonly voting: boolean | null;
  readonly view: number | null;
  readonly peers: number | null;
  readonly mempool: number | null;
  readonly startedAtMs: number | null;
  readonly rssBytes: number | null;
};

export type FederationStatus = {
  readonly threshold: number;
  readonly members: number;
  readonly running: number;
  readonly paused: readonly string[];
};

/** `degraded`: it goes on, and somebody is missing. `halted`: its nodes run, and no block becomes final. */
export type ChainState = "stopped" | "starting" | "running" | "degraded" | "halted";

export type SideStatus = {
  readonly chain: string;
  readonly height: number | null;
  readonly intervalMs: number | null;
  readonly finalAgeMs: number | null;
  readonly voting: number;
  readonly validators: number;
  readonly quorum: number;
  readonly survives: number;
  readonly state: ChainState;
  readonly desired: SideDesired;
  /** Of an archived one: when it may be deleted. */
  readonly deletableFromMs: number | null;
  readonly federation: FederationStatus | null;
};

export type MainStatus = Pick<SideStatus, "chain" | "height" | "intervalMs" | "finalAgeMs" | "state">;

export type NetworkStatus = {
  readonly network: string;
  readonly running: boolean;
  readonly healthy: boolean;
  readonly main: MainStatus;
  readonly sides: readonly SideStatus[];
  readonly nodes: readonly NodeRow[];
  readonly rssBytes: number;
  readonly accounts: readonly string[];
  readonly folder: string;
};

async function rowOf(
  layout: NetworkLayout,
  node: NetworkState["nodes"][number],
  status: Awaited<ReturnType<DeployProvider["status"]>>[number] | undefined,
) {
  const silent = {
    id: node.id,
    chain: node.chain,
    kind: node.kind,
    phase: status?.phase ?? "absent",
    url: null,
    height: null,
    finalHeight: null,
    ready: false,
    hasSeat: null,
    voting: null,
    view: null,
    peers: null,
    mempool: null,
    startedAtMs: status?.instance?.startedAtMs ?? null,
    rssBytes: status?.rssBytes ?? null,
  } satisfies Omit<NodeRow, "why">;
  const client = status?.phase === "running" ? clientOf(layout, node, ANSWER_MS) : undefined;
  if (client === undefined)
    return { row: { ...silent, why: status?.exit?.meaning ?? "not running" }, info: undefined, seats: undefined };
  try {
    const [info, seats] = await Promise.all([
      client.call("info"),
      node.kind === "side" ? client.call("consensus") : undefined,
    ]);
    const row: NodeRow = {
      ...silent,
      url: client.baseUrl,
      height: info.height,
      finalHeight: info.finalHeight,
      ready: info.ready,
      why: info.notReadyBecause,
      hasSeat: seats?.validators.some(({ self }) => self) ?? null,
      voting: seats?.voting ?? null,
      view: seats?.view ?? null,
      peers: info.peers,
      mempool: info.mempool,
    };
    return { row, info, seats };
  } catch (error) {
    const why = error instanceof BystackError ? error.message : String(error);
    return { row: { ...silent, url: client.baseUrl, why }, info: undefined, seats: undefined };
  }
}

async function federationOf(layout: NetworkLayout, nodes: NetworkState["nodes"]): Promise<FederationStatus | null> {
  for (const node of nodes) {
    try {
      const client = clientOf(layout, node, ANSWER_MS);
      if (client === undefined) continue;
      const [status, members] = await Promise.all([client.call("federationStatus"), client.call("members")]);
      return {
        threshold: status.threshold,
        members: status.members,
        running: members.items.filter((member) => member.running).length,
        paused: status.paused,
      };
    } catch {
      // The next node may answer.
    }
  }
  return null;
}

type Row = Awaited<ReturnType<typeof rowOf>>;

function newest(rows: readonly Row[]): Row | undefined {
  return rows.toSorted((a, b) => (b.row.finalHeight ?? -1) - (a.row.finalHeight ?? -1))[0];
}

function stateOf(rows: readonly Row[], lateMs: number, isWhole: boolean): ChainState {
  if (rows.every(({ row }) => row.phase !== "running")) return "stopped";
  const info = newest(rows)?.info;
  // Nodes that have just been started know no block of theirs yet, or wait for one another.
  if (info === undefined || info.finalHeight === 0) return "starting";
  if (info.finalAgeMs > lateMs) return "halted";
  return isWhole && rows.every(({ row }) => row.ready) ? "running" : "degraded";
}

function mainStatus(chain: string, rows: readonly Row[]): MainStatus {
  const info = newest(rows)?.info;
  const lateMs = Math.max(SIDE_HALTED_MS, MAIN_HALTED_BLOCKS * (info?.blockIntervalMs ?? 0));
  return {
    chain,
    height: info?.height ?? null,
    intervalMs: info?.blockIntervalMs ?? null,
    finalAgeMs: info?.finalAgeMs ?? null,
    state: stateOf(rows, lateMs, true),
  };
}

async function sideStatus(
  { layout, state, rows }: { layout: NetworkLayout; state: NetworkState; rows: readonly Row[] },
  { chain, desired = "running", desiredSinceMs = 0 }: SideState,
): Promise<SideStatus> {
  const nodes = state.nodes.filter((node) => node.chain === chain);
  const own = rows.filter(({ row }) => row.chain === chain);
  const info = newest(own)?.info;
  // A node without a seat follows and is ready; it neither votes nor counts among those who may fail.
  const voting = own.filter(({ row, seats }) => row.ready && seats?.voting === true).length;
  const seated = own.find(({ row, seats }) => row.ready && seats !== undefined)?.seats?.validators.length;
  const validators = seated ?? nodes.filter(({ index }) => index !== null).length;
  const { q, f } = committeeOf(validators);
  return {
    chain,
    height: info?.finalHeight ?? null,
    intervalMs: info?.blockIntervalMs ?? null,
    finalAgeMs: info?.finalAgeMs ?? null,
    voting,
    validators,
    quorum: q,
    survives: Math.max(0, f - (validators - voting)),
    state: stateOf(own, SIDE_HALTED_MS, voting === validators),
    desired,
    deletableFromMs: desired === "archived" ? desiredSinceMs + RECYCLE_MS : null,
    federation: await federationOf(layout, nodes),
  };
}

export async function networkStatus(options: {
  layout: NetworkLayout;
  state: NetworkState;
  provider: DeployProvider;
  /** Processes beside the nodes: the daemon. */
  extraRssBytes: number;
}): Promise<NetworkStatus> {
  const { layout, state } = options;
  const statuses = await options.provider.status(state.nodes.map((node) => node.id));
  const rows = await Promise.all(state.nodes.map((node, index) => rowOf(layout, node, statuses[index])));
  const nodes = rows.map(({ row }) => row);
  return {
    network: state.network,
    running: nodes.some((row) => row.phase === "running"),
    healthy: nodes.every((row) => row.ready || !isChainWanted(state, row.chain)),
    main: mainStatus(
      state.mainChain,
      rows.filter(({ row }) => row.kind === "main"),
    ),
    sides: await Promise.all(state.sides.map((side) => sideStatus({ layout, state, rows }, side))),
    nodes,
    rssBytes: nodes.reduce((sum, row) => sum + (row.rssBytes ?? 0), options.extraRssBytes),
    accounts: state.accounts,
    folder: layout.root,
  };
}
