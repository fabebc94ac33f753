// The alert engine: what is observed of one network, step by step, becomes alerts (pending, active, resolved) and at most one
// message a step. Pure. Invariants:
// * time that counts is time between looks that were made: a clock that jumps, a machine that slept or a platform that was away
//   neither fires an alert nor ends one;
// * an alert is told once while it lasts; what follows from one that was told, or is named in its message, is not told apart;
// * what comes and goes is told as such once, and counts as over only after a longer quiet.

import { ALERT_ID_CHARS_MAX, ALERT_RULES, type AlertRule } from "@bystack/api/alert-schema";
import { absorb, cut, type Message, type MessageItem, messageOf, tell } from "./message.ts";
import type { Observation } from "./observe.ts";
import type { RuleSettings } from "./rules.ts";
import type { AlertRow, SilenceRow } from "./tables.ts";

/** Alerts of one network that are pending or active; what is beyond is counted in the log, and found again when there is room. */
export const OPEN_ALERTS_MAX = 500;
/** Alerts of one network that are over and still shown. */
export const RESOLVED_ALERTS_KEPT_MAX = 100;
/** The most that one step counts for: a longer gap was no look. */
export const STEP_MS_MAX = 30_000;
/** For so long it must be gone to be over. */
export const CLEAR_MS = 15_000;
/** So often within {@link FLAP_WINDOW_MS}, and it comes and goes. */
export const FLAP_ACTIVATIONS = 3;
export const FLAP_WINDOW_MS = 15 * 60_000;
export const FLAP_CLEAR_MS = 5 * 60_000;

export type World = {
  readonly network: string;
  readonly nowMs: number;
  /** Since the look before, by a clock that does not jump; 0 at the first one. */
  readonly elapsedMs: number;
  readonly rules: RuleSettings;
  readonly silences: readonly SilenceRow[];
};

export type Step = {
  /** Rows that are new or not like before. */
  readonly changed: readonly AlertRow[];
  readonly removed: readonly string[];
  /** Of these the state has changed in a way that becomes an event. */
  readonly turned: readonly AlertRow[];
  readonly message: Message | undefined;
  /** Observations that found no room. */
  readonly overflow: number;
  readonly alerts: ReadonlyMap<string, AlertRow>;
};

export function alertIdOf({ rule, subject }: { readonly rule: AlertRule; readonly subject: string }): string {
  return `${rule}.${subject}`.slice(0, ALERT_ID_CHARS_MAX);
}

export function isSilenced(
  { rule, subject }: Pick<AlertRow, "rule" | "subject">,
  silences: readonly SilenceRow[],
  nowMs: number,
): boolean {
  return silences.some(
    (silence) =>
      silence.untilMs > nowMs &&
      (silence.rule === null || silence.rule === rule) &&
      (silence.subject === null || silence.subject === subject),
  );
}

const isOpen = ({ state }: AlertRow): boolean => state !== "resolved";

function begun(seen: Observation, before: AlertRow | undefined, { network, nowMs }: World): AlertRow {
  const { rule, subject, severity, sentence, commands, keys, causes, level, sinceMs } = seen;
  return {
    id: alertIdOf(seen),
    network,
    rule,
    subject,
    state: "pending",
    severity,
    sentence,
    commands: [...commands],
    keys: [...keys],
    causes: [...causes],
    level,
    sinceMs: sinceMs ?? nowMs,
    activeMs: null,
    // That it was there before is what flapping is told from.
    resolvedMs: before?.resolvedMs ?? null,
    heldMs: 0,
    clearMs: 0,
    activations: before?.activations ?? [],
    flapping: false,
    told: null,
    waitMs: 0,
  };
}

/** Times of its last activations that are near; a clock that was set back makes none of them future. */
function near(activations: readonly number[], nowMs: number): number[] {
  return activations.filter((atMs) => Math.abs(nowMs - atMs) < FLAP_WINDOW_MS).slice(-FLAP_ACTIVATIONS);
}

function activated(alert: AlertRow, { nowMs }: World): AlertRow {
  const activations = [...near(alert.activations, nowMs), nowMs].slice(-FLAP_ACTIVATIONS);
  const flapping = activations.length >= FLAP_ACTIVATIONS;
  return { ...alert, state: "active", activeMs: nowMs, resolvedMs: null, clearMs: 0, waitMs: 0, activations, flapping };
}

function stillSeen(alert: AlertRow, seen: Observation, world: World): AlertRow {
  const { sentence, severity, level } = seen;
  // Numbers in a sentence change with each look; what is kept is what is shown now.
  const fresh: AlertRow = {
    ...alert,
    sentence,
    severity,
    commands: [...seen.commands],
    keys: [...seen.keys],
    causes: [...seen.causes],
    level,
    heldMs: alert.state === "pending" ? alert.heldMs + world.elapsedMs : alert.heldMs,
    clearMs: 0,
  };
  const isWorse = alert.state === "active" && (level > alert.level || rank(severity) < rank(alert.severity));
  return isWorse ? { ...fresh, told: null, waitMs: 0 } : fresh;
}

const rank = (severity: AlertRow["severity"]): number => (severity === "critical" ? 0 : 1);

/** What is not seen (any more). @returns undefined for one that was never told and leaves nothing behind */
function notSeen(alert: AlertRow, world: World): AlertRow | undefined {
  if (alert.state === "pending") {
    if (alert.resolvedMs === null) return undefined;
    return { ...alert, state: "resolved", heldMs: 0, told: null };
  }
  const clearMs = alert.clearMs + world.elapsedMs;
  const isOver = clearMs >= (alert.flapping ? FLAP_CLEAR_MS : CLEAR_MS);
  return isOver ? { ...alert, state: "resolved", resolvedMs: world.nowMs, clearMs } : { ...alert, clearMs };
}

/** The worst first: with too many of them the others wait for room. */
function byWeight(a: Observation, b: Observation): number {
  return rank(a.severity) - rank(b.severity) || ALERT_RULES.indexOf(a.rule) - ALERT_RULES.indexOf(b.rule);
}

type Walked = { readonly alerts: Map<string, AlertRow>; readonly resolved: AlertRow[]; readonly overflow: number };

function walk(before: ReadonlyMap<string, AlertRow>, observations: readonly Observation[], world: World): Walked {
  const wanted = observations.filter(({ rule }) => world.rules[rule].enabled).toSorted(byWeight);
  const seen = new Map(wanted.map((one) => [alertIdOf(one), one]));
  const alerts = new Map(before);
  const resolved: AlertRow[] = [];
  for (const alert of before.values()) {
    if (!isOpen(alert) || seen.has(alert.id)) continue;
    const next = notSeen(alert, world);
    if (next === undefined) alerts.delete(alert.id);
    else alerts.set(alert.id, next);
    if (alert.state === "active" && next?.state === "resolved") resolved.push(next);
  }
  let open = [...alerts.values()].filter(isOpen).length;
  let overflow = 0;
  for (const [id, one] of seen) {
    const known = alerts.get(id);
    const isNew = known === undefined || !isOpen(known);
    if (isNew && open >= OPEN_ALERTS_MAX) {
      overflow += 1;
      continue;
    }
    if (isNew) open += 1;
    const next = isNew ? begun(one, known, world) : stillSeen(known, one, world);
    const isDue = next.state === "pending" && next.heldMs >= world.rules[one.rule].holdMs;
    alerts.set(id, isDue ? activated(next, world) : next);
  }
  return { alerts, resolved, overflow };
}

/** What was told with one that is over, and is still there, gets its own time, and then its own message. */
function release(alerts: Map<string, AlertRow>, { rules }: World): void {
  for (const alert of alerts.values()) {
    if (alert.state !== "active" || alert.told === null || alert.told.under === null) continue;
    if (alerts.get(alert.told.under)?.state === "active") continue;
    const isTold = alert.told.head;
    // One that was told as loudly as any needs no second message: it only stands for itself from now on.
    const told = isTold ? { ...alert.told, under: null } : null;
    alerts.set(alert.id, { ...alert, told, waitMs: isTold ? 0 : rules[alert.rule].holdMs });
  }
}

function trimmed(alerts: Map<string, AlertRow>): void {
  const over = [...alerts.values()].filter((alert) => !isOpen(alert));
  over.sort((a, b) => (b.resolvedMs ?? 0) - (a.resolvedMs ?? 0));
  for (const { id } of over.slice(RESOLVED_ALERTS_KEPT_MAX)) alerts.delete(id);
}

/** Does the row differ in more than in what only the next step needs? Those are written when something else is. */
function isNews(before: AlertRow | undefined, after: AlertRow): boolean {
  if (before === undefined) return true;
  const told = (alert: AlertRow): string => `${alert.told?.message ?? ""} ${alert.told?.head === true}`;
  return (
    before.state !== after.state ||
    before.level !== after.level ||
    before.severity !== after.severity ||
    before.flapping !== after.flapping ||
    told(before) !== told(after)
  );
}

/**
 * One look.
 * @param before every alert of the network by id, as the step before left them
 * @param nextMessage the id that a message gets
 */
export function step(
  before: ReadonlyMap<string, AlertRow>,
  observations: readonly Observation[],
  { nextMessage, ...given }: World & { readonly nextMessage: string },
): Step {
  const world: World = { ...given, elapsedMs: Math.min(Math.max(0, given.elapsedMs), STEP_MS_MAX) };
  const { alerts, resolved, overflow } = walk(before, observations, world);
  for (const alert of alerts.values())
    if (alert.state === "active" && alert.told === null && alert.waitMs > 0)
      alerts.set(alert.id, { ...alert, waitMs: Math.max(0, alert.waitMs - world.elapsedMs) });
  release(alerts, world);
  const silent = (alert: AlertRow): boolean => isSilenced(alert, world.silences, world.nowMs);
  absorb(alerts);
  const told: MessageItem[] = tell(alerts, nextMessage, silent);
  const over = resolved.filter((alert) => alert.told?.head === true && !silent(alert)).map((alert) => cut(alert, []));
  trimmed(alerts);
  const changed = [...alerts.values()].filter((alert) => isNews(before.get(alert.id), alert));
  const message = messageOf({ id: nextMessage, network: world.network, atMs: world.nowMs, told, over });
  const turned = changed.filter(({ id, state }) => state !== "pending" && before.get(id)?.state !== state);
  const removed = [...before.keys()].filter((id) => !alerts.has(id));
  return { changed, removed, turned: turned.filter((one) => wasActive(before, one)), message, overflow, alerts };
}

/** A pending one that went away again, over a row that was over before, is no news. */
function wasActive(before: ReadonlyMap<string, AlertRow>, after: AlertRow): boolean {
  return after.state === "active" || before.get(after.id)?.state === "active";
}
