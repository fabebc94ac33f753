// What happens in a node, counted: a registry of the metrics of metric-names.ts and of no others.

import { MetricsRegistry as Registry } from "@bystack/utils/metrics";
import { METRICS, type MetricName } from "./metric-names.ts";

export class MetricsRegistry extends Registry<MetricName> {
  constructor() {
    super(METRICS);
  }
}
