// Handlers of what chain nodes answer: passed on to a ready node of the chain, observers first, as they are.

import { EXPLORER_ROUTES } from "@bystack/api/explorer-routes";
import { FEDERATION_ROUTES } from "@bystack/api/federation-routes";
import type { CHAIN_POWER_ROUTES } from "@bystack/api/platform/chain-power-routes";
import { CHAIN_ROUTES, nodeRouteOf } from "@bystack/api/platform/chain-routes";
import type { CallHandlers, Route, RouteCall, RouteInput } from "@bystack/api/route";
import { platformError } from "../../errors.ts";
import type { SideClient } from "../../network/run.ts";
import { ARCHIVE_CHAIN, type ChainVerb, DELETE_CHAIN, START_CHAIN, STOP_CHAIN } from "../../operation/chain-power.ts";
import { askChain, type ChainPlace } from "../chain-reads.ts";
import type { PlatformCaller } from "../door.ts";
import type { Platform } from "../platform.ts";
import { actorOf, type HandlerParts, lineOf, shown } from "./parts.ts";

type Handlers = CallHandlers<typeof CHAIN_ROUTES, PlatformCaller>;
type PowerHandlers = CallHandlers<typeof CHAIN_POWER_ROUTES, PlatformCaller>;

function passOn(platform: Platform, id: string, input: RouteInput<Route>): Promise<unknown> {
  const { network, chain, ...params } = input.params as { network: string; chain: string };
  // The table below has the names of routes that a node has; their input was checked by the same schemas.
  const ask = (client: SideClient) => client.call(id as "info", { ...input, params } as never);
  const asked = Object.hasOwn(FEDERATION_ROUTES, id)
    ? "federation"
    : Object.hasOwn(EXPLORER_ROUTES, id)
      ? "explorer"
      : "chain";
  return askChain<unknown>(platform, { network, chain }, ask, asked);
}

export function chainHandlers({ platform }: HandlerParts): Handlers {
  const entries = Object.entries(CHAIN_ROUTES).map(([id, route]) => {
    const nodeRoute = nodeRouteOf(id) ?? "";
    const isChange = typeof route.access === "object" && route.access.role !== "p" && route.method === "POST";
    const handler: Handlers["chain.submit"] = async (input, { caller }) => {
      const { network, chain } = input.params;
      const answer = await passOn(platform, nodeRoute, input);
      if (isChange) await platform.note(lineOf(caller, id, `${network}/${chain}`));
      return answer as never;
    };
    return [id, handler];
  });
  return Object.fromEntries(entries) as Handlers;
}

export function chainPowerHandlers({ platform }: HandlerParts): PowerHandlers {
  const operate =
    (route: keyof typeof CHAIN_POWER_ROUTES, verb: ChainVerb) =>
    async ({ params }: { readonly params: ChainPlace }, { caller }: RouteCall<PlatformCaller>) => {
      const { network, chain } = params;
      const line = lineOf(caller, route, `${network}/${chain}`);
      return shown(await platform.operateChain({ network, chain, verb }, actorOf(caller), line));
    };
  const remove = operate("deleteChain", DELETE_CHAIN);
  return {
    startChain: operate("startChain", START_CHAIN),
    stopChain: operate("stopChain", STOP_CHAIN),
    archiveChain: operate("archiveChain", ARCHIVE_CHAIN),
    deleteChain: (input, call) => {
      const { chain } = input.params;
      if (input.body.confirm !== chain) throw platformError("CONFIRMATION_WRONG", { why: `it is called ${chain}` });
      return remove(input, call);
    },
  };
}
