// Lists of what there is: networks, chains, nodes, accounts, assets; a definition checked, given out, and its editor schema.

import { readFileSync, writeFileSync } from "node:fs";
import { NETWORK_DEFINITION } from "@bystack/platform/definition";
import { parseDefinition } from "@bystack/platform/definition/parse";
import { platformError } from "@bystack/platform/errors";
import { layoutOf, listNetworks, loadNetworkState } from "@bystack/platform/network/layout";
import { z } from "zod";
import { type Context, requireState } from "../context.ts";
import { requirePlatform } from "../daemon/connect.ts";
import { statusOf } from "./up.ts";

/** Networks of this home; needs no platform. */
export function runNetworkList({ home, output }: Context): void {
  const items = listNetworks(home).map((network) => {
    const state = loadNetworkState(layoutOf(home, network));
    return { network, chains: state === undefined ? [] : [state.mainChain, ...state.sides.map(({ chain }) => chain)] };
  });
  const lines = items.map(({ network, chains }) => `${network.padEnd(16)} ${chains.join(", ")}`);
  output.result({ items }, lines.length === 0 ? "There is no network: bystack up." : lines.join("\n"));
}

/** @throws BystackError DEFINITION_UNREADABLE, DEFINITION_INVALID with line, key, rule and the nearest valid value */
export function runNetworkValidate({ output }: Context, file: string): void {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw platformError("DEFINITION_UNREADABLE", { why: cause instanceof Error ? cause.message : file });
  }
  const { network, sides } = parseDefinition(text, file);
  output.result({ network, sides: sides.map(({ chain }) => chain) }, `${file} is a definition of ${network}`);
}

/** The definition that is applied, as its author wrote it. */
export function runNetworkExport(context: Context): void {
  requireState(context);
  const definition = readFileSync(context.layout.definition, "utf8");
  context.output.result({ network: context.network, definition }, definition.trimEnd());
}

/** The schema by which an editor checks and completes a definition. */
export function runSchema({ output }: Context, file: string | undefined): void {
  const schema = z.toJSONSchema(NETWORK_DEFINITION, { io: "input" });
  if (file === undefined) {
    output.result(schema, JSON.stringify(schema, null, 2));
    return;
  }
  writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
  output.result(
    { file },
    `${file} is written; begin a definition with: $schema: ${file.startsWith("/") ? file : `./${file}`}`,
  );
}

export async function runChainList(context: Context): Promise<void> {
  const { main, sides } = await statusOf(context);
  const items = [
    { chain: main.chain, kind: "main", height: main.height, state: main.state },
    ...sides.map(({ chain, height, state }) => ({ chain, kind: "side", height, state })),
  ];
  const lines = items.map(
    ({ chain, kind, height, state }) => `${chain.padEnd(16)} ${kind}  ${String(height ?? "-").padStart(9)}  ${state}`,
  );
  context.output.result({ items }, lines.join("\n"));
}

export async function runNodeList(context: Context): Promise<void> {
  const { nodes } = await statusOf(context);
  const items = nodes.filter(({ chain }) => context.chain === undefined || chain === context.chain);
  const lines = items.map(({ id, chain, phase, height, why }) =>
    `${id.padEnd(20)} ${chain.padEnd(12)} ${phase.padEnd(8)} ${String(height ?? "-").padStart(9)}  ${why ?? ""}`.trimEnd(),
  );
  context.output.result({ items }, lines.join("\n"));
}

export async function runAccountList(context: Context): Promise<void> {
  const { network } = requireState(context);
  const { items } = await requirePlatform(context.home).call("accounts", { params: { network } });
  context.output.result({ items }, items.map(({ account }) => account).join("\n"));
}

export async function runAssetList(context: Context): Promise<void> {
  const { network } = requireState(context);
  const { items } = await requirePlatform(context.home).call("assets", { params: { network } });
  const lines = items.map(({ id, asset, decimals }) => `${id}  ${asset.padEnd(12)} ${decimals} places`);
  context.output.result({ items }, lines.join("\n"));
}
