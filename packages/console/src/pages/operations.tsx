// What was and is being done to a network, newest first.

import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { CommandLine } from "../parts/command-line.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Empty, Loaded } from "../parts/page-states.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import type { Reply } from "../platform/api.ts";
import { useNames } from "../platform/me.ts";
import { useRead } from "../platform/queries.ts";
import { useNow } from "../platform/time.ts";
import { formatAge, formatDuration } from "../view/formats.ts";
import { operationStatus } from "../view/status.ts";

type Operation = Reply<"operation">;
const PAGE_ROWS = 50;

function tookText({ startedAtMs, endedAtMs }: Operation, nowMs: number): string {
  return startedAtMs === null ? "–" : formatDuration((endedAtMs ?? nowMs) - startedAtMs);
}

type Names = (actorId: string) => string;

function columnsOf(at: string, nowMs: number, nameOf: Names): readonly Column<Operation>[] {
  return [
    {
      name: "Operation",
      cell: ({ id, title }) => (
        <Link href={`${at}/operations/${Number(id)}`}>
          {Number(id)} · {title}
        </Link>
      ),
    },
    { name: "State", cell: (operation) => <StatusBadge {...operationStatus(operation)} /> },
    { name: "By", cell: ({ actorId }) => nameOf(actorId), isExtra: true },
    { name: "Begun", cell: ({ createdAtMs }) => formatAge(createdAtMs, nowMs), isExtra: true },
    { name: "Took", cell: (operation) => tookText(operation, nowMs), isNumber: true },
  ];
}

export function OperationsPage(): ReactElement {
  const { network = "" } = useParams();
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const read = useRead("operations", {
    params: { network },
    query: { limit: PAGE_ROWS, ...(cursor !== undefined && { cursor }) },
  });
  const nowMs = useNow();
  const nameOf = useNames();
  const [, go] = useLocation();
  const at = `/n/${network}`;
  return (
    <Page title="Operations" crumbs={[{ label: network, href: at }]}>
      <Loaded read={read} what="the operations">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty
              icon="list"
              sentence="Nothing has been done to this network yet. Every change of its definition becomes an operation with steps that you can follow here."
            >
              <Button onClick={() => go(`${at}/definition`)}>Change the definition</Button>
            </Empty>
          ) : (
            <Panel title="Newest first" flush>
              <DataTable
                label="Operations"
                rows={items}
                keyOf={({ id }) => id}
                columns={columnsOf(at, nowMs, nameOf)}
              />
              {(cursors.length > 0 || next !== null) && (
                <div className="b-pager">
                  <Button
                    variant="default"
                    size="xs"
                    disabled={cursors.length === 0}
                    onClick={() => setCursors(cursors.slice(0, -1))}
                  >
                    Newer
                  </Button>
                  <Button
                    variant="default"
                    size="xs"
                    disabled={next === null}
                    onClick={() => next !== null && setCursors([...cursors, next])}
                  >
                    Older
                  </Button>
                </div>
              )}
            </Panel>
          )
        }
      </Loaded>
      <CommandLine command="bystack operation list" />
    </Page>
  );
}
