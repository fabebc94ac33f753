// The one route that is no JSON: `/metrics` in the text format that Prometheus and its kin read (exposition 0.0.4). It is
// open like the other reads, under the same list of hosts, and it holds no secret.

import type { FastifyInstance } from "fastify";

export const METRICS_PATH = "/metrics";
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The text of all metrics at this moment. */
export type RenderMetrics = () => string | Promise<string>;

export function addMetricsRoute(server: Pick<FastifyInstance, "get">, render: RenderMetrics): void {
  server.get(METRICS_PATH, async (_request, reply) => reply.type(METRICS_CONTENT_TYPE).send(await render()));
}
