// The topology, drawn by React Flow. Fetched only by the page that shows it: see topology.tsx. Chains are links to their pages;
// nodes are, where they have names. The same facts stand in the tables around it.

import "@xyflow/react/dist/base.css";
import "./topology.css";
import { type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import { type ReactElement, useMemo } from "react";
import { Link } from "wouter";
import type { Detail, Topology, TopologyBox } from "../../view/topology.ts";
import { Icon } from "../icons.tsx";
import { StatusBadge, TONE_ICONS } from "../status-badge.tsx";

type BoxData = { readonly box: TopologyBox; readonly detail: Detail; readonly at: string; readonly isUpright: boolean };
type BoxNode = Node<BoxData, "chain">;

function Cells({ box, detail, at }: Pick<BoxData, "box" | "detail" | "at">): ReactElement | null {
  if (detail === "numbers") return null;
  if (detail === "dots")
    return (
      <span className="b-dots" aria-hidden="true">
        {box.cells.map(({ id, status }) => (
          <span key={id} className={`b-dot b-${status.tone}`} title={`${id}: ${status.word}`}>
            <Icon name={TONE_ICONS[status.tone]} size={11} />
          </span>
        ))}
      </span>
    );
  return (
    <ul className="b-cells">
      {box.cells.map(({ id, status }) => (
        <li key={id}>
          <Link href={`${at}/nodes/${id}`} className={`b-cell b-${status.tone}`} title={`${id}: ${status.word}`}>
            <Icon name={TONE_ICONS[status.tone]} size={13} />
            <span>{id}</span>
            <span className="b-unseen">{status.word}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function ChainBox({ data }: NodeProps<BoxNode>): ReactElement {
  const { box, detail, at, isUpright } = data;
  const isMain = box.kind === "main";
  const href = isMain ? `${at}/main` : `${at}/chains/${box.chain}`;
  const side = isMain ? (isUpright ? Position.Bottom : Position.Right) : isUpright ? Position.Top : Position.Left;
  return (
    <div className={`b-box b-box-${box.kind}`} style={{ width: box.width, height: box.height }}>
      <Handle type={isMain ? "source" : "target"} position={side} isConnectable={false} aria-hidden="true" />
      <div className="b-box-head">
        <Link href={href} className="b-box-name">
          {box.chain}
        </Link>
        <StatusBadge {...box.status} />
        <span className="b-box-line">
          <span>{box.heightText}</span>
          <span>{box.votesText}</span>
        </span>
      </div>
      <Cells box={box} detail={detail} at={at} />
    </div>
  );
}

const NODE_TYPES = { chain: ChainBox };

/** @param at the network's own path */
export function TopologyCanvas({ topology, at }: { readonly topology: Topology; readonly at: string }): ReactElement {
  const { boxes, edges, detail, isUpright } = topology;
  const nodes = useMemo<BoxNode[]>(
    () =>
      boxes.map((box) => ({
        id: box.chain,
        type: "chain",
        position: { x: box.x, y: box.y },
        width: box.width,
        height: box.height,
        data: { box, detail, at, isUpright },
      })),
    [boxes, detail, at, isUpright],
  );
  const lines = useMemo<Edge[]>(
    () =>
      edges.map(({ from, to, isMoving, hasPeg }) => ({
        id: `${from} ${to}`,
        source: from,
        target: to,
        animated: isMoving,
        className: hasPeg ? "b-line b-line-peg" : "b-line",
        focusable: false,
      })),
    [edges],
  );
  return (
    <ReactFlow
      nodes={nodes}
      edges={lines}
      nodeTypes={NODE_TYPES}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      panOnDrag={false}
      zoomOnScroll={false}
      zoomOnPinch={false}
      zoomOnDoubleClick={false}
      preventScrolling={false}
      defaultViewport={{ x: 0, y: 0, zoom: 1 }}
      minZoom={1}
      maxZoom={1}
      proOptions={{ hideAttribution: true }}
      aria-label="Chains and nodes of the network"
    />
  );
}
