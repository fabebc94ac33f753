// Who did what and who was refused, newest first, with whether the lines follow from each other.

import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { CommandLine } from "../../parts/command-line.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Hash } from "../../parts/hash.tsx";
import { Panel } from "../../parts/page.tsx";
import { Empty, Loaded } from "../../parts/page-states.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import type { Reply } from "../../platform/api.ts";
import { useRead } from "../../platform/queries.ts";
import { checkLinks, outcomeStatus } from "../../view/audit.ts";
import { counted, formatCount, formatTime } from "../../view/formats.ts";

type Row = Reply<"audit">["items"][number];
const PAGE_ROWS = 50;

const COLUMNS: readonly Column<Row>[] = [
  { name: "Line", cell: ({ seq }) => formatCount(seq) },
  { name: "When", cell: ({ atMs }) => formatTime(atMs), isExtra: true },
  { name: "Who", cell: ({ actorId, via }) => `${actorId} (${via})` },
  { name: "What", cell: ({ route, target }) => (target === "" ? route : `${route} ${target}`) },
  { name: "Outcome", cell: ({ outcome }) => <StatusBadge {...outcomeStatus(outcome)} /> },
];

function Verdict({
  rows,
  head,
}: {
  readonly rows: readonly Row[];
  readonly head: Reply<"auditHead"> | undefined;
}): ReactElement {
  const verdict = checkLinks(rows, head);
  return (
    <Panel title="Is it whole?">
      <div className="b-stack">
        <p>
          {verdict.isWhole ? (
            <>
              <StatusBadge tone="good" word="follows" /> {counted(verdict.lines, "line")} of this page follow from each
              other.
            </>
          ) : (
            <>
              <StatusBadge tone="bad" word="broken" /> At line {formatCount(verdict.seq)}: {verdict.why}.
            </>
          )}{" "}
          {head !== undefined && (
            <>
              The newest line is {formatCount(head.seq)}, <Hash value={head.hash} what="hash of the newest line" />.
              Keep it somewhere else, and nobody can shorten the log unseen.
            </>
          )}
        </p>
        <CommandLine
          label="Check every hash, without this platform"
          command="bystack audit export | bystack audit verify"
        />
      </div>
    </Panel>
  );
}

export function Audit(): ReactElement {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const head = useRead("auditHead");
  const read = useRead("audit", { query: { limit: PAGE_ROWS, ...(cursor !== undefined && { cursor }) } });
  return (
    <Loaded read={read} what="the audit log">
      {({ items, next }) => (
        <>
          <Verdict rows={items} head={head.data} />
          <Panel title="Newest first" flush>
            {items.length === 0 ? (
              <Empty
                icon="shield"
                sentence="Nothing has been done yet. Every change and every refusal will stand here for good."
              />
            ) : (
              <DataTable label="Audit log" rows={items} keyOf={({ seq }) => String(seq)} columns={COLUMNS} />
            )}
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
          </Panel>
        </>
      )}
    </Loaded>
  );
}
