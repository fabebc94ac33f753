// The metrics of a main-chain node: read from the answers that it gives anyway, when somebody asks.

import { MEMPOOL_BYTES_MAX, MEMPOOL_TRANSACTIONS_MAX } from "@bystack/chain/main/mempool";
import type { Clock } from "@bystack/utils/ports";
import { MetricsRegistry } from "../process/metrics.ts";
import { watchProcess } from "../process/process-metrics.ts";
import type { Vitals } from "../process/vitals.ts";
import type { MainHandlers } from "./handlers.ts";

const NO_INPUT = { params: {}, query: {}, body: {} };

export type MainMetricsParts = {
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly vitals: Vitals;
  readonly handlers: Pick<MainHandlers, "info" | "main">;
  readonly mempool: () => { readonly size: number; readonly bytes: number };
};

/** @returns the registry, and what ends the measuring */
export function createMainMetrics(parts: MainMetricsParts): { registry: MetricsRegistry; stop: () => void } {
  const registry = new MetricsRegistry();
  const stop = watchProcess({ ...parts, metrics: registry });
  registry.onRead(async () => {
    const info = await parts.handlers.info(NO_INPUT);
    registry.gauge("chain_height", info.height);
    registry.gauge("chain_final_height", info.finalHeight);
    registry.gauge("chain_final_age_seconds", info.finalAgeMs / 1000);
    registry.gauge("ready", info.ready ? 1 : 0);
    const main = await parts.handlers.main(NO_INPUT);
    registry.total("reorganisations_total", main.reorganisations);
    registry.gauge("mining", main.mining ? 1 : 0);
    registry.gauge("pow_hash_rate", main.hashesPerSecond);
    const { size, bytes } = parts.mempool();
    registry.gauge("peers", info.peers);
    registry.gauge("mempool_transactions", size);
    const queues = [
      ["mempool_transactions", size, MEMPOOL_TRANSACTIONS_MAX],
      ["mempool_bytes", bytes, MEMPOOL_BYTES_MAX],
    ] as const;
    for (const [queue, now, limit] of queues) {
      registry.gauge("queue_size", now, { queue });
      registry.gauge("queue_limit", limit, { queue });
    }
  });
  return { registry, stop };
}
