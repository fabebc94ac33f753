// Pages of a list by cursor: the way back is remembered, for cursors lead one way.

import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";

export type Cursors = {
  readonly cursor: string | undefined;
  /** What goes into a route's query. */
  readonly query: { readonly cursor?: string };
  readonly isFirst: boolean;
  readonly back: () => void;
  readonly on: (next: string) => void;
};

/** Positions of one list; it begins anew with another component key. */
export function useCursors(): Cursors {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  return {
    cursor,
    query: cursor === undefined ? {} : { cursor },
    isFirst: cursor === undefined,
    back: () => setCursors(cursors.slice(0, -1)),
    on: (next) => setCursors([...cursors, next]),
  };
}

type PagerProps = {
  readonly cursors: Cursors;
  readonly next: string | null;
  /** Of the buttons: what lies behind and before. */
  readonly words?: readonly [back: string, on: string];
};

/** Nothing when there is one page. */
export function Pager({ cursors, next, words = ["Newer", "Older"] }: PagerProps): ReactElement | null {
  if (cursors.isFirst && next === null) return null;
  return (
    <div className="b-pager">
      <Button variant="default" size="xs" disabled={cursors.isFirst} onClick={cursors.back}>
        {words[0]}
      </Button>
      <Button variant="default" size="xs" disabled={next === null} onClick={() => next !== null && cursors.on(next)}>
        {words[1]}
      </Button>
    </div>
  );
}
