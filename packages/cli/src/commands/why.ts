// `bystack why [node]`: why a node does not vote, is not ready, or was healed; first cause first.

import { platformError } from "@bystack/platform/errors";
import { type Context, providerOf, requireState } from "../context.ts";
import { diagnose, type Finding } from "../why/diagnose.ts";
import { collectEvidence } from "../why/evidence.ts";

function formatFinding(finding: Finding, number: number): string {
  const since = finding.sinceMs === null ? "" : `  (since ${new Date(finding.sinceMs).toISOString()})`;
  return [
    `  ${number}. ${finding.sentence}${since}`,
    ...finding.evidence.map((line) => `       seen: ${line}`),
    ...finding.commands.map((line) => `       try:  ${line}`),
  ].join("\n");
}

function formatNode(id: string, findings: readonly Finding[]): string {
  const problems = findings.filter(({ severity }) => severity === "problem").length;
  const state = problems > 0 ? "something is wrong" : findings.length > 0 ? "well now" : "well";
  return [`${id}: ${state}`, ...findings.map((finding, index) => formatFinding(finding, index + 1))].join("\n");
}

/** @throws BystackError NETWORK_NOT_FOUND, PROVIDER_NOT_FOUND */
export async function runWhy(context: Context, node: string | undefined): Promise<void> {
  const state = requireState(context);
  const ids = state.nodes.map(({ id }) => id);
  if (node !== undefined && !ids.includes(node))
    throw platformError("PROVIDER_NOT_FOUND", { why: `${node}; there are: ${ids.join(", ")}` });
  const { layout, output } = context;
  const evidence = await collectEvidence({ layout, state, provider: providerOf(layout), nowMs: Date.now() });
  const nodes = (node === undefined ? ids : [node]).map((id) => ({ id, findings: diagnose(evidence, id) }));
  const healthy = nodes.every(({ findings }) => findings.every(({ severity }) => severity === "note"));
  output.result(
    { network: state.network, healthy, nodes },
    nodes.map(({ id, findings }) => formatNode(id, findings)).join("\n"),
  );
  if (!healthy) process.exitCode = 10;
}
