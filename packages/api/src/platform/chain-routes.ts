// What chain nodes answer, asked for through the platform: the same routes below a network and a chain, with the role that each
// needs. The platform passes them on to a ready node, observers first.

import type { z } from "zod";
import { ELECTION_ROUTES } from "../election-routes.ts";
import { EXPLORER_ROUTES } from "../explorer-routes.ts";
import { FEDERATION_ROUTES } from "../federation-routes.ts";
import { NODE_ROUTES } from "../node-routes.ts";
import type { Role } from "../role.ts";
import type { Route, RouteTable } from "../route.ts";
import { CHAIN } from "./parts.ts";

type ChainShape = typeof CHAIN.shape;

type OfChain<R extends Route> = Route<
  z.ZodObject<R["params"]["shape"] & ChainShape, z.core.$strict>,
  R["query"],
  R["body"],
  R["reply"],
  R["kind"]
>;

/** Routes of nodes by the names that they have below a chain. */
type OfChains<T extends RouteTable, K extends keyof T & string> = {
  readonly [P in K as `chain.${P}`]: OfChain<T[P]>;
};

export const CHAIN_PREFIX = "/v1/networks/:network/chains/:chain";

function ofChain(route: Route, role: Role): Route {
  return {
    ...route,
    params: CHAIN.extend(route.params.shape),
    path: `${CHAIN_PREFIX}${route.path.slice("/v1".length)}`,
    errors: [...route.errors, "CHAIN_NOT_FOUND", "CHAIN_SILENT"],
    access: { role },
  };
}

function ofChains<T extends RouteTable, K extends keyof T & string>(
  routes: T,
  roles: Readonly<Record<K, Role>>,
): OfChains<T, K> {
  const entries = Object.entries<Role>(roles).map(([id, role]) => [`chain.${id}`, ofChain(routes[id] as Route, role)]);
  return Object.fromEntries(entries) as OfChains<T, K>;
}

/** Who may see the chain may see its blocks, transactions, assets and reserves; how it is run is for auditors. */
export const CHAIN_ROUTES = {
  ...ofChains(NODE_ROUTES, {
    info: "p",
    spec: "p",
    consensus: "a",
    main: "p",
    block: "p",
    finality: "p",
    transaction: "p",
    proof: "p",
    submit: "d",
    outputs: "p",
    output: "p",
    address: "p",
    mempool: "p",
  }),
  ...ofChains(EXPLORER_ROUTES, {
    explorer: "p",
    blocks: "p",
    blockTransactions: "p",
    transactions: "p",
    transactionDetails: "p",
    addressSummary: "p",
    addressTransactions: "p",
    assets: "p",
    asset: "p",
    assetHolders: "p",
    mempoolTransactions: "p",
    search: "p",
  }),
  ...ofChains(FEDERATION_ROUTES, {
    federationStatus: "p",
    federationAddress: "p",
    announce: "d",
    deposits: "p",
    deposit: "p",
    requests: "p",
    request: "p",
    payouts: "p",
    payout: "p",
    reserves: "p",
    members: "a",
  }),
  ...ofChains(ELECTION_ROUTES, {
    elections: "p",
    candidates: "p",
    candidate: "p",
    committee: "p",
  }),
} as const;

/** The name of a node's route below a chain, and back. */
export function nodeRouteOf(id: string): string | undefined {
  return id.startsWith("chain.") ? id.slice("chain.".length) : undefined;
}
