// The HTTP server of nodes and of the platform: checks the Host and Origin, asks the door who calls, parses by the route table,
// turns every failure into a problem document, serves the OpenAPI text, streams and a site. It has no behaviour of its own.

import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { Logger } from "@bystack/utils/ports";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { renderDocs } from "./docs-page.ts";
import type { Door } from "./door.ts";
import { apiError, problemOf, retryAfterSeconds } from "./errors.ts";
import { isCallAllowed, LOOPBACK_HOSTS, parseHost } from "./hosts.ts";
import { addMetricsRoute, type RenderMetrics } from "./metrics-route.ts";
import { renderOpenApi } from "./openapi.ts";
import { type CallHandlers, hasBody, type Route, type RouteCall, type RouteInput, type RouteTable } from "./route.ts";
import { SITE_CSP, type Site, type SiteFile } from "./site.ts";
import { sendStream } from "./stream.ts";

/** Bytes of one request body: a block's largest transaction is 200 kB, twice that in hexadecimal, and room for JSON. */
export const REQUEST_BODY_BYTES_MAX = 1 << 20;
/** Characters of one parameter in a path: the longest is the key of a candidate, 64 bytes in hexadecimal. */
export const PATH_PARAMETER_CHARS_MAX = 128;
/** Characters of an idempotency key: a UUID has 36. */
export const IDEMPOTENCY_KEY_CHARS_MAX = 100;

/** The documentation has its style in itself, and nothing else. */
const DOCS_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/** For so long a server that ends waits for what it is answering. */
const CLOSE_GRACE_MS = 500;

export type ApiServer = {
  readonly port: number;
  readonly url: string;
  /** For what is no request: a WebSocket. Whoever takes one up asks `isAllowed` first. */
  readonly http: Server;
  readonly isAllowed: (request: IncomingMessage) => boolean;
  close(): Promise<void>;
};

/** One call that may come again under the same key. */
export type RepeatedCall<Caller> = {
  readonly id: string;
  readonly caller: Caller;
  readonly key: string;
  readonly requestHash: string;
};

export type ApiServerOptions<T extends RouteTable, Caller = undefined> = {
  readonly title: string;
  readonly version: string;
  readonly routes: T;
  readonly handlers: CallHandlers<NoInfer<T>, Caller>;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Names beside the loopback ones by which the node may be called. */
  readonly hostsAllowed: readonly string[];
  readonly door: Door<Caller>;
  readonly logger: Logger;
  /** Absent: there is no `/metrics`. */
  readonly metrics?: RenderMetrics;
  /** Told how long each answer that is no stream took, from the request to its end. */
  readonly onAnswered?: (tookMs: number) => void;
  /** Absent: there are no pages. */
  readonly site?: Site | undefined;
  /** Answers a call that comes again with the same `Idempotency-Key` as the first time. */
  readonly once?: (call: RepeatedCall<Caller>, run: () => Promise<unknown>) => Promise<unknown>;
  /** PEM texts; TLS 1.3 alone. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
};

const API_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

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

function numberOf(header: unknown): number | undefined {
  return typeof header === "string" && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

function sendProblem(reply: FastifyReply, error: unknown, requestId: string) {
  const problem = problemOf(error, requestId);
  const seconds = retryAfterSeconds(error);
  if (seconds !== undefined) reply.header("retry-after", String(seconds));
  if (problem.status === 401) reply.header("www-authenticate", "Bearer");
  return { problem, sent: reply.code(problem.status).type("application/problem+json").send(problem) };
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: SiteFile) {
  const isGzip = file.gzipped !== undefined && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  reply
    .header("content-security-policy", SITE_CSP)
    .header("cross-origin-opener-policy", "same-origin")
    .header("cache-control", file.cacheControl)
    .header("vary", "accept-encoding")
    .type(file.type);
  if (isGzip) reply.header("content-encoding", "gzip");
  return reply.send(isGzip ? file.gzipped : file.body);
}

/** An address of the console, which its page makes sense of; not one of the API that was misspelled. */
function isPage({ method, url, headers }: FastifyRequest): boolean {
  const isApi = /^\/(?:v1|admin)(?:\/|\?|$)/.test(url);
  return method === "GET" && !isApi && String(headers.accept ?? "").includes("text/html");
}

class Calls<T extends RouteTable, Caller> {
  readonly #options: ApiServerOptions<T, Caller>;
  readonly #ended = new AbortController();
  readonly #bodies = new WeakMap<FastifyRequest, string>();

  constructor(options: ApiServerOptions<T, Caller>) {
    this.#options = options;
  }

  end(): void {
    this.#ended.abort();
  }

  /** Bodies are JSON alone; their text is kept for its hash. */
  addParsers(server: FastifyInstance): void {
    const parse = server.getDefaultJsonParser("error", "error");
    server.removeAllContentTypeParsers();
    server.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
      this.#bodies.set(request, String(body));
      parse(request, String(body), done);
    });
  }

  async answer(id: string, route: Route, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { headers } = request;
    const requestHash = createHash("sha3-256")
      .update(this.#bodies.get(request) ?? "")
      .digest("hex");
    const params = request.params as Record<string, unknown>;
    const query = request.query as Record<string, unknown>;
    const caller = await this.#options.door({ id, route, params, query, headers, source: request.ip, requestHash });
    const gone = new AbortController();
    reply.raw.on("close", () => gone.abort());
    const input: RouteInput<Route> = {
      params: parsePart(route.params, params) as Record<string, unknown>,
      query: parsePart(route.query, query) as Record<string, unknown>,
      body: hasBody(route) ? parsePart(route.body, request.body) : {},
    };
    const call: RouteCall<Caller> = {
      caller,
      lastEventId: numberOf(headers["last-event-id"]),
      signal: AbortSignal.any([gone.signal, this.#ended.signal]),
      setCookie: (text) => reply.header("set-cookie", text),
    };
    const handler = this.#options.handlers[id as keyof T] as (given: typeof input, call: RouteCall<Caller>) => unknown;
    if (route.kind === "json") {
      const answer = await this.#once({ id, caller, requestHash }, request, async () => handler(input, call));
      return reply.code(route.status).send(answer);
    }
    const items = (await handler(input, call)) as AsyncIterable<unknown>;
    reply.hijack();
    await sendStream({ response: reply.raw, kind: route.kind, items, headers: API_HEADERS, signal: call.signal });
    return reply;
  }

  async #once(
    call: Omit<RepeatedCall<Caller>, "key">,
    request: FastifyRequest,
    run: () => Promise<unknown>,
  ): Promise<unknown> {
    const key = request.headers["idempotency-key"];
    const { once } = this.#options;
    if (key === undefined || once === undefined || request.method === "GET") return run();
    if (typeof key !== "string" || !/^[!-~]+$/.test(key) || key.length > IDEMPOTENCY_KEY_CHARS_MAX)
      throw apiError("BAD_REQUEST", { why: "Idempotency-Key: up to 100 visible characters" });
    return once({ ...call, key }, run);
  }
}

function addErrorHandlers(server: FastifyInstance, logger: Logger, site: Site | undefined): void {
  server.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    let shown: unknown = error;
    if (error.statusCode === 413) shown = apiError("BODY_TOO_LARGE");
    else if (error.code?.startsWith("FST_ERR_CTP") || error instanceof SyntaxError)
      shown = apiError("BAD_REQUEST", { why: "the body is not JSON" });
    if (reply.raw.headersSent) {
      logger.warn("a stream ended early", { requestId: String(request.id), error: error.message });
      return reply;
    }
    const { problem, sent } = sendProblem(reply, shown, String(request.id));
    if (problem.status >= 500)
      logger.error("request failed", {
        requestId: problem.requestId,
        route: request.routeOptions.url,
        error: error.message,
      });
    return sent;
  });
  server.setNotFoundHandler((request, reply) => {
    const file = request.method === "GET" ? site?.find(request.url.split("?", 1)[0] ?? "") : undefined;
    if (file !== undefined) return sendFile(request, reply, file);
    if (site !== undefined && isPage(request)) return sendFile(request, reply, site.page);
    const why = `${request.method} ${request.url}`.slice(0, 200);
    return sendProblem(reply, apiError("UNKNOWN_ROUTE", { why }), String(request.id)).sent;
  });
}

function createFastify({ tls }: Pick<ApiServerOptions<RouteTable>, "tls">): FastifyInstance {
  const server = fastify({
    bodyLimit: REQUEST_BODY_BYTES_MAX,
    genReqId: () => randomUUID(),
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARS_MAX },
    ...(tls && { https: { ...tls, minVersion: "TLSv1.3" } }),
    // A path that the router itself refuses: badly escaped, or with a parameter that is too long.
    frameworkErrors: (error: Error & { code?: string }, request: FastifyRequest, reply: FastifyReply) => {
      const why = error.code === "FST_ERR_MAX_PARAM_LENGTH" ? "a part of the path is too long" : "the path is no URL";
      return sendProblem(reply, apiError("BAD_REQUEST", { why }), String(request.id)).sent;
    },
    // With and without TLS the types of the library differ; what is used of them does not.
  } as object) as unknown as FastifyInstance;
  return server;
}

/** Streams last as long as their reader does: their time says nothing. */
function addTiming(
  server: FastifyInstance,
  { onAnswered, routes }: Pick<ApiServerOptions<RouteTable>, "onAnswered" | "routes">,
): void {
  if (onAnswered === undefined) return;
  const streams = new Set(Object.values(routes).flatMap(({ kind, path }) => (kind === "json" ? [] : [path])));
  server.addHook("onResponse", async (request, reply) => {
    if (!streams.has(request.routeOptions.url ?? "")) onAnswered(reply.elapsedTime);
  });
}

export async function createApiServer<T extends RouteTable, Caller = undefined>(
  options: ApiServerOptions<T, Caller>,
): Promise<ApiServer> {
  const hosts = [...LOOPBACK_HOSTS, ...options.hostsAllowed];
  const server = createFastify(options);
  const calls = new Calls(options);
  calls.addParsers(server);
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(API_HEADERS);
    if (options.tls !== undefined) reply.header("strict-transport-security", "max-age=31536000");
    if (!isCallAllowed(request.headers, hosts))
      throw apiError("FORBIDDEN_HOST", {
        why: `Host ${parseHost(request.headers.host)?.name ?? "missing or malformed"}`,
      });
  });
  addTiming(server, options);
  addErrorHandlers(server, options.logger, options.site);
  const document = renderOpenApi(options.routes, { title: options.title, version: options.version });
  server.get("/openapi.json", async () => document);
  const { title, version, routes } = options;
  // Made when somebody reads it: nodes start without.
  server.get("/docs", async (_, reply) =>
    reply
      .header("content-security-policy", DOCS_CSP)
      .type("text/html; charset=utf-8")
      .send(renderDocs(routes, { title, version })),
  );
  if (options.metrics !== undefined) addMetricsRoute(server, options.metrics);
  for (const [id, route] of Object.entries(options.routes)) {
    const handler = (request: FastifyRequest, reply: FastifyReply) => calls.answer(id, route, request, reply);
    server.route({ method: route.method, url: route.path, handler });
  }

  await server.listen({ host: options.host, port: options.port });
  const address = server.server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  return {
    port,
    url: `${options.tls === undefined ? "http" : "https"}://${options.host}:${port}`,
    http: server.server as Server,
    isAllowed: (request) => isCallAllowed(request.headers, hosts),
    close: async () => {
      calls.end();
      // Answers that are being given are given, also the one to whoever asked for the end.
      const late = setTimeout(() => server.server.closeAllConnections(), CLOSE_GRACE_MS);
      await server.close();
      clearTimeout(late);
    },
  };
}
