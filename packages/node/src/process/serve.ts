// A node's HTTP server, with the one failure that a person can do something about under its own code.

import { createEventHub, type EventHub } from "@bystack/api/events";
import type { RouteTable } from "@bystack/api/route";
import { type ApiServer, type ApiServerOptions, createApiServer } from "@bystack/api/server";
import { nodeError } from "../errors.ts";

export type NodeServer = ApiServer & { readonly events: EventHub };

/** @throws BystackError PORT_IN_USE */
export async function serveApi<T extends RouteTable>(options: ApiServerOptions<T>): Promise<NodeServer> {
  let server: ApiServer;
  try {
    server = await createApiServer(options);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    throw nodeError("PORT_IN_USE", { why: `port ${options.port}`, cause });
  }
  const events = createEventHub({ server: server.http, path: "/v1/events", isAllowed: server.isAllowed });
  const close = async (): Promise<void> => {
    events.close();
    await server.close();
  };
  return { ...server, events, close };
}
