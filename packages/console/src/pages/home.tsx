// Home of a network: one sentence on whether all is well, what is being changed, the topology, the chains, and what to do next.

import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { CommandLine } from "../parts/command-line.tsx";
import { ConfirmRisk } from "../parts/confirm-risk.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { TopologyView } from "../parts/graph/topology.tsx";
import { Icon } from "../parts/icons.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Loaded } from "../parts/page-states.tsx";
import { StatusBadge, TONE_ICONS } from "../parts/status-badge.tsx";
import { WhyPanel } from "../parts/why-panel.tsx";
import type { Reply } from "../platform/api.ts";
import { hasRole, useMe } from "../platform/me.ts";
import { useChange, useNetwork, useRead, WHY_REFRESH_MS } from "../platform/queries.ts";
import { useNow } from "../platform/time.ts";
import { nextSteps } from "../view/checklist.ts";
import { counted, formatAge, formatBytes, formatCount, formatInterval } from "../view/formats.ts";
import { healthOf } from "../view/health.ts";
import { chainStatus, operationStatus, sideStatus } from "../view/status.ts";

type Status = Reply<"network">;
type At = { readonly status: Status; readonly at: string };

function HealthSentence({ status, at }: At): ReactElement {
  const { tone, sentence, more } = healthOf(status);
  return (
    <div className={`b-health b-${tone}`} role="status">
      <Icon name={TONE_ICONS[tone]} size={22} />
      <p>{sentence}</p>
      {more !== null && <Link href={`${at}${more.path}`}>{more.label}</Link>}
    </div>
  );
}

/** Shown while something is wrong: a network that is well needs no explanation. */
function Why({ status }: { readonly status: Status }): ReactElement | null {
  const { tone } = healthOf(status);
  const isIll = tone === "bad" || tone === "warn";
  const read = useRead(
    "whyNetwork",
    { params: { network: status.network } },
    { enabled: isIll, refreshMs: WHY_REFRESH_MS },
  );
  return isIll ? <WhyPanel read={read} command="bystack why" /> : null;
}

/** What is being done to the network at this moment, or was left half done. */
function Underway({ network, at }: { readonly network: string; readonly at: string }): ReactElement | null {
  const { data } = useRead("operations", { params: { network }, query: { limit: 10 } });
  const nowMs = useNow();
  const items = (data?.items ?? []).filter(
    ({ state }, i) => state === "running" || state === "queued" || (state === "failed" && i === 0),
  );
  if (items.length === 0) return null;
  return (
    <Panel title="Unfinished operations">
      <ul className="b-lines">
        {items.map((operation) => (
          <li key={operation.id}>
            <StatusBadge {...operationStatus(operation)} />
            <Link href={`${at}/operations/${Number(operation.id)}`}>{operation.title}</Link>
            <span className="b-dim">
              {counted(operation.steps.filter(({ state }) => state === "done").length, "step")} of{" "}
              {operation.steps.length} done, begun {formatAge(operation.createdAtMs, nowMs)}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

type ChainRow = Status["sides"][number];

function chainColumns(at: string): readonly Column<ChainRow>[] {
  return [
    { name: "Chain", cell: ({ chain }) => <Link href={`${at}/chains/${chain}`}>{chain}</Link> },
    { name: "State", cell: (side) => <StatusBadge {...sideStatus(side)} /> },
    { name: "Final height", cell: ({ height }) => formatCount(height), isNumber: true },
    { name: "Block every", cell: ({ intervalMs }) => formatInterval(intervalMs), isNumber: true, isExtra: true },
    { name: "Vote", cell: ({ voting, validators }) => `${voting} of ${validators}`, isNumber: true },
    { name: "May fail", cell: ({ survives }) => survives, isNumber: true, isExtra: true },
    {
      name: "Peg",
      cell: ({ federation }) =>
        federation === null ? (
          <span className="b-dim">none</span>
        ) : federation.paused.length > 0 ? (
          <StatusBadge tone="bad" word="paused" />
        ) : (
          `${federation.running} of ${federation.members} signers, ${federation.threshold} needed`
        ),
      isExtra: true,
    },
  ];
}

function Chains({ status, at }: At): ReactElement {
  const { main } = status;
  return (
    <Panel
      title="Chains"
      flush
      actions={<Link href={`${at}/new-chain`}>New side chain</Link>}
      note={
        <>
          Main chain <Link href={`${at}/main`}>{main.chain}</Link>: {chainStatus(main.state).word}, height{" "}
          {formatCount(main.height)}, a block every {formatInterval(main.intervalMs)}
        </>
      }
    >
      <DataTable label="Side chains" rows={status.sides} keyOf={({ chain }) => chain} columns={chainColumns(at)} />
    </Panel>
  );
}

function Checklist({ status, at }: At): ReactElement | null {
  const { data: operations } = useRead("operations", { params: { network: status.network }, query: { limit: 10 } });
  const { data: me } = useMe();
  const steps = nextSteps({
    status,
    hasOperations: (operations?.items.length ?? 0) > 1,
    hasCredential: me?.via !== "session" || me.hasPassword || me.passkeys.length > 0,
  });
  if (steps.length === 0) return null;
  return (
    <Panel title="Next steps">
      <ol className="b-checklist">
        {steps.map(({ title, text, href, command }) => (
          <li key={title}>
            <div>
              <h3>
                {href === null ? (
                  title
                ) : (
                  <Link href={href.startsWith("/settings") ? href : `${at}${href}`}>{title}</Link>
                )}
              </h3>
              <p className="b-dim">{text}</p>
            </div>
            {command !== null && <CommandLine command={command} label={null} />}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function PowerButton({ status, at }: At): ReactElement | null {
  const [isAsking, setIsAsking] = useState(false);
  const [, go] = useLocation();
  const { data: me } = useMe();
  const onDone = ({ id }: { readonly id: string }): void => go(`${at}/operations/${Number(id)}`);
  const start = useChange("startNetwork", { onDone });
  const stop = useChange("stopNetwork", { onDone });
  if (!hasRole(me, "o", status.network)) return null;
  const params = { network: status.network };
  if (!status.running)
    return (
      <Button leftSection={<Icon name="play" />} loading={start.isPending} onClick={() => start.mutate({ params })}>
        Start the network
      </Button>
    );
  return (
    <>
      <Button variant="default" onClick={() => setIsAsking(true)}>
        Stop
      </Button>
      <ConfirmRisk
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={`Stop ${status.network}`}
        verb="Stop the network"
        command="bystack down"
        isDangerous
        isBusy={stop.isPending}
        error={stop.error}
        onConfirm={() => stop.mutate({ params })}
      >
        <p>
          All {counted(status.nodes.length, "node")} stop. No chain makes blocks until the network is started again;
          deposits and payouts wait. Data and keys stay.
        </p>
      </ConfirmRisk>
    </>
  );
}

export function HomePage(): ReactElement {
  const { network = "" } = useParams();
  const read = useNetwork(network);
  const at = `/n/${network}`;
  return (
    <Page title={network} actions={read.data !== undefined && <PowerButton status={read.data} at={at} />}>
      <Loaded read={read} what={`the network ${network}`}>
        {(status) => (
          <>
            <HealthSentence status={status} at={at} />
            <Why status={status} />
            <Underway network={network} at={at} />
            <Panel
              title="Topology"
              note={`${counted(status.nodes.length, "node")}, ${formatBytes(status.rssBytes)} of memory`}
            >
              <TopologyView input={status} at={at} />
            </Panel>
            <Chains status={status} at={at} />
            <Checklist status={status} at={at} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
