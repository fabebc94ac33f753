// Whom a node is connected to. Main nodes have no peer network of their own yet, and say so.

import type { ReactElement } from "react";
import { DataTable } from "../../parts/data-table.tsx";
import { Panel } from "../../parts/page.tsx";
import { Empty, Loaded } from "../../parts/page-states.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { REFRESH_MS, useRead } from "../../platform/queries.ts";
import { formatCount } from "../../view/formats.ts";

type PeersProps = { readonly network: string; readonly node: string; readonly kind: "main" | "side" };

export function NodePeers({ network, node, kind }: PeersProps): ReactElement {
  const isSide = kind === "side";
  const read = useRead("nodePeers", { params: { network, node } }, { refreshMs: REFRESH_MS, enabled: isSide });
  if (!isSide)
    return (
      <Panel title="Peers">
        <Empty
          icon="node"
          sentence="A main node has no peers in this release: the network has one main node, which side nodes ask."
        />
      </Panel>
    );
  return (
    <Panel title="Peers" flush>
      <Loaded read={read} what="the peers">
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="node" sentence="It has no peers: alone it can neither vote a block through nor catch up." />
          ) : (
            <DataTable
              label="Peers"
              rows={items}
              keyOf={({ id }) => id}
              columns={[
                { name: "Peer", cell: ({ id }) => id },
                {
                  name: "State",
                  cell: ({ connected }) =>
                    connected ? (
                      <StatusBadge tone="good" word="connected" />
                    ) : (
                      <StatusBadge tone="bad" word="not connected" />
                    ),
                },
                { name: "Final height", cell: ({ finalHeight }) => formatCount(finalHeight), isNumber: true },
                { name: "Score", cell: ({ score }) => score, isNumber: true },
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}
