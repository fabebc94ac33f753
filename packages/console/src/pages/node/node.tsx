// One node: how it stands, where its process is, how it ended the last time, and what may be done with it. Its log, peers and
// options are parts of the page.

import { Tabs } from "@mantine/core";
import type { ReactElement } from "react";
import { Link, useParams, useSearchParams } from "wouter";
import { Hash } from "../../parts/hash.tsx";
import { Icon } from "../../parts/icons.tsx";
import { type Fact, KeyValue } from "../../parts/key-value.tsx";
import { LogLines } from "../../parts/log-lines.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { Loaded } from "../../parts/page-states.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { WhyPanel } from "../../parts/why-panel.tsx";
import type { Reply } from "../../platform/api.ts";
import { REFRESH_MS, useNetwork, useRead, WHY_REFRESH_MS } from "../../platform/queries.ts";
import { useNow } from "../../platform/time.ts";
import { formatAge, formatBytes, formatCount, formatTime } from "../../view/formats.ts";
import { lagOf } from "../../view/nodes.ts";
import { nodeStatus } from "../../view/status.ts";
import { NodeActions } from "./actions.tsx";
import { NodeConfig } from "./config.tsx";
import { NodeLog } from "./log.tsx";
import { NodePeers } from "./peers.tsx";

type NodeReply = Reply<"node">;
/** Of what it wrote before it ended; all of it stands in the log below. */
const LAST_LINES = 6;

/** How it ended, in words, with its last lines. */
function Exit({
  exit,
  isDown,
}: {
  readonly exit: NonNullable<NodeReply["exit"]>;
  readonly isDown: boolean;
}): ReactElement {
  const { code, signal, atMs, meaning, tail } = exit;
  const nowMs = useNow();
  return (
    <Panel
      title={isDown ? "How it ended" : "How it ended the last time"}
      note={`${formatAge(atMs, nowMs)}, ${formatTime(atMs)}`}
    >
      <div className="b-stack">
        <p>
          <strong>{meaning}</strong>{" "}
          <span className="b-dim">({signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`})</span>
        </p>
        {tail.length > 0 && (
          <div className="b-last-lines">
            <LogLines lines={tail.slice(-LAST_LINES).map((text, number) => ({ number, text }))} />
          </div>
        )}
      </div>
    </Panel>
  );
}

function factsOf({ node, process, info, desired }: NodeReply, lag: number | null, nowMs: number): Fact[] {
  return [
    { name: "Height", value: formatCount(node.height) },
    ...(node.kind === "side" ? [{ name: "Final height", value: formatCount(node.finalHeight) }] : []),
    { name: "Behind its chain", value: lag === null ? "–" : `${formatCount(lag)} blocks` },
    { name: "Peers", value: formatCount(node.peers) },
    { name: "Waiting transactions", value: formatCount(node.mempool) },
    { name: "Memory", value: formatBytes(node.rssBytes) },
    { name: "Shall be", value: desired },
    { name: "Started", value: process === null ? "–" : formatAge(process.startedAtMs, nowMs) },
    { name: "Process", value: process === null ? "none" : process.pid },
    {
      name: "Ports",
      value:
        process === null
          ? "–"
          : Object.entries(process.ports)
              .map(([name, port]) => `${name} ${port}`)
              .join(", "),
    },
    { name: "Address", value: node.url ?? "–" },
    ...(info === null
      ? []
      : [
          { name: "Release", value: info.version },
          { name: "Newest block", value: <Hash value={info.tip} what="hash of the newest block" /> },
          {
            name: "Kernels",
            value: Object.entries(info.backends)
              .map(([name, backend]) => `${name}: ${backend}`)
              .join(", "),
            wide: true,
          },
        ]),
  ];
}

const PARTS = [
  { value: "log", label: "Log" },
  { value: "peers", label: "Peers" },
  { value: "config", label: "Options and keys" },
] as const;

function NodeBody({ reply, network }: { readonly reply: NodeReply; readonly network: string }): ReactElement {
  const { node, exit } = reply;
  const { data: status } = useNetwork(network);
  const nowMs = useNow();
  const why = useRead(
    "whyNode",
    { params: { network, node: node.id } },
    { enabled: !node.ready, refreshMs: WHY_REFRESH_MS },
  );
  const [search, setSearch] = useSearchParams();
  const part = search.get("part") ?? "log";
  const isDown = node.phase !== "running";
  return (
    <>
      {!node.ready && <WhyPanel read={why} command={`bystack why ${node.id}`} />}
      {!node.ready && !isDown && node.why !== null && (
        <p className="b-note">
          <Icon name="warn" size={16} /> Not ready: {node.why}
        </p>
      )}
      {exit !== null && isDown && <Exit exit={exit} isDown />}
      <Panel title="Now">
        <KeyValue facts={factsOf(reply, status === undefined ? null : lagOf(node, status), nowMs)} />
      </Panel>
      <Tabs
        value={part}
        onChange={(value) => setSearch(value === "log" ? {} : { part: value ?? "log" }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List aria-label="Parts of this page">
          {PARTS.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="log">
          <NodeLog network={network} node={node.id} isRunning={!isDown} />
        </Tabs.Panel>
        <Tabs.Panel value="peers">
          <NodePeers network={network} node={node.id} kind={node.kind} />
        </Tabs.Panel>
        <Tabs.Panel value="config">
          <NodeConfig network={network} node={node.id} />
        </Tabs.Panel>
      </Tabs>
      {exit !== null && !isDown && <Exit exit={exit} isDown={false} />}
    </>
  );
}

export function NodePage(): ReactElement {
  const { network = "", node: id = "" } = useParams();
  const read = useRead("node", { params: { network, node: id } }, { refreshMs: REFRESH_MS });
  const at = `/n/${network}`;
  const { data } = read;
  const { data: status } = useNetwork(network);
  return (
    <Page
      title={id}
      crumbs={[
        { label: network, href: at },
        { label: "Nodes", href: `${at}/nodes` },
      ]}
      badge={
        data && (
          <>
            <StatusBadge {...nodeStatus(data.node, data.desired === "running" && (status?.running ?? true))} />
            <Link href={data.node.kind === "main" ? `${at}/main` : `${at}/chains/${data.node.chain}`}>
              {data.node.chain}
            </Link>
          </>
        )
      }
      actions={data && <NodeActions network={network} reply={data} />}
    >
      <Loaded read={read} what={`the node ${id}`}>
        {(reply) => <NodeBody reply={reply} network={network} />}
      </Loaded>
    </Page>
  );
}
