// What `bystack why` answers, for every place that shows it: command line, API, alerts, console. The ids are those of the
// design's table (platform.md section 8), then those that the nodes' own exits and repairs add.

import { z } from "zod";
import * as s from "./schemas.ts";

/** The conditions of platform.md section 8, in its order. */
export const DESIGNED_FINDINGS = [
  "quorum-lost",
  "margin-zero",
  "partition",
  "leader-dead",
  "clock-skew",
  "vote-log-lost",
  "double-run",
  "diverged",
  "not-seated",
  "syncing",
  "slow-fsync",
  "disk-full",
  "out-of-memory",
  "cpu-starved",
  "crash-loop",
  "key-locked",
  "old-release",
  "wrong-network",
  "port-stolen",
  "no-miner",
  "difficulty-high",
  "deep-reorg",
  "signers-short",
  "transfer-waits",
  "peg-rejected",
  "reserve-mismatch",
  "fees-empty",
  "tx-stuck",
  "platform-blind",
] as const;

/** What else can be said of a node, a chain or a transaction. */
export const OTHER_FINDINGS = [
  "no-final-block",
  "process-down",
  "not-started",
  "unreachable",
  "options-wrong",
  "folder-in-use",
  "data-damaged",
  "disk-failed",
  "supply-mismatch",
  "main-unreachable",
  "peers-missing",
  "silent-after-start",
  "not-ready",
  "healed",
  "tx-unknown",
] as const;

export const FINDING_IDS = [...DESIGNED_FINDINGS, ...OTHER_FINDINGS] as const;
export type FindingId = (typeof FINDING_IDS)[number];

/** Characters of one line of a finding: a sentence, a command, a line of a log. */
export const FINDING_TEXT_MAX = 2_000;
/** Lines of evidence or commands of one finding; a committee of 31 fits. */
export const FINDING_LINES_MAX = 64;
/** Findings of one answer: the worst are kept. */
export const FINDINGS_MAX = 200;

const line = z.string().max(FINDING_TEXT_MAX);

/** One conclusion: what is the case, since when, what it rests on, what to try, what brings it about. */
export const finding = z.object({
  id: z.enum(FINDING_IDS),
  /**
   * `critical`: a chain has stopped or value is in danger. `problem`: something is wrong and the chain goes on. `note`: it was
   * wrong, or it passes by itself.
   */
  severity: z.enum(["critical", "problem", "note"]),
  /** A chain, a node, or a transaction by its id. */
  subject: z.string().max(100),
  sinceMs: s.milliseconds.nullable(),
  sentence: line,
  evidence: z.array(line).max(FINDING_LINES_MAX),
  commands: z.array(line).max(FINDING_LINES_MAX),
  /** Findings above that bring this one about, as `id subject`. */
  causes: z.array(z.string().max(150)).max(FINDING_LINES_MAX),
});
export type Finding = z.output<typeof finding>;

/** What the questions of one moment gave, causes first. */
export const whyReport = z.object({
  network: z.string(),
  /** What was asked about; null: the whole network. */
  subject: z.string().max(100).nullable(),
  atMs: s.milliseconds,
  /** How long the questions took. */
  collectMs: s.milliseconds,
  /** Nothing is wrong now; notes do not count. */
  healthy: z.boolean(),
  /** Chains that make no final block. */
  halted: z.array(z.string()),
  /** Of a transaction: where it stands, in a sentence. */
  standing: line.nullable(),
  findings: z.array(finding).max(FINDINGS_MAX),
});
export type WhyReport = z.output<typeof whyReport>;
