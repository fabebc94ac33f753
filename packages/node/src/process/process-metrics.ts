// What a process tells about itself in its metrics, whatever chain it serves: memory, processor time, and how long the event
// loop was held up.

import type { Clock } from "@bystack/utils/ports";
import type { MetricsRegistry } from "./metrics.ts";
import type { Vitals } from "./vitals.ts";

/** How often the event loop is looked at. */
const LAG_PERIOD_MS = 250;

/** Begins to measure. @returns what ends it */
export function watchProcess(parts: {
  readonly metrics: MetricsRegistry;
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly vitals: Pick<Vitals, "lagged">;
}): () => void {
  const { metrics, clock, startedAtMs, vitals } = parts;
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
    const lagMs = Math.max(0, nowMs - plannedMs);
    metrics.observe("event_loop_lag_seconds", lagMs / 1000);
    vitals.lagged(lagMs);
    plannedMs = nowMs + LAG_PERIOD_MS;
  }, LAG_PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Observes how long a job took, also one that failed. */
export async function timed<T>(
  parts: { readonly metrics: MetricsRegistry; readonly clock: Clock; readonly onTime?: (tookMs: number) => void },
  name: "vote_fsync_seconds" | "finalise_seconds",
  job: () => Promise<T>,
): Promise<T> {
  const beganMs = parts.clock.monotonicMs();
  try {
    return await job();
  } finally {
    const tookMs = parts.clock.monotonicMs() - beganMs;
    parts.metrics.observe(name, tookMs / 1000);
    parts.onTime?.(tookMs);
  }
}
