// The federation of a side chain: who holds the vault and who is heard, what it holds against what it owes, pauses, payouts.

import type { ReactElement } from "react";
import { Link, useParams } from "wouter";
import { CommandLine } from "../parts/command-line.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Hash } from "../parts/hash.tsx";
import { Icon } from "../parts/icons.tsx";
import { KeyValue } from "../parts/key-value.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Empty, Loaded } from "../parts/page-states.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import { Value } from "../parts/value.tsx";
import { errorOf, type Reply } from "../platform/api.ts";
import { type Assets, useAssets } from "../platform/assets.ts";
import { REFRESH_MS, useRead } from "../platform/queries.ts";
import { BTM_ID } from "../view/assets.ts";
import { heartbeatText, memberStatus, pauseText, reserveStatus, signersOf } from "../view/federation.ts";
import { formatCount } from "../view/formats.ts";

type FederationState = Reply<"chain.federationStatus">;
type Member = Reply<"chain.members">["items"][number];
type Counters = FederationState["assets"][number];
type Payout = Reply<"chain.payouts">["items"][number];
type Place = { readonly network: string; readonly chain: string };
const PAYOUTS_SHOWN = 20;

function Pauses({ paused, assets }: { readonly paused: readonly string[]; readonly assets: Assets }): ReactElement {
  return (
    <div className="b-note" role="status">
      <Icon name="warn" />
      <div>
        <p>
          <strong>The peg is paused.</strong>
        </p>
        <ul>
          {paused.map((scope) => (
            <li key={scope}>{pauseText(scope, (id) => assets.nameOf(id).name)}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function Facts({ state, assets }: { readonly state: FederationState; readonly assets: Assets }): ReactElement {
  const { members, threshold, mainTip, confirmations, batchBlocks, pegOutFeeNeu, floatNeu, openPayouts } = state;
  return (
    <KeyValue
      facts={[
        { name: "Signatures needed", value: `${threshold} of ${members} members` },
        { name: "May fail", value: `${members - threshold} of them` },
        {
          name: "Independence",
          value: state.independence === "separate" ? "separate main nodes" : "members share a main node",
        },
        { name: "Knows the main chain to", value: formatCount(mainTip.height) },
        { name: "Deposits wait for", value: `${confirmations} main-chain blocks` },
        { name: "Payouts are drafted every", value: `${batchBlocks} blocks` },
        { name: "Fee of a payout", value: <Value assets={assets} asset={BTM_ID} amount={pegOutFeeNeu} /> },
        { name: "Float, for fees", value: <Value assets={assets} asset={BTM_ID} amount={floatNeu} /> },
        { name: "Open payouts", value: formatCount(openPayouts) },
      ]}
    />
  );
}

const MEMBER_COLUMNS: readonly Column<Member>[] = [
  { name: "Member", cell: ({ id }) => id },
  { name: "State", cell: (member) => <StatusBadge {...memberStatus(member)} /> },
  { name: "Last heard", cell: heartbeatText, isNumber: true },
];

function Members({ place, threshold }: { readonly place: Place; readonly threshold: number }): ReactElement {
  const read = useRead("chain.members", { params: place }, { refreshMs: REFRESH_MS });
  const signers = read.data === undefined ? undefined : signersOf(read.data.items);
  return (
    <Panel
      title="Members"
      note={signers !== undefined && `${signers} can sign, ${threshold} are needed`}
      actions={signers !== undefined && signers < threshold && <StatusBadge tone="bad" word="too few: payouts wait" />}
      flush
    >
      <Loaded read={read} what="the members">
        {({ items }) => <DataTable label="Members" rows={items} keyOf={({ id }) => id} columns={MEMBER_COLUMNS} />}
      </Loaded>
    </Panel>
  );
}

function reserveColumns(assets: Assets, at: string): readonly Column<Counters>[] {
  const value = (asset: string, amount: string): ReactElement => (
    <Value assets={assets} asset={asset} amount={amount} />
  );
  return [
    {
      name: "Asset",
      cell: ({ asset }) => <Link href={`${at}/assets/${asset}`}>{assets.nameOf(asset).name}</Link>,
    },
    { name: "State", cell: (row) => <StatusBadge {...reserveStatus(row)} /> },
    { name: "In the vault", cell: ({ asset, locked }) => value(asset, locked), isNumber: true },
    { name: "Owed", cell: ({ asset, owed }) => value(asset, owed), isNumber: true },
    { name: "Circulating", cell: ({ asset, circulating }) => value(asset, circulating), isNumber: true, isExtra: true },
    { name: "Least deposit", cell: ({ asset, minimum }) => value(asset, minimum), isNumber: true, isExtra: true },
    {
      name: "Cap",
      cell: ({ asset, cap }) => (cap === null ? <span className="b-dim">none</span> : value(asset, cap)),
      isNumber: true,
      isExtra: true,
    },
  ];
}

const PAYOUT_STATES: Readonly<Record<Payout["state"], { tone: "busy" | "good" | "bad" | "warn"; word: string }>> = {
  open: { tone: "busy", word: "open" },
  done: { tone: "good", word: "done" },
  failed: { tone: "bad", word: "failed" },
  dead: { tone: "bad", word: "dead" },
  unproven: { tone: "warn", word: "not proven" },
};

function payoutColumns(mainAt: string | undefined, threshold: number): readonly Column<Payout>[] {
  return [
    { name: "Payout", cell: ({ number }) => formatCount(number) },
    { name: "State", cell: ({ state }) => <StatusBadge {...PAYOUT_STATES[state]} /> },
    { name: "Requests", cell: ({ requests }) => formatCount(requests.length), isNumber: true, isExtra: true },
    { name: "Signed", cell: ({ signedBy }) => `${signedBy.length} of ${threshold}`, isNumber: true },
    {
      name: "Transaction",
      cell: ({ transaction }) => (
        <Hash
          value={transaction}
          what="transaction id"
          {...(mainAt !== undefined && { href: `${mainAt}/transactions/${transaction}` })}
        />
      ),
      isExtra: true,
    },
    { name: "Waits for", cell: ({ waitsFor }) => waitsFor ?? <span className="b-dim">nobody</span> },
  ];
}

function Payouts({ place, threshold }: { readonly place: Place; readonly threshold: number }): ReactElement {
  const read = useRead(
    "chain.payouts",
    { params: place, query: { limit: PAYOUTS_SHOWN, live: "true" } },
    { refreshMs: REFRESH_MS },
  );
  const { data: network } = useRead("network", { params: { network: place.network } });
  const mainAt = network && `/n/${place.network}/chains/${network.main.chain}`;
  return (
    <Panel title="Open payouts" flush>
      <Loaded read={read} what="the payouts">
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="check" sentence="None: everything that was burnt on this chain has been paid.">
              <Link href={`/n/${place.network}/chains/${place.chain}/transfers`}>To all transfers</Link>
            </Empty>
          ) : (
            <DataTable
              label="Open payouts"
              rows={items}
              keyOf={({ number }) => String(number)}
              columns={payoutColumns(mainAt, threshold)}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

export function FederationPage(): ReactElement {
  const { network = "", chain = "" } = useParams();
  const place = { network, chain };
  const at = `/n/${network}/chains/${chain}`;
  const assets = useAssets(network);
  const read = useRead("chain.federationStatus", { params: place }, { refreshMs: REFRESH_MS });
  const isWithout = read.data === undefined && read.error !== null && errorOf(read.error).code === "NOT_ON_THIS_CHAIN";
  const state = read.data;
  return (
    <Page
      title="Federation"
      crumbs={[
        { label: network, href: `/n/${network}` },
        { label: chain, href: at },
      ]}
      badge={
        state &&
        (state.paused.length === 0 ? <StatusBadge tone="good" word="open" /> : <StatusBadge tone="bad" word="paused" />)
      }
    >
      {isWithout ? (
        <Empty
          icon="swap"
          sentence={`There is no peg on ${chain}: nothing is carried in or out. A chain gets one when it is made, by “federation” in its definition.`}
        >
          <Link href={`/n/${network}/definition`}>See the definition</Link>
        </Empty>
      ) : (
        <Loaded read={read} what="the federation">
          {(found) => (
            <>
              {found.paused.length > 0 && <Pauses paused={found.paused} assets={assets} />}
              <Panel title="Now" actions={<Link href={`${at}/transfers`}>Transfers</Link>}>
                <Facts state={found} assets={assets} />
              </Panel>
              <Panel title="Reserves" note="what the vault holds against what the side chain owes" flush>
                <DataTable
                  label="Reserves"
                  rows={found.assets}
                  keyOf={({ asset }) => asset}
                  columns={reserveColumns(assets, at)}
                />
              </Panel>
              <Members place={place} threshold={found.threshold} />
              <Payouts place={place} threshold={found.threshold} />
            </>
          )}
        </Loaded>
      )}
      <CommandLine command={`bystack federation status --chain ${chain}`} />
    </Page>
  );
}
