// What crosses between the main chain and a side chain: those under way first, each with its step, whom it waits for, and how long.

import { Button, NativeSelect } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { CommandLine } from "../../parts/command-line.tsx";
import { type Column, VirtualTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { OrderDialog } from "../../parts/order-form.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { Empty, Loaded } from "../../parts/page-states.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { Value } from "../../parts/value.tsx";
import { errorOf, type Reply } from "../../platform/api.ts";
import { type Assets, useAssets } from "../../platform/assets.ts";
import { hasRole, useMe } from "../../platform/me.ts";
import { REFRESH_MS, useNetwork, useRead } from "../../platform/queries.ts";
import { useNow } from "../../platform/time.ts";
import { counted } from "../../view/formats.ts";
import type { OrderKind } from "../../view/order.ts";
import { directionText, presentStep, remainingText, transferStatus } from "../../view/transfers.ts";

type Transfer = Reply<"transfer">;
const ROWS = 200;
/** Codes that say that there is no peg at all. */
const NO_PEG: readonly string[] = ["NOT_ON_THIS_CHAIN"];

type ColumnInput = { readonly at: string; readonly assets: Assets; readonly madeAtMs: number; readonly nowMs: number };

function columnsOf({ at, assets, madeAtMs, nowMs }: ColumnInput): readonly Column<Transfer>[] {
  return [
    {
      name: "Transfer",
      cell: ({ id, assetId, amount, direction, chain }) => (
        <Link href={`${at}/transfers/${id}`}>
          <Value assets={assets} asset={assetId} amount={amount} /> {directionText(direction, chain)}
        </Link>
      ),
    },
    { name: "State", cell: ({ state }) => <StatusBadge {...transferStatus(state)} />, width: "8rem" },
    { name: "Step", cell: ({ steps }) => presentStep(steps)?.title ?? "–", isExtra: true },
    {
      name: "Waits for",
      cell: ({ waitsFor }) => waitsFor ?? <span className="b-dim">nobody</span>,
      isExtra: true,
    },
    {
      name: "Time left",
      cell: ({ etaMs, state }) =>
        state === "under-way" ? remainingText(etaMs, madeAtMs, nowMs) : <span className="b-dim">–</span>,
      isNumber: true,
      width: "9rem",
    },
  ];
}

function Orders({
  network,
  chain,
  mainChain,
}: {
  network: string;
  chain: string;
  mainChain: string;
}): ReactElement | null {
  const [kind, setKind] = useState<OrderKind>();
  const { data: me } = useMe();
  if (!hasRole(me, "d", network)) return null;
  return (
    <>
      <Button variant="default" leftSection={<Icon name="up" />} onClick={() => setKind("out")}>
        Withdraw
      </Button>
      <Button leftSection={<Icon name="down" />} onClick={() => setKind("in")}>
        Deposit
      </Button>
      <OrderDialog
        key={kind}
        kind={kind ?? "in"}
        isOpen={kind !== undefined}
        onClose={() => setKind(undefined)}
        network={network}
        chain={chain}
        mainChain={mainChain}
      />
    </>
  );
}

function List({ network, chain }: { readonly network: string; readonly chain: string }): ReactElement {
  const assets = useAssets(network);
  const nowMs = useNow();
  const at = `/n/${network}/chains/${chain}`;
  const read = useRead("transfers", { params: { network, chain }, query: { limit: ROWS } }, { refreshMs: REFRESH_MS });
  if (read.data === undefined && read.error !== null && NO_PEG.includes(errorOf(read.error).code))
    return <Empty icon="swap" sentence={`There is no peg on ${chain}: nothing is carried in or out.`} />;
  return (
    <Loaded read={read} what="the transfers">
      {({ items }) => {
        const open = items.filter(({ state }) => state === "under-way" || state === "held").length;
        return items.length === 0 ? (
          <Empty
            icon="swap"
            sentence={`Nothing has crossed yet. A deposit is paid on the main chain and credited on ${chain}; a withdrawal goes back.`}
          >
            <CommandLine command={`bystack peg in --from alice --amount 5 --chain ${chain}`} label={null} />
          </Empty>
        ) : (
          <Panel
            title={open === 0 ? "None under way" : counted(open, "transfer")}
            note={open === 0 ? "newest first" : "under way, then the others, newest first"}
            flush
          >
            <VirtualTable
              label="Transfers"
              rows={items}
              keyOf={({ id, direction }) => `${direction} ${id}`}
              columns={columnsOf({ at, assets, madeAtMs: read.dataUpdatedAt, nowMs })}
            />
          </Panel>
        );
      }}
    </Loaded>
  );
}

/** Of one chain; without one in the address, of the first that has a federation. */
export function TransfersPage(): ReactElement {
  const { network = "", chain: named } = useParams();
  const read = useNetwork(network);
  const [, go] = useLocation();
  const bound = read.data?.sides.filter(({ federation }) => federation !== null).map(({ chain }) => chain) ?? [];
  const chain = named ?? bound[0];
  return (
    <Page
      title="Transfers"
      crumbs={[
        { label: network, href: `/n/${network}` },
        ...(chain === undefined ? [] : [{ label: chain, href: `/n/${network}/chains/${chain}` }]),
      ]}
      actions={
        read.data !== undefined &&
        chain !== undefined &&
        bound.includes(chain) && <Orders network={network} chain={chain} mainChain={read.data.main.chain} />
      }
    >
      {bound.length > 1 && (
        <search className="b-filter">
          <NativeSelect
            label="Side chain"
            data={bound}
            value={chain ?? ""}
            onChange={(event) => go(`/n/${network}/chains/${event.currentTarget.value}/transfers`)}
          />
        </search>
      )}
      {chain === undefined ? (
        <Loaded read={read} what="the chains">
          {() => (
            <Empty
              icon="swap"
              sentence="No side chain of this network has a federation: nothing can cross. A chain gets one when it is made."
            >
              <Link href={`/n/${network}/definition`}>See the definition</Link>
            </Empty>
          )}
        </Loaded>
      ) : (
        <>
          <List key={chain} network={network} chain={chain} />
          <CommandLine command={`bystack peg list --chain ${chain}`} />
        </>
      )}
    </Page>
  );
}
