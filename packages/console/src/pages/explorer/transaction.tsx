// One transaction: what it is for in plain words, where it stands, where its value came from and went, and the raw data.

import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { CommandLine } from "../../parts/command-line.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { ExplorerLoaded, explorerCrumbs, IndexNote, placePath } from "../../parts/explorer-frame.tsx";
import { Hash } from "../../parts/hash.tsx";
import { Icon } from "../../parts/icons.tsx";
import { type Fact, KeyValue } from "../../parts/key-value.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { Party } from "../../parts/party.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { TextBlock } from "../../parts/text-block.tsx";
import { Value } from "../../parts/value.tsx";
import type { Reply } from "../../platform/api.ts";
import { type Assets, useAssets } from "../../platform/assets.ts";
import { REFRESH_MS, useRead } from "../../platform/queries.ts";
import { useNow } from "../../platform/time.ts";
import { BTM_ID } from "../../view/assets.ts";
import { KIND_WORDS, lineOf, standingStatus, standingText } from "../../view/explorer.ts";
import { formatAge, formatCount, formatTime, shortHash } from "../../view/formats.ts";

type Details = Reply<"chain.transactionDetails">;
type Input = Details["inputs"][number];
type Output = Details["outputs"][number];
type Shown = { readonly details: Details; readonly at: string; readonly assets: Assets };

function inputColumns(at: string, assets: Assets): readonly Column<Input & { readonly place: number }>[] {
  return [
    { name: "From", cell: ({ address, program }) => <Party at={at} address={address} program={program} /> },
    { name: "Kind", cell: ({ kind }) => KIND_WORDS[kind] ?? kind, isExtra: true },
    {
      name: "Made by",
      cell: ({ transaction }) =>
        transaction === null ? (
          <span className="b-dim">–</span>
        ) : (
          <Hash value={transaction} what="transaction id" href={`${at}/transactions/${transaction}`} />
        ),
      isExtra: true,
    },
    {
      name: "Amount",
      cell: ({ asset, amount }) =>
        asset === null || amount === null ? "–" : <Value assets={assets} asset={asset} amount={amount} at={at} />,
      isNumber: true,
    },
  ];
}

function outputColumns(at: string, assets: Assets): readonly Column<Output>[] {
  return [
    { name: "To", cell: ({ address, program }) => <Party at={at} address={address} program={program} /> },
    { name: "Kind", cell: ({ kind }) => KIND_WORDS[kind] ?? kind, isExtra: true },
    {
      name: "Spent by",
      cell: ({ spentBy, kind }) =>
        spentBy !== null ? (
          <Hash value={spentBy} what="transaction id" href={`${at}/transactions/${spentBy}`} />
        ) : (
          <span className="b-dim">{kind === "retirement" || kind === "burn" ? "gone for ever" : "nobody yet"}</span>
        ),
      isExtra: true,
    },
    {
      name: "Amount",
      cell: ({ asset, amount }) => <Value assets={assets} asset={asset} amount={amount} at={at} />,
      isNumber: true,
    },
  ];
}

function Flow({ details, at, assets }: Shown): ReactElement {
  const { inputs, inputCount, outputs, outputCount } = details;
  const rows = inputs.map((input, place) => ({ ...input, place }));
  const rest = (all: number, shown: number) => (all > shown ? `the first ${formatCount(shown)}` : undefined);
  return (
    <>
      <Panel title={`Inputs: ${formatCount(inputCount)}`} note={rest(inputCount, inputs.length)} flush>
        <DataTable label="Inputs" rows={rows} keyOf={({ place }) => String(place)} columns={inputColumns(at, assets)} />
      </Panel>
      <Panel title={`Outputs: ${formatCount(outputCount)}`} note={rest(outputCount, outputs.length)} flush>
        <DataTable label="Outputs" rows={outputs} keyOf={({ id }) => id} columns={outputColumns(at, assets)} />
      </Panel>
    </>
  );
}

/** Crossings that this transaction begins or ends: their pages show both legs. */
function crossingsOf({ what }: Details): readonly string[] {
  if (what.class === "claim") return [what.deposit];
  return what.class === "burn" ? what.items.map(({ request }) => request) : [];
}

function Facts({ details, at, assets }: Shown): ReactElement {
  const nowMs = useNow();
  const { id, blockHeight, blockHash, timestampMs, fee, bytes, timeRange } = details;
  const facts: Fact[] = [
    {
      name: "Block",
      value:
        blockHeight === null ? (
          "none yet"
        ) : (
          <Link href={`${at}/blocks/${blockHeight}`}>{formatCount(blockHeight)}</Link>
        ),
    },
    {
      name: "When",
      value: timestampMs === null ? "–" : `${formatTime(timestampMs)}, ${formatAge(timestampMs, nowMs)}`,
    },
    { name: "Fee", value: <Value assets={assets} asset={BTM_ID} amount={fee} /> },
    { name: "Size", value: `${formatCount(bytes)} bytes` },
    ...(timeRange === "0" ? [] : [{ name: "Valid until block", value: formatCount(BigInt(timeRange)) }]),
    { name: "Id", value: <Hash value={id} what="transaction id" whole />, wide: true },
    ...(blockHash === null
      ? []
      : [{ name: "Block hash", value: <Hash value={blockHash} what="block hash" whole />, wide: true }]),
    ...crossingsOf(details).map((crossing, i) => ({
      name: i === 0 ? "Crossing" : `Crossing ${i + 1}`,
      value: <Hash value={crossing} what="transfer" href={`${at}/transfers/${crossing}`} />,
    })),
  ];
  return <KeyValue facts={facts} />;
}

function Raw({
  details,
  place,
}: {
  readonly details: Details;
  readonly place: { network: string; chain: string };
}): ReactElement {
  const [isOpen, setIsOpen] = useState(false);
  const read = useRead("chain.transaction", { params: { ...place, id: details.id } }, { enabled: isOpen });
  const text = JSON.stringify({ ...details, raw: read.data?.raw }, null, 2);
  return (
    <Panel
      title="Raw data"
      flush
      actions={
        <Button size="xs" variant="default" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {isOpen ? "Hide" : "Show"}
        </Button>
      }
    >
      {isOpen && <TextBlock label="The transaction as JSON" text={text} />}
    </Panel>
  );
}

export function TransactionPage(): ReactElement {
  const { network = "", chain = "", id = "" } = useParams();
  const place = { network, chain };
  const at = placePath(place);
  const assets = useAssets(network);
  const [, go] = useLocation();
  const read = useRead("chain.transactionDetails", { params: { ...place, id } }, { refreshMs: REFRESH_MS });
  const details = read.data;
  return (
    <Page
      title={`Transaction ${shortHash(id)}`}
      crumbs={explorerCrumbs(place)}
      badge={details && <StatusBadge {...standingStatus(details)} />}
      actions={
        details?.blockHeight != null && (
          <Button
            variant="default"
            leftSection={<Icon name="shield" />}
            onClick={() => go(`/n/${network}/verify?chain=${chain}&transaction=${id}`)}
          >
            Verify
          </Button>
        )
      }
    >
      <IndexNote place={place} />
      <ExplorerLoaded place={place} read={read} what="the transaction">
        {(found) => (
          <>
            <p className="b-lead b-words">{lineOf(found.what, assets.list)}</p>
            {found.gasOnly && (
              <div className="b-note" role="status">
                <Icon name="warn" />
                <p>
                  It failed: only its fee was taken, and nothing else of it took effect. Its inputs of other assets can
                  be spent again.
                </p>
              </div>
            )}
            <Panel title="Where it stands" note={standingText(found)}>
              <Facts details={found} at={at} assets={assets} />
            </Panel>
            <Flow details={found} at={at} assets={assets} />
            <Raw details={found} place={place} />
          </>
        )}
      </ExplorerLoaded>
      <CommandLine
        label={details === undefined ? "Why it is not here" : undefined}
        command={details === undefined ? `bystack why ${id}` : `bystack tx ${id} --chain ${chain}`}
      />
    </Page>
  );
}
