// One address, or one program: what it holds, what paid to it or spent from it, its coins.

import { SegmentedControl } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { Link, useParams } from "wouter";
import { CommandLine } from "../../parts/command-line.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import {
  ExplorerLoaded,
  type ExplorerPlace,
  explorerCrumbs,
  IndexNote,
  placePath,
} from "../../parts/explorer-frame.tsx";
import { Hash } from "../../parts/hash.tsx";
import { KeyValue } from "../../parts/key-value.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { Empty } from "../../parts/page-states.tsx";
import { Pager, useCursors } from "../../parts/pager.tsx";
import { TransactionTable } from "../../parts/transaction-table.tsx";
import { Value } from "../../parts/value.tsx";
import type { Reply } from "../../platform/api.ts";
import { type Assets, useAssets } from "../../platform/assets.ts";
import { REFRESH_MS, useRead } from "../../platform/queries.ts";
import { formatCount, shortHash } from "../../view/formats.ts";

type Output = Reply<"chain.address">["items"][number];
type PartProps = { readonly place: ExplorerPlace; readonly address: string; readonly assets: Assets };
const ROWS = 25;

function Balances({ place, address, assets }: PartProps): ReactElement {
  const cursors = useCursors();
  const read = useRead(
    "chain.addressSummary",
    { params: { ...place, address }, query: { limit: ROWS, ...cursors.query } },
    { refreshMs: 2 * REFRESH_MS },
  );
  const at = placePath(place);
  return (
    <ExplorerLoaded place={place} read={read} what="the address">
      {({ address: written, program, transactions, firstHeight, lastHeight, balances }) => (
        <>
          <Panel title="Address">
            <KeyValue
              facts={[
                { name: "Transactions", value: formatCount(transactions) },
                { name: "First used at block", value: formatCount(firstHeight) },
                { name: "Last used at block", value: formatCount(lastHeight) },
                ...(written === null
                  ? []
                  : [{ name: "Address", value: <Hash value={written} what="address" whole />, wide: true }]),
                { name: "Program", value: <Hash value={program} what="program" whole />, wide: true },
              ]}
            />
          </Panel>
          <Panel title="Balances" flush>
            {balances.items.length === 0 ? (
              <Empty
                icon="wallet"
                sentence={
                  transactions === 0
                    ? "Nobody has paid to this address yet."
                    : "It holds nothing now: everything that came was spent."
                }
              />
            ) : (
              <>
                <DataTable
                  label="Balances"
                  rows={balances.items}
                  keyOf={({ asset }) => asset}
                  columns={[
                    {
                      name: "Asset",
                      cell: ({ asset }) => <Link href={`${at}/assets/${asset}`}>{assets.nameOf(asset).name}</Link>,
                    },
                    {
                      name: "Amount",
                      cell: ({ asset, amount }) => <Value assets={assets} asset={asset} amount={amount} />,
                      isNumber: true,
                    },
                  ]}
                />
                <Pager cursors={cursors} next={balances.next} words={["Back", "More"]} />
              </>
            )}
          </Panel>
        </>
      )}
    </ExplorerLoaded>
  );
}

function Transactions({ place, address, assets }: PartProps): ReactElement {
  const cursors = useCursors();
  const read = useRead(
    "chain.addressTransactions",
    { params: { ...place, address }, query: { limit: ROWS, ...cursors.query } },
    cursors.isFirst ? { refreshMs: 2 * REFRESH_MS } : {},
  );
  return (
    <Panel title="Transactions, newest first" flush>
      <ExplorerLoaded place={place} read={read} what="its transactions">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty icon="swap" sentence="No transaction on this chain has paid to it or spent from it." />
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

function outputColumns(assets: Assets): readonly Column<Output>[] {
  return [
    { name: "Output", cell: ({ id }) => <Hash value={id} what="output id" /> },
    { name: "Kind", cell: ({ kind }) => kind, isExtra: true },
    { name: "Since block", cell: ({ height }) => formatCount(height), isNumber: true },
    { name: "Spendable from", cell: ({ spendableFrom }) => formatCount(spendableFrom), isNumber: true, isExtra: true },
    {
      name: "Amount",
      cell: ({ asset, amount }) => <Value assets={assets} asset={asset} amount={amount} />,
      isNumber: true,
    },
  ];
}

function Outputs({ place, address, assets }: PartProps): ReactElement {
  const cursors = useCursors();
  const read = useRead("chain.address", { params: { ...place, address }, query: { limit: ROWS, ...cursors.query } });
  return (
    <Panel title="Unspent outputs" flush>
      <ExplorerLoaded place={place} read={read} what="its outputs">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty icon="wallet" sentence="It has no output that is not spent." />
          ) : (
            <>
              <DataTable label="Unspent outputs" rows={items} keyOf={({ id }) => id} columns={outputColumns(assets)} />
              <Pager cursors={cursors} next={next} words={["Back", "More"]} />
            </>
          )
        }
      </ExplorerLoaded>
    </Panel>
  );
}

const PARTS = [
  { value: "transactions", label: "Transactions" },
  { value: "outputs", label: "Unspent outputs" },
] as const;

export function AddressPage(): ReactElement {
  const { network = "", chain = "", address = "" } = useParams();
  const [part, setPart] = useState<string>("transactions");
  const place = { network, chain };
  const props = { place, address, assets: useAssets(network) };
  // A program that no address stands for has no outputs route of its own.
  const isProgram = /^[0-9a-f]*$/.test(address);
  return (
    <Page title={`${isProgram ? "Program" : "Address"} ${shortHash(address)}`} crumbs={explorerCrumbs(place)}>
      <IndexNote place={place} />
      <Balances key={`balances ${address}`} {...props} />
      {!isProgram && (
        <div className="b-filter">
          <SegmentedControl
            aria-label="What to list"
            data={PARTS.map(({ value, label }) => ({ value, label }))}
            value={part}
            onChange={setPart}
          />
        </div>
      )}
      {part === "outputs" && !isProgram ? (
        <Outputs key={`outputs ${address}`} {...props} />
      ) : (
        <Transactions key={`transactions ${address}`} {...props} />
      )}
      <CommandLine command={`bystack address ${address} --chain ${chain}`} />
    </Page>
  );
}
