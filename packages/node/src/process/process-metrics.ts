// What a process tells about itself in its metrics, whatever chain it serves: memory, processor time, and how long the event
// loop was held up.

import type { Clock } from "@bystack/utils/ports";
import type { MetricsRegistry } from "./metrics.ts";

/** How often the event loop is looked at. */
const LAG_PERIOD_MS = 250;

/** Begins to measure. @returns what ends it */
export function watchProcess(metrics: MetricsRegistry, clock: Clock, startedAtMs: number): () => void {
  metrics.gauge("start_time_seconds", startedAtMs / 1000);
  metrics.onRead(() => {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    metrics.gauge("process_resident_memory_bytes", rss);
    metrics.gauge("process_heap_used_bytes", heapUsed);
    metrics.total("process_cpu_seconds_total", (user + system) / 1e6);
  });
  let plannedMs = clock.monotonicMs() + LAG_PERIOD_MS;
  const timer = setInterval(() => {
    const nowMs = clock.monotonicMs();
    metrics.observe("event_loop_lag_seconds", Math.max(0, nowMs - plannedMs) / 1000);
    plannedMs = nowMs + LAG_PERIOD_MS;
  }, LAG_PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Observes how long a job took, also one that failed. */
export async function timed<T>(
  parts: { readonly metrics: MetricsRegistry; readonly clock: Clock },
  name: "record_sync_seconds" | "finalise_seconds",
  job: () => Promise<T>,
): Promise<T> {
  const beganMs = parts.clock.monotonicMs();
  try {
    return await job();
  } finally {
    parts.metrics.observe(name, (parts.clock.monotonicMs() - beganMs) / 1000);
  }
}
