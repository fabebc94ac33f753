// What a search means without asking anybody: names of things in the network and of pages. Pure.

export type Found = { readonly key: string; readonly title: string; readonly kind: string; readonly href: string };

export type SearchSources = {
  readonly network: string;
  readonly mainChain: string | undefined;
  readonly sides: readonly string[];
  readonly nodes: readonly string[];
  readonly accounts: readonly string[];
  readonly assets: readonly { readonly asset: string; readonly id: string }[];
};

/** Hits of each kind: more are found by typing on. */
const HITS_PER_KIND_MAX = 6;
/** Shorter texts would ask the nodes for everything. */
const HEX_DIGITS_MIN = 6;

const PAGES = [
  ["Home", ""],
  ["Nodes", "/nodes"],
  ["Operations", "/operations"],
  ["Definition", "/definition"],
  ["Accounts", "/accounts"],
  ["Transfers", "/transfers"],
  ["Verify", "/verify"],
  ["New side chain", "/new-chain"],
] as const;

/** Those that begin with the text first, then those that have it anywhere. */
function matching<T>(items: readonly T[], nameOf: (item: T) => string, text: string): T[] {
  const wanted = text.toLowerCase();
  const rank = (item: T): number => nameOf(item).toLowerCase().indexOf(wanted);
  return items
    .filter((item) => rank(item) >= 0)
    .sort((a, b) => Number(rank(a) > 0) - Number(rank(b) > 0))
    .slice(0, HITS_PER_KIND_MAX);
}

const itself = (name: string): string => name;

export function localHits(text: string, sources: SearchSources): Found[] {
  const { network, mainChain, sides, nodes, accounts, assets } = sources;
  if (text === "") return [];
  const at = `/n/${network}`;
  const hit = (kind: string, title: string, href: string): Found => ({
    key: `${kind} ${title} ${href}`,
    kind,
    title,
    href,
  });
  // An asset is looked at on the chain where most of what happens to it happens.
  const assetChain = sides[0] ?? mainChain ?? "main";
  return [
    ...matching(sides, itself, text).map((chain) => hit("side chain", chain, `${at}/chains/${chain}`)),
    ...matching(mainChain === undefined ? [] : [mainChain], itself, text).map((chain) =>
      hit("main chain", chain, `${at}/main`),
    ),
    ...matching(assets, ({ asset }) => asset, text).map(({ asset, id }) =>
      hit("asset", asset, `${at}/chains/${assetChain}/assets/${id}`),
    ),
    ...matching(accounts, itself, text).map((account) => hit("account", account, `${at}/accounts`)),
    ...matching(nodes, itself, text).map((node) => hit("node", node, `${at}/nodes/${node}`)),
    ...matching(PAGES, ([title]) => title, text).map(([title, path]) => hit("page", title, `${at}${path}`)),
  ];
}

/** Whether the explorers are asked: for heights, addresses and the first digits of ids. */
export function isForExplorers(text: string): boolean {
  return (
    /^\d+$/.test(text) ||
    (/^[0-9a-f]+$/.test(text) && text.length >= HEX_DIGITS_MIN) ||
    /^[a-z]{2,10}1[02-9ac-hj-np-z]{6,}$/.test(text)
  );
}

export type RemoteHit =
  | { readonly type: "block"; readonly height: number; readonly hash: string }
  | { readonly type: "transaction"; readonly id: string; readonly blockHeight: number | null }
  | { readonly type: "output"; readonly id: string; readonly transaction: string }
  | { readonly type: "address"; readonly address: string | null; readonly program: string; readonly used: boolean }
  | { readonly type: "asset"; readonly id: string };

/** @param at of the chain: `/n/<network>/chains/<chain>` */
export function remoteHit(hit: RemoteHit, chain: string, at: string): Found {
  const kind = `${hit.type} on ${chain}`;
  switch (hit.type) {
    case "block":
      return { key: `${kind} ${hit.hash}`, kind, title: `Block ${hit.height}`, href: `${at}/blocks/${hit.height}` };
    case "transaction":
      return { key: `${kind} ${hit.id}`, kind, title: hit.id, href: `${at}/transactions/${hit.id}` };
    case "output":
      return { key: `${kind} ${hit.id}`, kind, title: hit.id, href: `${at}/transactions/${hit.transaction}` };
    case "address": {
      const name = hit.address ?? hit.program;
      return {
        key: `${kind} ${name}`,
        kind: hit.used ? kind : `${kind}, not used yet`,
        title: name,
        href: `${at}/addresses/${name}`,
      };
    }
    case "asset":
      return { key: `${kind} ${hit.id}`, kind, title: hit.id, href: `${at}/assets/${hit.id}` };
  }
}
