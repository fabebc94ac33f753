// Nodes that end again and again: read from the log of the node, since one start after another hides what the last exit says.

/** Ends in so short a time are a loop. */
export const CRASH_LOOP_ENDS = 3;
/** The window for them. */
export const CRASH_LOOP_MS = 600_000;
/** Lines of a node's log that are looked at: some hours of a quiet node. */
export const LOG_LINES_MAX = 2_000;

const UP: readonly unknown[] = ["side node is up", "node ready"];

type Line = { readonly message: unknown; readonly atMs: number };

function parseLine(text: string): Line | undefined {
  try {
    const entry: unknown = JSON.parse(text);
    if (typeof entry !== "object" || entry === null || !("message" in entry) || !("time" in entry)) return undefined;
    const atMs = Date.parse(String(entry.time));
    return Number.isNaN(atMs) ? undefined : { message: entry.message, atMs };
  } catch {
    // What it printed beside its log.
    return undefined;
  }
}

/**
 * When a node ended without having been asked to: it said why, or it is up again without having said that it stopped. The
 * time of a kill is that of the start after it.
 */
export function crashesIn(lines: readonly string[]): number[] {
  const crashes: number[] = [];
  let isUp = false;
  for (const { message, atMs } of lines.flatMap((text) => parseLine(text) ?? [])) {
    const starts = UP.includes(message);
    if (message === "the node ends" || (starts && isUp)) crashes.push(atMs);
    if (starts) isUp = true;
    else if (message === "stopped" || message === "the node ends") isUp = false;
  }
  return crashes;
}
