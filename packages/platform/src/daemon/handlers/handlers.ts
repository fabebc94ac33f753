// What the platform answers over HTTP: the handlers of its route table, over the service.

import type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { CallHandlers } from "@bystack/api/route";
import type { PlatformCaller } from "../door.ts";
import { alertHandlers } from "./alerts.ts";
import { backupHandlers } from "./backups.ts";
import { chainHandlers, chainPowerHandlers } from "./chains.ts";
import { moneyHandlers } from "./money.ts";
import { networkHandlers } from "./networks.ts";
import { nodeHandlers } from "./nodes.ts";
import type { HandlerParts } from "./parts.ts";
import { peopleHandlers } from "./people.ts";
import { recordHandlers } from "./records.ts";
import { whyHandlers } from "./why.ts";

export function createPlatformHandlers(parts: HandlerParts): CallHandlers<typeof PLATFORM_ROUTES, PlatformCaller> {
  return {
    ...peopleHandlers(parts),
    ...networkHandlers(parts),
    ...nodeHandlers(parts),
    ...chainHandlers(parts),
    ...chainPowerHandlers(parts),
    ...moneyHandlers(parts),
    ...whyHandlers(parts),
    ...alertHandlers(parts),
    ...recordHandlers(parts),
    ...backupHandlers(parts),
  };
}
