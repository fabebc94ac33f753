// The pages by their address. To add one: its file in pages/, a line here, and where it belongs in the navigation a line in
// navigation.ts. Each page is a file of its own in the build too, fetched when it is opened.

import { type ComponentType, type LazyExoticComponent, lazy } from "react";

type PageFile = Promise<Readonly<Record<string, unknown>>>;

/** @param name of the exported component */
function page(load: () => PageFile, name: string): LazyExoticComponent<ComponentType> {
  return lazy(async () => {
    const found = (await load())[name];
    if (typeof found !== "function") throw new Error(`no page ${name}`);
    return { default: found as ComponentType };
  });
}

export type PageRoute = {
  readonly path: string;
  readonly page: LazyExoticComponent<ComponentType>;
  /** Shown without a sign-in where the network allows it: the explorer's pages. */
  readonly isPublic?: true;
};

const editor = page(() => import("../pages/editor.tsx"), "EditorPage");
const settings = page(() => import("../pages/settings/settings.tsx"), "SettingsPage");

/** An explorer's page of a chain; a network may show these to everybody. */
function explorer(path: string, load: () => PageFile, name: string): PageRoute {
  return { path: `/n/:network/chains/:chain/${path}`, page: page(load, name), isPublic: true };
}

const transfers = page(() => import("../pages/transfers/transfers.tsx"), "TransfersPage");

const EXPLORER_PAGES: readonly PageRoute[] = [
  explorer("explorer", () => import("../pages/explorer/explorer.tsx"), "ExplorerPage"),
  explorer("blocks/:ref", () => import("../pages/explorer/block.tsx"), "BlockPage"),
  explorer("transactions/:id", () => import("../pages/explorer/transaction.tsx"), "TransactionPage"),
  explorer("addresses/:address", () => import("../pages/explorer/address.tsx"), "AddressPage"),
  explorer("assets/:asset", () => import("../pages/explorer/asset.tsx"), "AssetPage"),
];

export const PAGES: readonly PageRoute[] = [
  { path: "/", page: page(() => import("../pages/start.tsx"), "StartPage") },
  { path: "/new", page: editor },
  { path: "/n/:network", page: page(() => import("../pages/home.tsx"), "HomePage") },
  { path: "/n/:network/definition", page: editor },
  { path: "/n/:network/plan", page: page(() => import("../pages/plan.tsx"), "PlanPage") },
  { path: "/n/:network/operations", page: page(() => import("../pages/operations.tsx"), "OperationsPage") },
  { path: "/n/:network/operations/:operation", page: page(() => import("../pages/operation.tsx"), "OperationPage") },
  { path: "/n/:network/main", page: page(() => import("../pages/main-chain.tsx"), "MainChainPage") },
  { path: "/n/:network/chains/:chain", page: page(() => import("../pages/chain.tsx"), "ChainPage") },
  { path: "/n/:network/chains/:chain/consensus", page: page(() => import("../pages/consensus.tsx"), "ConsensusPage") },
  { path: "/n/:network/nodes", page: page(() => import("../pages/nodes.tsx"), "NodesPage") },
  { path: "/n/:network/nodes/:node", page: page(() => import("../pages/node/node.tsx"), "NodePage") },
  ...EXPLORER_PAGES,
  { path: "/n/:network/verify", page: page(() => import("../pages/verify/verify.tsx"), "VerifyPage"), isPublic: true },
  { path: "/n/:network/new-chain", page: page(() => import("../pages/new-chain.tsx"), "NewChainPage") },
  { path: "/n/:network/transfers", page: transfers },
  { path: "/n/:network/chains/:chain/transfers", page: transfers },
  {
    path: "/n/:network/chains/:chain/transfers/:id",
    page: page(() => import("../pages/transfers/transfer.tsx"), "TransferPage"),
  },
  {
    path: "/n/:network/chains/:chain/federation",
    page: page(() => import("../pages/federation.tsx"), "FederationPage"),
  },
  { path: "/n/:network/accounts", page: page(() => import("../pages/accounts/accounts.tsx"), "AccountsPage") },
  { path: "/settings", page: settings },
  { path: "/settings/:part", page: settings },
];
