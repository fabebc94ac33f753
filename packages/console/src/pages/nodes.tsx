// All nodes of a network, to be searched and narrowed down.

import { Button, NativeSelect, Switch, TextInput } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useLocation, useParams } from "wouter";
import { CommandLine } from "../parts/command-line.tsx";
import { NodeTable } from "../parts/node-table.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Empty, Loaded } from "../parts/page-states.tsx";
import { useNetwork } from "../platform/queries.ts";
import { counted } from "../view/formats.ts";
import { filterNodes, type NodeFilter } from "../view/nodes.ts";

const ALL: NodeFilter = { text: "", chain: null, onlyNotReady: false };

type FilterProps = {
  readonly filter: NodeFilter;
  readonly chains: readonly string[];
  readonly onChange: (filter: NodeFilter) => void;
};

function Filter({ filter, chains, onChange }: FilterProps): ReactElement {
  return (
    <search className="b-filter">
      <TextInput
        label="Name"
        value={filter.text}
        placeholder="any part of it"
        onChange={(event) => onChange({ ...filter, text: event.currentTarget.value })}
      />
      <NativeSelect
        label="Chain"
        value={filter.chain ?? ""}
        data={[{ value: "", label: "all" }, ...chains.map((chain) => ({ value: chain, label: chain }))]}
        onChange={(event) => onChange({ ...filter, chain: event.currentTarget.value || null })}
      />
      <Switch
        label="Only those that are not ready"
        checked={filter.onlyNotReady}
        onChange={(event) => onChange({ ...filter, onlyNotReady: event.currentTarget.checked })}
      />
    </search>
  );
}

export function NodesPage(): ReactElement {
  const { network = "" } = useParams();
  const read = useNetwork(network);
  const [filter, setFilter] = useState(ALL);
  const [, go] = useLocation();
  const at = `/n/${network}`;
  return (
    <Page title="Nodes" crumbs={[{ label: network, href: at }]}>
      <Loaded read={read} what="the nodes">
        {(status) => {
          if (status.nodes.length === 0)
            return (
              <Empty
                icon="node"
                sentence="This network has no nodes yet. They are made when its definition is applied."
              >
                <Button onClick={() => go(`${at}/definition`)}>See the definition</Button>
              </Empty>
            );
          const nodes = filterNodes(status.nodes, filter);
          return (
            <>
              <Filter
                filter={filter}
                chains={[status.main.chain, ...status.sides.map(({ chain }) => chain)]}
                onChange={setFilter}
              />
              <Panel
                title={
                  nodes.length === status.nodes.length
                    ? counted(nodes.length, "node")
                    : `${nodes.length} of ${counted(status.nodes.length, "node")}`
                }
                flush
              >
                {nodes.length === 0 ? (
                  <Empty icon="search" sentence="No node is like that.">
                    <Button variant="default" onClick={() => setFilter(ALL)}>
                      Show all
                    </Button>
                  </Empty>
                ) : (
                  <NodeTable status={status} nodes={nodes} />
                )}
              </Panel>
            </>
          );
        }}
      </Loaded>
      <CommandLine command="bystack status" />
    </Page>
  );
}
