// Running a network that was made: start the nodes, wait until they are healthy, keep them alive, stop them. The chains
// themselves do not depend on this: kill the supervisor and every node goes on.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiClient, createClient } from "@bystack/api/client";
import type { NODE_ROUTES } from "@bystack/api/node-routes";
import { SIDE_ROUTES } from "@bystack/api/side-routes";
import type { Logger } from "@bystack/utils/ports";
import { platformError } from "../errors.ts";
import { explainExit, RESTART_WINDOW_MS, restartDelayMs } from "../provider/exit-codes.ts";
import type { DeployProvider, NodeExit, NodeInstance } from "../provider/provider.ts";
import type { NetworkLayout, NetworkNode, NetworkState } from "./layout.ts";

const START_DEADLINE_MS = 30_000;
const POLL_MS = 100;

export type SideClient = ApiClient<typeof SIDE_ROUTES>;
export type MainClient = ApiClient<typeof NODE_ROUTES>;

/** A node as one calls it: where it listens now, and the token of its admin routes. */
export function clientOf(layout: NetworkLayout, node: NetworkNode): SideClient | undefined {
  let instance: NodeInstance & { adminToken?: string };
  try {
    instance = JSON.parse(readFileSync(join(layout.nodes, node.id, "instance.json"), "utf8"));
  } catch {
    return undefined;
  }
  return createClient({
    baseUrl: `http://127.0.0.1:${instance.ports.http}`,
    routes: SIDE_ROUTES,
    adminToken: instance.adminToken,
  });
}

/** Starts all nodes; the main node first, because the validators follow it. */
export async function startNodes(state: NetworkState, provider: DeployProvider): Promise<void> {
  const mains = state.nodes.filter((node) => node.kind === "main");
  const sides = state.nodes.filter((node) => node.kind === "side");
  await Promise.all([...mains, ...sides].map((node) => provider.start(node.id, START_DEADLINE_MS)));
}

/** Stops the nodes: validators first, then the main node. */
export async function stopNodes(state: NetworkState, provider: DeployProvider): Promise<void> {
  const sides = state.nodes.filter((node) => node.kind === "side");
  await Promise.all(sides.map((node) => provider.stop(node.id)));
  for (const node of state.nodes.filter((candidate) => candidate.kind === "main")) await provider.stop(node.id);
}

/** Waits until every node says that it is ready. @throws WAIT_TIMEOUT with the first that is not, and why */
export async function waitUntilReady(options: {
  layout: NetworkLayout;
  state: NetworkState;
  deadlineMs: number;
  onProgress: (text: string) => void;
}): Promise<void> {
  const until = Date.now() + options.deadlineMs;
  let reason = "";
  while (Date.now() < until) {
    const infos = await Promise.all(
      options.state.nodes.map(async (node) => {
        try {
          const info = await clientOf(options.layout, node)?.call("info");
          return info === undefined
            ? { node, ready: false, why: "not listening yet" }
            : { node, ready: info.ready, why: info.notReadyBecause ?? "" };
        } catch (error) {
          return { node, ready: false, why: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
    const late = infos.find((info) => !info.ready);
    if (late === undefined) return;
    reason = `${late.node.id}: ${late.why}`;
    options.onProgress(reason);
    await delay(POLL_MS);
  }
  throw platformError("WAIT_TIMEOUT", { why: reason });
}

export type Supervisor = { stop(): void };

/** Restarts nodes that end on their own, with growing delays; says what each exit means and shows its last lines. */
export function superviseNodes(options: {
  state: NetworkState;
  provider: DeployProvider;
  logger: Logger;
  random: () => number;
}): Supervisor {
  const { provider, logger } = options;
  const exits = new Map<string, number[]>();
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;

  async function restart(id: string): Promise<void> {
    try {
      await provider.start(id, START_DEADLINE_MS);
      logger.info("node restarted", { id });
    } catch (error) {
      logger.error("node does not start", { id, why: error instanceof Error ? error.message : String(error) });
    }
  }

  function onExit(id: string, exit: NodeExit): void {
    if (stopped || !options.state.nodes.some((node) => node.id === id)) return;
    const policy = explainExit(exit.code, exit.signal);
    logger.warn("node ended", {
      id,
      meaning: policy.meaning,
      code: exit.code ?? undefined,
      signal: exit.signal ?? undefined,
      lastLine: exit.tail.at(-1),
    });
    if (policy.restart === "never") return;
    const recent = [...(exits.get(id) ?? []).filter((atMs) => atMs > exit.atMs - RESTART_WINDOW_MS), exit.atMs];
    exits.set(id, recent);
    const waitMs = restartDelayMs(recent.length, options.random());
    if (waitMs === undefined) {
      logger.error("node failed: it ended too often", { id, exits: recent.length });
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!stopped) void restart(id);
    }, waitMs);
    timers.add(timer);
  }

  provider.onExit(onExit);
  return {
    stop: () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
