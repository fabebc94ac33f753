// The ports through which time, randomness, logging and metrics come in. Pure packages never reach for their own.

/** Milliseconds since the Unix epoch, and a monotonic reading for durations. */
export type Clock = {
  nowMs(): number;
  monotonicMs(): number;
};

/** A source of random bytes: cryptographic in production, seeded in tests and in the simulator. */
export type Rng = {
  bytes(length: number): Uint8Array;
};

export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** Structured logging: a constant sentence and fields. Secrets and raw network bytes never go in. */
export type Logger = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

/** Counters and gauges by the names of docs/reference/metrics.md. */
export type Metrics = {
  count(name: string, by?: number, labels?: Readonly<Record<string, string>>): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
};

const ignore = (): void => {};

export const nullLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
export const nullMetrics: Metrics = { count: ignore, gauge: ignore, observe: ignore };
