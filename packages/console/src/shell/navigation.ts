// What the navigation on the left offers, group by group. Pure: the same list for the sidebar and for the drawer of narrow screens.

import type { IconName } from "../parts/icon-paths.ts";
import type { Tone } from "../view/status.ts";

export type NavItem = {
  readonly label: string;
  readonly href: string;
  readonly icon: IconName;
  /** Of what stands behind it; shown only when it is not good. */
  readonly status?: { readonly tone: Tone; readonly word: string } | undefined;
};
export type NavGroup = { readonly title: string | null; readonly items: readonly NavItem[] };

export type NavInput = {
  readonly network: string | undefined;
  readonly chains: readonly {
    readonly chain: string;
    readonly status: { readonly tone: Tone; readonly word: string };
  }[];
  /** Nobody is signed in: what everybody may see, of one chain. */
  readonly isPublic?: boolean;
  readonly publicChain?: string | undefined;
  readonly main: { readonly chain: string; readonly status: NavItem["status"] } | undefined;
};

/** Side chains that are listed by name; more of them are behind one line. */
const CHAINS_LISTED_MAX = 8;

function publicPages(network: string, chain: string | undefined): NavGroup[] {
  const verify: NavItem = { label: "Verify", href: `/n/${network}/verify`, icon: "shield" };
  if (chain === undefined) return [{ title: null, items: [verify] }];
  const explorer: NavItem = { label: "Explorer", href: `/n/${network}/chains/${chain}/explorer`, icon: "search" };
  return [{ title: null, items: [explorer, verify] }];
}

/** The pages of one network, then those of the platform. */
export function navigationOf({ network, chains, main, isPublic, publicChain }: NavInput): NavGroup[] {
  if (isPublic === true) return network === undefined ? [] : publicPages(network, publicChain);
  const platform: NavGroup = {
    title: "Platform",
    items: [{ label: "Settings", href: "/settings", icon: "gear" }],
  };
  if (network === undefined)
    return [{ title: null, items: [{ label: "Networks", href: "/", icon: "home" }] }, platform];
  const at = `/n/${network}`;
  const listed = chains.slice(0, CHAINS_LISTED_MAX);
  const sides: NavItem[] = listed.map(({ chain, status }) => ({
    label: chain,
    href: `${at}/chains/${chain}`,
    icon: "chain",
    status,
  }));
  if (chains.length > listed.length) sides.push({ label: `All ${chains.length} side chains`, href: at, icon: "list" });
  return [
    {
      title: null,
      items: [
        { label: "Home", href: at, icon: "home" },
        { label: "Nodes", href: `${at}/nodes`, icon: "node" },
        { label: "Operations", href: `${at}/operations`, icon: "list" },
        { label: "Definition", href: `${at}/definition`, icon: "file" },
      ],
    },
    {
      title: "Value",
      items: [
        { label: "Accounts", href: `${at}/accounts`, icon: "wallet" },
        { label: "Transfers", href: `${at}/transfers`, icon: "swap" },
        {
          label: "Explorer",
          href: `${at}/chains/${listed[0]?.chain ?? main?.chain ?? "main"}/explorer`,
          icon: "search",
        },
        { label: "Verify", href: `${at}/verify`, icon: "shield" },
      ],
    },
    {
      title: "Chains",
      items: [{ label: main?.chain ?? "Main chain", href: `${at}/main`, icon: "pick", status: main?.status }, ...sides],
    },
    platform,
  ];
}
