// The route table is code: one definition of each route gives the server its checks, the client its types and the
// OpenAPI document its text. A handler that is missing is a compile error.

import { z } from "zod";
import type { Role } from "./role.ts";

const NOTHING = z.strictObject({});

type AnyObject = z.ZodObject;

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** What somebody needs to be let in at a route of the platform. */
export type RoleNeeds = {
  readonly role: Role;
  /** A fresh proof of who they are: risk halt or more, people, restore. */
  readonly isStepUp?: boolean;
  /** Also for somebody who has neither password nor passkey yet: setting one, signing out. */
  readonly isForUnfinished?: boolean;
};

/**
 * `open`: whoever may connect. `admin`: the token of the node's folder. `self`: the handler judges (signing in). Else what a
 * person or program needs.
 */
export type RouteAccess = "open" | "admin" | "self" | RoleNeeds;

/** `json` answers once; `events` streams server-sent events and `lines` lines of JSON, each item by `reply`. */
export type RouteKind = "json" | "events" | "lines";

/** One HTTP route. `path` marks parameters as `:name`; `params` has exactly these. */
export type Route<
  Params extends AnyObject = AnyObject,
  Query extends AnyObject = AnyObject,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
  Kind extends RouteKind = RouteKind,
> = {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly reply: Reply;
  readonly kind: Kind;
  /** Codes this route answers with, beyond those that every route has (BAD_REQUEST, FORBIDDEN_HOST, INTERNAL …). */
  readonly errors: readonly string[];
  readonly access: RouteAccess;
  /** 202: the answer is an operation that goes on. */
  readonly status: 200 | 202;
};

export function route<
  Reply extends z.ZodType,
  Params extends AnyObject = typeof NOTHING,
  Query extends AnyObject = typeof NOTHING,
  Body extends z.ZodType = typeof NOTHING,
  Kind extends RouteKind = "json",
>(definition: {
  method: Method;
  path: string;
  summary: string;
  params?: Params;
  query?: Query;
  body?: Body;
  reply: Reply;
  kind?: Kind;
  errors?: readonly string[];
  access?: RouteAccess;
  status?: 200 | 202;
}): Route<Params, Query, Body, Reply, Kind> {
  return {
    method: definition.method,
    path: definition.path,
    summary: definition.summary,
    params: definition.params ?? (NOTHING as unknown as Params),
    query: definition.query ?? (NOTHING as unknown as Query),
    body: definition.body ?? (NOTHING as unknown as Body),
    reply: definition.reply,
    kind: definition.kind ?? ("json" as Kind),
    errors: definition.errors ?? [],
    access: definition.access ?? "open",
    status: definition.status ?? 200,
  };
}

export type RouteTable = Readonly<Record<string, Route>>;

const EVERYWHERE = ["BAD_REQUEST", "BODY_TOO_LARGE", "FORBIDDEN_HOST", "INTERNAL"] as const;
const WITH_ROLE = ["CREDENTIAL_NEEDED", "RATE_LIMITED", "ROLE_TOO_LOW", "SESSION_ENDED", "SIGN_IN_NEEDED"] as const;

/** Every code that a route may answer with. */
export function errorsOf({ access, method, path, errors }: Route): readonly string[] {
  const codes = new Set<string>([...EVERYWHERE, ...errors]);
  if (access === "admin") codes.add("FORBIDDEN_ADMIN");
  if (path.includes("/:network")) codes.add("NETWORK_NOT_FOUND");
  if (typeof access === "object") {
    for (const code of WITH_ROLE) codes.add(code);
    if (access.isStepUp === true) codes.add("STEP_UP_NEEDED");
    if (method !== "GET") for (const code of ["CALL_REPEATED", "STORE_BUSY"]) codes.add(code);
  }
  return [...codes].sort();
}

/** Does a request of this method carry a body? */
export function hasBody({ method }: Pick<Route, "method">): boolean {
  return method === "POST" || method === "PUT";
}

/** What a handler gets: checked and typed parts of the request. */
export type RouteInput<R extends Route> = {
  readonly params: z.output<R["params"]>;
  readonly query: z.output<R["query"]>;
  readonly body: z.output<R["body"]>;
};

/** What a handler gets beside them: who calls, and how to answer beyond the reply. */
export type RouteCall<Caller> = {
  readonly caller: Caller;
  /** Number of the last event that a stream's reader has seen (`Last-Event-ID`). */
  readonly lastEventId: number | undefined;
  /** Aborted when whoever asked is gone, or the server ends. */
  readonly signal: AbortSignal;
  readonly setCookie: (text: string) => void;
};

export type RouteReply<R extends Route> = z.input<R["reply"]>;

type HandlerReply<R extends Route> = R["kind"] extends "json"
  ? RouteReply<R> | Promise<RouteReply<R>>
  : AsyncIterable<RouteReply<R>> | Promise<AsyncIterable<RouteReply<R>>>;

/** One function a route; the type makes a forgotten one impossible. */
export type CallHandlers<T extends RouteTable, Caller> = {
  readonly [K in keyof T]: (input: RouteInput<T[K]>, call: RouteCall<Caller>) => HandlerReply<T[K]>;
};

/** Handlers that do not mind who calls: a node's, whose reads are also asked for inside of its process. */
export type RouteHandlers<T extends RouteTable> = {
  readonly [K in keyof T]: (input: RouteInput<T[K]>) => HandlerReply<T[K]>;
};
