// A node's HTTP server, with the one failure that a person can do something about under its own code.

import type { RouteTable } from "@bystack/api/route";
import { type ApiServer, type ApiServerOptions, createApiServer } from "@bystack/api/server";
import { nodeError } from "../errors.ts";

/** @throws BystackError PORT_IN_USE */
export async function serveApi<T extends RouteTable>(options: ApiServerOptions<T>): Promise<ApiServer> {
  try {
    return await createApiServer(options);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    throw nodeError("PORT_IN_USE", { why: `port ${options.port}`, cause });
  }
}
