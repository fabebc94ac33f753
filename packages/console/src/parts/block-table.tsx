// The newest blocks of a chain, as they come.

import type { ReactElement } from "react";
import type { Block } from "../platform/blocks.ts";
import { useNow } from "../platform/time.ts";
import { formatAge, formatBytes, formatCount } from "../view/formats.ts";
import { DataTable } from "./data-table.tsx";
import { Hash } from "./hash.tsx";
import { StatusBadge } from "./status-badge.tsx";

/** Two hexadecimal digits are a byte. */
const HEX_DIGITS = 2;

type BlockTableProps = { readonly blocks: readonly Block[]; readonly showsFinality: boolean };

export function BlockTable({ blocks, showsFinality }: BlockTableProps): ReactElement {
  const nowMs = useNow();
  return (
    <DataTable
      label="Newest blocks"
      rows={blocks}
      keyOf={({ hash }) => hash}
      columns={[
        { name: "Height", cell: ({ height }) => <span className="b-number">{formatCount(height)}</span> },
        { name: "Hash", cell: ({ hash }) => <Hash value={hash} what="block hash" /> },
        { name: "Transactions", cell: ({ transactions }) => formatCount(transactions.length), isNumber: true },
        { name: "Size", cell: ({ raw }) => formatBytes(raw.length / HEX_DIGITS), isNumber: true, isExtra: true },
        ...(showsFinality
          ? [
              {
                name: "State",
                cell: ({ final }: Block) =>
                  final ? <StatusBadge tone="good" word="final" /> : <StatusBadge tone="busy" word="not final" />,
                isExtra: true,
              },
            ]
          : []),
        { name: "Made", cell: ({ timestampMs }) => formatAge(timestampMs, nowMs), isNumber: true },
      ]}
    />
  );
}
