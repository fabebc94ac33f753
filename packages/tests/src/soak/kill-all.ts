// All validators killed at once under load, round after round. The oracle is the outside client: every block and every
// transaction that it was told is final must be found, the same, on every node.

import { setTimeout as delay } from "node:timers/promises";
import { quantile } from "./observer.ts";
import { type Check, nowMs, type Run, say } from "./run.ts";

/** A round that has not gone on after so long is a finding, and the network is kept for whoever looks into it. */
const RECOVERY_DEADLINE_MS = 60_000;
/** Blocks that must become final after a kill before a round counts as recovered. */
const BLOCKS_AFTER = 3;
/** Questions of the oracle that are under way at one node. */
const QUESTIONS_AT_ONCE = 8;
/** After so long at rest everything that was in a mempool is final or gone (two blocks and a wide margin). */
const REST_MS = 2_000;

type Told = { readonly blocks: readonly number[]; readonly transactions: readonly string[] };

/** What the client was told since the last call: heights and ids, each handed out once. */
function newsOf(run: Run): () => Told {
  const heights = new Set<number>();
  let seen = 0;
  return () => {
    const blocks = [...run.observer.blocks.keys()].filter((height) => !heights.has(height));
    for (const height of blocks) heights.add(height);
    const transactions = [...run.observer.transactions.keys()].slice(seen);
    seen += transactions.length;
    return { blocks, transactions };
  };
}

async function missingOn(run: Run, id: string, told: Told): Promise<string[]> {
  const client = run.network.client(id);
  const problems: string[] = [];
  const reason = (error: Error): { hash: string; status: string } => ({ hash: error.message, status: error.message });
  const questions = [
    ...told.blocks.map((height) => async () => {
      const found = await client.call("block", { params: { ref: String(height) } }).catch(reason);
      const told = run.observer.blocks.get(height)?.hash;
      if (found.hash !== told) problems.push(`${id}: block ${height} is ${found.hash}, was ${told}`);
    }),
    ...told.transactions.map((transaction) => async () => {
      const found = await client.call("transaction", { params: { id: transaction } }).catch(reason);
      if (found.status !== "final") problems.push(`${id}: final transaction ${transaction} is ${found.status}`);
    }),
  ];
  const ask = async (): Promise<void> => {
    for (let next = questions.pop(); next !== undefined; next = questions.pop()) await next();
  };
  await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, ask));
  return problems;
}

async function missingOnNodes(run: Run, told: Told): Promise<string[]> {
  return (await Promise.all(run.network.sides.map((id) => missingOn(run, id, told)))).flat();
}

async function heightsOf(run: Run): Promise<number[]> {
  const ask = async (id: string): Promise<number> => (await run.network.client(id).call("info")).finalHeight;
  return Promise.all(run.network.sides.map((id) => ask(id).catch(() => 0)));
}

async function untilHeight(run: Run, height: number): Promise<boolean> {
  const until = nowMs() + RECOVERY_DEADLINE_MS;
  while (nowMs() < until) {
    if (Math.min(...(await heightsOf(run))) >= height) return true;
    await delay(200);
  }
  return false;
}

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
  const goesOn = await untilHeight(run, top + BLOCKS_AFTER);
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
