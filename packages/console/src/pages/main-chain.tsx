// The main chain: blocks, work, miner, reorganisations, waiting transactions.

import type { ReactElement } from "react";
import { Link, useParams } from "wouter";
import { BlockTable } from "../parts/block-table.tsx";
import { CommandLine } from "../parts/command-line.tsx";
import { Hash } from "../parts/hash.tsx";
import { IntervalPlot } from "../parts/interval-plot.tsx";
import { KeyValue } from "../parts/key-value.tsx";
import { NodeTable } from "../parts/node-table.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Empty, Failed, Loaded } from "../parts/page-states.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import type { Reply } from "../platform/api.ts";
import { useRecentBlocks } from "../platform/blocks.ts";
import { REFRESH_MS, useNetwork, useRead } from "../platform/queries.ts";
import { formatCount, formatDuration, formatInterval } from "../view/formats.ts";
import { formatHashRate, formatRate, transactionsPerSecond } from "../view/rates.ts";
import { chainStatus } from "../view/status.ts";

type Status = Reply<"network">;
const BLOCKS_SHOWN = 10;
/** Ids of waiting transactions that are listed. */
const WAITING_SHOWN = 20;

function Work({ status, rate }: { readonly status: Status; readonly rate: number | null }): ReactElement {
  const { network, main } = status;
  const params = { network, chain: main.chain };
  const read = useRead("chain.main", { params }, { refreshMs: REFRESH_MS });
  const mine = read.data;
  const hashes =
    mine === undefined ? "–" : mine.mining ? formatHashRate(mine.hashesPerSecond) : "this node does not mine";
  return (
    <>
      <KeyValue
        facts={[
          { name: "Height", value: formatCount(main.height) },
          { name: "Newest block", value: main.finalAgeMs === null ? "–" : `${formatDuration(main.finalAgeMs)} ago` },
          { name: "A block every", value: formatInterval(main.intervalMs) },
          { name: "Transactions", value: formatRate(rate) },
          { name: "Hash rate", value: hashes },
          { name: "Reorganisations", value: formatCount(mine?.reorganisations ?? null) },
          { name: "Difficulty bits", value: mine?.difficultyBits ?? "–" },
          { name: "Work", value: mine?.work ?? "–", wide: true },
        ]}
      />
      {mine !== undefined && !mine.mining && (
        <p className="b-note">
          No node of this network mines. Blocks come only if somebody else makes them; side chains go on, deposits and
          payouts wait. Mining is turned on by <code>mine</code> at a main node of the definition.
        </p>
      )}
      {read.error !== null && <Failed error={read.error} />}
    </>
  );
}

function Waiting({ network, chain }: { readonly network: string; readonly chain: string }): ReactElement {
  const read = useRead(
    "chain.mempool",
    { params: { network, chain }, query: { limit: WAITING_SHOWN } },
    { refreshMs: REFRESH_MS },
  );
  return (
    <Panel title="Waiting transactions" note={read.data && formatCount(read.data.count)}>
      <Loaded read={read} what="the waiting transactions">
        {({ items }) =>
          items.length === 0 ? (
            <p className="b-dim">None: everything that was sent is in a block.</p>
          ) : (
            <ul className="b-hashes">
              {items.map((id) => (
                <li key={id}>
                  <Hash value={id} what="transaction id" />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

function MainBody({ status }: { readonly status: Status }): ReactElement {
  const { network, main } = status;
  const blocks = useRecentBlocks({
    network,
    chain: main.chain,
    height: main.height,
    count: BLOCKS_SHOWN,
    isMutable: true,
  });
  return (
    <>
      <Panel title="Now" actions={<Link href={`/n/${network}/chains/${main.chain}/explorer`}>Explorer</Link>}>
        <Work status={status} rate={transactionsPerSecond(blocks)} />
      </Panel>
      <Panel title="Seconds per block" note="since this tab was opened">
        <IntervalPlot network={network} chain={main.chain} />
      </Panel>
      <Panel title="Newest blocks" flush>
        {blocks.length === 0 ? (
          <Empty
            icon="pick"
            sentence="No block has been made yet. With a miner the first one comes within a few targets."
          />
        ) : (
          <BlockTable blocks={blocks} showsFinality={false} />
        )}
      </Panel>
      <Waiting network={network} chain={main.chain} />
      <Panel title="Nodes" flush>
        <NodeTable status={status} nodes={status.nodes.filter(({ chain }) => chain === main.chain)} isOneChain />
      </Panel>
      <CommandLine command="bystack status" />
    </>
  );
}

export function MainChainPage(): ReactElement {
  const { network = "" } = useParams();
  const read = useNetwork(network);
  return (
    <Page
      title={read.data?.main.chain ?? "Main chain"}
      crumbs={[{ label: network, href: `/n/${network}` }]}
      badge={read.data && <StatusBadge {...chainStatus(read.data.main.state)} />}
    >
      <Loaded read={read} what="the main chain">
        {(status) => <MainBody status={status} />}
      </Loaded>
    </Page>
  );
}
