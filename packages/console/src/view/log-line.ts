// A line of a node's log: JSON with level, time, message and fields. Pure; a line that is no JSON is shown as it is.

import { formatClock } from "./formats.ts";
import type { Tone } from "./status.ts";

export type LogLine = {
  /** `14:03:09`, in the reader's own time zone; empty when the line has none. */
  readonly time: string;
  readonly level: string;
  readonly tone: Tone;
  readonly message: string;
  /** The other fields, as `name=value`. */
  readonly fields: string;
};

const TONES: Readonly<Record<string, Tone>> = { error: "bad", warn: "warn", info: "idle", debug: "idle" };

function timeOf(value: unknown): string {
  const atMs = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? "" : formatClock(atMs);
}

function fieldText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The node's own log has `time`, `level`, `node`, `message` and whatever else the message is about. */
export function parseLogLine(text: string): LogLine {
  let entry: Record<string, unknown>;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("no object");
    entry = value as Record<string, unknown>;
  } catch {
    return { time: "", level: "", tone: "idle", message: text, fields: "" };
  }
  const { time, level: given, node: _, message, ...fields } = entry;
  const level = typeof given === "string" ? given : "";
  return {
    time: timeOf(time),
    level,
    tone: TONES[level] ?? "idle",
    message: typeof message === "string" ? message : "",
    fields: Object.entries(fields)
      .map(([name, value]) => `${name}=${fieldText(value)}`)
      .join(" "),
  };
}
