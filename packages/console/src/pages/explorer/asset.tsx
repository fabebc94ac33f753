// One asset: its supply and where it went, who holds it, what it says of itself.

import { assetNameOf } from "@bystack/protocol/explain/sentence";
import type { ReactElement } from "react";
import { useParams } from "wouter";
import { DataTable } from "../../parts/data-table.tsx";
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
import { Party } from "../../parts/party.tsx";
import { TextBlock } from "../../parts/text-block.tsx";
import { Value } from "../../parts/value.tsx";
import type { Reply } from "../../platform/api.ts";
import { type Assets, useAssets } from "../../platform/assets.ts";
import { REFRESH_MS, useRead } from "../../platform/queries.ts";
import { BTM_ID } from "../../view/assets.ts";
import { formatCount } from "../../view/formats.ts";

type Asset = Reply<"chain.asset">;
type PartProps = { readonly place: ExplorerPlace; readonly asset: string; readonly assets: Assets };
const ROWS = 25;

function Facts({ asset, assets }: { readonly asset: Asset; readonly assets: Assets }): ReactElement {
  const { id, supply, issued, retired, burned, held, holders, transactions, firstHeight } = asset;
  const value = (amount: string): ReactElement => <Value assets={assets} asset={id} amount={amount} />;
  return (
    <KeyValue
      facts={[
        { name: "Supply", value: value(supply) },
        { name: "Holders", value: formatCount(holders) },
        { name: "Issued or carried in", value: value(issued) },
        { name: "Retired for ever", value: value(retired) },
        ...(burned === "0" ? [] : [{ name: "Burnt, to the main chain", value: value(burned) }]),
        { name: "In unspent outputs", value: value(held) },
        { name: "Transactions", value: formatCount(transactions) },
        { name: "Since block", value: formatCount(firstHeight) },
        { name: "Id", value: <Hash value={id} what="asset id" whole />, wide: true },
      ]}
    />
  );
}

/** The definition as it was written, laid out when it is JSON. */
function definitionText(definition: string): string {
  try {
    return JSON.stringify(JSON.parse(definition), null, 2);
  } catch {
    return definition;
  }
}

function Holders({ place, asset, assets }: PartProps): ReactElement {
  const cursors = useCursors();
  const read = useRead("chain.assetHolders", {
    params: { ...place, asset },
    query: { limit: ROWS, ...cursors.query },
  });
  return (
    <Panel title="Holders, the largest first" flush>
      <ExplorerLoaded place={place} read={read} what="its holders">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty icon="people" sentence="Nobody holds it at this moment." />
          ) : (
            <>
              <DataTable
                label="Holders"
                rows={items}
                keyOf={({ program }) => program}
                columns={[
                  {
                    name: "Holder",
                    cell: ({ address, program }) => <Party at={placePath(place)} address={address} program={program} />,
                  },
                  {
                    name: "Amount",
                    cell: ({ amount }) => <Value assets={assets} asset={asset} amount={amount} />,
                    isNumber: true,
                  },
                ]}
              />
              <Pager cursors={cursors} next={next} words={["Back", "More"]} />
            </>
          )
        }
      </ExplorerLoaded>
    </Panel>
  );
}

export function AssetPage(): ReactElement {
  const { network = "", chain = "", asset = "" } = useParams();
  const place = { network, chain };
  const assets = useAssets(network);
  const read = useRead("chain.asset", { params: { ...place, asset } }, { refreshMs: 5 * REFRESH_MS });
  const known = assets.nameOf(asset);
  const own = read.data === undefined ? undefined : assetNameOf(asset, read.data.definition);
  const title = known.isNamed ? known.name : (own?.name ?? `Asset ${known.name}`);
  return (
    <Page title={title} crumbs={explorerCrumbs(place)}>
      <IndexNote place={place} />
      <ExplorerLoaded place={place} read={read} what="the asset">
        {(found) => (
          <>
            <Panel title="Asset">
              <Facts asset={found} assets={assets} />
            </Panel>
            {asset !== BTM_ID && (
              <Panel title="What it says of itself" note="written by its issuer; nobody checks it" flush>
                {found.definition === null ? (
                  <Empty icon="file" sentence="Its definition is empty, too long, or not known on this chain." />
                ) : (
                  <TextBlock label="Definition of the asset" text={definitionText(found.definition)} />
                )}
              </Panel>
            )}
            <Holders key={asset} place={place} asset={asset} assets={assets} />
          </>
        )}
      </ExplorerLoaded>
    </Page>
  );
}
