// The platform's own metrics: what others keep is read when it is asked for, what passes by is counted as it does.

import { MetricsRegistry } from "@bystack/utils/metrics";
import type { Alerts } from "../alert/alerts.ts";
import { type Platform, TENANT } from "../daemon/platform.ts";
import { auditHead } from "../store/audit-export.ts";
import { LIST_ROWS_MAX, type PlatformStore } from "../store/store.ts";
import { NODE_STATES, OPERATION_STATES, PLATFORM_METRICS, type PlatformMetricName } from "./names.ts";

export type PlatformMetrics = {
  readonly render: () => Promise<string>;
  /** An answer of the API was given. */
  readonly answered: (tookMs: number) => void;
};

export function createPlatformMetrics(parts: {
  readonly platform: Platform;
  readonly store: PlatformStore;
  readonly alerts: Alerts;
}): PlatformMetrics {
  const { platform, store, alerts } = parts;
  const registry = new MetricsRegistry<PlatformMetricName>(PLATFORM_METRICS);
  registry.declare(["platform_restarts_total", "platform_api_seconds"]);
  const counted = countExits(store, () => registry.count("platform_restarts_total"));
  registry.onRead(async () => {
    await counted();
    await readNodes(platform, registry);
    await readOperations(platform, registry);
    registry.gauge("platform_audit_unanchored", (await auditHead(store.tenant(TENANT))).seq);
    for (const [rule, active] of alerts.activeByRule()) registry.gauge("platform_alerts", active, { rule });
    registry.gauge("platform_deliveries_waiting", alerts.outbox.waiting);
  });
  return {
    render: () => registry.render(),
    answered: (tookMs) => registry.observe("platform_api_seconds", tookMs / 1_000),
  };
}

async function readNodes(platform: Platform, registry: MetricsRegistry<PlatformMetricName>): Promise<void> {
  const counts = new Map<string, number>(NODE_STATES.map((state) => [state, 0]));
  for (const { name, desired } of await platform.rows()) {
    if (desired === "stopped") continue;
    for (const { phase, ready } of platform.watch.latest(name)?.nodes ?? []) {
      const state = phase !== "running" ? (phase === "created" ? "starting" : "stopped") : ready ? "ready" : "unready";
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
  }
  for (const [state, count] of counts) registry.gauge("platform_nodes", count, { state });
}

async function readOperations(platform: Platform, registry: MetricsRegistry<PlatformMetricName>): Promise<void> {
  const counts = new Map<string, number>(OPERATION_STATES.map((state) => [state, 0]));
  for (const { state } of await platform.journal.list({ limit: LIST_ROWS_MAX }))
    counts.set(state, (counts.get(state) ?? 0) + 1);
  for (const [state, count] of counts) registry.gauge("platform_operations", count, { state });
}

/** Each exit of a node is an event of its own, written by the supervisor; those after the start are counted. */
function countExits(store: PlatformStore, onExit: () => void): () => Promise<void> {
  let last: number | undefined;
  let reading: Promise<void> = store.newestEvent(TENANT).then((seq) => {
    last = seq;
  });
  const read = async (): Promise<void> => {
    for (;;) {
      const { events } = await store.eventsAfter(TENANT, last ?? 0);
      for (const { topic, data } of events) if (topic === "node" && "code" in data && "meaning" in data) onExit();
      const seq = events.at(-1)?.seq;
      if (seq === undefined) return;
      last = seq;
    }
  };
  store.onEvents((tenant) => {
    if (tenant !== TENANT) return;
    // One read at a time; a store that ends meanwhile has no more exits to count.
    reading = reading.then(read).catch(() => {});
  });
  return () => reading;
}
