// What the commands of elections share: finding a candidate by what a person calls it, sending one act of an election and
// waiting until the state shows it.

import type { ELECTION_ROUTES } from "@bystack/api/election-routes";
import type { RouteReply } from "@bystack/api/route";
import { LIST_ITEMS_MAX } from "@bystack/api/schemas";
import { httpNodeClient } from "@bystack/federation/prove/clients";
import type { SideClient } from "@bystack/platform/network/run";
import { bytesToHex } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { ElectionRequest } from "@bystack/wallet/build/elections";
import { createSideAdapter } from "@bystack/wallet/build/side";
import { walletError } from "@bystack/wallet/errors";
import type { Wallet } from "@bystack/wallet/wallet";
import type { Context } from "../context.ts";
import { sideSpecOf } from "./chains.ts";
import { untilFinal } from "./final.ts";

export type Candidate = RouteReply<(typeof ELECTION_ROUTES)["candidate"]>;
export type Elections = RouteReply<(typeof ELECTION_ROUTES)["elections"]>;
export type CommitteeReply = RouteReply<(typeof ELECTION_ROUTES)["committee"]>;
export type Vote = RouteReply<(typeof ELECTION_ROUTES)["votes"]>["items"][number];
export type Caught = RouteReply<(typeof ELECTION_ROUTES)["evidence"]>["items"][number];

type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

/** All pages of a list. */
export async function everyPage<T>(ask: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask(cursor);
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}

const pageOf = (cursor: string | undefined) => ({ limit: LIST_ITEMS_MAX, ...(cursor !== undefined && { cursor }) });

export function allCandidates(node: SideClient): Promise<Candidate[]> {
  return everyPage((cursor) => node.call("candidates", { query: pageOf(cursor) }));
}

export function allEvidence(node: SideClient): Promise<Caught[]> {
  return everyPage((cursor) => node.call("evidence", { query: pageOf(cursor) }));
}

/** Vote outputs of some programs, in the order of the node. */
export async function votesOfPrograms(node: SideClient, programs: readonly Uint8Array[]): Promise<Vote[]> {
  const votes: Vote[] = [];
  for (let at = 0; at < programs.length; at += LIST_ITEMS_MAX) {
    const part = programs.slice(at, at + LIST_ITEMS_MAX).map(bytesToHex);
    const found = await everyPage((cursor) =>
      node.call("votes", { body: { programs: part, ...(cursor !== undefined && { cursor }) } }),
    );
    votes.push(...found);
  }
  return votes;
}

/**
 * A candidate by the name of its node, or by the beginning of its key or vote key.
 * @throws BystackError NO_ELECTIONS, CANDIDATE_NOT_FOUND, CANDIDATE_AMBIGUOUS
 */
export async function findCandidate(node: SideClient, text: string): Promise<Candidate> {
  const named = (await allCandidates(node)).find(({ id }) => id === text);
  if (named !== undefined) return named;
  if (/^[0-9a-f]{8,128}$/.test(text)) return node.call("candidate", { params: { key: text } });
  throw walletError("CANDIDATE_NOT_FOUND", { why: text });
}

/** The candidate of a key; undefined while nobody stands with it. */
export async function candidateOfKey(node: SideClient, key: string): Promise<Candidate | undefined> {
  try {
    return await node.call("candidate", { params: { key } });
  } catch (error) {
    if (error instanceof BystackError && error.code === "CANDIDATE_NOT_FOUND") return undefined;
    throw error;
  }
}

export type Acted<T> = { readonly transaction: string; readonly feeNeu: bigint; readonly shown: T };

/** Sends one act of an election from an account, and waits until it is final and the state shows it. */
export async function act<T>(
  context: Context,
  parts: {
    readonly node: SideClient;
    readonly wallet: Wallet;
    readonly from: string;
    readonly request: ElectionRequest;
    readonly feeMaxNeu?: bigint;
    readonly authorise?: Parameters<Wallet["send"]>[0]["authorise"];
    readonly what: string;
    readonly shows: () => Promise<T | undefined>;
  },
): Promise<Acted<T>> {
  const { node, wallet, from, request, feeMaxNeu, authorise, what, shows } = parts;
  const { lead, payments, creditNeu } = request;
  const sent = await wallet.send({
    account: from,
    client: httpNodeClient(node),
    adapter: createSideAdapter(sideSpecOf(context).gas.priceNeu, lead),
    payments,
    creditNeu,
    ...(feeMaxNeu !== undefined && { feeMaxNeu }),
    ...(authorise !== undefined && { authorise }),
  });
  const transaction = bytesToHex(sent.id);
  context.output.progress(`sent ${transaction}, waiting until it is final`);
  const shown = await untilFinal(node, { transaction, what, shows });
  return { transaction, feeNeu: sent.feeNeu, shown };
}
