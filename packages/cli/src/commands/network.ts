// Commands on a network that is there: down, clean, logs, prove.

import { existsSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ProveReport } from "@bystack/federation/prove";
import { platformError } from "@bystack/platform/errors";
import { loadNetworkState } from "@bystack/platform/network/layout";
import { stopNodes } from "@bystack/platform/network/run";
import { type Context, providerOf, requireState } from "../context.ts";
import { readDaemon, removeDaemon } from "../network/daemon-file.ts";
import { runProof } from "../network/proof.ts";
import { createTaskRunner } from "../tasks.ts";

const DOWN_DEADLINE_MS = 60_000;
const POLL_MS = 100;

/** Stops the daemon, which stops its nodes; then whatever still runs. Harmless when nothing runs. */
export async function runDown(context: Context): Promise<void> {
  const state = requireState(context);
  const daemon = readDaemon(context.layout);
  if (daemon !== undefined) {
    process.kill(daemon.pid, "SIGTERM");
    const until = Date.now() + DOWN_DEADLINE_MS;
    while (readDaemon(context.layout) !== undefined) {
      if (Date.now() > until)
        throw platformError("WAIT_TIMEOUT", { why: `the daemon (pid ${daemon.pid}) does not end` });
      await delay(POLL_MS);
    }
  }
  const provider = providerOf(context.layout);
  await stopNodes(state, provider);
  removeDaemon(context.layout);
  context.output.result(
    { network: state.network, stopped: state.nodes.map((node) => node.id) },
    `${state.network} is stopped; its data stay in ${context.layout.root}`,
  );
}

/** Removes a stopped network with all its data, keys included. */
export async function runClean(context: Context, options: { yes?: boolean }): Promise<void> {
  const { layout, network, output } = context;
  const exists = existsSync(layout.root);
  if (exists && options.yes !== true) throw platformError("CLEAN_NEEDS_YES", { why: layout.root });
  if (readDaemon(layout) !== undefined) await runDownQuietly(context);
  const statuses = exists ? await providerOf(layout).status() : [];
  const running = statuses.filter((status) => status.phase === "running");
  if (running.length > 0)
    throw platformError("PROVIDER_LOCKED", { why: `${running.map((status) => status.id).join(", ")} still run` });
  rmSync(layout.root, { recursive: true, force: true });
  output.result(
    { network, removed: exists },
    exists ? `${network} is removed: keys, chains and wallet` : `there is no network ${network}`,
  );
}

async function runDownQuietly(context: Context): Promise<void> {
  if (loadNetworkState(context.layout) === undefined) return;
  await runDown({ ...context, output: { ...context.output, result: () => {} } });
}

export async function runLogs(context: Context, node: string, options: { tail: string }): Promise<void> {
  requireState(context);
  const lines = await providerOf(context.layout).logs(node, Number(options.tail));
  context.output.result({ node, lines }, lines.join("\n"));
}

function formatProof(report: ProveReport): string {
  const steps = report.steps.map(
    (step) =>
      `  ${step.step.padEnd(8)} ${step.chain.padEnd(5)} ${step.transaction}  height ${step.height}  ${step.seconds.toFixed(1)} s`,
  );
  const wrong = report.refusals
    .filter((refusal) => !refusal.ok)
    .map((refusal) => `  NOT REFUSED AS IT SHOULD BE: ${refusal.name}: ${refusal.code}`);
  const supply = report.supply.assets.map(
    (asset) => `  ${asset.asset.slice(0, 16)}…  locked ${asset.locked}, owed ${asset.owed}`,
  );
  const problems = report.supply.problems.map((problem) => `  PROBLEM: ${problem}`);
  return [
    `round trip ${report.ok ? "proven" : "FAILED"} in ${report.seconds.toFixed(1)} s`,
    ...steps,
    `refusals: ${report.refusals.filter((refusal) => refusal.ok).length} of ${report.refusals.length} as they should be`,
    ...wrong,
    `supply: float ${report.supply.floatNeu} neu, ${report.supply.coinsUnspent} coins unspent on the main chain, ${report.supply.coinsInPayouts} in mined payouts`,
    ...supply,
    ...problems,
  ].join("\n");
}

/** `bystack prove`: one fresh round trip on the running network. */
export async function runProve(context: Context): Promise<void> {
  const state = requireState(context);
  const report = await createTaskRunner(context.output).run("Proving a round trip", (task) =>
    runProof({
      layout: context.layout,
      state,
      onStep: (step) => task.note(`${step.step} proven`),
      onWait: (text) => task.note(`waiting for ${text}`),
    }),
  );
  context.output.result(report, formatProof(report));
  if (!report.ok) process.exitCode = 10;
}
