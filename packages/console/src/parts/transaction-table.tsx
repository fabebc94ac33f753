// Transactions in a list: each in a sentence, with its place, fee and age.

import type { ReactElement } from "react";
import { Link } from "wouter";
import type { Reply } from "../platform/api.ts";
import type { Assets } from "../platform/assets.ts";
import { useNow } from "../platform/time.ts";
import { BTM_ID } from "../view/assets.ts";
import { lineOf } from "../view/explorer.ts";
import { formatAge, formatCount } from "../view/formats.ts";
import { type Column, VirtualTable } from "./data-table.tsx";
import { Hash } from "./hash.tsx";
import { StatusBadge } from "./status-badge.tsx";
import { Value } from "./value.tsx";

export type ListedTransaction = Reply<"chain.transactions">["items"][number];

type TableProps = {
  readonly label: string;
  /** `/n/<network>/chains/<chain>`. */
  readonly at: string;
  readonly assets: Assets;
  readonly rows: readonly ListedTransaction[];
  /** All of one block: its height is not repeated. */
  readonly isOneBlock?: boolean;
};

export function TransactionTable({ label, at, assets, rows, isOneBlock = false }: TableProps): ReactElement {
  const nowMs = useNow();
  const place: readonly Column<ListedTransaction>[] = [
    {
      name: "Block",
      cell: ({ blockHeight }) =>
        blockHeight === null ? (
          <span className="b-dim">waits</span>
        ) : (
          <Link href={`${at}/blocks/${blockHeight}`}>{formatCount(blockHeight)}</Link>
        ),
      isNumber: true,
      width: "7rem",
    },
    {
      name: "When",
      cell: ({ timestampMs }) => (timestampMs === null ? "–" : formatAge(timestampMs, nowMs)),
      isNumber: true,
      isExtra: true,
      width: "9rem",
    },
  ];
  const columns: readonly Column<ListedTransaction>[] = [
    {
      name: "What",
      cell: ({ id, what, gasOnly }) => (
        <span className="b-sentence">
          {gasOnly && <StatusBadge tone="bad" word="failed" />}
          <Link href={`${at}/transactions/${id}`}>{lineOf(what, assets.list)}</Link>
        </span>
      ),
    },
    { name: "Id", cell: ({ id }) => <Hash value={id} what="transaction id" />, isExtra: true, width: "11rem" },
    ...(isOneBlock ? [] : place),
    {
      name: "Fee",
      cell: ({ fee }) => <Value assets={assets} asset={BTM_ID} amount={fee} />,
      isNumber: true,
      isExtra: true,
      width: "10rem",
    },
  ];
  return <VirtualTable label={label} rows={rows} keyOf={({ id }) => id} columns={columns} />;
}
