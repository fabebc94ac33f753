// Who may pass at the platform: the command line of the same machine by the token in its folder, people by their sessions, programs
// by their tokens. What the public may see of a network is said by its definition.

import { bearsToken, type Door, type DoorRequest } from "@bystack/api/door";
import { platformError } from "../errors.ts";
import { type Access, presentedHalves, type RequestHeaders, SESSION_HEADER } from "../people/access.ts";
import { type Call, localActor } from "../people/context.ts";
import type { PresentedHalves } from "../people/sessions.ts";

/** Whose request a handler answers. */
export type PlatformCaller = {
  readonly call: Call;
  /** Of a session: what the browser sent. */
  readonly presented: PresentedHalves | undefined;
};

const single = (value: DoorRequest["headers"][string]): string | undefined =>
  typeof value === "string" ? value : undefined;

/** What a request is about, in the audit log: its parameters by their order in the path. */
function targetOf(params: DoorRequest["params"]): string {
  return Object.values(params).map(String).join("/");
}

export function platformDoor(options: {
  readonly access: Access;
  readonly tenant: string;
  /** Of the platform's folder. */
  readonly token: string;
  readonly nowMs: () => number;
  /** Whether anybody may see the chains of a network. */
  readonly isPublic: (network: string) => boolean;
}): Door<PlatformCaller> {
  const { access, tenant, token, nowMs, isPublic } = options;
  return async ({ id, route, params, query, headers, source, requestHash }) => {
    const { access: needs } = route;
    const request = { source, requestHash };
    if (bearsToken(headers.authorization, token))
      return { call: { actor: localActor(tenant, nowMs()), ...request }, presented: undefined };
    const own: RequestHeaders = {
      authorization: single(headers.authorization),
      cookie: single(headers.cookie),
      [SESSION_HEADER]: single(headers[SESSION_HEADER]),
    };
    const presented = presentedHalves(own);
    if (needs === "self" || needs === "open") return { call: access.publicCall(request), presented };
    if (needs === "admin") throw platformError("ROLE_TOO_LOW", { why: "it needs the token of the platform's folder" });
    const named = params.network ?? query.network;
    const network = typeof named === "string" ? named : undefined;
    const call = await access.authorize(
      { headers: own, ...request },
      {
        route: id,
        target: targetOf(params),
        ...needs,
        // Whoever is nobody sees a network only where its definition says so.
        role: needs.role === "p" && network !== undefined && !isPublic(network) ? "a" : needs.role,
        network,
        kind: route.method === "GET" ? "read" : "write",
      },
    );
    return { call, presented };
  };
}
