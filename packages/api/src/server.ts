// The HTTP server of a node: checks the Host and Origin, parses by the route table, turns every failure into a problem
// document, serves the OpenAPI text and the event stream. It has no behaviour of its own.

import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { equalBytes, utf8ToBytes } from "@bystack/utils/bytes";
import type { Logger } from "@bystack/utils/ports";
import { type FastifyReply, fastify } from "fastify";
import { apiError, problemOf } from "./errors.ts";
import { createEventHub, type EventHub } from "./events.ts";
import { isCallAllowed, LOOPBACK_HOSTS, parseHost } from "./hosts.ts";
import { addMetricsRoute, type RenderMetrics } from "./metrics-route.ts";
import { renderOpenApi } from "./openapi.ts";
import type { Route, RouteHandlers, RouteTable } from "./route.ts";

/** Bytes of one request body: a block's largest transaction is 200 kB, twice that in hexadecimal, and room for JSON. */
export const REQUEST_BODY_BYTES_MAX = 1 << 20;
/** Characters of one parameter in a path: the longest is the key of a candidate, 64 bytes in hexadecimal. */
export const PATH_PARAMETER_CHARS_MAX = 128;

export type ApiServer = {
  readonly port: number;
  readonly url: string;
  readonly events: EventHub;
  close(): Promise<void>;
};

export type ApiServerOptions<T extends RouteTable> = {
  readonly title: string;
  readonly version: string;
  readonly routes: T;
  readonly handlers: RouteHandlers<T>;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Names beside the loopback ones by which the node may be called. */
  readonly hostsAllowed: readonly string[];
  /** Undefined: admin routes are always refused. */
  readonly adminToken: string | undefined;
  readonly logger: Logger;
  /** Absent: there is no `/metrics`. */
  readonly metrics?: RenderMetrics;
};

function isAdmin(header: string | undefined, token: string | undefined): boolean {
  if (token === undefined || header === undefined) return false;
  return equalBytes(utf8ToBytes(header), utf8ToBytes(`Bearer ${token}`));
}

function describe(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  return issues
    .slice(0, 3)
    .map((issue) => `${issue.path.map(String).join(".") || "request"}: ${issue.message}`)
    .join("; ");
}

function parsePart(schema: Route["body"], value: unknown): unknown {
  const result = schema.safeParse(value ?? {});
  if (!result.success) throw apiError("BAD_REQUEST", { why: describe(result.error.issues) });
  return result.data;
}

export async function createApiServer<T extends RouteTable>(options: ApiServerOptions<T>): Promise<ApiServer> {
  const hosts = [...LOOPBACK_HOSTS, ...options.hostsAllowed];
  const server = fastify({
    bodyLimit: REQUEST_BODY_BYTES_MAX,
    genReqId: () => randomUUID(),
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARS_MAX },
    // A path that the router itself refuses: badly escaped, or with a parameter that is too long.
    frameworkErrors: (error, request, reply) => {
      const why = error.code === "FST_ERR_MAX_PARAM_LENGTH" ? "a part of the path is too long" : "the path is no URL";
      const problem = problemOf(apiError("BAD_REQUEST", { why }), String(request.id));
      // The types of a route that was not found yet are unknown; it answers like every other.
      return (reply as unknown as FastifyReply).code(problem.status).type("application/problem+json").send(problem);
    },
  });

  server.addHook("onRequest", async (request) => {
    if (!isCallAllowed(request.headers, hosts))
      throw apiError("FORBIDDEN_HOST", {
        why: `Host ${parseHost(request.headers.host)?.name ?? "missing or malformed"}`,
      });
  });
  server.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    let shown: unknown = error;
    if (error.statusCode === 413) shown = apiError("BODY_TOO_LARGE");
    else if (error.code?.startsWith("FST_ERR_CTP") || error instanceof SyntaxError)
      shown = apiError("BAD_REQUEST", { why: "the body is not JSON" });
    const problem = problemOf(shown, String(request.id));
    if (problem.status >= 500)
      options.logger.error("request failed", {
        requestId: problem.requestId,
        route: request.url,
        error: error.message,
      });
    return reply.code(problem.status).type("application/problem+json").send(problem);
  });
  server.setNotFoundHandler((request, reply) => {
    const problem = problemOf(
      apiError("UNKNOWN_ROUTE", { why: `${request.method} ${request.url}` }),
      String(request.id),
    );
    return reply.code(problem.status).type("application/problem+json").send(problem);
  });

  const document = renderOpenApi(options.routes, { title: options.title, version: options.version });
  server.get("/openapi.json", async () => document);
  if (options.metrics !== undefined) addMetricsRoute(server, options.metrics);
  for (const [name, definition] of Object.entries(options.routes)) {
    const handler = options.handlers[name as keyof T];
    server.route({
      method: definition.method,
      url: definition.path,
      handler: async (request) => {
        if (definition.access === "admin" && !isAdmin(request.headers.authorization, options.adminToken))
          throw apiError("FORBIDDEN_ADMIN");
        const input = {
          params: parsePart(definition.params, request.params),
          query: parsePart(definition.query, request.query),
          body: parsePart(definition.body, request.body),
        };
        return handler(input as Parameters<typeof handler>[0]);
      },
    });
  }

  await server.listen({ host: options.host, port: options.port });
  const address = server.server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const events = createEventHub({
    server: server.server as Server,
    path: "/v1/events",
    isAllowed: (request) => isCallAllowed(request.headers, hosts),
  });
  return {
    port,
    url: `http://${options.host}:${port}`,
    events,
    close: async () => {
      events.close();
      server.server.closeAllConnections();
      await server.close();
    },
  };
}
