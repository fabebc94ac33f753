// All validators killed at once under load, round after round: nothing that was told final may be missing afterwards.

import { setTimeout as delay } from "node:timers/promises";
import { quantile } from "./observer.ts";
import { heightsOf, missingOnNodes, newsOf, type Told, untilHeight } from "./oracle.ts";
import { type Check, nowMs, type Run, say } from "./run.ts";

/** A round that has not gone on after so long is a finding, and the network is kept for whoever looks into it. */
const RECOVERY_DEADLINE_MS = 60_000;
/** Blocks that must become final after a kill before a round counts as recovered. */
const BLOCKS_AFTER = 3;
/** After so long at rest everything that was in a mempool is final or gone (two blocks and a wide margin). */
const REST_MS = 2_000;

/** Transactions that were in the mempools are gone with the kill: the load takes stock of its coins again. */
async function renewLoad(run: Run): Promise<void> {
  run.load.hold();
  await delay(REST_MS);
  await run.load.renew();
}

type Round = { readonly number: number; readonly of: number };

async function killRound(
  run: Run,
  round: Round,
  news: () => Told,
): Promise<{ recoveryMs: number; problems: string[] }> {
  const { network, observer, load } = run;
  // Not in step with the blocks: each round stops the validators at another moment of a view.
  await delay(3000 + ((round.number * 137) % 500));
  const submitted = load.submittedMs.size;
  for (const id of network.sides) process.kill(network.pid(id), "SIGKILL");
  const top = Math.max(...observer.blocks.keys());
  const from = nowMs();
  await delay(100);
  await network.start(network.sides);
  observer.connect(network.sides);
  const goesOn = await untilHeight(run, top + BLOCKS_AFTER, RECOVERY_DEADLINE_MS);
  const recoveryMs = nowMs() - from;
  const told = news();
  const problems = await missingOnNodes(run, told);
  if (!goesOn) {
    const heights = (await heightsOf(run)).join(", ");
    problems.push(`round ${round.number}: heights ${heights} after ${RECOVERY_DEADLINE_MS / 1000} s, killed at ${top}`);
  } else await renewLoad(run);
  say(
    `round ${round.number} of ${round.of}: killed all at height ${top} (${submitted} submitted), going again after ` +
      `${(recoveryMs / 1000).toFixed(1)} s; ${told.blocks.length} blocks and ${told.transactions.length} transactions ` +
      `told since the last round, ${problems.length} problems`,
  );
  return { recoveryMs, problems };
}

export async function killAll(run: Run, rounds: number): Promise<Check[]> {
  const problems: string[] = [];
  const recoveries: number[] = [];
  const news = newsOf(run);
  for (let number = 1; number <= rounds && problems.length === 0; number += 1) {
    const result = await killRound(run, { number, of: rounds }, news);
    recoveries.push(result.recoveryMs);
    problems.push(...result.problems);
  }
  const everything = newsOf(run)();
  say(
    `asking every node for all ${everything.blocks.length} blocks and ${everything.transactions.length} transactions`,
  );
  if (problems.length === 0) problems.push(...(await missingOnNodes(run, everything)));
  for (const problem of problems.slice(0, 10)) say(`PROBLEM ${problem}`);
  return [
    { name: "rounds", value: recoveries.length, limit: String(rounds), ok: recoveries.length === rounds },
    { name: "final blocks asked for on every node", value: everything.blocks.length, limit: "", ok: true },
    { name: "final transactions asked for on every node", value: everything.transactions.length, limit: "", ok: true },
    { name: "lost or not going on", value: problems.length, limit: "0", ok: problems.length === 0 },
    { name: "recovery, median ms", value: Math.round(quantile(recoveries, 0.5)), limit: "", ok: true },
    { name: "recovery, longest ms", value: Math.round(Math.max(...recoveries)), limit: "", ok: true },
  ];
}
