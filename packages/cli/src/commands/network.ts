// Commands on a network that is there: down, clean, logs, prove.

import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { readDaemon } from "@bystack/platform/daemon/daemon-file";
import { platformError } from "@bystack/platform/errors";
import { isChainWanted, type NetworkState, type SideState } from "@bystack/platform/network/layout";
import { type Context, providerOf, requireState } from "../context.ts";
import { ensurePlatform, type PlatformClient, requirePlatform, runningPlatform } from "../daemon/connect.ts";
import { followOperation } from "../daemon/follow.ts";
import { sideOf } from "../network/chains.ts";
import { type ChainProof, runProof } from "../network/proof.ts";
import { createTaskRunner } from "../tasks.ts";

const END_DEADLINE_MS = 60_000;
const POLL_MS = 50;

/** Ends the platform when no network of its shall run; waits until it is gone. */
export async function endIfIdle({ home }: Context, client: PlatformClient): Promise<void> {
  const { items } = await client.call("networks");
  if (items.some(({ desired }) => desired === "running")) return;
  await client.call("stopPlatform");
  const until = performance.now() + END_DEADLINE_MS;
  while (readDaemon(home) !== undefined) {
    if (performance.now() > until) throw platformError("WAIT_TIMEOUT", { why: "the daemon does not end" });
    await delay(POLL_MS);
  }
}

/** Stops every node of a network; without another one that shall run, the platform too. Harmless when nothing runs. */
export async function runDown(context: Context): Promise<void> {
  const { network, nodes } = requireState(context);
  const { output } = context;
  const client = await ensurePlatform(context.home);
  const operation = await client.call("stopNetwork", { params: { network } });
  await followOperation({ client, output }, operation);
  await endIfIdle(context, client);
  const stopped = nodes.map(({ id }) => id);
  output.result({ network, stopped }, `${network} is stopped; its data stay in ${context.layout.root}`);
}

/** Removes a network with all its data, keys included. */
export async function runClean(context: Context, options: { yes?: boolean }): Promise<void> {
  const { layout, network, output, home } = context;
  const exists = existsSync(layout.root);
  if (exists && options.yes !== true) throw platformError("CLEAN_NEEDS_YES", { why: layout.root });
  if (exists || runningPlatform(home) !== undefined) {
    const client = await ensurePlatform(home);
    const operation = await client.call("removeNetwork", { params: { network } });
    await followOperation({ client, output }, operation);
    await endIfIdle(context, client);
  }
  output.result(
    { network, removed: exists },
    exists ? `${network} is removed: keys, chains and wallet` : `there is no network ${network}`,
  );
}

export async function runLogs(
  context: Context,
  node: string,
  options: { tail: string; follow?: boolean },
): Promise<void> {
  const { network } = requireState(context);
  if (options.follow === true) return followLogs(context, { network, node }, Number(options.tail));
  const lines = await providerOf(context.layout).logs(node, Number(options.tail));
  context.output.result({ node, lines }, lines.join("\n"));
}

/** What a node writes, as it writes it, until Ctrl-C; with --json one document a line. */
async function followLogs(
  { home, output }: Context,
  params: { readonly network: string; readonly node: string },
  tail: number,
): Promise<void> {
  const lines = await requirePlatform(home).stream("followLogs", { params, query: { tail } });
  for await (const item of lines) process.stdout.write(`${output.json ? JSON.stringify(item) : item.line}\n`);
}

function formatProof({ chain, ...report }: ChainProof): string {
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
    `${chain}: round trip ${report.ok ? "proven" : "FAILED"} in ${report.seconds.toFixed(1)} s`,
    ...steps,
    `refusals: ${report.refusals.filter((refusal) => refusal.ok).length} of ${report.refusals.length} as they should be`,
    ...wrong,
    `supply: float ${report.supply.floatNeu} neu, ${report.supply.coinsUnspent} coins unspent on the main chain, ${report.supply.coinsInPayouts} in mined payouts`,
    ...supply,
    ...problems,
  ].join("\n");
}

/** The side chains that a proof is asked for: the named one, or all that were defined with one. */
function toProve(context: Context, state: NetworkState): readonly SideState[] {
  if (context.chain !== undefined) return [sideOf(context, state)];
  const sides = state.sides.filter(({ chain, roundTrip }) => roundTrip !== null && isChainWanted(state, chain));
  if (sides.length === 0) throw platformError("PROOF_UNDEFINED", { why: state.network });
  return sides;
}

/** `bystack prove`: one fresh round trip on each side chain of the running network. */
export async function runProve(context: Context): Promise<void> {
  const state = requireState(context);
  const proofs: ChainProof[] = [];
  for (const side of toProve(context, state)) {
    const report = await createTaskRunner(context.output).run(`Proving a round trip on ${side.chain}`, (task) =>
      runProof({
        layout: context.layout,
        state,
        side,
        onStep: (step) => task.note(`${step.step} proven`),
        onWait: (text) => task.note(`waiting for ${text}`),
      }),
    );
    proofs.push({ chain: side.chain, ...report });
  }
  const ok = proofs.every((proof) => proof.ok);
  context.output.result({ ok, proofs }, proofs.map(formatProof).join("\n\n"));
  if (!ok) process.exitCode = 10;
}
