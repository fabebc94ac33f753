// Asking a chain: a ready node of it answers, observers first; one that is silent is passed over for the next.

import { BystackError } from "@bystack/utils/errors";
import { platformError } from "../errors.ts";
import { clientOf, type SideClient } from "../network/run.ts";
import type { NetworkStatus, NodeRow } from "../network/status.ts";
import type { Platform } from "./platform.ts";

/** A node that takes longer is passed over for the next one. */
const ANSWER_MS = 5_000;
/** Nodes that are tried for one question. */
const TRIES_MAX = 3;

export type ChainPlace = { readonly network: string; readonly chain: string };

/** How a network stands, by the newest look at it. @throws BystackError NETWORK_NOT_FOUND */
export async function pictureOf(platform: Platform, network: string): Promise<NetworkStatus> {
  return platform.watch.latest(network) ?? (await platform.status(network));
}

/** What a question is about, and with it who can answer: any node, a member of the federation, or one with an explorer. */
export type Asked = "chain" | "federation" | "explorer";

/** Who shall answer: ready ones first, those without a seat before those that have blocks to make; members have a seat. */
function inOrder(rows: readonly NodeRow[], asked: Asked): NodeRow[] {
  const isSeatedFirst = asked === "federation";
  const rank = ({ ready, hasSeat }: NodeRow): number => (ready ? 0 : 2) + (hasSeat === isSeatedFirst ? 0 : 1);
  const running = rows.filter(({ phase }) => phase === "running").sort((a, b) => rank(a) - rank(b));
  // One node of a chain has the index; the others say at once that they have none.
  return asked === "explorer" ? running : running.slice(0, TRIES_MAX);
}

/** Another node may answer what this one does not. */
function isElsewhere(error: unknown): error is BystackError {
  return error instanceof BystackError && (error.code === "UNREACHABLE" || error.code === "EXPLORER_OFF");
}

/**
 * Asks nodes of a chain until one answers.
 * @throws BystackError CHAIN_NOT_FOUND, CHAIN_SILENT, and what the node answers
 */
export async function askChain<T>(
  platform: Platform,
  { network, chain }: ChainPlace,
  ask: (client: SideClient) => Promise<T>,
  asked: Asked = "chain",
): Promise<T> {
  const rows = (await pictureOf(platform, network)).nodes.filter((row) => row.chain === chain);
  if (rows.length === 0) throw platformError("CHAIN_NOT_FOUND", { why: `${chain} in ${network}` });
  let silent = `no node of ${chain} runs`;
  let off: BystackError | undefined;
  for (const { id } of inOrder(rows, asked)) {
    const client = clientOf(platform.layout(network), platform.node(network, id), ANSWER_MS);
    if (client === undefined) continue;
    try {
      return await ask(client);
    } catch (error) {
      if (!isElsewhere(error)) throw error;
      if (error.code === "EXPLORER_OFF") off = error;
      else silent = `${id}: ${error.why}`;
    }
  }
  throw off ?? platformError("CHAIN_SILENT", { why: silent });
}

/** What the vault of a side chain owes to those who hold its assets, in words; empty when nothing is, or nobody answers. */
export async function owedOn(platform: Platform, place: ChainPlace): Promise<string> {
  try {
    const { assets } = await askChain(platform, place, (client) => client.call("federationStatus"));
    return assets
      .filter(({ owed }) => BigInt(owed) > 0n)
      .map(({ asset, owed }) => `${owed} of ${asset}`)
      .join(", ");
  } catch (error) {
    if (error instanceof BystackError) return "";
    throw error;
  }
}
