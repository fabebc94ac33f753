// Who did what and who was refused, newest first, with whether the lines follow from each other.

import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Hash } from "../../parts/hash.tsx";
import { Panel } from "../../parts/page.tsx";
import { Empty, Failed, Loaded } from "../../parts/page-states.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { client, type Reply } from "../../platform/api.ts";
import { useNames } from "../../platform/me.ts";
import { useRead } from "../../platform/queries.ts";
import { checkLinks, outcomeStatus } from "../../view/audit.ts";
import { counted, formatCount, formatTime } from "../../view/formats.ts";

type Row = Reply<"audit">["items"][number];
const PAGE_ROWS = 50;

const columnsOf = (nameOf: (actorId: string) => string): readonly Column<Row>[] => [
  { name: "Line", cell: ({ seq }) => formatCount(seq) },
  { name: "When", cell: ({ atMs }) => formatTime(atMs), isExtra: true },
  { name: "Who", cell: ({ actorId, via }) => (via === "local" ? nameOf(actorId) : `${nameOf(actorId)} (${via})`) },
  { name: "What", cell: ({ route, target }) => (target === "" ? route : `${route} ${target}`) },
  { name: "Outcome", cell: ({ outcome }) => <StatusBadge {...outcomeStatus(outcome)} /> },
];

type VerdictProps = { readonly rows: readonly Row[]; readonly head: Reply<"auditHead"> | undefined };

function Verdict({ rows, head }: VerdictProps): ReactElement {
  const verdict = checkLinks(rows, head);
  const save = useMutation({ mutationFn: saveExport });
  return (
    <Panel
      title="Is it whole?"
      actions={
        <Button size="xs" variant="default" loading={save.isPending} onClick={() => save.mutate()}>
          Export all of it
        </Button>
      }
    >
      <div className="b-prose">
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
          )}
        </p>
        {head !== undefined && (
          <p>
            The newest line is {formatCount(head.seq)} with the hash{" "}
            <Hash value={head.hash} what="hash of the newest line" />
          </p>
        )}
        <p className="b-dim">
          Each line carries the hash of the line before it (SHA3-256). Whoever keeps the newest hash elsewhere sees
          later whether a line was changed, left out or cut off; an export has all that such a check needs.
        </p>
        {save.error !== null && <Failed error={save.error} />}
      </div>
    </Panel>
  );
}

/** All lines, oldest first, one JSON text a line. */
async function saveExport(): Promise<void> {
  const lines: string[] = [];
  for await (const row of await client.stream("exportAudit")) lines.push(`${JSON.stringify(row)}\n`);
  const url = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "bystack-audit.ndjson";
  link.click();
  URL.revokeObjectURL(url);
}

export function Audit(): ReactElement {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const nameOf = useNames();
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
              <DataTable label="Audit log" rows={items} keyOf={({ seq }) => String(seq)} columns={columnsOf(nameOf)} />
            )}
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
        </>
      )}
    </Loaded>
  );
}
