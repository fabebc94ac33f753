// `bystack operation`: what the platform has done and is doing, step by step; taking one back, trying one again.

import type { Context } from "../context.ts";
import { requirePlatform } from "../daemon/connect.ts";
import { followOperation, type Operation, untilOver } from "../daemon/follow.ts";

const MARKS: Readonly<Record<Operation["steps"][number]["state"], string>> = {
  waiting: " ",
  running: "…",
  done: "✔",
  undone: "↶",
  failed: "✖",
};

function secondsOf(from: number | null, to: number | null): string {
  return from === null || to === null ? "" : `${((to - from) / 1000).toFixed(1)} s`;
}

function lineOf({ id, state, title, startedAtMs, endedAtMs, cancelAsked }: Operation): string {
  const shown = cancelAsked && state === "running" ? "cancelling" : state;
  return `${String(Number(id)).padStart(4)}  ${shown.padEnd(10)} ${secondsOf(startedAtMs, endedAtMs).padStart(8)}  ${title}`;
}

export function formatOperation(operation: Operation): string {
  const { steps, error } = operation;
  const lines = [lineOf(operation)];
  for (const { title, state, startedAtMs, endedAtMs, note } of steps) {
    const more = note === "" ? "" : `: ${note}`;
    lines.push(`      ${MARKS[state]} ${title}${more}  ${secondsOf(startedAtMs, endedAtMs)}`.trimEnd());
  }
  if (error !== null) lines.push(`  why:  ${error.message} (${error.code}) ${error.why}`, `  next: ${error.next}`);
  return lines.join("\n");
}

/** The number that people type, as the platform has it. */
const idOf = (text: string): string => text.padStart(16, "0");

export async function runOperationList({ home, network, output }: Context): Promise<void> {
  const client = requirePlatform(home);
  const { items } = await client.call("operations", { params: { network }, query: { limit: 20 } });
  output.result({ items }, items.length === 0 ? "Nothing has been done yet." : items.map(lineOf).join("\n"));
}

export async function runOperationShow({ home, network, output }: Context, id: string): Promise<void> {
  const params = { network, operation: idOf(id) };
  const operation = await requirePlatform(home).call("operation", { params });
  output.result(operation, formatOperation(operation));
}

/** Cancels or resumes, and follows until it is over. */
export async function runOperationTurn(
  { home, network, output }: Context,
  id: string,
  verb: "cancelOperation" | "resumeOperation",
): Promise<void> {
  const client = requirePlatform(home);
  const operation = await client.call(verb, { params: { network, operation: idOf(id) } });
  const isResumed = verb === "resumeOperation";
  const over = isResumed ? await followOperation({ client, output }, operation) : await untilOver(client, operation);
  output.result(over, formatOperation(over));
}
