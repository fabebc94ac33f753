// A platform made of fixtures: serves the built console under its content security policy, and answers the route table from a
// world. It can begin to answer 503, and cut the event stream, while pages are open.

import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import type { Route } from "@bystack/api/route";
import { FixtureProblem } from "./problem.ts";
import { LOG_LINES } from "./worlds/chains.ts";
import type { World } from "./worlds/world.ts";

/** What the platform sends with every page (platform.md section 5). */
export const CONTENT_SECURITY_POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

const PICTURE_EVERY_MS = 1_000;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export type Mode = "ok" | "unavailable" | "cut";

export type FixtureServer = {
  readonly url: string;
  /** Takes effect at once; open streams end when it is not `ok`. */
  mode: Mode;
  world: World;
  /** To every open stream. */
  send(event: { topic: string; subject: string; data: Record<string, unknown> }): void;
  close(): Promise<void>;
};

type Match = { readonly id: string; readonly route: Route; readonly params: Record<string, string> };

function matchRoute(method: string, path: string): Match | undefined {
  for (const [id, route] of Object.entries(PLATFORM_ROUTES as Readonly<Record<string, Route>>)) {
    if (route.method !== method) continue;
    const names: string[] = [];
    const pattern = route.path.replace(/:([a-zA-Z]+)/g, (_, name: string) => {
      names.push(name);
      return "([^/]+)";
    });
    const found = new RegExp(`^${pattern}$`).exec(path);
    if (found === null) continue;
    return {
      id,
      route,
      params: Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1] ?? "")])),
    };
  }
  return undefined;
}

function sendProblem(
  response: ServerResponse,
  status: number,
  code: string,
  texts: { title: string; detail: string; next: string },
): void {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: `urn:bystack:error:${code}`, status, code, requestId: "fixture", ...texts }));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const part of request) text += part;
  return text === "" ? {} : JSON.parse(text);
}

export async function startFixtureServer(options: { dist: string; world: World }): Promise<FixtureServer> {
  const streams = new Set<ServerResponse>();
  const events = new Set<ServerResponse>();
  let mode: Mode = "ok";
  let seq = 0;
  // As the platform does: a picture of the network each second to everybody who follows.
  const pictures = setInterval(() => {
    const { network, answers } = self.world;
    if (network === undefined || events.size === 0) return;
    const data = answers.network?.({ params: { network }, query: {}, body: {} });
    const text = JSON.stringify({ seq: null, atMs: Date.now(), topic: "status", subject: network, data });
    for (const stream of events) stream.write(`data: ${text}\n\n`);
  }, PICTURE_EVERY_MS);
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500);
      response.end(String(error));
    });
  });

  const sendFile = (response: ServerResponse, path: string): void => {
    const file = extname(path) === "" ? "index.html" : normalize(path).replace(/^[/.\\]+/, "");
    let content: Buffer;
    try {
      content = readFileSync(join(options.dist, file));
    } catch {
      response.writeHead(404);
      response.end();
      return;
    }
    response.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
    });
    response.end(content);
  };

  const sendStream = (response: ServerResponse, id: string): void => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(":\n\n");
    if (id === "followLogs") for (const line of LOG_LINES) response.write(`data: ${JSON.stringify({ line })}\n\n`);
    if (mode === "cut") {
      response.end();
      return;
    }
    streams.add(response);
    if (id === "events") events.add(response);
    response.on("close", () => {
      streams.delete(response);
      events.delete(response);
    });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://fixture");
    const isApi = /^\/(?:v1|admin|health)\//.test(url.pathname);
    if (!isApi) return sendFile(response, url.pathname);
    // Who one is, is still known: what fails then are the pages, not the way in.
    if (mode === "unavailable" && url.pathname !== "/v1/me")
      return sendProblem(response, 503, "STORE_BUSY", {
        title: "The platform has more changes under way than it takes at once.",
        detail: "16 wait already",
        next: "Try again in a moment, or see what it does: bystack operation list.",
      });
    const match = matchRoute(request.method ?? "GET", url.pathname);
    const handler =
      match && (self.world.answers as Record<string, ((input: unknown) => unknown) | undefined>)[match.id];
    const missing = {
      title: "There is no such thing here.",
      detail: url.pathname,
      next: "List what there is: bystack status.",
    };
    if (match?.route.kind === "events") return sendStream(response, match.id);
    if (match === undefined || handler === undefined) return sendProblem(response, 404, "UNKNOWN_ROUTE", missing);
    const input = {
      params: match.params,
      query: match.route.query.parse(Object.fromEntries(url.searchParams)),
      body: match.route.body.parse(await bodyOf(request)),
    };
    try {
      const found = handler(input);
      if (found === undefined) return sendProblem(response, 404, "NETWORK_NOT_FOUND", missing);
      const reply = match.route.reply.parse(found);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(reply));
    } catch (error) {
      if (!(error instanceof FixtureProblem)) throw error;
      sendProblem(response, error.status, error.code, error.texts);
    }
  };

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const self: FixtureServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    world: options.world,
    get mode() {
      return mode;
    },
    set mode(next: Mode) {
      mode = next;
      if (next !== "ok") for (const stream of streams) stream.end();
    },
    send: (event) => {
      seq += 1;
      const text = JSON.stringify({ seq, atMs: Date.now(), ...event });
      for (const stream of events) stream.write(`id: ${seq}\ndata: ${text}\n\n`);
    },
    close: async () => {
      clearInterval(pictures);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return self;
}
