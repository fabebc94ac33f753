// A report of `bystack why` as text for a terminal, a log or a mail: the same words wherever it is read.

import type { Finding, WhyReport } from "@bystack/api/why-schema";

const MARKS: Readonly<Record<Finding["severity"], string>> = { critical: "STOP", problem: "BAD ", note: "note" };

function formatFinding(finding: Finding, number: number): string {
  const since = finding.sinceMs === null ? "" : `  (since ${new Date(finding.sinceMs).toISOString()})`;
  return [
    `${MARKS[finding.severity]} ${number}. ${finding.sentence}${since}`,
    ...finding.evidence.map((line) => `          seen: ${line}`),
    ...finding.causes.map((line) => `          from: ${line}`),
    ...finding.commands.map((line) => `          try:  ${line}`),
  ].join("\n");
}

function headline({ subject, network, healthy, halted, findings }: WhyReport): string {
  const name = subject ?? network;
  if (halted.length > 0) return `${name}: ${halted.join(", ")} ${halted.length === 1 ? "has" : "have"} stopped`;
  if (!healthy) return `${name}: something is wrong`;
  return `${name}: ${findings.length === 0 ? "well" : "well, with something to know"}`;
}

/** Several lines, without colours. */
export function formatWhy(report: WhyReport): string {
  const standing = report.standing === null ? [] : [report.standing];
  return [
    headline(report),
    ...standing,
    ...report.findings.map((finding, index) => formatFinding(finding, index + 1)),
  ].join("\n");
}
