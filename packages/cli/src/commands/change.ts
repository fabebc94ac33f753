// Changing a network: `bystack plan` and `apply` with a file, and `chain create`, `node add` and `node rm`, which change the
// definition that is applied and then do the same.

import { existsSync, readFileSync } from "node:fs";
import type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { RouteReply } from "@bystack/api/route";
import { withObservers, withSide } from "@bystack/platform/definition/edit";
import { parseDefinition } from "@bystack/platform/definition/parse";
import { platformError } from "@bystack/platform/errors";
import { type Context, requireState } from "../context.ts";
import { ensurePlatform, type PlatformClient } from "../daemon/connect.ts";
import { followOperation, type Operation } from "../daemon/follow.ts";
import { sideOf } from "../network/chains.ts";

export type Plan = RouteReply<(typeof PLATFORM_ROUTES)["plan"]>;
type Action = Plan["actions"][number];

const RISKS: Readonly<Record<Action["risk"], string>> = {
  none: "",
  restart: "restarts a node",
  margin0: "no further validator may fail meanwhile",
  halt: "the chain stands still meanwhile",
  loss: "data go for good",
};

const SIGNS: Readonly<Record<Action["class"], string>> = { make: "+", live: "~", roll: "~", end: "-" };

function actionLines({ class: kind, title, before, after, risk, committee }: Action): string[] {
  const lines = [`  ${SIGNS[kind]} ${title}`];
  if (before !== "" && after !== "") lines.push(`      ${before} → ${after}`);
  const danger = RISKS[risk];
  const survives = committee === null ? "" : ` (${committee.q} of ${committee.n} must vote, ${committee.f} may fail)`;
  if (danger !== "") lines.push(`      risk: ${danger}${survives}`);
  return lines;
}

/** A plan as people read it. */
export function formatPlan({ network, actions, refused, hash, revision }: Plan): string {
  const lines: string[] = [];
  if (actions.length > 0) lines.push(`${network}: ${actions.length} changes of revision ${revision}`);
  lines.push(...actions.flatMap(actionLines));
  for (const { path, why, next } of refused) lines.push(`  ✖ ${path}: ${why}`, `      ${next}`);
  if (actions.length === 0 && refused.length === 0)
    lines.push(`${network} is what the definition says; nothing to do.`);
  else {
    const seconds = Math.ceil(actions.reduce((sum, { estimateMs }) => sum + estimateMs, 0) / 1000);
    const verdict = refused.length > 0 ? `${refused.length} parts cannot be done, so none is` : `about ${seconds} s`;
    lines.push("", `plan ${hash.slice(0, 12)}: ${verdict}`);
  }
  return lines.join("\n");
}

function readDefinition(file: string): string {
  if (!existsSync(file)) throw platformError("DEFINITION_UNREADABLE", { why: `${file} does not exist` });
  const text = readFileSync(file, "utf8");
  parseDefinition(text, file);
  return text;
}

function planOf(client: PlatformClient, definition: string): Promise<Plan> {
  const { network } = parseDefinition(definition, "the definition");
  return client.call("plan", { params: { network }, body: { definition } });
}

/** `bystack plan <file>`: what an apply would do. Exit code 6 when a part is refused. */
export async function runPlan(context: Context, file: string): Promise<void> {
  const definition = readDefinition(file);
  const client = await ensurePlatform(context.home);
  const plan = await planOf(client, definition);
  context.output.result(plan, formatPlan(plan));
  if (plan.refused.length > 0) process.exitCode = EXIT_GUARD;
}

/** Exit code of what the guard or the rules of change refuse (platform.md section 7). */
const EXIT_GUARD = 6;

/** Plans, shows the plan, and does it. @returns the operation; undefined when there was nothing to do */
async function change(context: Context, client: PlatformClient, definition: string): Promise<Operation | undefined> {
  const { output } = context;
  const plan = await planOf(client, definition);
  if (plan.refused.length > 0 || plan.actions.length === 0) {
    output.result(plan, formatPlan(plan));
    if (plan.refused.length > 0) process.exitCode = EXIT_GUARD;
    return undefined;
  }
  output.progress(formatPlan(plan));
  const params = { network: plan.network };
  const operation = await client.call("apply", { params, body: { definition, planHash: plan.hash } });
  return followOperation({ client, output }, operation);
}

async function changeAndTell(context: Context, definition: string): Promise<void> {
  const client = await ensurePlatform(context.home);
  const operation = await change(context, client, definition);
  if (operation === undefined) return;
  const seconds = ((operation.endedAtMs ?? 0) - operation.createdAtMs) / 1000;
  context.output.result(operation, `done in ${seconds.toFixed(1)} s: ${operation.title}`);
}

/** `bystack apply <file>`. */
export async function runApply(context: Context, file: string): Promise<void> {
  await changeAndTell(context, readDefinition(file));
}

async function appliedDefinition(context: Context): Promise<string> {
  const { network } = requireState(context);
  const client = await ensurePlatform(context.home);
  return (await client.call("definition", { params: { network } })).definition;
}

export type ChainOptions = { readonly validators: string; readonly observers: string; readonly federation: boolean };

/** `bystack chain create <name>`: a side chain beside those that are there. */
export async function runChainCreate(context: Context, chain: string, options: ChainOptions): Promise<void> {
  const text = await appliedDefinition(context);
  const assets = parseDefinition(text, "the definition").assets.map(({ asset }) => asset);
  const { validators, observers, federation } = options;
  const side = { chain, validators: Number(validators), observers: Number(observers) };
  await changeAndTell(context, withSide(text, { ...side, assets: federation ? assets : undefined }));
}

/** `bystack node add`: one more observer of a side chain. */
export async function runNodeAdd(context: Context): Promise<void> {
  const text = await appliedDefinition(context);
  const { chain } = sideOf(context, requireState(context));
  const side = parseDefinition(text, "the definition").sides.find((candidate) => candidate.chain === chain);
  await changeAndTell(context, withObservers(text, chain, (side?.nodes.observers ?? 0) + 1));
}

/** `bystack chain start | stop | archive | delete <chain>`. */
export async function runChainTurn(
  context: Context,
  chain: string,
  verb: "startChain" | "stopChain" | "archiveChain" | "deleteChain",
): Promise<void> {
  const { network } = requireState(context);
  const { output } = context;
  const client = await ensurePlatform(context.home);
  const params = { network, chain };
  const operation =
    verb === "deleteChain"
      ? await client.call(verb, { params, body: { confirm: chain } })
      : await client.call(verb, { params });
  const over = await followOperation({ client, output }, operation);
  const seconds = ((over.endedAtMs ?? 0) - over.createdAtMs) / 1000;
  output.result(over, `done in ${seconds.toFixed(1)} s: ${over.title}`);
}

/** `bystack node start | stop | restart | rebuild <node>`: one node, whatever the others do. */
export async function runNodeTurn(
  context: Context,
  node: string,
  verb: "startNode" | "stopNode" | "restartNode" | "rebuildNode",
): Promise<void> {
  const { network } = requireState(context);
  const { output } = context;
  const client = await ensurePlatform(context.home);
  const operation = await client.call(verb, { params: { network, node } });
  const over = await followOperation({ client, output }, operation);
  const seconds = ((over.endedAtMs ?? 0) - over.createdAtMs) / 1000;
  output.result(over, `done in ${seconds.toFixed(1)} s: ${over.title}`);
}

/** `bystack node rm <node>`: the newest observer of its chain goes; nodes keep their names. */
export async function runNodeRemove(context: Context, id: string): Promise<void> {
  const state = requireState(context);
  const node = state.nodes.find((candidate) => candidate.id === id);
  const names = state.nodes.map((candidate) => candidate.id).join(", ");
  if (node === undefined) throw platformError("PROVIDER_NOT_FOUND", { why: `${id}; there are: ${names}` });
  const newest = state.nodes.findLast(({ chain }) => chain === node.chain);
  if (node.index !== null || newest?.id !== id)
    throw platformError("NODE_NOT_REMOVABLE", {
      why: `${id}; the newest node of ${node.chain} is ${newest?.id ?? ""}`,
    });
  const text = await appliedDefinition(context);
  const side = parseDefinition(text, "the definition").sides.find(({ chain }) => chain === node.chain);
  await changeAndTell(context, withObservers(text, node.chain, (side?.nodes.observers ?? 1) - 1));
}
