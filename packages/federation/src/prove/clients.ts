// The nodes as the proof of a network sees them: HTTP clients, and the wallet's view of a chain through one of them.

import type { ApiClient } from "@bystack/api/client";
import type { FEDERATION_ROUTES } from "@bystack/api/federation-routes";
import type { NODE_ROUTES } from "@bystack/api/node-routes";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import type { NodeClient, ReportedCoin } from "@bystack/wallet/wallet";

export type MainNode = ApiClient<typeof NODE_ROUTES>;
export type SideNode = ApiClient<typeof NODE_ROUTES & typeof FEDERATION_ROUTES>;

/** The routes that both kinds of node answer. */
export type AnyNode = { readonly call: MainNode["call"] };

/** Programs in one query: the route's own limit. */
const PROGRAMS_A_QUERY = 200;

/** Every unspent output of these programs that may be spent as a coin, over all pages: a vote is taken back, not spent. */
export async function unspentOf(node: AnyNode, programs: readonly Uint8Array[]): Promise<ReportedCoin[]> {
  const coins: ReportedCoin[] = [];
  for (let at = 0; at < programs.length; at += PROGRAMS_A_QUERY) {
    const part = programs.slice(at, at + PROGRAMS_A_QUERY).map(bytesToHex);
    let cursor: string | undefined;
    do {
      const page = await node.call("outputs", { body: { programs: part, ...(cursor !== undefined && { cursor }) } });
      for (const output of page.items) {
        if (output.kind === "vote") continue;
        coins.push({
          id: hexToBytes(output.id),
          assetId: hexToBytes(output.asset),
          amount: BigInt(output.amount),
          program: hexToBytes(output.program),
          sourceId: hexToBytes(output.sourceId),
          sourcePosition: BigInt(output.sourcePosition),
          spendableFrom: output.spendableFrom,
        });
      }
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }
  return coins;
}

/** The wallet's port to a chain, over HTTP. */
export function httpNodeClient(node: AnyNode): NodeClient {
  return {
    tipHeight: async () => (await node.call("info")).height,
    coinsOf: (programs) => unspentOf(node, programs),
    submit: async (raw) => {
      await node.call("submit", { body: { raw: bytesToHex(raw) } });
    },
  };
}
