// The nodes of a network that runs: how to call each, and whether they are ready.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiClient, CALL_TIMEOUT_MS, createClient } from "@bystack/api/client";
import type { NODE_ROUTES } from "@bystack/api/node-routes";
import { SIDE_ROUTES } from "@bystack/api/side-routes";
import { platformError } from "../errors.ts";
import type { NodeInstance } from "../provider/provider.ts";
import type { NetworkLayout, NetworkNode } from "./layout.ts";

const POLL_MS = 100;

export type SideClient = ApiClient<typeof SIDE_ROUTES>;
export type MainClient = ApiClient<typeof NODE_ROUTES>;

/** A node as one calls it: where it listens now, and the token of its admin routes. */
export function clientOf(
  layout: NetworkLayout,
  node: NetworkNode,
  timeoutMs = CALL_TIMEOUT_MS,
): SideClient | undefined {
  let instance: NodeInstance & { adminToken?: string };
  try {
    instance = JSON.parse(readFileSync(join(layout.nodes, node.id, "instance.json"), "utf8"));
  } catch {
    return undefined;
  }
  return createClient({
    baseUrl: `http://127.0.0.1:${instance.ports.http}`,
    routes: SIDE_ROUTES,
    token: instance.adminToken,
    timeoutMs,
  });
}

export type NotReady = { readonly id: string; readonly why: string };

/** Which nodes are not ready, and why. */
export async function nodesNotReady(layout: NetworkLayout, nodes: readonly NetworkNode[]): Promise<NotReady[]> {
  const answers = await Promise.all(
    nodes.map(async (node): Promise<NotReady | undefined> => {
      const { id } = node;
      try {
        const info = await clientOf(layout, node)?.call("info");
        if (info === undefined) return { id, why: "not listening yet" };
        return info.ready ? undefined : { id, why: info.notReadyBecause ?? "" };
      } catch (error) {
        return { id, why: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
  return answers.filter((answer) => answer !== undefined);
}

/** Waits until nodes say that they are ready. @throws WAIT_TIMEOUT with the first that is not, and why */
export async function waitUntilReady(options: {
  readonly layout: NetworkLayout;
  readonly nodes: readonly NetworkNode[];
  readonly deadlineMs: number;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { layout, nodes, deadlineMs, onProgress, signal } = options;
  const until = Date.now() + deadlineMs;
  let reason = "";
  while (Date.now() < until) {
    const [late] = await nodesNotReady(layout, nodes);
    if (late === undefined) return;
    const now = `${late.id}: ${late.why}`;
    if (now !== reason) onProgress(now);
    reason = now;
    await delay(POLL_MS, undefined, { signal });
  }
  throw platformError("WAIT_TIMEOUT", { why: reason });
}
