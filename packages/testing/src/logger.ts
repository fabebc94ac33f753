// A logger and a metrics sink that remember, for tests that assert what was said and counted.

import type { LogFields, Logger, Metrics } from "@bystack/utils/ports";

export type LogLine = {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
};

export type MemoryLogger = Logger & {
  readonly lines: readonly LogLine[];
  /** The lines whose sentence contains `part`. */
  find(part: string): LogLine[];
};

/** Keeps the newest `linesMax` lines. */
export function createMemoryLogger(linesMax = 10_000): MemoryLogger {
  const lines: LogLine[] = [];
  const write =
    (level: LogLine["level"]) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
      if (lines.length > linesMax) lines.shift();
    };
  return {
    lines,
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    find: (part) => lines.filter((line) => line.message.includes(part)),
  };
}

export type MemoryMetrics = Metrics & {
  /** Sum of a counter over all its labels, or the last value of a gauge; 0 when it was never touched. */
  read(name: string): number;
};

/** Sums counters and keeps the last value of each gauge and observation, labels ignored. */
export function createMemoryMetrics(): MemoryMetrics {
  const values = new Map<string, number>();
  return {
    count: (name, by = 1) => void values.set(name, (values.get(name) ?? 0) + by),
    gauge: (name, value) => void values.set(name, value),
    observe: (name, value) => void values.set(name, value),
    read: (name) => values.get(name) ?? 0,
  };
}
