// The routes of "why": what is wrong, causes first, with what to do; of a network, a chain, a node, a transaction.

import { route } from "../route.ts";
import * as s from "../schemas.ts";
import { whyReport } from "../why-schema.ts";
import { CHAIN, NETWORK, NODE } from "./parts.ts";

const asked = { method: "GET", reply: whyReport, access: { role: "a" } } as const;

export const WHY_ROUTES = {
  whyNetwork: route({
    ...asked,
    path: "/v1/networks/:network/why",
    summary: "What is wrong with a network: all of its chains, nodes and crossings.",
    params: NETWORK,
  }),
  whyChain: route({
    ...asked,
    path: "/v1/networks/:network/chains/:chain/why",
    summary: "What is wrong with one chain.",
    params: CHAIN,
    errors: ["CHAIN_NOT_FOUND"],
  }),
  whyNode: route({
    ...asked,
    path: "/v1/networks/:network/nodes/:node/why",
    summary: "What is wrong with one node.",
    params: NODE,
    errors: ["NODE_NOT_FOUND"],
  }),
  whyTransaction: route({
    ...asked,
    path: "/v1/networks/:network/transactions/:id/why",
    summary: "Why a transaction, or the crossing that it begins, is not done.",
    params: NETWORK.extend({ id: s.hash }),
  }),
} as const;
