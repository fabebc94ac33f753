// Handlers of what chain nodes answer: passed on to a ready node of the chain, observers first, as they are.

import { CHAIN_ROUTES, nodeRouteOf } from "@bystack/api/platform/chain-routes";
import type { CallHandlers, Route, RouteInput } from "@bystack/api/route";
import { BystackError } from "@bystack/utils/errors";
import { platformError } from "../../errors.ts";
import { clientOf } from "../../network/run.ts";
import type { NodeRow } from "../../network/status.ts";
import type { PlatformCaller } from "../door.ts";
import type { Platform } from "../platform.ts";
import { type HandlerParts, lineOf } from "./parts.ts";

type Handlers = CallHandlers<typeof CHAIN_ROUTES, PlatformCaller>;

/** A node that takes longer is passed over for the next one. */
const ANSWER_MS = 5_000;
/** Nodes that are tried for one question. */
const TRIES_MAX = 3;

/** Who shall answer: ready ones first, those without a seat before those that have blocks to make. */
function inOrder(rows: readonly NodeRow[]): NodeRow[] {
  const rank = ({ ready, hasSeat }: NodeRow): number => (ready ? 0 : 2) + (hasSeat === true ? 1 : 0);
  return rows.filter(({ phase }) => phase === "running").sort((a, b) => rank(a) - rank(b));
}

async function nodesOf(platform: Platform, network: string, chain: string): Promise<NodeRow[]> {
  const status = platform.watch.latest(network) ?? (await platform.status(network));
  const rows = status.nodes.filter((row) => row.chain === chain);
  if (rows.length === 0) throw platformError("CHAIN_NOT_FOUND", { why: `${chain} in ${network}` });
  return inOrder(rows).slice(0, TRIES_MAX);
}

async function passOn(platform: Platform, id: string, input: RouteInput<Route>): Promise<unknown> {
  const { network, chain, ...params } = input.params as { network: string; chain: string };
  let silent = "";
  for (const { id: node } of await nodesOf(platform, network, chain)) {
    const client = clientOf(platform.layout(network), platform.node(network, node), ANSWER_MS);
    if (client === undefined) continue;
    try {
      // The table below has the names of routes that a node has; their input was checked by the same schemas.
      return await client.call(id as "info", { ...input, params } as never);
    } catch (error) {
      if (!(error instanceof BystackError) || error.code !== "UNREACHABLE") throw error;
      silent = `${node}: ${error.why}`;
    }
  }
  throw platformError("CHAIN_SILENT", { why: silent === "" ? `no node of ${chain} runs` : silent });
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
