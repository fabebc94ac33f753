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

/** Who shall answer: ready ones first, those without a seat before those that have blocks to make. */
function inOrder(rows: readonly NodeRow[], isSeatedFirst: boolean): NodeRow[] {
  const rank = ({ ready, hasSeat }: NodeRow): number => (ready ? 0 : 2) + (hasSeat === isSeatedFirst ? 0 : 1);
  return rows.filter(({ phase }) => phase === "running").sort((a, b) => rank(a) - rank(b));
}

/**
 * Asks nodes of a chain until one answers.
 * @param isMember what only a member of the federation knows: those with a seat first
 * @throws BystackError CHAIN_NOT_FOUND, CHAIN_SILENT, and what the node answers
 */
export async function askChain<T>(
  platform: Platform,
  { network, chain }: ChainPlace,
  ask: (client: SideClient) => Promise<T>,
  isMember = false,
): Promise<T> {
  const rows = (await pictureOf(platform, network)).nodes.filter((row) => row.chain === chain);
  if (rows.length === 0) throw platformError("CHAIN_NOT_FOUND", { why: `${chain} in ${network}` });
  let silent = "";
  for (const { id } of inOrder(rows, isMember).slice(0, TRIES_MAX)) {
    const client = clientOf(platform.layout(network), platform.node(network, id), ANSWER_MS);
    if (client === undefined) continue;
    try {
      return await ask(client);
    } catch (error) {
      if (!(error instanceof BystackError) || error.code !== "UNREACHABLE") throw error;
      silent = `${id}: ${error.why}`;
    }
  }
  throw platformError("CHAIN_SILENT", { why: silent === "" ? `no node of ${chain} runs` : silent });
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
