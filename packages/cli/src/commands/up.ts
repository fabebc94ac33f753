// `bystack up`: raises a network through the platform and shows it. In the foreground it stays until Ctrl-C and stops the
// network then; with --detach it returns once the network is proven, and the platform keeps it.

import { existsSync, readFileSync } from "node:fs";
import { readDaemon } from "@bystack/platform/daemon/daemon-file";
import { DEV_DEFINITION, DEV_ELECTIONS_DEFINITION } from "@bystack/platform/definition/dev";
import { parseDefinition } from "@bystack/platform/definition/parse";
import { platformError } from "@bystack/platform/errors";
import { layoutOf } from "@bystack/platform/network/layout";
import { type NetworkStatus, networkStatus } from "@bystack/platform/network/status";
import { rssBytes } from "@bystack/platform/provider/process-table";
import { type Context, providerOf, requireState } from "../context.ts";
import { ensurePlatform, type PlatformClient } from "../daemon/connect.ts";
import { failureOf, followOperation, type Operation, untilOver } from "../daemon/follow.ts";
import { formatStatus } from "../network/table.ts";
import { endIfIdle } from "./network.ts";
import { consoleLink, OWNER } from "./open.ts";

export type UpOptions = { readonly file?: string; readonly detach?: boolean; readonly elections?: boolean };

/**
 * What is to be raised. Without a file: the dev network as it was made, when it is there; somebody who has raised it with
 * elections need not say so at each start, and a release with another default starts what an older one has made.
 * @throws BystackError DEFINITION_UNREADABLE, DEFINITION_INVALID
 */
export function definitionOf({ file, elections }: UpOptions, home: string): { text: string; file: string } {
  if (file === undefined && elections !== true) {
    const dev = layoutOf(home, "dev");
    const isMade = existsSync(dev.state) && existsSync(dev.definition);
    return { text: isMade ? readFileSync(dev.definition, "utf8") : DEV_DEFINITION, file: "the dev network" };
  }
  if (file === undefined) return { text: DEV_ELECTIONS_DEFINITION, file: "the dev network with elections" };
  if (elections === true)
    throw platformError("DEFINITION_INVALID", {
      why: `--elections is for the dev network; in ${file} write \`elections: {}\` under the side chain`,
    });
  if (!existsSync(file)) throw platformError("DEFINITION_UNREADABLE", { why: `${file} does not exist` });
  return { text: readFileSync(file, "utf8"), file };
}

/** The context of the network that the definition names. */
function contextOf(context: Context, text: string, file: string): Context {
  const { network } = parseDefinition(text, file);
  return { ...context, network, layout: layoutOf(context.home, network) };
}

/** How the network stands, asked of its nodes: needs no platform. @throws BystackError NETWORK_NOT_FOUND */
export async function statusOf(context: Context): Promise<NetworkStatus> {
  const state = requireState(context);
  const daemon = readDaemon(context.home);
  return networkStatus({
    layout: context.layout,
    state,
    provider: providerOf(context.layout),
    extraRssBytes: daemon === undefined ? 0 : (rssBytes(daemon.pid) ?? 0),
  });
}

/** @param console where to open the console; a program that reads the result has no use for a link that is good once */
function closingLines(context: Context, console: string | undefined): string {
  const { nodes, accounts } = requireState(context);
  const node = nodes.find(({ kind }) => kind === "side")?.id ?? nodes[0]?.id ?? "";
  return [
    "",
    ...(console === undefined
      ? []
      : [`  Console  ${console}`, "           (signs you in once, within ten minutes; then: bystack open)", ""]),
    `  bystack status     how it is      bystack prove   another round trip`,
    `  bystack wallet balance ${accounts[0] ?? ""}      bystack logs ${node}`,
    `  bystack down       stop it        data stays in ${context.layout.root}`,
  ].join("\n");
}

/** The newest apply of a network, unless it has come to its end. */
async function unfinished(client: PlatformClient, network: string): Promise<Operation | undefined> {
  const { items } = await client.call("operations", { params: { network }, query: { limit: 50 } });
  const last = items.find(({ kind }) => kind === "apply");
  return last === undefined || last.state === "succeeded" || last.state === "cancelled" ? undefined : last;
}

/** Takes an operation back, as far as that can be. */
async function takeBack(client: PlatformClient, { id, network }: Operation): Promise<void> {
  const asked = await client.call("cancelOperation", { params: { network, operation: id } });
  const over = await untilOver(client, asked);
  const failure = over.state === "failed" ? failureOf(over) : undefined;
  if (failure !== undefined) throw failure;
}

/** Begins what brings the network to what its definition says: makes it, changes it, or starts it. */
async function begin(context: Context, client: PlatformClient, definition: string): Promise<Operation> {
  const params = { network: parseDefinition(definition, "the definition").network };
  const { network } = params;
  const plan = await client.call("plan", { params, body: { definition } });
  const { definitionHash, revision } = plan;
  const open = await unfinished(client, network);
  const isOurs = open?.definitionHash === definitionHash;
  if (open !== undefined && isOurs && open.state === "failed")
    return client.call("resumeOperation", { params: { network, operation: open.id } });
  if (open !== undefined && isOurs) return open;
  if (open !== undefined && open.state !== "failed") {
    context.output.progress(`waiting for what is under way: ${open.title}`);
    await followOperation({ client, output: context.output }, open);
    return begin(context, client, definition);
  }
  // A network that was never whole holds nothing that anybody could miss; of one that was, its operator decides.
  if (open !== undefined && revision === 0) {
    context.output.progress(`taking back what was left half done: ${open.title}`);
    await takeBack(client, open);
    return begin(context, client, definition);
  }
  if (plan.refused.length > 0)
    throw platformError("PLAN_REFUSED", {
      why: plan.refused.map(({ path, why }) => `${path}: ${why}`).join("\n       "),
    });
  if (plan.actions.length === 0) return client.call("startNetwork", { params });
  return client.call("apply", { params, body: { definition, planHash: plan.hash } });
}

/** Resolves at Ctrl-C. */
function interrupted(): { readonly asked: Promise<void>; dispose(): void } {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  // A signal handler alone does not keep a process alive.
  const alive = setInterval(() => {}, KEEP_ALIVE_MS);
  const stop = (): void => resolve();
  for (const signal of SIGNALS) process.on(signal, stop);
  return {
    asked,
    dispose: () => {
      clearInterval(alive);
      for (const signal of SIGNALS) process.off(signal, stop);
    },
  };
}

const KEEP_ALIVE_MS = 60_000;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** `bystack up`. Twice is harmless: the second one shows what runs. */
export async function runUp(base: Context, options: UpOptions): Promise<void> {
  const startedAtMs = Date.now();
  const definition = definitionOf(options, base.home);
  const context = contextOf(base, definition.text, definition.file);
  const { output } = context;
  const stop = options.detach === true ? undefined : interrupted();
  try {
    const client = await ensurePlatform(context.home);
    const begun = await begin(context, client, definition.text);
    const following = followOperation({ client, output }, begun);
    following.catch(() => {});
    const isInterrupted = await Promise.race([
      following.then(() => false),
      stop?.asked.then(() => true) ?? following.then(() => false),
    ]);
    if (!isInterrupted) await report(context, client, startedAtMs);
    if (stop === undefined) return;
    await stop.asked;
    await stopNetwork(context, client, isInterrupted ? begun : undefined);
  } finally {
    stop?.dispose();
  }
}

async function report(context: Context, client: PlatformClient, startedAtMs: number): Promise<void> {
  const status = await statusOf(context);
  const seconds = (Date.now() - startedAtMs) / 1000;
  const proven = requireState(context)
    .sides.filter((side) => side.proven)
    .map(({ chain }) => chain);
  const proof = proven.length === 0 ? "" : `, a round trip proven on ${proven.join(", ")}`;
  const link = context.output.json ? undefined : (await consoleLink(client, OWNER)).url;
  context.output.result(
    { ...status, secondsToProven: seconds, proven },
    `\n${formatStatus(status)}\nup in ${seconds.toFixed(1)} s${proof}\n${closingLines(context, link)}`,
  );
}

/** Ctrl-C: what was under way is given up, and every node is stopped; data stay. */
async function stopNetwork(context: Context, client: PlatformClient, open: Operation | undefined): Promise<void> {
  const { output, network } = context;
  output.progress("stopping …");
  if (open !== undefined) await client.call("cancelOperation", { params: { network, operation: open.id } });
  const operation = await client.call("stopNetwork", { params: { network } });
  const failure = failureOf(await followOperation({ client, output }, operation));
  if (failure !== undefined) throw failure;
  await endIfIdle(context, client);
  output.progress("stopped");
}

/** `bystack status`. */
export async function runStatus(context: Context): Promise<void> {
  const status = await statusOf(context);
  context.output.result(status, formatStatus(status));
  if (!status.healthy) process.exitCode = 10;
}
