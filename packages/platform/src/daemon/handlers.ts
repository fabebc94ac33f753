// What the platform answers over HTTP: the handlers of its route table, over the service.

import type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { RouteHandlers } from "@bystack/api/route";
import { platformError } from "../errors.ts";
import { APPLY_INPUT } from "../operation/apply/site.ts";
import { START, STOP } from "../operation/power.ts";
import type { Operation } from "../operation/record.ts";
import type { PlatformStore } from "../store/store.ts";
import { type Platform, TENANT } from "./platform.ts";

/** Who has the token of the platform's folder. */
const OPERATOR = "local";

/** What is shown of an operation: of a long definition its hash. */
function shown({ input, ...operation }: Operation) {
  const { success, data } = APPLY_INPUT.safeParse(input);
  return { ...operation, definitionHash: success ? data.definitionHash : null };
}

/** Events after a number; waits for some when there are none, but not beyond the end of the process. */
async function eventsAfter(
  store: PlatformStore,
  after: number,
  wait: { readonly ms: number; readonly ended: AbortSignal },
) {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Before they are read: what is written between the two is not waited for.
  const forget = store.onEvents(() => resolve());
  const timer = setTimeout(resolve, wait.ms);
  const onEnd = (): void => resolve();
  wait.ended.addEventListener("abort", onEnd, { once: true });
  try {
    const found = await store.eventsAfter(TENANT, after);
    if (found.events.length > 0 || wait.ms === 0 || wait.ended.aborted) return found;
    await promise;
    return await store.eventsAfter(TENANT, after);
  } finally {
    clearTimeout(timer);
    forget();
    wait.ended.removeEventListener("abort", onEnd);
  }
}

export function createPlatformHandlers(parts: {
  readonly platform: Platform;
  readonly store: PlatformStore;
  readonly onStopAsked: () => void;
  /** Aborted when the process is about to end: nobody is kept waiting. */
  readonly ended: AbortSignal;
}): RouteHandlers<typeof PLATFORM_ROUTES> {
  const { platform, store, onStopAsked, ended } = parts;
  const { journal } = platform;
  return {
    networks: async () => ({ items: (await platform.rows()).map(({ definition: _, ...row }) => row) }),
    network: ({ params }) => platform.status(params.network),
    definition: async ({ params }) => {
      const applied = await platform.applied(params.network);
      if (applied === undefined) throw platformError("NETWORK_NOT_FOUND", { why: params.network });
      return { definition: applied.definition, revision: applied.revision };
    },
    plan: ({ body }) => platform.plan(body.definition),
    apply: async ({ body }) => shown(await platform.apply(body.definition, body.planHash, OPERATOR)),
    startNetwork: async ({ params }) => shown(await platform.power(params.network, START, OPERATOR)),
    stopNetwork: async ({ params }) => shown(await platform.power(params.network, STOP, OPERATOR)),
    removeNetwork: async ({ params }) => shown(await platform.remove(params.network, OPERATOR)),
    operations: async ({ query }) => {
      const items = await journal.list({ limit: query.limit, after: query.cursor });
      const next = items.length === query.limit ? (items.at(-1)?.id ?? null) : null;
      return { items: items.map(shown), next };
    },
    operation: async ({ params }) => shown(await journal.get(params.operation)),
    cancelOperation: async ({ params }) => shown(await journal.cancel(params.operation)),
    resumeOperation: async ({ params }) => shown(await journal.resume(params.operation)),
    platformEvents: async ({ query }) => {
      const after = query.after ?? (await store.newestEvent(TENANT));
      const found = await eventsAfter(store, after, { ms: query.waitS * 1000, ended });
      return { items: found.events, last: found.events.at(-1)?.seq ?? after, missed: found.missed };
    },
    stopPlatform: () => {
      onStopAsked();
      return { stopping: true as const };
    },
  };
}
