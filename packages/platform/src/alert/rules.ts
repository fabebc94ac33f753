// The alert rules: for how long something must be the case before somebody is told (platform.md section 9), and which findings
// of `why` each rule watches. `dashboards/rules.yaml` says the same times to Prometheus; a test compares them. Pure.

import { ALERT_RULES, type AlertRule } from "@bystack/api/alert-schema";
import type { FindingId } from "@bystack/api/why-schema";

export type RuleText = { readonly holdMs: number; readonly says: string };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const RULE_TEXTS: Readonly<Record<AlertRule, RuleText>> = {
  halted: { holdMs: 10 * SECOND, says: "A chain makes no final block." },
  mismatch: { holdMs: 0, says: "Value may be in danger: reserves, supplies, states or keys do not agree." },
  "margin-zero": { holdMs: MINUTE, says: "The next validator that fails stops a chain." },
  "node-down": { holdMs: MINUTE, says: "A node does not run, or does not answer." },
  signers: { holdMs: MINUTE, says: "So few members of a federation run that payouts stop with the next one, or have." },
  disk: { holdMs: MINUTE, says: "A disk is slow, nearly full or fails." },
  clock: { holdMs: MINUTE, says: "A node's clock is wrong." },
  "late-transfer": { holdMs: 5 * MINUTE, says: "A transfer between the chains waits for something that is wrong." },
  "tls-expiry": { holdMs: 0, says: "The platform's certificate ends within 60, 30 or 7 days." },
  backup: { holdMs: 0, says: "The newest backup is older than two days." },
  drill: { holdMs: 0, says: "No backup has been proven for eight days." },
  anchor: { holdMs: 0, says: "Nothing was anchored on the main chain for an hour." },
  degraded: { holdMs: 5 * MINUTE, says: "Anything else that `bystack why` calls a problem." },
};

export type RuleSetting = { readonly enabled: boolean; readonly holdMs: number };
export type RuleSettings = Readonly<Record<AlertRule, RuleSetting>>;

/** As they are without anybody's wish, with what somebody has set. */
export function ruleSettings(set: Readonly<Partial<Record<AlertRule, RuleSetting>>> = {}): RuleSettings {
  const entries = ALERT_RULES.map((rule) => [rule, set[rule] ?? { enabled: true, holdMs: RULE_TEXTS[rule].holdMs }]);
  return Object.fromEntries(entries) as RuleSettings;
}

const FINDINGS_OF: Readonly<Partial<Record<AlertRule, readonly FindingId[]>>> = {
  halted: ["quorum-lost", "no-final-block", "no-miner", "difficulty-high"],
  mismatch: ["reserve-mismatch", "supply-mismatch", "diverged", "double-run", "deep-reorg"],
  "margin-zero": ["margin-zero"],
  "node-down": [
    "process-down",
    "not-started",
    "unreachable",
    "crash-loop",
    "key-locked",
    "old-release",
    "wrong-network",
    "port-stolen",
    "options-wrong",
    "folder-in-use",
    "data-damaged",
    "out-of-memory",
    "main-unreachable",
    "platform-blind",
    "vote-log-lost",
  ],
  signers: ["signers-short"],
  disk: ["disk-full", "disk-failed", "slow-fsync"],
  clock: ["clock-skew"],
  "late-transfer": ["transfer-waits", "fees-empty"],
};

/** What concerns one transaction alone: whoever asks about it is told, nobody is woken up. */
const NEVER: readonly FindingId[] = ["tx-stuck", "tx-unknown", "peg-rejected", "healed", "not-seated", "syncing"];

const RULE_OF: ReadonlyMap<string, AlertRule> = new Map(
  Object.entries(FINDINGS_OF).flatMap(([rule, ids]) => ids.map((id) => [id, rule as AlertRule] as const)),
);

/** The rule that watches a finding; undefined when none does. */
export function ruleOf(id: FindingId): AlertRule | undefined {
  return NEVER.includes(id) ? undefined : (RULE_OF.get(id) ?? "degraded");
}
