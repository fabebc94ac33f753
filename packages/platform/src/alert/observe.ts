// What the rules look at, at one moment: findings of `why`, how many members of a federation run, ages and dates of expiry. Pure:
// the same report gives the same observations. Findings of one rule about one subject are one observation.

import { ALERT_LINES_MAX, type AlertRule } from "@bystack/api/alert-schema";
import type { Finding, WhyReport } from "@bystack/api/why-schema";
import type { NetworkStatus } from "../network/status.ts";
import { duration, keyOf } from "../why/draft.ts";
import { ruleOf } from "./rules.ts";

export type Observation = {
  readonly rule: AlertRule;
  readonly subject: string;
  readonly severity: "critical" | "problem";
  readonly sentence: string;
  readonly commands: readonly string[];
  /** The findings that it stands for, as `id subject`, and those that bring it about. */
  readonly keys: readonly string[];
  readonly causes: readonly string[];
  readonly sinceMs: number | null;
  /** Grows when it becomes worse in a way that is worth telling again. */
  readonly level: number;
};

const DAY_MS = 86_400_000;
/** Days before a certificate ends at which somebody is told. */
export const TLS_DAYS = [60, 30, 7] as const;
export const BACKUP_OLD_MS = 2 * DAY_MS;
export const DRILL_OLD_MS = 8 * DAY_MS;
export const ANCHOR_OLD_MS = 3_600_000;

/** The rule of a finding as it is: what stops a chain is worse than the same beside a chain that goes on. */
function ruleOfFinding(finding: Finding, halted: readonly string[]): AlertRule | undefined {
  if (finding.severity === "note") return undefined;
  const rule = ruleOf(finding.id);
  if (finding.severity === "critical" && halted.includes(finding.subject) && rule !== "mismatch") return "halted";
  return rule === "halted" ? "degraded" : rule;
}

function join(first: Observation, more: Observation): Observation {
  const keys = [...new Set([...first.keys, ...more.keys])].slice(0, ALERT_LINES_MAX);
  const causes = [...new Set([...first.causes, ...more.causes])].filter((key) => !keys.includes(key));
  return {
    ...first,
    keys,
    causes: causes.slice(0, ALERT_LINES_MAX),
    severity: more.severity === "critical" ? "critical" : first.severity,
    sinceMs: first.sinceMs ?? more.sinceMs,
  };
}

function joined(observations: readonly Observation[]): Observation[] {
  const all = new Map<string, Observation>();
  for (const one of observations) {
    const key = `${one.rule} ${one.subject}`;
    const known = all.get(key);
    all.set(key, known === undefined ? one : join(known, one));
  }
  return [...all.values()];
}

/** A chain that has stopped is told as such, also when what stops it is only found at a node. */
function haltsOf({ halted, findings }: WhyReport): Observation[] {
  return halted.flatMap((chain): Observation[] => {
    const said = findings.find(({ sentence }) => sentence.startsWith(`${chain} has stopped`));
    const own = findings.find(({ subject, severity }) => subject === chain && severity === "critical");
    const head = own ?? said;
    const sentence = said?.sentence ?? head?.sentence ?? `${chain} makes no final block: bystack why ${chain}`;
    const base = { rule: "halted", subject: chain, severity: "critical", level: 0 } as const;
    const { commands = [], causes = [], sinceMs = null } = head ?? {};
    return [{ ...base, sentence, commands, causes, sinceMs, keys: head === undefined ? [] : [keyOf(head)] }];
  });
}

function signersOf({ sides }: NetworkStatus): Observation[] {
  return sides.flatMap(({ chain, federation }): Observation[] => {
    if (federation === null) return [];
    const { threshold, members, running } = federation;
    // With every member needed nobody is missing; below the threshold `why` says more.
    if (running !== threshold || members === threshold) return [];
    const sentence =
      `Payouts of ${chain} stop when one more member does: ${running} of ${members} run and all of them must sign. ` +
      "Start the others: bystack federation status";
    const commands = ["bystack federation status"];
    const base = { rule: "signers", subject: chain, severity: "problem", level: 0, sinceMs: null } as const;
    return [{ ...base, sentence, commands, keys: [`signers-at-threshold ${chain}`], causes: [] }];
  });
}

/**
 * Of one network.
 * @param isStopped whether somebody has stopped a node on purpose: that it is down is no news
 */
export function observe(
  report: WhyReport,
  status: NetworkStatus | undefined,
  isStopped: (node: string) => boolean = () => false,
): Observation[] {
  const found = report.findings.flatMap((finding): Observation[] => {
    const rule = ruleOfFinding(finding, report.halted);
    if (rule === undefined || (rule === "node-down" && isStopped(finding.subject))) return [];
    const { subject, sentence, commands, causes, sinceMs } = finding;
    const severity = finding.severity === "critical" ? "critical" : "problem";
    return [{ rule, subject, severity, sentence, commands, causes, sinceMs, keys: [keyOf(finding)], level: 0 }];
  });
  return joined([...haltsOf(report), ...found, ...(status === undefined ? [] : signersOf(status))]);
}

/** When the platform's certificate ends; undefined without TLS. */
export function observeCertificate(endsAtMs: number | undefined, nowMs: number): Observation[] {
  if (endsAtMs === undefined) return [];
  const leftMs = endsAtMs - nowMs;
  const level = TLS_DAYS.filter((days) => leftMs <= days * DAY_MS).length;
  if (level === 0) return [];
  const when = leftMs <= 0 ? "has ended: nobody can sign in" : `ends in ${duration(leftMs)}`;
  return [
    {
      rule: "tls-expiry",
      subject: "platform",
      severity: level === TLS_DAYS.length ? "critical" : "problem",
      sentence: `The platform's TLS certificate ${when}. Put a new one in the place that host.json names, and restart the platform.`,
      commands: [],
      keys: ["tls-expiry platform"],
      causes: [],
      sinceMs: null,
      level: leftMs <= 0 ? TLS_DAYS.length + 1 : level,
    },
  ];
}

/** When the newest backup, drill and anchor of a network were; undefined: that part is not set up, and nothing is said. */
export type Ages = {
  readonly backupMs?: number | undefined;
  readonly drillMs?: number | undefined;
  readonly anchorMs?: number | undefined;
};

/** What has not happened for too long. */
export function observeAges(network: string, ages: Ages, nowMs: number): Observation[] {
  const kinds = [
    ["backup", ages.backupMs, BACKUP_OLD_MS, "The newest backup of", "Make one: bystack backup create"],
    ["drill", ages.drillMs, DRILL_OLD_MS, "The newest proven restore of", "Prove one: bystack backup drill"],
    ["anchor", ages.anchorMs, ANCHOR_OLD_MS, "The newest anchor of", "See why: bystack why"],
  ] as const;
  return kinds.flatMap(([rule, atMs, oldMs, what, next]): Observation[] => {
    if (atMs === undefined || nowMs - atMs <= oldMs) return [];
    const sentence = `${what} ${network} is ${duration(nowMs - atMs)} old. ${next}`;
    const base = { rule, subject: network, severity: "problem", level: 0, causes: [], sinceMs: atMs } as const;
    return [{ ...base, sentence, commands: [], keys: [`${rule} ${network}`] }];
  });
}
