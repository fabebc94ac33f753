// The routes that stop, start, archive and delete a side chain.

import { z } from "zod";
import { route } from "../route.ts";
import { operation } from "./operation-routes.ts";
import { CHAIN, name } from "./parts.ts";

const begun = { status: 202, reply: operation, params: CHAIN } as const;
const ERRORS = ["CHAIN_NOT_FOUND", "OPERATIONS_BUSY"] as const;

export const CHAIN_POWER_ROUTES = {
  startChain: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/chains/:chain/start",
    summary: "Begins to start a side chain that was stopped or archived.",
    errors: ERRORS,
    access: { role: "o" },
  }),
  stopChain: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/chains/:chain/stop",
    summary: "Begins to stop a side chain: nothing on it becomes final until it is started again.",
    errors: ERRORS,
    access: { role: "o", isStepUp: true },
  }),
  archiveChain: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/chains/:chain/archive",
    summary: "Begins to stop a side chain for good. For seven days it can be started again; then it may be deleted.",
    errors: ERRORS,
    access: { role: "w", isStepUp: true },
  }),
  deleteChain: route({
    ...begun,
    method: "POST",
    path: "/v1/networks/:network/chains/:chain/delete",
    summary: "Begins to remove an archived side chain with its keys, and what its vault still holds, for good.",
    body: z.strictObject({ confirm: name }),
    errors: [...ERRORS, "CHAIN_KEPT", "CONFIRMATION_WRONG", "DEFINITION_INVALID", "DEFINITION_NOT_EDITABLE"],
    access: { role: "w", isStepUp: true },
  }),
} as const;
