// Who may pass: a server asks its door for each request before its handler sees it. Nodes have the token of their folder; the
// platform has people and programs (platform/people).

import { equalBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { apiError } from "./errors.ts";
import type { Route } from "./route.ts";

/** What a door looks at. */
export type DoorRequest = {
  /** The route's name in its table. */
  readonly id: string;
  readonly route: Route;
  /** Both as they were sent: who may not call is not told what is wrong with their call. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Address of whoever is connected. */
  readonly source: string;
  /** SHA3-256 of the body's bytes. */
  readonly requestHash: string;
};

/** Lets a request in as somebody, or throws why not. */
export type Door<Caller> = (request: DoorRequest) => Caller | Promise<Caller>;

/** Does an Authorization header bear this token? In constant time. */
export function bearsToken(header: DoorRequest["headers"][string], token: string): boolean {
  return typeof header === "string" && equalBytes(utf8ToBytes(header), utf8ToBytes(`Bearer ${token}`));
}

/** @param token undefined: admin routes are always refused */
export function tokenDoor(token: string | undefined): Door<undefined> {
  return ({ route, headers }) => {
    if (route.access === "open") return undefined;
    if (token === undefined || !bearsToken(headers.authorization, token)) throw apiError("FORBIDDEN_ADMIN");
    return undefined;
  };
}
