// `bystack block`, `tx`, `address`, `search` and `explorer rebuild`: what the explorer of a chain says. Without `--chain` every
// chain of the network is asked where the question can mean any of them.

import { setTimeout as delay } from "node:timers/promises";
import { nodeError } from "@bystack/node/errors";
import { platformError } from "@bystack/platform/errors";
import { clientOf, type SideClient } from "@bystack/platform/network/run";
import { assetNameOf, type SentenceNames } from "@bystack/protocol/explain/sentence";
import { BystackError } from "@bystack/utils/errors";
import { type Context, requireState } from "../context.ts";
import { chainsOf, kindOf, runningNodes, sideOf } from "../network/chains.ts";
import {
  formatAddress,
  formatBlock,
  formatDetails,
  formatExplorerState,
  formatHit,
  type Listed,
} from "../network/explorer-text.ts";

/** Assets whose names are looked up for one answer. */
const NAMES_MAX = 20;
const POLL_MS = 250;
const BTM = "ff".repeat(32);

type At = { readonly chain: string; readonly node: SideClient };

const hasCode = (error: unknown, code: string): boolean => error instanceof BystackError && error.code === code;

/** The node that keeps the explorer of a chain. @throws BystackError NETWORK_NOT_RUNNING, EXPLORER_OFF */
async function explorerOf(context: Context, chain: string): Promise<At> {
  let off: unknown = platformError("NETWORK_NOT_RUNNING", { why: chain });
  for (const node of runningNodes(context.layout, requireState(context), chain)) {
    try {
      await node.call("explorer");
      return { chain, node };
    } catch (error) {
      if (!hasCode(error, "EXPLORER_OFF") && !hasCode(error, "UNREACHABLE")) throw error;
      off = error;
    }
  }
  throw off;
}

/** The chain that was named; or all, the side chains first: most of what is asked about is there. */
function chainsMeant(context: Context): string[] {
  const state = requireState(context);
  if (context.chain === state.mainChain) return [state.mainChain];
  if (context.chain !== undefined) return [sideOf(context, state).chain];
  return chainsOf(state)
    .map(({ chain }) => chain)
    .reverse();
}

/** The first answer of the chains meant; a chain where it is not there is passed over. @throws what the last one said */
async function ask<T>(
  context: Context,
  absent: readonly string[],
  question: (at: At) => Promise<T>,
): Promise<T & { readonly chain: string }> {
  let last: unknown;
  for (const chain of chainsMeant(context)) {
    try {
      return { ...(await question(await explorerOf(context, chain))), chain };
    } catch (error) {
      if (!absent.some((code) => hasCode(error, code))) throw error;
      last = error;
    }
  }
  throw last;
}

function assetsIn(value: unknown, found: Set<string>): Set<string> {
  if (typeof value !== "object" || value === null) return found;
  for (const [name, part] of Object.entries(value)) {
    if (name === "asset" && typeof part === "string") found.add(part);
    else assetsIn(part, found);
  }
  return found;
}

/** What the assets of an answer call themselves. */
async function namesFor({ node }: At, answer: unknown): Promise<SentenceNames> {
  const known = new Map<string, ReturnType<typeof assetNameOf>>();
  const ids = [...assetsIn(answer, new Set())].filter((id) => id !== BTM).slice(0, NAMES_MAX);
  for (const id of ids) {
    const asset = await node.call("asset", { params: { asset: id } }).catch(() => undefined);
    if (asset !== undefined) known.set(id, assetNameOf(id, asset.definition));
  }
  return { asset: (id) => known.get(id) };
}

/** A height means the side chain where none is named; a hash is looked for on all. */
export async function runBlock(context: Context, ref: string): Promise<void> {
  const state = requireState(context);
  const isHash = /^[0-9a-f]{64}$/.test(ref);
  const meant = kindOf(context, state) === "main" ? state.mainChain : isHash ? undefined : sideOf(context, state).chain;
  const chosen = meant === undefined ? context : { ...context, chain: meant };
  const { chain, block, transactions, names } = await ask(chosen, ["BLOCK_NOT_FOUND"], async (at) => {
    const { raw: _, ...block } = await at.node.call("block", { params: { ref } });
    const params = { ref: String(block.height) };
    const transactions = await at.node.call("blockTransactions", { params });
    return { block, transactions, names: await namesFor(at, transactions) };
  });
  const text = `${chain}, ${formatBlock({ ...block, raw: "" }, transactions, names)}`;
  context.output.result({ chain, block, transactions }, text);
}

export async function runTransaction(context: Context, id: string): Promise<void> {
  const { chain, transaction, names } = await ask(context, ["TRANSACTION_NOT_FOUND"], async (at) => {
    const transaction = await at.node.call("transactionDetails", { params: { id } });
    return { transaction, names: await namesFor(at, transaction) };
  });
  context.output.result({ chain, transaction }, `${chain}: ${formatDetails(transaction, names)}`);
}

export async function runAddress(context: Context, address: string): Promise<void> {
  const { chain, summary, transactions, names } = await ask(context, ["ADDRESS_INVALID"], async (at) => {
    const params = { address };
    const summary = await at.node.call("addressSummary", { params });
    const transactions: { items: Listed[]; next: string | null } = await at.node.call("addressTransactions", {
      params,
      query: { limit: 10 },
    });
    return { summary, transactions, names: await namesFor(at, { summary, transactions }) };
  });
  context.output.result({ chain, summary, transactions }, `${chain}: ${formatAddress(summary, transactions, names)}`);
}

export async function runSearch(context: Context, text: string): Promise<void> {
  const hits: ({ chain: string } & Parameters<typeof formatHit>[0])[] = [];
  for (const chain of chainsMeant(context)) {
    const { node } = await explorerOf(context, chain);
    const { items } = await node.call("search", { query: { text } });
    hits.push(...items.map((hit) => ({ chain, ...hit })));
  }
  const lines = hits.map((hit) => `${hit.chain}: ${formatHit(hit, hit.chain)}`);
  const nothing = `nothing is found for ${text}; an id needs its first 6 digits`;
  context.output.result({ hits }, lines.length === 0 ? nothing : lines.join("\n"));
}

/** Has a node make its index anew, and waits until it follows the chain again. */
export async function runExplorerRebuild(context: Context, id: string): Promise<void> {
  const state = requireState(context);
  const found = state.nodes.find((node) => node.id === id);
  if (found === undefined)
    throw platformError("PROVIDER_NOT_FOUND", {
      why: `${id}; there are: ${state.nodes.map((node) => node.id).join(", ")}`,
    });
  const node = clientOf(context.layout, found);
  if (node === undefined) throw platformError("NETWORK_NOT_RUNNING", { why: id });
  await node.call("rebuildExplorer");
  let line = "";
  for (;;) {
    const status = await node.call("explorer");
    const now = formatExplorerState(id, status);
    if (status.state === "following") {
      context.output.result({ node: id, ...status }, now);
      return;
    }
    if (status.state === "failed" || status.state === "incomplete")
      throw nodeError(status.state === "failed" ? "EXPLORER_FAILED" : "EXPLORER_INCOMPLETE", {
        why: `${now}: ${status.why ?? ""}`,
      });
    if (now !== line) context.output.progress(now);
    line = now;
    await delay(POLL_MS);
  }
}
