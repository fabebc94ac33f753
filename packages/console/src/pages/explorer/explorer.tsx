// The explorer of a chain: its newest blocks and transactions as they come, what waits, the assets on it.

import { SegmentedControl } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { Link, useParams } from "wouter";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import {
  ExplorerLoaded,
  type ExplorerPlace,
  explorerCrumbs,
  IndexNote,
  placePath,
  useIndexState,
} from "../../parts/explorer-frame.tsx";
import { Hash } from "../../parts/hash.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { Empty } from "../../parts/page-states.tsx";
import { Pager, useCursors } from "../../parts/pager.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { TransactionTable } from "../../parts/transaction-table.tsx";
import { Value } from "../../parts/value.tsx";
import type { Reply } from "../../platform/api.ts";
import { type Assets, useAssets } from "../../platform/assets.ts";
import { REFRESH_MS, useRead } from "../../platform/queries.ts";
import { useNow } from "../../platform/time.ts";
import { counted, formatAge, formatBytes, formatCount } from "../../view/formats.ts";

const ROWS = 25;
type ListedBlock = Reply<"chain.blocks">["items"][number];
type ListedAsset = Reply<"chain.assets">["items"][number];
type PartProps = { readonly place: ExplorerPlace; readonly assets: Assets };

function blockColumns(at: string, nowMs: number): readonly Column<ListedBlock>[] {
  return [
    {
      name: "Height",
      cell: ({ height }) => (
        <Link href={`${at}/blocks/${height}`} className="b-number">
          {formatCount(height)}
        </Link>
      ),
    },
    { name: "Hash", cell: ({ hash }) => <Hash value={hash} what="block hash" />, isExtra: true },
    { name: "Transactions", cell: ({ transactions }) => formatCount(transactions), isNumber: true },
    { name: "Size", cell: ({ bytes }) => formatBytes(bytes), isNumber: true, isExtra: true },
    { name: "Made", cell: ({ timestampMs }) => formatAge(timestampMs, nowMs), isNumber: true },
  ];
}

function Blocks({ place }: PartProps): ReactElement {
  const cursors = useCursors();
  const nowMs = useNow();
  const read = useRead(
    "chain.blocks",
    { params: place, query: { limit: ROWS, ...cursors.query } },
    cursors.isFirst ? { refreshMs: REFRESH_MS } : {},
  );
  return (
    <Panel title={cursors.isFirst ? "Newest blocks" : "Blocks"} flush>
      <ExplorerLoaded place={place} read={read} what="the blocks">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty sentence="The index has no block yet. The first ones come as soon as the chain makes them." />
          ) : (
            <>
              <DataTable
                label="Blocks"
                rows={items}
                keyOf={({ hash }) => hash}
                columns={blockColumns(placePath(place), nowMs)}
              />
              <Pager cursors={cursors} next={next} />
            </>
          )
        }
      </ExplorerLoaded>
    </Panel>
  );
}

function Transactions({ place, assets }: PartProps): ReactElement {
  const cursors = useCursors();
  const read = useRead(
    "chain.transactions",
    { params: place, query: { limit: ROWS, ...cursors.query } },
    cursors.isFirst ? { refreshMs: REFRESH_MS } : {},
  );
  return (
    <Panel title={cursors.isFirst ? "Newest transactions" : "Transactions"} flush>
      <ExplorerLoaded place={place} read={read} what="the transactions">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty
              icon="swap"
              sentence="Nobody has sent anything on this chain yet. A payment or a deposit shows here within a block."
            >
              <Link href={`/n/${place.network}/accounts`}>To the accounts</Link>
            </Empty>
          ) : (
            <>
              <TransactionTable label="Transactions" at={placePath(place)} assets={assets} rows={items} />
              <Pager cursors={cursors} next={next} />
            </>
          )
        }
      </ExplorerLoaded>
    </Panel>
  );
}

function Waiting({ place, assets }: PartProps): ReactElement {
  const read = useRead(
    "chain.mempoolTransactions",
    { params: place, query: { limit: ROWS } },
    { refreshMs: REFRESH_MS },
  );
  return (
    <Panel title="Waiting for a block" note={read.data && counted(read.data.count, "transaction")} flush>
      <ExplorerLoaded place={place} read={read} what="the waiting transactions">
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="check" sentence="Nothing waits: everything that was sent is in a block." />
          ) : (
            <TransactionTable label="Waiting transactions" at={placePath(place)} assets={assets} rows={items} />
          )
        }
      </ExplorerLoaded>
    </Panel>
  );
}

function assetColumns(place: ExplorerPlace, assets: Assets): readonly Column<ListedAsset>[] {
  return [
    {
      name: "Asset",
      cell: ({ id }) => <Link href={`${placePath(place)}/assets/${id}`}>{assets.nameOf(id).name}</Link>,
    },
    {
      name: "Supply",
      cell: ({ id, supply }) => <Value assets={assets} asset={id} amount={supply} />,
      isNumber: true,
    },
    { name: "Holders", cell: ({ holders }) => formatCount(holders), isNumber: true },
    { name: "Transactions", cell: ({ transactions }) => formatCount(transactions), isNumber: true, isExtra: true },
    {
      name: "Since block",
      cell: ({ firstHeight }) => formatCount(firstHeight),
      isNumber: true,
      isExtra: true,
    },
  ];
}

function AssetList({ place, assets }: PartProps): ReactElement {
  const cursors = useCursors();
  const read = useRead("chain.assets", { params: place, query: { limit: ROWS, ...cursors.query } });
  return (
    <Panel title="Assets" flush>
      <ExplorerLoaded place={place} read={read} what="the assets">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty icon="wallet" sentence="No asset is on this chain yet. One comes with its first transaction." />
          ) : (
            <>
              <DataTable label="Assets" rows={items} keyOf={({ id }) => id} columns={assetColumns(place, assets)} />
              <Pager cursors={cursors} next={next} words={["Back", "More"]} />
            </>
          )
        }
      </ExplorerLoaded>
    </Panel>
  );
}

const PARTS = [
  { value: "latest", label: "Latest" },
  { value: "waiting", label: "Waiting" },
  { value: "assets", label: "Assets" },
] as const;

export function ExplorerPage(): ReactElement {
  const { network = "", chain = "" } = useParams();
  const [part, setPart] = useState<string>("latest");
  const place = { network, chain };
  const assets = useAssets(network);
  const { data } = useIndexState(place);
  const props = { place, assets };
  return (
    <Page
      title={`Explorer of ${chain}`}
      crumbs={explorerCrumbs(place, false)}
      badge={data?.state === "following" && <StatusBadge tone="good" word={`at block ${formatCount(data.height)}`} />}
    >
      <IndexNote place={place} />
      <div className="b-filter">
        <SegmentedControl
          aria-label="What to list"
          data={PARTS.map(({ value, label }) => ({ value, label }))}
          value={part}
          onChange={setPart}
        />
        {data !== undefined && <p className="b-dim">{counted(data.transactions, "transaction")} in all</p>}
      </div>
      {part === "latest" && (
        <>
          <Transactions {...props} />
          <Blocks {...props} />
        </>
      )}
      {part === "waiting" && <Waiting {...props} />}
      {part === "assets" && <AssetList {...props} />}
    </Page>
  );
}
