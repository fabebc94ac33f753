// Nodes in a table: state, how far behind, view, memory. Draws only what is in view, however many there are.

import type { ReactElement } from "react";
import { Link } from "wouter";
import type { Reply } from "../platform/api.ts";
import { useNow } from "../platform/time.ts";
import { formatAge, formatBytes, formatCount } from "../view/formats.ts";
import { lagOf } from "../view/nodes.ts";
import { nodeStatus } from "../view/status.ts";
import { type Column, VirtualTable } from "./data-table.tsx";
import { StatusBadge } from "./status-badge.tsx";

type Status = Reply<"network">;
type NodeRow = Status["nodes"][number];
type NodeTableProps = {
  readonly status: Status;
  readonly nodes: readonly NodeRow[];
  /** All of one chain: its name is not repeated. */
  readonly isOneChain?: boolean;
};

export function NodeTable({ status, nodes, isOneChain = false }: NodeTableProps): ReactElement {
  const nowMs = useNow();
  const { network, running } = status;
  const chainColumn: Column<NodeRow> = { name: "Chain", cell: ({ chain }) => chain, width: "12%" };
  const columns: readonly Column<NodeRow>[] = [
    { name: "Node", cell: ({ id }) => <Link href={`/n/${network}/nodes/${id}`}>{id}</Link>, width: "16%" },
    ...(isOneChain ? [] : [chainColumn]),
    { name: "State", cell: (node) => <StatusBadge {...nodeStatus(node, running)} />, width: "8.5rem" },
    { name: "Height", cell: ({ height }) => formatCount(height), isNumber: true, isExtra: true },
    { name: "Behind", cell: (node) => formatCount(lagOf(node, status)), isNumber: true },
    { name: "View", cell: ({ view }) => formatCount(view), isNumber: true, isExtra: true },
    { name: "Peers", cell: ({ peers }) => formatCount(peers), isNumber: true, isExtra: true },
    { name: "Memory", cell: ({ rssBytes }) => formatBytes(rssBytes), isNumber: true, isExtra: true },
    {
      name: "Started",
      cell: ({ startedAtMs }) => (startedAtMs === null ? "–" : formatAge(startedAtMs, nowMs)),
      isNumber: true,
      isExtra: true,
    },
  ];
  return <VirtualTable label="Nodes" rows={nodes} keyOf={({ id }) => id} columns={columns} />;
}
