// One side chain: how it stands, what it survives, its newest blocks.

import type { ReactElement } from "react";
import { Link, useParams } from "wouter";
import { BlockTable } from "../parts/block-table.tsx";
import { CommandLine } from "../parts/command-line.tsx";
import { Hash } from "../parts/hash.tsx";
import { IntervalPlot } from "../parts/interval-plot.tsx";
import { KeyValue } from "../parts/key-value.tsx";
import { NodeTable } from "../parts/node-table.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Empty, Loaded } from "../parts/page-states.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import type { Reply } from "../platform/api.ts";
import { useRecentBlocks } from "../platform/blocks.ts";
import { useNetwork, useRead } from "../platform/queries.ts";
import { formatCount, formatDuration, formatInterval } from "../view/formats.ts";
import { formatRate, transactionsPerSecond } from "../view/rates.ts";
import { sideStatus } from "../view/status.ts";
import { ChainActions } from "./chain-parts/actions.tsx";

type Side = Reply<"network">["sides"][number];
const BLOCKS_SHOWN = 8;

function marginText({ voting, quorum, survives }: Side): string {
  if (voting < quorum) return `stands still: ${quorum - voting} more must vote`;
  return survives === 0 ? "none: it stops with the next validator" : `${survives} more may fail`;
}

function Facts({
  side,
  rate,
  chainId,
}: {
  side: Side;
  rate: number | null;
  chainId: string | undefined;
}): ReactElement {
  const { height, finalAgeMs, intervalMs, voting, validators, quorum, federation } = side;
  return (
    <KeyValue
      facts={[
        { name: "Final height", value: formatCount(height) },
        { name: "Newest final block", value: finalAgeMs === null ? "–" : `${formatDuration(finalAgeMs)} ago` },
        { name: "A block every", value: formatInterval(intervalMs) },
        { name: "Transactions", value: formatRate(rate) },
        { name: "Votes", value: `${voting} of ${validators}, ${quorum} needed` },
        { name: "Margin", value: marginText(side) },
        {
          name: "Peg",
          value:
            federation === null
              ? "none"
              : federation.paused.length > 0
                ? `paused: ${federation.paused.join(", ")}`
                : `${federation.running} of ${federation.members} signers, ${federation.threshold} needed`,
        },
        ...(chainId === undefined ? [] : [{ name: "Chain id", value: <Hash value={chainId} what="chain id" /> }]),
      ]}
    />
  );
}

function ChainBody({ status, side }: { readonly status: Reply<"network">; readonly side: Side }): ReactElement {
  const { network } = status;
  const { chain, height } = side;
  const at = `/n/${network}`;
  const info = useRead("chain.info", { params: { network, chain } });
  const blocks = useRecentBlocks({ network, chain, height, count: BLOCKS_SHOWN, isMutable: false });
  const nodes = status.nodes.filter((node) => node.chain === chain);
  return (
    <>
      <Panel
        title="Now"
        actions={
          <>
            <Link href={`${at}/chains/${chain}/consensus`}>Consensus: who votes</Link>
            <Link href={`${at}/chains/${chain}/explorer`}>Explorer</Link>
            {side.federation !== null && (
              <>
                <Link href={`${at}/chains/${chain}/transfers`}>Transfers</Link>
                <Link href={`${at}/chains/${chain}/federation`}>Federation</Link>
              </>
            )}
          </>
        }
      >
        <Facts side={side} rate={transactionsPerSecond(blocks)} chainId={info.data?.chainId} />
      </Panel>
      <Panel title="Seconds per block" note="since this tab was opened">
        <IntervalPlot network={network} chain={chain} />
      </Panel>
      <Panel title="Newest blocks" flush>
        {blocks.length === 0 ? (
          <Empty
            icon="box"
            sentence={
              side.state === "stopped"
                ? "The chain is stopped. Its blocks are on its nodes' disks."
                : "No block has come yet. The first one is final about a second after the validators have met."
            }
          />
        ) : (
          <BlockTable blocks={blocks} showsFinality />
        )}
      </Panel>
      <Panel title="Nodes" flush>
        <NodeTable status={status} nodes={nodes} isOneChain />
      </Panel>
      <CommandLine label="Why, on the command line" command={`bystack why ${nodes[0]?.id ?? ""}`} />
    </>
  );
}

export function ChainPage(): ReactElement {
  const { network = "", chain = "" } = useParams();
  const read = useNetwork(network);
  const side = read.data?.sides.find((candidate) => candidate.chain === chain);
  return (
    <Page
      title={chain}
      crumbs={[{ label: network, href: `/n/${network}` }]}
      badge={side && <StatusBadge {...sideStatus(side)} />}
      actions={side && <ChainActions network={network} side={side} />}
    >
      <Loaded read={read} what={`the chain ${chain}`}>
        {(status) =>
          side === undefined ? (
            <Empty
              icon="question"
              sentence={`${network} has no side chain ${chain}. It may not have been made yet, or it was removed.`}
            >
              <Link href={`/n/${network}`}>To the chains of {network}</Link>
            </Empty>
          ) : (
            <ChainBody status={status} side={side} />
          )
        }
      </Loaded>
    </Page>
  );
}
