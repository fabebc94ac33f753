// Which chain a command means, its spec, and the running node that is asked about it.

import { readFileSync } from "node:fs";
import { platformError } from "@bystack/platform/errors";
import { type NetworkLayout, type NetworkState, type SideState, specFileOf } from "@bystack/platform/network/layout";
import { clientOf, type SideClient } from "@bystack/platform/network/run";
import { parseSideChainSpec, type SideChainSpec } from "@bystack/protocol/spec";
import { type Context, requireState } from "../context.ts";

export type ChainKind = "main" | "side";

/** The side chain that was named, or the only one. @throws BystackError CHAIN_NOT_FOUND, CHAIN_AMBIGUOUS */
export function sideOf({ chain }: Context, { sides }: NetworkState): SideState {
  const names = sides.map((side) => side.chain).join(", ");
  if (chain === undefined) {
    const [only, second] = sides;
    if (only === undefined) throw platformError("CHAIN_NOT_FOUND", { why: "this network has no side chain" });
    if (second !== undefined) throw platformError("CHAIN_AMBIGUOUS", { why: `side chains: ${names}` });
    return only;
  }
  const found = sides.find((side) => side.chain === chain);
  if (found === undefined) throw platformError("CHAIN_NOT_FOUND", { why: `${chain}; side chains: ${names}` });
  return found;
}

/** The spec of a side chain, as its nodes have it. @throws BystackError FOLDER_FORMAT */
export function loadSideSpec(layout: NetworkLayout, chain: string): SideChainSpec {
  const parsed = parseSideChainSpec(JSON.parse(readFileSync(specFileOf(layout, chain), "utf8")));
  if (parsed.ok) return parsed.value;
  const [problem] = parsed.error;
  throw platformError("FOLDER_FORMAT", { why: `specs/${chain}.json: ${problem?.path} ${problem?.rule}` });
}

/** The spec of the side chain that a command means. */
export function sideSpecOf(context: Context): SideChainSpec {
  return loadSideSpec(context.layout, sideOf(context, requireState(context)).chain);
}

/** Every chain of a network, the main chain first. */
export function chainsOf({ mainChain, sides }: NetworkState): { readonly chain: string; readonly kind: ChainKind }[] {
  return [{ chain: mainChain, kind: "main" }, ...sides.map(({ chain }) => ({ chain, kind: "side" as const }))];
}

/** What kind the named chain is; a side chain when none was named. */
export function kindOf({ chain }: Context, { mainChain }: NetworkState): ChainKind {
  return chain === mainChain ? "main" : "side";
}

/** Running nodes of a chain, in order. */
export function runningNodes(layout: NetworkLayout, state: NetworkState, chain: string): SideClient[] {
  const nodes = state.nodes.filter((node) => node.chain === chain);
  return nodes.flatMap((node) => clientOf(layout, node) ?? []);
}

/** The node that a command asks: of the main chain, or of the side chain that it means. @throws BystackError NETWORK_NOT_RUNNING */
export function nodeOf(context: Context, kind: ChainKind): SideClient {
  const state = requireState(context);
  return nodeOfChain(context, kind === "main" ? state.mainChain : sideOf(context, state).chain);
}

/** The first running node of a chain. @throws BystackError NETWORK_NOT_RUNNING */
export function nodeOfChain(context: Context, chain: string): SideClient {
  const [node] = runningNodes(context.layout, requireState(context), chain);
  if (node === undefined) throw platformError("NETWORK_NOT_RUNNING", { why: chain });
  return node;
}
