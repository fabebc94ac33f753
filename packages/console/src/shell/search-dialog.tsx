// Search over a network: names of chains, nodes, accounts, assets and pages at once; heights, addresses and ids by asking the
// explorers of its chains. Opened by the button in the head or by “/”; the arrows choose, Enter goes.

import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQueries } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactElement, useState } from "react";
import { useLocation } from "wouter";
import { Dialog } from "../parts/dialog.tsx";
import { call } from "../platform/api.ts";
import { useAssets } from "../platform/assets.ts";
import { useNetwork } from "../platform/queries.ts";
import { type Found, isForExplorers, localHits, remoteHit } from "../view/search.ts";

/** Explorers that are asked for one text. */
const CHAINS_ASKED_MAX = 8;
const PAUSE_MS = 250;
const LIST_ID = "b-search-hits";

function useHits(network: string, text: string, isPublic: boolean, chain: string | undefined) {
  const [steady] = useDebouncedValue(text, PAUSE_MS);
  const { data: status } = useNetwork(isPublic ? undefined : network);
  const { list } = useAssets(network);
  const sides = status?.sides.map((side) => side.chain) ?? [];
  const chains = status === undefined ? (chain === undefined ? [] : [chain]) : [status.main.chain, ...sides];
  const isAsked = isForExplorers(steady);
  const remote = useQueries({
    queries: (isAsked ? chains.slice(0, CHAINS_ASKED_MAX) : []).map((name) => ({
      queryKey: ["search", network, name, steady],
      queryFn: async () => {
        const { items } = await call("chain.search", { params: { network, chain: name }, query: { text: steady } });
        return items.map((hit) => remoteHit(hit, name, `/n/${network}/chains/${name}`));
      },
      retry: false,
    })),
    combine: (reads) => ({
      hits: reads.flatMap(({ data }) => data ?? []),
      isAsking: reads.some(({ isFetching }) => isFetching),
      silent: reads.filter(({ isError }) => isError).length,
    }),
  });
  const local = localHits(text, {
    network,
    mainChain: status?.main.chain,
    sides: status === undefined ? chains : sides,
    nodes: status?.nodes.map(({ id }) => id) ?? [],
    accounts: status?.accounts ?? [],
    assets: list,
  });
  return { hits: [...local, ...remote.hits], isAsking: remote.isAsking || steady !== text, silent: remote.silent };
}

type SearchProps = {
  readonly network: string;
  readonly isPublic: boolean;
  readonly chain: string | undefined;
  readonly onClose: () => void;
};

function Search({ network, isPublic, chain, onClose }: SearchProps): ReactElement {
  const [typed, setTyped] = useState("");
  const [place, setPlace] = useState(0);
  const [, go] = useLocation();
  const text = typed.trim();
  const { hits, isAsking, silent } = useHits(network, text, isPublic, chain);
  const chosen = Math.min(place, hits.length - 1);
  const open = (hit: Found | undefined): void => {
    if (hit === undefined) return;
    onClose();
    go(hit.href);
  };
  const move = (event: KeyboardEvent): void => {
    if (event.key === "Enter") open(hits[chosen]);
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    setPlace(Math.max(0, Math.min(hits.length - 1, chosen + (event.key === "ArrowDown" ? 1 : -1))));
  };
  return (
    <div className="b-stack">
      <TextInput
        label="Search"
        description="A height, an address, an id or its first 6 digits; a name of an asset, account, chain, node or page"
        value={typed}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        role="combobox"
        aria-expanded={hits.length > 0}
        aria-controls={LIST_ID}
        aria-activedescendant={hits.length > 0 ? `${LIST_ID}-${chosen}` : undefined}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setPlace(0);
        }}
        onKeyDown={move}
      />
      <div id={LIST_ID} role="listbox" aria-label="Found" className="b-hits">
        {hits.map((hit, i) => (
          <button
            key={hit.key}
            id={`${LIST_ID}-${i}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen}
            className="b-hit"
            onClick={() => open(hit)}
          >
            <span className="b-hit-title">{hit.title}</span>
            <span className="b-dim">{hit.kind}</span>
          </button>
        ))}
      </div>
      <p role="status" className="b-dim">
        {text !== "" && hits.length === 0 && (isAsking ? "Asking the explorers …" : `Nothing is found for ${text}.`)}
        {silent > 0 && ` ${silent} of the explorers did not answer.`}
      </p>
    </div>
  );
}

export function SearchDialog({ isOpen, ...props }: SearchProps & { readonly isOpen: boolean }): ReactElement {
  return (
    <Dialog isOpen={isOpen} onClose={props.onClose} title="Search">
      <Search {...props} />
    </Dialog>
  );
}
