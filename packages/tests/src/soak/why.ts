// `bystack why` on a network of processes, as a person would ask: while all is well, after a validator was killed, after two
// were, while two hang, and when all are back. What it says first, whom it names, and how long an answer takes.

import { setTimeout as delay } from "node:timers/promises";
import { type WhyReport, whyReport } from "@bystack/api/why-schema";
import { type SoakNetwork, waitUntilReady } from "./network.ts";
import { type Check, nowMs } from "./run.ts";

/** A dead validator is explained within this (platform.md section 12); a chain that has stopped as well. */
const EXPLAINED_MS = 5_000;
/** The questions of one answer (platform.md section 8). */
const COLLECT_MS = 3_000;
/** Until all is well again: a start, its silence, the next turn of every leader. */
const WELL_MS = 60_000;
const QUESTIONS = 10;
const PAUSE_MS = 100;
/** All are away for longer than a chain may be without a final block. */
const STOPPED_MS = 12_000;

type Answer = { readonly report: WhyReport; readonly tookMs: number };

async function ask(network: SoakNetwork, ...args: readonly string[]): Promise<Answer> {
  const from = nowMs();
  const report = whyReport.parse(await network.cli("why", ...args));
  return { report, tookMs: nowMs() - from };
}

/** Asks again and again until the answer is as wanted, or the time is over. @returns the last answer, and how long it took */
async function until(
  network: SoakNetwork,
  isWanted: (report: WhyReport) => boolean,
  limitMs: number,
): Promise<{ readonly report: WhyReport; readonly ms: number }> {
  const from = nowMs();
  for (;;) {
    const { report } = await ask(network);
    const ms = nowMs() - from;
    if (isWanted(report) || ms > limitMs) return { report, ms };
    await delay(PAUSE_MS);
  }
}

const firstOf = ({ findings }: WhyReport): string => (findings[0] === undefined ? "nothing" : findings[0].sentence);

function says(report: WhyReport, id: string, names: readonly string[]): boolean {
  const [first] = report.findings;
  return first?.id === id && names.every((name) => first.sentence.includes(name));
}

function explained(
  name: string,
  found: { readonly report: WhyReport; readonly ms: number },
  wanted: { readonly id: string; readonly names: readonly string[] },
): Check[] {
  const ok = says(found.report, wanted.id, wanted.names);
  return [
    {
      name: `${name}: first`,
      value: firstOf(found.report),
      limit: `${wanted.id}, naming ${wanted.names.join(" and ")}`,
      ok,
    },
    {
      name: `${name}: ms until it was said`,
      value: Math.round(found.ms),
      limit: `at most ${EXPLAINED_MS}`,
      ok: found.ms <= EXPLAINED_MS,
    },
  ];
}

/** The slowest of several answers, by the collector's own count and with everything that the command takes. */
async function timed(network: SoakNetwork, name: string, times: number): Promise<Check[]> {
  const answers: Answer[] = [];
  for (let n = 0; n < times; n += 1) answers.push(await ask(network));
  const collects = answers.map(({ report }) => report.collectMs).sort((a, b) => a - b);
  const commands = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const longest = collects.at(-1) ?? 0;
  const median = collects[Math.floor(collects.length / 2)] ?? 0;
  return [
    { name: `${name}: questions, median ms`, value: Math.round(median), limit: "", ok: true },
    {
      name: `${name}: questions, longest ms`,
      value: Math.round(longest),
      limit: `at most ${COLLECT_MS}`,
      ok: longest <= COLLECT_MS,
    },
    {
      name: `${name}: the whole command, median ms`,
      value: Math.round(commands[Math.floor(commands.length / 2)] ?? 0),
      limit: "",
      ok: true,
    },
  ];
}

function well(name: string, report: WhyReport): Check {
  const said = report.findings.filter(({ severity }) => severity !== "note").map(({ sentence }) => sentence);
  return { name, value: said[0] ?? "well", limit: "well", ok: report.healthy && report.halted.length === 0 };
}

/** All stopped for a while and started again: until they are well nobody may be told that the chain has stopped. */
async function restartAll(network: SoakNetwork): Promise<Check[]> {
  const { sides, provider } = network;
  await Promise.all(sides.map((id) => provider.stop(id)));
  await delay(STOPPED_MS);
  const { report: stopped } = await ask(network);
  await network.start(sides);
  const told: WhyReport[] = [];
  const last = await until(
    network,
    (report) => {
      told.push(report);
      return report.healthy && report.findings.length === 0;
    },
    WELL_MS,
  );
  const halts = told.filter(({ halted }) => halted.length > 0);
  return [
    {
      name: "all are stopped: first",
      value: firstOf(stopped),
      limit: "quorum-lost",
      ok: says(stopped, "quorum-lost", []),
    },
    { name: "all are started: answers until all is well", value: told.length, limit: "", ok: told.length > 0 },
    { name: "all are started: called stopped", value: halts.length, limit: "0", ok: halts.length === 0 },
    well("all are started", last.report),
  ];
}

export async function whyRounds(network: SoakNetwork, say: (line: string) => void): Promise<Check[]> {
  const { sides } = network;
  const [a = "", b = "", c = "", d = ""] = sides;
  const checks: Check[] = [];
  say("asking while all is well");
  checks.push(well("all is well", (await until(network, ({ healthy }) => healthy, WELL_MS)).report));
  checks.push(...(await timed(network, `${sides.length + 1} nodes that answer`, QUESTIONS)));
  const { report: lost } = await ask(network, "ab".repeat(32));
  checks.push({
    name: "an unknown transaction",
    value: lost.findings[0]?.id ?? "nothing",
    limit: "tx-unknown",
    ok: lost.findings[0]?.id === "tx-unknown",
  });

  say(`killing ${c}`);
  process.kill(network.pid(c), "SIGKILL");
  checks.push(
    ...explained(`${c} was killed`, await until(network, (report) => says(report, "margin-zero", [c]), EXPLAINED_MS), {
      id: "margin-zero",
      names: [c],
    }),
  );
  say(`stopping ${d} as well`);
  process.kill(network.pid(d), "SIGTERM");
  checks.push(
    ...explained(
      `${c} and ${d} are away`,
      await until(network, (report) => says(report, "quorum-lost", [c, d]), EXPLAINED_MS),
      { id: "quorum-lost", names: [c, d] },
    ),
  );
  say("starting both");
  await network.start([c, d]);
  await waitUntilReady(network, sides);
  checks.push(well("both are back", (await until(network, ({ healthy }) => healthy, WELL_MS)).report));

  say(`${a} and ${b} hang`);
  const hung = [network.pid(a), network.pid(b)];
  for (const pid of hung) process.kill(pid, "SIGSTOP");
  try {
    checks.push(...(await timed(network, "two nodes hang", QUESTIONS)));
    checks.push(
      ...explained(
        `${a} and ${b} hang`,
        await until(network, (report) => says(report, "quorum-lost", [a, b]), 3 * EXPLAINED_MS),
        { id: "quorum-lost", names: [a, b] },
      ).slice(0, 1),
    );
  } finally {
    for (const pid of hung) process.kill(pid, "SIGCONT");
  }
  await waitUntilReady(network, sides);
  checks.push(well("they go on", (await until(network, ({ healthy }) => healthy, WELL_MS)).report));
  say("stopping and starting all");
  checks.push(...(await restartAll(network)));
  return checks;
}
