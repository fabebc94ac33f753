// The first page: all networks of this platform. With one network it is that network's home; with none it offers the ways to one.

import { Button } from "@mantine/core";
import type { ReactElement } from "react";
import { Link, Redirect, useLocation } from "wouter";
import { CommandLine } from "../parts/command-line.tsx";
import { DataTable } from "../parts/data-table.tsx";
import type { IconName } from "../parts/icon-paths.ts";
import { Icon } from "../parts/icons.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Loaded } from "../parts/page-states.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import { useRead } from "../platform/queries.ts";
import { useNow } from "../platform/time.ts";
import { formatAge } from "../view/formats.ts";

type Way = {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  /** Null where this release has none. */
  readonly command: string | null;
  readonly href?: string;
};

const WAYS: readonly Way[] = [
  {
    icon: "play",
    title: "Start a network",
    text: "A main chain, a side chain with four validators and the bridge between them, on this machine. It is proven by a real transfer there and back.",
    command: "bystack up",
    href: "/new",
  },
  {
    icon: "link",
    title: "Join a network",
    text: "Somebody else runs one and gives you a bundle: public keys and addresses in a file. This release cannot join one yet.",
    command: null,
  },
  {
    icon: "archive",
    title: "Restore a network",
    text: "From a backup of its nodes, into an empty folder. This release makes no backups yet; a copy of the data folder of a stopped network can be put back.",
    command: null,
  },
];

function Ways(): ReactElement {
  const [, go] = useLocation();
  return (
    <div className="b-ways">
      {WAYS.map(({ icon, title, text, command, href }) => (
        <section key={title} className="b-panel b-way">
          <Icon name={icon} size={22} />
          <h2>{title}</h2>
          <p className="b-dim">{text}</p>
          {href !== undefined && <Button onClick={() => go(href)}>{title}</Button>}
          {command === null ? <StatusBadge tone="idle" word="not yet" /> : <CommandLine command={command} />}
        </section>
      ))}
    </div>
  );
}

export function StartPage(): ReactElement {
  const read = useRead("networks");
  const nowMs = useNow();
  const items = read.data?.items ?? [];
  const [only] = items;
  if (items.length === 1 && only !== undefined) return <Redirect to={`/n/${only.name}`} replace />;
  return (
    <Page title={items.length === 0 ? "Welcome" : "Networks"}>
      <Loaded read={read} what="the networks">
        {({ items }) =>
          items.length === 0 ? (
            <>
              <p className="b-lead">There is no network on this platform yet. There are three ways to one.</p>
              <Ways />
            </>
          ) : (
            <Panel title="On this platform" flush>
              <DataTable
                label="Networks"
                rows={items}
                keyOf={({ name }) => name}
                columns={[
                  { name: "Network", cell: ({ name }) => <Link href={`/n/${name}`}>{name}</Link> },
                  {
                    name: "Shall",
                    cell: ({ desired }) =>
                      desired === "running" ? (
                        <StatusBadge tone="good" word="run" />
                      ) : (
                        <StatusBadge tone="idle" word="be stopped" />
                      ),
                  },
                  { name: "Revision", cell: ({ revision }) => revision, isNumber: true },
                  { name: "Changed", cell: ({ changedAtMs }) => formatAge(changedAtMs, nowMs), isExtra: true },
                ]}
              />
            </Panel>
          )
        }
      </Loaded>
    </Page>
  );
}
