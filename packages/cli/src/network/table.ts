// The table that a running network is shown as: chains, heights, who may fail, the federation, where to go next.

import type { NetworkLayout, NetworkState } from "@bystack/platform/network/layout";
import { clientOf } from "@bystack/platform/network/run";
import type { DeployProvider } from "@bystack/platform/provider";
import { BystackError } from "@bystack/utils/errors";

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
  accounts: readonly string[];
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
    accounts: options.accounts,
    folder: layout.root,
  };
}

const MIB = 1 << 20;
const CHAIN_COLUMNS_MIN = 8;

function seconds(ms: number | null): string {
  return ms === null ? "-" : `${(ms / 1000).toFixed(2)} s`;
}

function sideLines(side: SideStatus, width: number): string[] {
  const { chain, height, intervalMs, voting, validators, survives, federation } = side;
  const name = chain.padEnd(width);
  const lines = [
    `side  ${name} final  ${String(height ?? "-").padEnd(8)} BBFT, a block every ${seconds(intervalMs)}; ${voting} of ${validators} voting, survives ${survives}`,
  ];
  if (federation === null) return lines;
  const paused = federation.paused.length === 0 ? "" : `; PAUSED: ${federation.paused.join(", ")}`;
  const { running, members, threshold } = federation;
  lines.push(
    `peg   ${name} ${running} of ${members} members, ${threshold} sign; one main node for all: for development${paused}`,
  );
  return lines;
}

/** For people; `--json` prints the same as data. */
export function formatStatus(status: NetworkStatus): string {
  const { main, sides } = status;
  const width = Math.max(CHAIN_COLUMNS_MIN, ...[main, ...sides].map(({ chain }) => chain.length));
  const lines = [
    `main  ${main.chain.padEnd(width)} height ${String(main.height ?? "-").padEnd(8)} proof of work, a block every ${seconds(main.intervalMs)}`,
    ...sides.flatMap((side) => sideLines(side, width)),
  ];
  lines.push("");
  for (const row of status.nodes) {
    const memory = row.rssBytes === null ? "" : `${Math.round(row.rssBytes / MIB)} MiB`;
    const ready = row.hasSeat === false ? "ready, follows without a seat" : "ready";
    const state = row.ready ? ready : (row.why ?? row.phase);
    lines.push(
      `  ${row.id.padEnd(10)} ${(row.url ?? "-").padEnd(24)} height ${String(row.height ?? "-").padEnd(7)} ${memory.padStart(8)}  ${state}`,
    );
  }
  lines.push("", `memory of all processes: ${Math.round(status.rssBytes / MIB)} MiB`);
  if (status.accounts.length > 0) lines.push(`accounts: ${status.accounts.join(", ")}`);
  lines.push(`data: ${status.folder}`);
  return lines.join("\n");
}
