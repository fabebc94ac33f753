// What the explorer's pages have in common: crumbs, the state of the index, and what to do when there is none.

import type { ReactElement, ReactNode } from "react";
import { errorOf, type Reply } from "../platform/api.ts";
import { REFRESH_MS, type Read, useRead } from "../platform/queries.ts";
import { explorerAdvice, indexSentence } from "../view/explorer.ts";
import { Advice, CommandLine } from "./command-line.tsx";
import { Icon } from "./icons.tsx";
import type { Crumb } from "./page.tsx";
import { Empty, Loaded } from "./page-states.tsx";

export type ExplorerPlace = { readonly network: string; readonly chain: string };

export function placePath({ network, chain }: ExplorerPlace): string {
  return `/n/${network}/chains/${chain}`;
}

/** Network, chain's explorer. */
export function explorerCrumbs(place: ExplorerPlace, isInner = true): Crumb[] {
  const { network, chain } = place;
  const first = { label: network, href: `/n/${network}` };
  return isInner ? [first, { label: `Explorer of ${chain}`, href: `${placePath(place)}/explorer` }] : [first];
}

export function useIndexState({ network, chain }: ExplorerPlace): Read<Reply<"chain.explorer">> {
  return useRead("chain.explorer", { params: { network, chain } }, { refreshMs: REFRESH_MS });
}

/** Nothing while the index is where its chain is. */
export function IndexNote({ place }: { readonly place: ExplorerPlace }): ReactElement | null {
  const { data } = useIndexState(place);
  const sentence = data === undefined ? null : indexSentence(data);
  if (sentence === null) return null;
  return (
    <div className="b-note" role="status">
      <Icon name="warn" />
      <p>
        <Advice text={sentence} />
      </p>
    </div>
  );
}

type FrameProps<T> = {
  readonly place: ExplorerPlace;
  readonly read: Read<T>;
  readonly what: string;
  readonly children: (data: T) => ReactNode;
};

/** As `Loaded`, with the explorer's own errors explained. */
export function ExplorerLoaded<T>({ place, read, what, children }: FrameProps<T>): ReactElement {
  const advice = read.data === undefined && read.error !== null ? adviceOf(read.error, place) : null;
  if (advice !== null)
    return (
      <Empty icon="search" sentence={advice}>
        <CommandLine command={`bystack status`} label={null} />
      </Empty>
    );
  return (
    <Loaded read={read} what={what}>
      {children}
    </Loaded>
  );
}

function adviceOf(error: unknown, { chain }: ExplorerPlace): string | null {
  return explorerAdvice(errorOf(error).code, chain);
}
