// The route table is code: one definition of each route gives the server its checks, the client its types and the
// OpenAPI document its text. A handler that is missing is a compile error.

import { z } from "zod";

const NOTHING = z.strictObject({});

type AnyObject = z.ZodObject;

/** One HTTP route. `path` marks parameters as `:name`; `params` has exactly these. */
export type Route<
  Params extends AnyObject = AnyObject,
  Query extends AnyObject = AnyObject,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly summary: string;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly reply: Reply;
  /** Codes this route answers with, beyond those that every route has (BAD_REQUEST, FORBIDDEN_HOST, INTERNAL …). */
  readonly errors: readonly string[];
  /** `admin` routes need the token of the node's folder; all others are open to whoever may connect. */
  readonly access: "open" | "admin";
};

export function route<
  Reply extends z.ZodType,
  Params extends AnyObject = typeof NOTHING,
  Query extends AnyObject = typeof NOTHING,
  Body extends z.ZodType = typeof NOTHING,
>(definition: {
  method: "GET" | "POST";
  path: string;
  summary: string;
  params?: Params;
  query?: Query;
  body?: Body;
  reply: Reply;
  errors?: readonly string[];
  access?: "open" | "admin";
}): Route<Params, Query, Body, Reply> {
  return {
    method: definition.method,
    path: definition.path,
    summary: definition.summary,
    params: definition.params ?? (NOTHING as unknown as Params),
    query: definition.query ?? (NOTHING as unknown as Query),
    body: definition.body ?? (NOTHING as unknown as Body),
    reply: definition.reply,
    errors: definition.errors ?? [],
    access: definition.access ?? "open",
  };
}

export type RouteTable = Readonly<Record<string, Route>>;

/** What a handler gets: checked and typed parts of the request. */
export type RouteInput<R extends Route> = {
  readonly params: z.output<R["params"]>;
  readonly query: z.output<R["query"]>;
  readonly body: z.output<R["body"]>;
};

export type RouteReply<R extends Route> = z.input<R["reply"]>;

/** One function a route; the type makes a forgotten one impossible. */
export type RouteHandlers<T extends RouteTable> = {
  readonly [K in keyof T]: (input: RouteInput<T[K]>) => RouteReply<T[K]> | Promise<RouteReply<T[K]>>;
};
