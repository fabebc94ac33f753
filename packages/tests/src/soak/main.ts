// `npm run soak -- interval|kill-one|kill-all|federation [--rounds N] [--minutes M] [--json]`: real processes under load, for as long
// as one likes, with oracles: nothing final is lost, nothing is signed twice, the rhythm holds.

import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { federationRounds } from "./federation.ts";
import { checkFrames, type FrameReport } from "./frames.ts";
import { createLoad, type Load, loadAccount, splitCoins } from "./load.ts";
import { raiseNetwork, type SoakNetwork, tapFileOf, waitUntilReady } from "./network.ts";
import { gapsOf, type Observer, observe, quantile } from "./observer.ts";

const LOAD_PER_SECOND = 50;
/** Enough that a coin is free again before its turn comes: one second of finality at 50 a second, twice over. */
const LOAD_COINS = 160;
const LOAD_FUND_BTM = "600";

type Check = { readonly name: string; readonly value: number | string; readonly limit: string; readonly ok: boolean };
type Run = {
  readonly network: SoakNetwork;
  readonly load: Load;
  readonly observer: Observer;
  readonly running: Promise<void>;
};

function say(line: string): void {
  process.stderr.write(`soak  ${line}\n`);
}

const nowMs = (): number => performance.now();

async function prepare(options: { tap: boolean }): Promise<Run> {
  say("raising a network of its own");
  const network = await raiseNetwork(options);
  try {
    return await prepareLoad(network);
  } catch (error) {
    await network.remove();
    throw error;
  }
}

async function prepareLoad(network: SoakNetwork): Promise<Run> {
  const account = loadAccount("soak load");
  const [first = ""] = network.sides;
  const { addressPrefix } = await network.client(first).call("info");
  say(`funding the load with ${LOAD_FUND_BTM} BTM through the federation`);
  network.cli("peg", "in", "--from", "alice", "--amount", LOAD_FUND_BTM, "--to", account.address(addressPrefix));
  for (;;) {
    const { items } = await network
      .client(first)
      .call("outputs", { body: { programs: [Buffer.from(account.program).toString("hex")] } });
    if (items.length > 0) break;
    await delay(500);
  }
  const coins = await splitCoins(account, network.client(first), LOAD_COINS);
  let away = new Set<string>();
  const load = createLoad({
    account,
    coins,
    perSecond: LOAD_PER_SECOND,
    nodes: () => network.sides.filter((id) => !away.has(id)).flatMap((id) => clientIfRunning(network, id)),
    nowMs,
  });
  const observer = observe(network, { onTransaction: (id) => load.onFinal(id), nowMs });
  observer.connect(network.sides);
  away = new Set();
  const running = load.run();
  return { network, load, observer, running };
}

function clientIfRunning(network: SoakNetwork, id: string) {
  try {
    return [network.client(id)];
  } catch {
    return [];
  }
}

function latencies(run: Run): number[] {
  const times: number[] = [];
  for (const [id, submitted] of run.load.submittedMs) {
    const final = run.observer.transactions.get(id);
    if (final !== undefined) times.push(final - submitted);
  }
  return times;
}

function round(value: number): number {
  return Math.round(value);
}

async function interval(run: Run, minutes: number): Promise<Check[]> {
  say(`measuring for ${minutes} minutes at ${LOAD_PER_SECOND} transactions a second`);
  const before = run.observer.blocks.size;
  await delay(minutes * 60_000);
  const gaps = gapsOf(run.observer.blocks).slice(before);
  const times = latencies(run);
  const median = quantile(gaps, 0.5);
  const p99 = quantile(gaps, 0.99);
  const latency = quantile(times, 0.99);
  return [
    { name: "blocks", value: gaps.length, limit: "", ok: gaps.length > 0 },
    {
      name: "block interval, median ms",
      value: round(median),
      limit: "450 to 550",
      ok: median >= 450 && median <= 550,
    },
    { name: "block interval, p99 ms", value: round(p99), limit: "at most 700", ok: p99 <= 700 },
    { name: "transactions final", value: times.length, limit: "", ok: times.length > 0 },
    { name: "submitted to final, median ms", value: round(quantile(times, 0.5)), limit: "", ok: true },
    { name: "submitted to final, p99 ms", value: round(latency), limit: "at most 1200", ok: latency <= 1200 },
  ];
}

async function killOne(run: Run, rounds: number): Promise<Check[]> {
  const checks: Check[] = [];
  for (let n = 0; n < rounds; n += 1) {
    const { network, observer } = run;
    const victim = network.sides[n % network.sides.length] ?? "";
    say(`round ${n + 1} of ${rounds}: killing ${victim}`);
    const heights = observer.blocks.size;
    process.kill(network.pid(victim), "SIGKILL");
    await delay(20_000);
    const longest = Math.max(...gapsOf(observer.blocks).slice(heights - 1));
    await network.start([victim]);
    observer.connect([victim]);
    await waitUntilReady(network, [victim]);
    checks.push({
      name: `${victim} away for 20 s: longest gap ms`,
      value: round(longest),
      limit: "at most 2000",
      ok: longest <= 2000,
    });
  }
  return checks;
}

/** Every block and transaction the observer was told of must be found, the same, on every node. */
async function missingOnNodes(run: Run): Promise<string[]> {
  const problems: string[] = [];
  const top = Math.max(...run.observer.blocks.keys());
  for (const id of run.network.sides) {
    const client = run.network.client(id);
    for (let height = top; height > Math.max(0, top - 200); height -= 1) {
      const seen = run.observer.blocks.get(height);
      if (seen === undefined) continue;
      const found = await client.call("block", { params: { ref: String(height) } }).catch(() => undefined);
      if (found?.hash !== seen.hash)
        problems.push(`${id}: block ${height} is ${found?.hash ?? "missing"}, was ${seen.hash}`);
    }
    for (const transaction of [...run.observer.transactions.keys()].slice(-200)) {
      const found = await client.call("transaction", { params: { id: transaction } }).catch(() => undefined);
      if (found?.status !== "final")
        problems.push(`${id}: final transaction ${transaction} is ${found?.status ?? "missing"}`);
    }
  }
  return problems;
}

async function untilHeight(run: Run, height: number, deadlineMs: number): Promise<boolean> {
  const until = nowMs() + deadlineMs;
  while (nowMs() < until) {
    const heights = await Promise.all(
      run.network.sides.map(
        async (id) =>
          (
            await run.network
              .client(id)
              .call("info")
              .catch(() => undefined)
          )?.finalHeight ?? 0,
      ),
    );
    if (Math.min(...heights) >= height) return true;
    await delay(200);
  }
  return false;
}

async function killAll(run: Run, rounds: number): Promise<Check[]> {
  const { network, observer } = run;
  const problems: string[] = [];
  const recoveries: number[] = [];
  for (let n = 0; n < rounds && problems.length === 0; n += 1) {
    // Not in step with the blocks: each round stops the validators at another moment of a view.
    await delay(3000 + ((n * 137) % 500));
    for (const id of network.sides) process.kill(network.pid(id), "SIGKILL");
    const top = Math.max(...observer.blocks.keys());
    const from = nowMs();
    await delay(100);
    await network.start(network.sides);
    observer.connect(network.sides);
    if (!(await untilHeight(run, top + 3, 60_000))) problems.push(`round ${n + 1}: no new final block within 60 s`);
    recoveries.push(nowMs() - from);
    problems.push(...(await missingOnNodes(run)));
    say(
      `round ${n + 1} of ${rounds}: killed all at height ${top}, going again after ${((recoveries.at(-1) ?? 0) / 1000).toFixed(1)} s`,
    );
  }
  for (const problem of problems.slice(0, 10)) say(`PROBLEM ${problem}`);
  return [
    { name: "rounds", value: recoveries.length, limit: String(rounds), ok: recoveries.length === rounds },
    { name: "final blocks and transactions lost", value: problems.length, limit: "0", ok: problems.length === 0 },
    { name: "recovery, median ms", value: round(quantile(recoveries, 0.5)), limit: "", ok: true },
  ];
}

function frameChecks(report: FrameReport): Check[] {
  for (const problem of report.problems.slice(0, 10)) say(`PROBLEM ${problem}`);
  return [
    { name: "consensus frames recorded", value: report.frames, limit: "", ok: report.frames > 0 },
    { name: "votes seen", value: report.votes, limit: "", ok: report.votes > 0 },
    { name: "signed twice", value: report.problems.length, limit: "0", ok: report.problems.length === 0 },
  ];
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "4" },
      minutes: { type: "string", default: "5" },
      json: { type: "boolean", default: false },
    },
  });
  const [kind = ""] = positionals;
  if (!["interval", "kill-one", "kill-all", "federation"].includes(kind)) {
    process.stderr.write(
      "usage: npm run soak -- interval|kill-one|kill-all|federation [--rounds N] [--minutes M] [--json]\n",
    );
    process.exitCode = 2;
    return;
  }
  if (kind === "federation") return runFederation(values.json);
  const tap = kind !== "interval";
  const run = await prepare({ tap });
  const checks: Check[] = [];
  try {
    if (kind === "interval") checks.push(...(await interval(run, Number(values.minutes))));
    else if (kind === "kill-one") checks.push(...(await killOne(run, Number(values.rounds))));
    else checks.push(...(await killAll(run, Number(values.rounds))));
    run.load.stop();
    await run.running;
    checks.push({
      name: "conflicting final blocks",
      value: run.observer.conflicts.length,
      limit: "0",
      ok: run.observer.conflicts.length === 0,
    });
    if (tap) checks.push(...frameChecks(checkFrames(run.network.sides.map((id) => tapFileOf(run.network.layout, id)))));
  } finally {
    run.load.stop();
    run.observer.close();
    await run.network.remove();
  }
  report(kind, checks, values.json);
}

function report(kind: string, checks: readonly Check[], json: boolean): void {
  const ok = checks.every((check) => check.ok);
  if (json) process.stdout.write(`${JSON.stringify({ schemaVersion: 1, ok, data: { kind, checks } })}\n`);
  else
    for (const check of checks)
      process.stdout.write(
        `${check.ok ? "ok  " : "FAIL"}  ${check.name}: ${check.value}${check.limit === "" ? "" : ` (${check.limit})`}\n`,
      );
  process.exitCode = ok ? 0 : 1;
}

async function runFederation(json: boolean): Promise<void> {
  say("raising a network of its own");
  const network = await raiseNetwork({ tap: false });
  try {
    report("federation", await federationRounds(network, say), json);
  } finally {
    await network.remove();
  }
}

await main();
