// `npm run soak -- interval|kill-one|kill-all|partition|attack|rejoin|election|platform|federation|why` with the options below: real processes under
// load, for as long as one likes, with oracles: nothing final is lost, nothing is signed twice, the rhythm holds.

import { parseArgs } from "node:util";
import { checkFrames, type FrameReport } from "@bystack/node/frame-check";
import { attack, attackerPeers } from "./attack.ts";
import { election } from "./election.ts";
import { federationRounds } from "./federation.ts";
import { guideRounds } from "./guide.ts";
import { interval } from "./interval.ts";
import { killAll } from "./kill-all.ts";
import { killOne } from "./kill-one.ts";
import { raiseNetwork, type SoakNetwork, tapFilesOf } from "./network.ts";
import { partition } from "./partition.ts";
import { platformKills } from "./platform.ts";
import { rejoin } from "./rejoin.ts";
import { type Check, prepare, type Run, say } from "./run.ts";
import { whyRounds } from "./why.ts";

const USAGE =
  "usage: npm run soak -- interval|kill-one|kill-all|partition|attack|rejoin|election|platform|federation|why|guide [--rounds N] [--minutes M] " +
  "[--seconds S] [--load TRANSACTIONS_A_SECOND] [--transactions N] [--json]\n";

const OPTIONS = {
  rounds: { type: "string", default: "4" },
  minutes: { type: "string", default: "5" },
  seconds: { type: "string", default: "60" },
  load: { type: "string", default: "50" },
  transactions: { type: "string", default: "200000" },
  json: { type: "boolean", default: false },
} as const;
type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

/** The kinds that run under load, and whether all consensus frames are recorded. */
const KINDS: Readonly<
  Record<string, { readonly tap: boolean; readonly run: (run: Run, options: Options) => Promise<Check[]> }>
> = {
  interval: { tap: false, run: (run, { minutes }) => interval(run, Number(minutes)) },
  "kill-one": { tap: true, run: (run, { rounds }) => killOne(run, Number(rounds)) },
  "kill-all": { tap: true, run: (run, { rounds }) => killAll(run, Number(rounds)) },
  partition: {
    tap: true,
    run: (run, { rounds, seconds }) => partition(run, { rounds: Number(rounds), seconds: Number(seconds) }),
  },
  attack: { tap: false, run: (run, { seconds }) => attack(run, { seconds: Number(seconds) }) },
  election: { tap: true, run: (run) => election(run) },
  platform: { tap: false, run: (run, { rounds }) => platformKills(run, Number(rounds)) },
  rejoin: { tap: false, run: (run, { transactions }) => rejoin(run, Number(transactions)) },
};

function frameChecks(report: FrameReport): Check[] {
  for (const problem of report.problems.slice(0, 10)) say(`PROBLEM ${problem}`);
  return [
    { name: "consensus frames recorded", value: report.frames, limit: "", ok: report.frames > 0 },
    { name: "votes seen", value: report.votes, limit: "", ok: report.votes > 0 },
    { name: "signed twice", value: report.problems.length, limit: "0", ok: report.problems.length === 0 },
  ];
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const [name = ""] = positionals;
  if (name === "federation") return runAlone(name, federationRounds, values.json);
  if (name === "why") return runAlone(name, whyRounds, values.json);
  if (name === "guide") return report(name, await guideRounds(), values.json);
  const kind = KINDS[name];
  if (kind === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const { tap } = kind;
  const run = await prepare({
    tap,
    elections: name === "election",
    relays: name === "partition" || name === "attack",
    peers: name === "attack" ? attackerPeers() : [],
    load: { perSecond: Number(values.load), transactions: name === "rejoin" ? Number(values.transactions) : 0 },
  });
  const checks: Check[] = [];
  try {
    checks.push(...(await kind.run(run, values)));
    run.load.stop();
    await run.running;
    checks.push({
      name: "conflicting final blocks",
      value: run.observer.conflicts.length,
      limit: "0",
      ok: run.observer.conflicts.length === 0,
    });
    if (tap)
      checks.push(...frameChecks(checkFrames(run.network.sides.flatMap((id) => tapFilesOf(run.network.layout, id)))));
  } finally {
    run.load.stop();
    run.observer.close();
    await run.network.end({ keepFolder: !checks.every((check) => check.ok) });
  }
  report(name, checks, values.json);
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

/** Runs without load, on a network of its own. */
async function runAlone(
  kind: string,
  rounds: (network: SoakNetwork, tell: (line: string) => void) => Promise<Check[]>,
  json: boolean,
): Promise<void> {
  say("raising a network of its own");
  const network = await raiseNetwork({ tap: false });
  try {
    report(kind, await rounds(network, say), json);
  } finally {
    await network.end({ keepFolder: false });
  }
}

await main();
