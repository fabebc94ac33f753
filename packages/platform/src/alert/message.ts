// Messages: which alerts are told together, and in which words. One message has the heads, each with what it brings about and what
// brings it about; everything named in it counts as told. Pure.

import { alertId, alertRule, alertSeverity } from "@bystack/api/alert-schema";
import { z } from "zod";
import type { AlertRow } from "./tables.ts";

/** Alerts that one message spells out; the others are counted. */
export const MESSAGE_ITEMS_MAX = 20;
/** Alerts that are named with one of them. */
export const MESSAGE_WITH_MAX = 10;
/** Characters of a sentence in a message. */
export const MESSAGE_SENTENCE_CHARS_MAX = 600;

const sentence = z.string().max(MESSAGE_SENTENCE_CHARS_MAX);
export const MESSAGE_ITEM = z.strictObject({
  id: alertId,
  rule: alertRule,
  subject: z.string().max(100),
  severity: alertSeverity,
  sentence,
  sinceMs: z.number(),
  flapping: z.boolean(),
  /** What brings it about and what it brings about. */
  with: z.array(sentence).max(MESSAGE_WITH_MAX),
});
export type MessageItem = z.infer<typeof MESSAGE_ITEM>;

export const MESSAGE = z.strictObject({
  id: z.string().max(40),
  network: z.string().max(31),
  atMs: z.number(),
  title: sentence,
  active: z.array(MESSAGE_ITEM).max(MESSAGE_ITEMS_MAX),
  resolved: z.array(MESSAGE_ITEM).max(MESSAGE_ITEMS_MAX),
  /** Alerts beyond those. */
  more: z.number().int().nonnegative(),
});
export type Message = z.infer<typeof MESSAGE>;

const clip = (text: string): string => text.slice(0, MESSAGE_SENTENCE_CHARS_MAX).toWellFormed();

/** An alert as a message has it. */
export function cut(alert: AlertRow, others: readonly AlertRow[]): MessageItem {
  const { id, rule, subject, severity, sinceMs, flapping } = alert;
  const named = others.slice(0, MESSAGE_WITH_MAX).map((other) => clip(other.sentence));
  return { id, rule, subject, severity, sentence: clip(alert.sentence), sinceMs, flapping, with: named };
}

type Graph = { readonly up: (alert: AlertRow) => AlertRow[]; readonly down: (alert: AlertRow) => AlertRow[] };

/** Who brings about whom, over any number of steps. */
function graphOf(open: readonly AlertRow[]): Graph {
  const ofKey = new Map(open.flatMap((alert) => alert.keys.map((key) => [key, alert] as const)));
  const causes = new Map<AlertRow, AlertRow[]>();
  const effects = new Map<AlertRow, AlertRow[]>();
  for (const alert of open) {
    for (const key of alert.causes) {
      const cause = ofKey.get(key);
      if (cause === undefined || cause === alert) continue;
      causes.set(alert, [...(causes.get(alert) ?? []), cause]);
      effects.set(cause, [...(effects.get(cause) ?? []), alert]);
    }
  }
  const reach =
    (next: ReadonlyMap<AlertRow, AlertRow[]>) =>
    (from: AlertRow): AlertRow[] => {
      const seen = new Set([from]);
      for (const one of seen) for (const other of next.get(one) ?? []) seen.add(other);
      seen.delete(from);
      return [...seen];
    };
  return { up: reach(causes), down: reach(effects) };
}

const openOf = (alerts: ReadonlyMap<string, AlertRow>): AlertRow[] =>
  [...alerts.values()].filter(({ state }) => state !== "resolved");

/** What follows from something that was told is told with it, unless it is worse: that a chain has stopped is always told. */
export function absorb(alerts: Map<string, AlertRow>): void {
  const open = openOf(alerts);
  const waiting = open.filter(({ state, told, severity, waitMs }) => {
    return state === "active" && told === null && severity !== "critical" && waitMs === 0;
  });
  if (waiting.length === 0) return;
  const graph = graphOf(open);
  for (const alert of waiting) {
    const head = graph.up(alert).find(({ state, told }) => state === "active" && told?.head === true);
    if (head?.told)
      alerts.set(alert.id, { ...alert, told: { message: head.told.message, head: false, under: head.id } });
  }
}

const RANK = { critical: 0, problem: 1 } as const;

/** Takes what is due into one message, and marks all that it names as told. @returns its items */
export function tell(
  alerts: Map<string, AlertRow>,
  message: string,
  isSilent: (alert: AlertRow) => boolean,
): MessageItem[] {
  const open = openOf(alerts);
  const waiting = open.filter(({ state, told, waitMs }) => state === "active" && told === null && waitMs === 0);
  if (waiting.length === 0) return [];
  const graph = graphOf(open);
  // What follows from something that is silenced is silent with it, unless it stops a chain.
  const isHushed = (alert: AlertRow): boolean =>
    isSilent(alert) ||
    (alert.severity !== "critical" && graph.up(alert).some((cause) => cause.state === "active" && isSilent(cause)));
  const due = waiting.filter((alert) => !isHushed(alert));
  const isAmongDue = new Set(due);
  // The head of a group is what nothing else that is due brings about; of a circle the first one.
  const isHead = new Set(due.filter((alert) => !graph.up(alert).some((cause) => isAmongDue.has(cause))));
  const weight = (alert: AlertRow): number => (isHead.has(alert) ? 0 : 10) + RANK[alert.severity];
  const named = new Set<AlertRow>();
  const items: MessageItem[] = [];
  for (const head of due.toSorted((a, b) => weight(a) - weight(b))) {
    if (named.has(head)) continue;
    const reached = new Set([...graph.up(head), ...graph.down(head)]);
    const others = [...reached].filter((other) => !named.has(other) && !isHushed(other));
    for (const one of [head, ...others]) named.add(one);
    items.push(
      cut(
        head,
        others.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]),
      ),
    );
    mark(alerts, head, { message, head: true, under: null });
    for (const other of others)
      if (other.told === null) mark(alerts, other, { message, head: other.severity === "critical", under: head.id });
  }
  return items;
}

function mark(alerts: Map<string, AlertRow>, { id }: AlertRow, told: AlertRow["told"]): void {
  const alert = alerts.get(id);
  if (alert !== undefined) alerts.set(id, { ...alert, told });
}

/** The message of a step; undefined when there is nothing to tell. */
export function messageOf(parts: {
  readonly id: string;
  readonly network: string;
  readonly atMs: number;
  readonly told: readonly MessageItem[];
  readonly over: readonly MessageItem[];
}): Message | undefined {
  const { id, network, atMs, told, over } = parts;
  const [first] = told;
  const lead = first ?? over[0];
  if (lead === undefined) return undefined;
  const active = told.slice(0, MESSAGE_ITEMS_MAX);
  const resolved = over.slice(0, MESSAGE_ITEMS_MAX);
  const worst = told.toSorted((a, b) => RANK[a.severity] - RANK[b.severity])[0] ?? lead;
  const title = first === undefined ? `Over: ${worst.sentence}` : worst.sentence;
  const more = told.length + over.length - active.length - resolved.length;
  return { id, network, atMs, title: clip(title), active, resolved, more };
}

function itemText({ severity, sentence: text, flapping, with: others }: MessageItem): string {
  const mark = severity === "critical" ? "CRITICAL" : "problem";
  const lines = [`${mark}: ${text}`];
  if (flapping) lines.push("  It comes and goes: it counts as over after five minutes of quiet.");
  for (const other of others) lines.push(`  - ${other}`);
  return lines.join("\n");
}

/** For people, as the body of an e-mail. */
export function formatMessage({ network, atMs, active, resolved, more }: Message): string {
  const parts = [`Network ${network}, ${new Date(atMs).toISOString()}`];
  if (active.length > 0) parts.push(active.map(itemText).join("\n\n"));
  if (resolved.length > 0) parts.push(`Over:\n${resolved.map(({ sentence: text }) => `  - ${text}`).join("\n")}`);
  if (more > 0) parts.push(`And ${more} more.`);
  parts.push("See: bystack alert list, bystack why");
  return `${parts.join("\n\n")}\n`;
}
