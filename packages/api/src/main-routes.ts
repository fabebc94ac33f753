// All routes of a main-chain node, in one table for its server and for every client of it.

import { EXPLORER_ROUTES } from "./explorer-routes.ts";
import { NODE_ROUTES } from "./node-routes.ts";

export const MAIN_ROUTES = { ...NODE_ROUTES, ...EXPLORER_ROUTES } as const;
