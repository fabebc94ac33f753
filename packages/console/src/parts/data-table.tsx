// Tables. Short ones are plain; long ones (`VirtualTable`) draw only the rows in view and say to screen readers how many there
// are. On a narrow screen columns that are marked as extra go, and a row's first column stays its name.

import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactElement, type ReactNode, useRef } from "react";
import { ScrollBox } from "./scroll-box.tsx";

export type Column<T> = {
  readonly name: string;
  readonly cell: (row: T) => ReactNode;
  /** Figures: right-aligned, of equal width. */
  readonly isNumber?: boolean;
  /** Left out below 700 px. */
  readonly isExtra?: boolean;
  /** Buttons: its name is there for screen readers alone. */
  readonly isAction?: boolean;
  /** CSS width of the column in a virtual table; the first one takes what is left by default. */
  readonly width?: string;
};

type TableProps<T> = {
  /** What the table holds, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
};

function classOf<T>({ isNumber, isExtra }: Column<T>): string {
  return `${isNumber === true ? "b-number" : ""} ${isExtra === true ? "b-extra" : ""}`.trim();
}

function Heading<T>({ column: { name, isAction } }: { readonly column: Column<T> }): ReactNode {
  return isAction === true ? <span className="b-unseen">{name}</span> : name;
}

export function DataTable<T>({ label, columns, rows, keyOf }: TableProps<T>): ReactElement {
  return (
    <ScrollBox label={label}>
      <table className="b-table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" className={classOf(column)}>
                <Heading column={column} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, i) =>
                i === 0 ? (
                  <th key={column.name} scope="row" className={classOf(column)}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.name} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

const ROW_PX = 38;
/** Rows drawn beyond the edges, so that scrolling shows no gap. */
const OVERSCAN = 8;
/** Height of the window on a long table. */
const WINDOW_CSS = "min(70vh, 44rem)";

/** The same for any number of rows. Below {@link PLAIN_ROWS} it is a plain table. */
export function VirtualTable<T>(props: TableProps<T>): ReactElement {
  return props.rows.length <= PLAIN_ROWS ? <DataTable {...props} /> : <WindowedTable {...props} />;
}

/** Rows that are drawn without a window: a screen or two. */
export const PLAIN_ROWS = 60;

/** Rows that are not drawn, as high as they would be. */
function Gap({ height, columns }: { readonly height: number; readonly columns: number }): ReactElement {
  return (
    <tr>
      <td colSpan={columns} className="b-gap" style={{ height }} />
    </tr>
  );
}

function WindowedTable<T>({ label, columns, rows, keyOf }: TableProps<T>): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : keyOf(row);
    },
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <section
      ref={box}
      className="b-table-box b-table-window"
      style={{ maxHeight: WINDOW_CSS }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (axe: scrollable-region-focusable)
      tabIndex={0}
      aria-label={label}
    >
      <table className="b-table" aria-label={label} aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th key={column.name} scope="col" className={classOf(column)} style={{ width: column.width }}>
                <Heading column={column} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Gap height={before} columns={columns.length} />}
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <tr key={item.key} aria-rowindex={item.index + 2} style={{ height: ROW_PX }}>
                {columns.map((column, i) =>
                  i === 0 ? (
                    <th key={column.name} scope="row" className={classOf(column)}>
                      {column.cell(row)}
                    </th>
                  ) : (
                    <td key={column.name} className={classOf(column)}>
                      {column.cell(row)}
                    </td>
                  ),
                )}
              </tr>
            );
          })}
          {after > 0 && <Gap height={after} columns={columns.length} />}
        </tbody>
      </table>
    </section>
  );
}
