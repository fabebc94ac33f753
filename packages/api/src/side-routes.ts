// All routes of a side node, in one table for its server and for every client of it.

import { ELECTION_ROUTES } from "./election-routes.ts";
import { EXPLORER_ROUTES } from "./explorer-routes.ts";
import { FEDERATION_ROUTES } from "./federation-routes.ts";
import { NODE_ROUTES } from "./node-routes.ts";

export const SIDE_ROUTES = { ...NODE_ROUTES, ...EXPLORER_ROUTES, ...FEDERATION_ROUTES, ...ELECTION_ROUTES } as const;
