// The federation under failure, with real processes: one member away changes nothing, two away means waiting and saying
// so, and a process killed at each named crash point and restarted gives exactly one credit and exactly one payout.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ProveReport } from "@bystack/federation/prove";
import { type SoakNetwork, waitUntilReady } from "./network.ts";

export type FederationCheck = {
  readonly name: string;
  readonly value: number | string;
  readonly limit: string;
  readonly ok: boolean;
};

const CRASH_POINTS = ["CP16", "CP17", "CP18", "CP19"] as const;
/** By then a payout has come to where signatures are missing. */
const WAITING_DEADLINE_MS = 90_000;

/** A whole round trip, proven while this process can interfere. */
export async function prove(network: SoakNetwork): Promise<ProveReport> {
  const { proofs } = (await network.cli("prove")) as { proofs: readonly ProveReport[] };
  const [report] = proofs;
  if (report === undefined) throw new Error("nothing was proven");
  return report;
}

function switchMember(network: SoakNetwork, id: string, run: boolean): Promise<unknown> {
  return network.client(id).call("memberSwitch", { body: { run } });
}

function setCrashPoint(network: SoakNetwork, id: string, point: string | undefined): void {
  const path = join(network.layout.nodes, id, "node.json");
  const { crashAt: _, ...options } = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify(point === undefined ? options : { ...options, crashAt: point }, null, 2), {
    mode: 0o600,
  });
}

async function oneAway(network: SoakNetwork): Promise<FederationCheck> {
  const [member = ""] = network.sides;
  await switchMember(network, member, false);
  const report = await prove(network);
  await switchMember(network, member, true);
  return { name: "one member stopped: round trip s", value: report.seconds, limit: "proven", ok: report.ok };
}

/** What open payouts say that they wait for, in the words of a running member. */
async function waitingWords(network: SoakNetwork, id: string): Promise<string[]> {
  const { items } = await network.client(id).call("payouts", { query: { limit: 20, live: "true" } });
  return items.filter((payout) => payout.state === "open").map((payout) => payout.waitsFor ?? "");
}

async function twoAway(network: SoakNetwork): Promise<FederationCheck[]> {
  const [first = "", second = "", third = ""] = network.sides;
  await switchMember(network, first, false);
  await switchMember(network, second, false);
  const proving = prove(network);
  let words: string[] = [];
  const until = Date.now() + WAITING_DEADLINE_MS;
  while (Date.now() < until) {
    words = (await waitingWords(network, third)).filter((text) => /sign/i.test(text));
    if (words.length > 0) break;
    await delay(500);
  }
  await switchMember(network, first, true);
  const report = await proving;
  await switchMember(network, second, true);
  return [
    {
      name: "two members stopped: the payout says",
      value: words[0] ?? "nothing",
      limit: "that it waits for signatures",
      ok: words.length > 0,
    },
    { name: "one of them back: round trip", value: report.seconds, limit: "proven", ok: report.ok },
  ];
}

/** The provider tells of every exit; what is to happen then changes with the round. */
type ExitWatch = { onKilled: (id: string) => void };

async function crashAt(network: SoakNetwork, exits: ExitWatch, point: string): Promise<FederationCheck> {
  for (const id of network.sides) {
    await network.provider.stop(id);
    setCrashPoint(network, id, point);
  }
  await network.start(network.sides);
  await waitUntilReady(network, network.sides);
  const crashed = new Set<string>();
  const restarts: Promise<void>[] = [];
  exits.onKilled = (id) => {
    if (crashed.has(id)) return;
    crashed.add(id);
    setCrashPoint(network, id, undefined);
    restarts.push(network.start([id]));
  };
  const report = await prove(network);
  await Promise.all(restarts);
  exits.onKilled = () => {};
  for (const id of network.sides) setCrashPoint(network, id, undefined);
  return {
    name: `${point}: ${crashed.size} of ${network.sides.length} members killed there; round trip s`,
    value: report.seconds,
    limit: "proven once, supply equal",
    ok: report.ok && crashed.size > 0,
  };
}

export async function federationRounds(network: SoakNetwork, say: (line: string) => void): Promise<FederationCheck[]> {
  const checks: FederationCheck[] = [];
  say("one member stopped");
  checks.push(await oneAway(network));
  say("two members stopped");
  checks.push(...(await twoAway(network)));
  const exits: ExitWatch = { onKilled: () => {} };
  network.provider.onExit((id, exit) => {
    if (exit.signal === "SIGKILL") exits.onKilled(id);
  });
  for (const point of CRASH_POINTS) {
    say(`members killed at ${point}`);
    checks.push(await crashAt(network, exits, point));
  }
  return checks;
}
