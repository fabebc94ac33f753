// Home of a network: one sentence on whether all is well, and its chains with their nodes.

import type { ReactElement } from "react";
import { Link, useParams } from "wouter";
import { DataTable } from "../parts/data-table.tsx";
import { TopologyView } from "../parts/graph/topology.tsx";
import { Icon } from "../parts/icons.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Loaded } from "../parts/page-states.tsx";
import { StatusBadge, TONE_ICONS } from "../parts/status-badge.tsx";
import type { Reply } from "../platform/api.ts";
import { REFRESH_MS, useRead } from "../platform/queries.ts";
import { formatCount, formatInterval } from "../view/formats.ts";
import { healthOf } from "../view/health.ts";
import { sideStatus } from "../view/status.ts";

type Status = Reply<"network">;

function HealthSentence({ status, at }: { readonly status: Status; readonly at: string }): ReactElement {
  const { tone, sentence, more } = healthOf(status);
  return (
    <div className={`b-health b-${tone}`} role="status">
      <Icon name={TONE_ICONS[tone]} size={22} />
      <p>{sentence}</p>
      {more !== null && <Link href={`${at}${more.path}`}>{more.label}</Link>}
    </div>
  );
}

function Chains({ status, at }: { readonly status: Status; readonly at: string }): ReactElement {
  return (
    <Panel title="Side chains" flush>
      <DataTable
        label="Side chains"
        rows={status.sides}
        keyOf={({ chain }) => chain}
        columns={[
          { name: "Chain", cell: ({ chain }) => <Link href={`${at}/chains/${chain}`}>{chain}</Link> },
          { name: "State", cell: (side) => <StatusBadge {...sideStatus(side)} /> },
          { name: "Final height", cell: ({ height }) => formatCount(height), isNumber: true },
          { name: "Block every", cell: ({ intervalMs }) => formatInterval(intervalMs), isNumber: true, isExtra: true },
          { name: "Vote", cell: ({ voting, validators }) => `${voting} of ${validators}`, isNumber: true },
          { name: "May fail", cell: ({ survives }) => survives, isNumber: true, isExtra: true },
        ]}
      />
    </Panel>
  );
}

export function HomePage(): ReactElement {
  const { network = "" } = useParams();
  const read = useRead("network", { params: { network } }, { refreshMs: REFRESH_MS });
  const at = `/n/${network}`;
  return (
    <Page title={network}>
      <Loaded read={read} what={`the network ${network}`}>
        {(status) => (
          <>
            <HealthSentence status={status} at={at} />
            <Panel title="Topology">
              <TopologyView input={status} at={at} />
            </Panel>
            <Chains status={status} at={at} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
