// Handlers of networks and operations.

import type { NETWORK_ROUTES } from "@bystack/api/platform/network-routes";
import type { OPERATION_ROUTES } from "@bystack/api/platform/operation-routes";
import type { CallHandlers } from "@bystack/api/route";
import { DEV_DEFINITION, DEV_ELECTIONS_DEFINITION } from "../../definition/dev.ts";
import { parseDefinition } from "../../definition/parse.ts";
import { platformError } from "../../errors.ts";
import { START, STOP } from "../../operation/power.ts";
import type { Operation } from "../../operation/record.ts";
import { isFresh } from "../../people/context.ts";
import { isAllowed, roleIn } from "../../people/roles.ts";
import type { Plan } from "../../plan/plan.ts";
import { LIST_ROWS_MAX } from "../../store/store.ts";
import type { PlatformCaller } from "../door.ts";
import type { Platform } from "../platform.ts";
import { actorOf, type HandlerParts, lineOf, shown } from "./parts.ts";

type Handlers = CallHandlers<typeof NETWORK_ROUTES & typeof OPERATION_ROUTES, PlatformCaller>;

/** Pages of all operations that one page of a network's is looked for in. */
const PAGES_LOOKED_AT_MAX = 20;

const PRESETS = { dev: DEV_DEFINITION, "dev-elections": DEV_ELECTIONS_DEFINITION } as const;

/** @throws BystackError NETWORK_NAME_DIFFERS: what somebody may in one network is not said of another */
async function planFor(platform: Platform, network: string, definition: string): Promise<Plan> {
  const named = parseDefinition(definition, "the definition").network;
  if (named !== network) throw platformError("NETWORK_NAME_DIFFERS", { why: `it is of ${named}, not of ${network}` });
  return platform.plan(definition);
}

/** @throws BystackError STEP_UP_NEEDED for what may stop a chain or lose data */
function assertFresh({ actions }: Plan, { call }: PlatformCaller, now: () => number): void {
  const isGrave = actions.some(({ risk }) => risk === "halt" || risk === "loss");
  if (isGrave && !isFresh(call.actor, now())) throw platformError("STEP_UP_NEEDED");
}

async function operationOf(platform: Platform, network: string, id: string): Promise<Operation> {
  const operation = await platform.journal.get(id.padStart(ID_DIGITS, "0"));
  if (operation.network !== network) throw platformError("OPERATION_NOT_FOUND", { why: id });
  return operation;
}

/** People leave out the zeros that sort them. */
const ID_DIGITS = 16;

async function operationsOf(platform: Platform, network: string, page: { limit: number; cursor: string | undefined }) {
  const found: Operation[] = [];
  let after = page.cursor;
  for (let pages = 0; pages < PAGES_LOOKED_AT_MAX; pages += 1) {
    const rows = await platform.journal.list({ limit: LIST_ROWS_MAX, after });
    for (const row of rows) {
      if (row.network === network) found.push(row);
      if (found.length === page.limit) return { items: found.map(shown), next: row.id };
    }
    after = rows.at(-1)?.id;
    if (rows.length < LIST_ROWS_MAX) return { items: found.map(shown), next: null };
  }
  return { items: found.map(shown), next: after ?? null };
}

export function networkHandlers({ platform, now }: HandlerParts): Handlers {
  const { journal } = platform;
  return {
    networks: async (_, { caller }) => {
      const { roles } = caller.call.actor;
      const rows = (await platform.rows()).filter(
        ({ name }) => platform.isPublic(name) || isAllowed(roleIn(roles, name), "a"),
      );
      return { items: rows.map(({ definition: _definition, ...row }) => row) };
    },
    network: async ({ params }) => platform.watch.latest(params.network) ?? (await platform.status(params.network)),
    samples: ({ params, query }) => ({
      items: platform.watch.samples(params.network).filter((_, i, all) => (all.length - 1 - i) % query.every === 0),
    }),
    definition: async ({ params }) => {
      const applied = await platform.applied(params.network);
      if (applied === undefined) throw platformError("NETWORK_NOT_FOUND", { why: params.network });
      return { definition: applied.definition, revision: applied.revision };
    },
    preset: ({ params }) => ({ definition: PRESETS[params.preset] }),
    plan: ({ params, body }) => planFor(platform, params.network, body.definition),
    apply: async ({ params, body }, { caller }) => {
      assertFresh(await planFor(platform, params.network, body.definition), caller, now);
      const line = lineOf(caller, "apply", params.network);
      return shown(await platform.apply(body.definition, body.planHash, actorOf(caller), line));
    },
    startNetwork: async ({ params }, { caller }) => {
      const line = lineOf(caller, "startNetwork", params.network);
      return shown(await platform.power(params.network, START, actorOf(caller), line));
    },
    stopNetwork: async ({ params }, { caller }) => {
      const line = lineOf(caller, "stopNetwork", params.network);
      return shown(await platform.power(params.network, STOP, actorOf(caller), line));
    },
    removeNetwork: async ({ params }, { caller }) => {
      const line = lineOf(caller, "removeNetwork", params.network);
      return shown(await platform.remove(params.network, actorOf(caller), line));
    },
    operations: ({ params, query }) =>
      operationsOf(platform, params.network, { limit: query.limit, cursor: query.cursor }),
    operation: async ({ params }) => shown(await operationOf(platform, params.network, params.operation)),
    cancelOperation: async ({ params }, { caller }) => {
      const { id } = await operationOf(platform, params.network, params.operation);
      return shown(await journal.cancel(id, lineOf(caller, "cancelOperation", `${params.network}/${Number(id)}`)));
    },
    resumeOperation: async ({ params }, { caller }) => {
      const { id } = await operationOf(platform, params.network, params.operation);
      return shown(await journal.resume(id, lineOf(caller, "resumeOperation", `${params.network}/${Number(id)}`)));
    },
  };
}
