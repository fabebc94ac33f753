// Every metric of the platform (shown with `bystack_` before it). docs/reference/metrics.md is rendered from this table.

import { ALERT_RULES } from "@bystack/api/alert-schema";
import type { MetricTable } from "@bystack/utils/metrics";

export const NODE_STATES = ["ready", "unready", "starting", "stopped"] as const;
export const OPERATION_STATES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;

export const PLATFORM_METRICS = {
  platform_nodes: {
    kind: "gauge",
    help: "Nodes of all networks that shall run, by how they are.",
    labels: { state: NODE_STATES },
  },
  platform_operations: {
    kind: "gauge",
    help: "The newest 200 operations, by how they stand.",
    labels: { state: OPERATION_STATES },
  },
  platform_restarts_total: {
    kind: "counter",
    help: "Nodes that ended without having been asked to, since the platform started: each is started again or given up.",
  },
  platform_api_seconds: {
    kind: "histogram",
    help: "From a request of the platform's API to the end of its answer; streams are left out.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  platform_audit_unanchored: {
    kind: "gauge",
    help: "Rows of the audit log that no anchor on the main chain proves; all of them as long as none are made.",
  },
  platform_alerts: {
    kind: "gauge",
    help: "Alerts that are active now, by rule.",
    labels: { rule: ALERT_RULES },
  },
  platform_deliveries_waiting: { kind: "gauge", help: "Messages of alerts that wait for a channel." },
} as const satisfies MetricTable;

export type PlatformMetricName = keyof typeof PLATFORM_METRICS;
