// The routes of the platform (platform.md section 4), in one table for its server and for every client of it. Each says the
// least role that it needs; `:network` says in which network.

import { ALERT_ROUTES } from "./alert-routes.ts";
import { BACKUP_ROUTES } from "./backup-routes.ts";
import { CHAIN_POWER_ROUTES } from "./chain-power-routes.ts";
import { CHAIN_ROUTES } from "./chain-routes.ts";
import { MONEY_ROUTES } from "./money-routes.ts";
import { NETWORK_ROUTES } from "./network-routes.ts";
import { PLATFORM_NODE_ROUTES } from "./node-routes.ts";
import { OPERATION_ROUTES } from "./operation-routes.ts";
import { PEOPLE_ROUTES } from "./people-routes.ts";
import { RECORD_ROUTES } from "./record-routes.ts";
import { WHY_ROUTES } from "./why-routes.ts";

export const PLATFORM_ROUTES = {
  ...PEOPLE_ROUTES,
  ...NETWORK_ROUTES,
  ...PLATFORM_NODE_ROUTES,
  ...CHAIN_POWER_ROUTES,
  ...CHAIN_ROUTES,
  ...MONEY_ROUTES,
  ...OPERATION_ROUTES,
  ...WHY_ROUTES,
  ...ALERT_ROUTES,
  ...RECORD_ROUTES,
  ...BACKUP_ROUTES,
} as const;
