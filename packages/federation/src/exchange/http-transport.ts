// Sends envelopes to the other members' HTTP API (route `memberMessage`). The addresses are options of the process, never
// part of the chain spec; a member without an address is unreachable until it is given one.

import { type ApiClient, createClient } from "@bystack/api/client";
import { apiError } from "@bystack/api/errors";
import { FEDERATION_ROUTES } from "@bystack/api/federation-routes";
import { bytesToHex } from "@bystack/utils/bytes";
import type { MemberTransport } from "./exchange.ts";

/** How long one delivery may take: a member that hangs must not hold up the others' queue for long. */
const SEND_TIMEOUT_MS = 3_000;

const ROUTES = { memberMessage: FEDERATION_ROUTES.memberMessage } as const;

export type MemberAddress = { readonly index: number; readonly url: string };

export function createHttpMemberTransport(peers: readonly MemberAddress[]): MemberTransport {
  const clients = new Map<number, ApiClient<typeof ROUTES>>(
    peers.map(({ index, url }) => [index, createClient({ baseUrl: url, routes: ROUTES, timeoutMs: SEND_TIMEOUT_MS })]),
  );
  return async (member, envelope) => {
    const client = clients.get(member);
    if (client === undefined) throw apiError("UNREACHABLE", { why: `member ${member} has no address` });
    await client.call("memberMessage", { body: { envelope: bytesToHex(envelope) } });
  };
}
