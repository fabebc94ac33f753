// How a network stands at a moment: its chains, heights, who votes and who may fail, the federation, each node. Asked of the
// nodes themselves, all at once.

import { BystackError } from "@bystack/utils/errors";
import type { DeployProvider } from "../provider/provider.ts";
import type { NetworkLayout, NetworkState } from "./layout.ts";
import { clientOf } from "./run.ts";

export type NodeRow = {
  readonly id: string;
  readonly chain: string;
  readonly kind: "main" | "side";
  readonly phase: string;
  readonly url: string | null;
  readonly height: number | null;
  readonly finalHeight: number | null;
  readonly ready: boolean;
  readonly why: string | null;
  /** Whether it sits in the present committee of its side chain; null where that is not known or does not apply. */
  readonly hasSeat: boolean | null;
  readonly rssBytes: number | null;
};

export type FederationStatus = {
  readonly threshold: number;
  readonly members: number;
  readonly running: number;
  readonly paused: readonly string[];
};

export type SideStatus = {
  readonly chain: string;
  readonly height: number | null;
  readonly intervalMs: number | null;
  readonly voting: number;
  readonly validators: number;
  readonly survives: number;
  readonly federation: FederationStatus | null;
};

export type NetworkStatus = {
  readonly network: string;
  readonly running: boolean;
  readonly healthy: boolean;
  readonly main: { readonly chain: string; readonly height: number | null; readonly intervalMs: number | null };
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
  const base = {
    id: node.id,
    chain: node.chain,
    kind: node.kind,
    phase: status?.phase ?? "absent",
    hasSeat: null,
    rssBytes: status?.rssBytes ?? null,
  };
  const client = status?.phase === "running" ? clientOf(layout, node) : undefined;
  try {
    const info = await client?.call("info");
    const seats = node.kind === "side" ? await client?.call("consensus") : undefined;
    if (client === undefined || info === undefined)
      return {
        row: {
          ...base,
          url: null,
          height: null,
          finalHeight: null,
          ready: false,
          why: status?.exit?.meaning ?? "not running",
        },
        info,
        seats,
      };
    return {
      row: {
        ...base,
        url: client.baseUrl,
        height: info.height,
        finalHeight: info.finalHeight,
        ready: info.ready,
        why: info.notReadyBecause,
        hasSeat: seats?.validators.some(({ self }) => self) ?? null,
      },
      info,
      seats,
    };
  } catch (error) {
    const why = error instanceof BystackError ? error.message : String(error);
    return {
      row: { ...base, url: client?.baseUrl ?? null, height: null, finalHeight: null, ready: false, why },
      info: undefined,
      seats: undefined,
    };
  }
}

async function federationOf(layout: NetworkLayout, nodes: NetworkState["nodes"]): Promise<FederationStatus | null> {
  for (const node of nodes) {
    try {
      const client = clientOf(layout, node);
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

async function sideStatus(
  { layout, state, rows }: { layout: NetworkLayout; state: NetworkState; rows: readonly Row[] },
  chain: string,
): Promise<SideStatus> {
  const nodes = state.nodes.filter((node) => node.chain === chain);
  const own = rows.filter(({ row }) => row.chain === chain);
  const best = own.toSorted((a, b) => (b.row.finalHeight ?? -1) - (a.row.finalHeight ?? -1))[0];
  // A node without a seat follows and is ready; it neither votes nor counts among those who may fail.
  const voting = own.filter(({ row, seats }) => row.ready && seats?.voting === true).length;
  const seated = own.find(({ row, seats }) => row.ready && seats !== undefined)?.seats?.validators.length;
  const validators = seated ?? nodes.filter(({ index }) => index !== null).length;
  const tolerated = Math.floor((validators - 1) / 3);
  return {
    chain,
    height: best?.row.finalHeight ?? null,
    intervalMs: best?.info?.blockIntervalMs ?? null,
    voting,
    validators,
    survives: Math.max(0, tolerated - (validators - voting)),
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
  const mainRow = rows.find(({ row }) => row.kind === "main");
  const nodes = rows.map(({ row }) => row);
  return {
    network: state.network,
    running: nodes.some((row) => row.phase === "running"),
    healthy: nodes.every((row) => row.ready),
    main: {
      chain: state.mainChain,
      height: mainRow?.row.height ?? null,
      intervalMs: mainRow?.info?.blockIntervalMs ?? null,
    },
    sides: await Promise.all(state.sides.map(({ chain }) => sideStatus({ layout, state, rows }, chain))),
    nodes,
    rssBytes: nodes.reduce((sum, row) => sum + (row.rssBytes ?? 0), options.extraRssBytes),
    accounts: state.accounts,
    folder: layout.root,
  };
}
