// Handlers of nodes as the platform runs them.

import { setTimeout as delay } from "node:timers/promises";
import type { PLATFORM_NODE_ROUTES } from "@bystack/api/platform/node-routes";
import type { CallHandlers, RouteCall } from "@bystack/api/route";
import { z } from "zod";
import { parseDefinition } from "../../definition/parse.ts";
import { platformError } from "../../errors.ts";
import { clientOf } from "../../network/run.ts";
import { type NodeVerb, REBUILD_NODE, RESTART_NODE, START_NODE, STOP_NODE } from "../../operation/node-power.ts";
import type { PlatformCaller } from "../door.ts";
import type { Platform } from "../platform.ts";
import { actorOf, type HandlerParts, lineOf, shown } from "./parts.ts";

type Handlers = CallHandlers<typeof PLATFORM_NODE_ROUTES, PlatformCaller>;
type NodePlace = { readonly network: string; readonly node: string };

/** How often a log that is followed is looked at. */
const LOG_POLL_MS = 500;
/** Lines that are looked at for new ones; what a node writes beyond them within one look is left out and said so. */
const LOG_LOOK_LINES = 1_000;
const ANSWER_MS = 2_000;

async function rowOf(platform: Platform, { network, node }: NodePlace) {
  platform.node(network, node);
  const status = platform.watch.latest(network) ?? (await platform.status(network));
  const row = status.nodes.find(({ id }) => id === node);
  if (row === undefined) throw platformError("NODE_NOT_FOUND", { why: node });
  return row;
}

async function details(platform: Platform, place: NodePlace) {
  const { network, node: id } = place;
  const node = platform.node(network, id);
  const [row, [status]] = await Promise.all([rowOf(platform, place), platform.provider(network).status([id])]);
  const client = status?.phase === "running" ? clientOf(platform.layout(network), node, ANSWER_MS) : undefined;
  const info = await client?.call("info").catch(() => undefined);
  const { instance, exit } = status ?? {};
  return {
    node: row,
    process: instance === undefined ? null : processOf(instance),
    exit: exit ?? null,
    desired: platform.desiredOf(network, id),
    info: info ?? null,
  };
}

function processOf({
  pid,
  startedAtMs,
  instance,
  ports,
}: {
  pid: number;
  startedAtMs: number;
  instance: string;
  ports: object;
}) {
  return { pid, startedAtMs, instance, ports: { ...ports } as Record<string, number> };
}

/** A node's options hold no secret: its keys are in files that only it reads. */
async function configOf(platform: Platform, { network, node }: NodePlace) {
  platform.node(network, node);
  const applied = await platform.provider(network).applied(node);
  if (applied === undefined) throw platformError("NODE_NOT_FOUND", { why: node });
  return { config: z.record(z.string(), z.json()).parse(applied.config), identity: applied.identity };
}

/** Lines behind the newest one that is known; all of them when it cannot be found any more. */
export function linesAfter(lines: readonly string[], known: readonly string[]): readonly string[] {
  const last = known.at(-1);
  if (last === undefined) return lines;
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    if (lines[at] !== last) continue;
    const before = known.slice(-Math.min(known.length, at + 1));
    if (before.every((line, i) => line === lines[at + 1 - before.length + i])) return lines.slice(at + 1);
  }
  return lines;
}

async function* follow(
  platform: Platform,
  { network, node, tail }: NodePlace & { readonly tail: number },
  signal: AbortSignal,
): AsyncGenerator<{ line: string }, void, undefined> {
  const provider = platform.provider(network);
  let known = await provider.logs(node, LOG_LOOK_LINES);
  for (const line of known.slice(-tail)) yield { line };
  while (!signal.aborted) {
    try {
      await delay(LOG_POLL_MS, undefined, { signal });
    } catch {
      return;
    }
    const lines = await provider.logs(node, LOG_LOOK_LINES);
    for (const line of linesAfter(lines, known)) yield { line };
    known = lines;
  }
}

function isDevNetwork(definition: string): boolean {
  return parseDefinition(definition, "the applied definition").preset === "dev";
}

export function nodeHandlers({ platform, people }: HandlerParts): Handlers {
  const operate =
    (route: string, verb: NodeVerb) =>
    async ({ params }: { readonly params: NodePlace }, { caller }: RouteCall<PlatformCaller>) => {
      const { network, node } = params;
      const line = lineOf(caller, route, `${network}/${node}`);
      return shown(await platform.operateNode({ network, node, verb }, actorOf(caller), line));
    };
  return {
    nodes: async ({ params }) => ({
      items: (platform.watch.latest(params.network) ?? (await platform.status(params.network))).nodes,
    }),
    node: ({ params }) => details(platform, params),
    nodeConfig: ({ params }) => configOf(platform, params),
    nodePeers: async ({ params }) => {
      const client = clientOf(platform.layout(params.network), platform.node(params.network, params.node), ANSWER_MS);
      if (client === undefined) throw platformError("CHAIN_SILENT", { why: `${params.node} is not running` });
      return client.call("peers");
    },
    nodeLogs: async ({ params, query }) => {
      platform.node(params.network, params.node);
      return { items: await platform.provider(params.network).logs(params.node, query.tail) };
    },
    followLogs: async function* ({ params, query }, { caller, signal }) {
      platform.node(params.network, params.node);
      const { via, credentialId } = caller.call.actor;
      const done = people.limits.openStream(`${via} ${credentialId}`);
      try {
        yield* follow(platform, { ...params, tail: query.tail }, signal);
      } finally {
        done();
      }
    },
    startNode: operate("startNode", START_NODE),
    stopNode: operate("stopNode", STOP_NODE),
    restartNode: operate("restartNode", RESTART_NODE),
    rebuildNode: operate("rebuildNode", REBUILD_NODE),
    perturbNode: async ({ params, body }, { caller }) => {
      const { network, node } = params;
      platform.node(network, node);
      const applied = await platform.applied(network);
      if (applied === undefined || !isDevNetwork(applied.definition)) throw platformError("NOT_A_DEV_NETWORK");
      await platform.note(lineOf(caller, "perturbNode", `${network}/${node} ${body.how}`));
      await platform.provider(network).perturb(node, body.how);
      return { done: true as const };
    },
  };
}
