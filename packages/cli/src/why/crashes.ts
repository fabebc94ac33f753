// Nodes that end again and again: read from the log of the node, since one start after another hides what the last exit says.

import type { NodeEvidence } from "./evidence.ts";
import { type Finding, finding } from "./finding.ts";

/** Ends in so short a time are a loop. */
const CRASH_LOOP_ENDS = 3;
const CRASH_LOOP_MS = 600_000;
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

/** A loop of starts and ends, with how many in which time. */
export function crashFindings(node: NodeEvidence, nowMs: number): Finding[] {
  const recent = node.crashesMs.filter((atMs) => atMs > nowMs - CRASH_LOOP_MS && atMs <= nowMs);
  const [first] = recent;
  if (first === undefined || recent.length < CRASH_LOOP_ENDS) return [];
  const minutes = Math.max(1, Math.ceil((nowMs - first) / 60_000));
  const sentence = `${node.id} has ended by itself ${recent.length} times in ${minutes} minutes.`;
  return [finding("crash-loop", node.id, sentence, { sinceMs: first, commands: [`bystack logs ${node.id}`] })];
}
