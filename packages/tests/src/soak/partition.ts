// The committee cut in two halves under load, round after round: neither half may make anything final, and when the wires
// are mended every node must soon be at one tip again (promises.md P11).

import { setTimeout as delay } from "node:timers/promises";
import { quantile } from "./observer.ts";
import { heightsOf, missingOnNodes, newsOf, untilHeight } from "./oracle.ts";
import { type Check, nowMs, type Run, say } from "./run.ts";

/** "Heals in 5 s": from the mending of the wires to new final blocks on every node. */
const HEAL_LIMIT_MS = 5_000;
const HEAL_DEADLINE_MS = 60_000;
/** Blocks that must become final on every node before it counts as healed. */
const BLOCKS_AFTER = 3;
/** What was under way when the wires were cut may still become final for so long. */
const UNDER_WAY_MS = 1_000;
/** Undisturbed time before each cut. */
const CALM_MS = 5_000;

/** The three ways to cut four into halves, in turn; more nodes are cut in the middle of a rotated list. */
function halvesOf(ids: readonly string[], round: number): [string[], string[]] {
  const [first = "", ...others] = ids;
  const turn = round % others.length;
  const rotated = [...others.slice(turn), ...others.slice(0, turn)];
  const size = Math.floor(ids.length / 2);
  return [[first, ...rotated.slice(0, size - 1)], rotated.slice(size - 1)];
}

async function cutRound(
  run: Run,
  round: number,
  cutMs: number,
): Promise<{ healMs: number; during: number; problems: string[] }> {
  const { network, observer } = run;
  await delay(CALM_MS);
  const halves = halvesOf(network.sides, round);
  network.relays?.cut(halves);
  await delay(UNDER_WAY_MS);
  const top = Math.max(...observer.blocks.keys());
  await delay(cutMs - UNDER_WAY_MS);
  const during = Math.max(...observer.blocks.keys()) - top;
  network.relays?.mend();
  const from = nowMs();
  const heals = await untilHeight(run, top + BLOCKS_AFTER, HEAL_DEADLINE_MS);
  const healMs = nowMs() - from;
  const problems = heals
    ? []
    : [`round ${round + 1}: heights ${(await heightsOf(run)).join(", ")} 60 s after the mending`];
  say(
    `round ${round + 1}: ${halves.map((half) => half.join("+")).join(" | ")} cut for ${cutMs / 1000} s at height ${top}, ` +
      `${during} blocks meanwhile, healed after ${(healMs / 1000).toFixed(1)} s`,
  );
  return { healMs, during, problems };
}

export async function partition(run: Run, options: { rounds: number; seconds: number }): Promise<Check[]> {
  const heals: number[] = [];
  const problems: string[] = [];
  let during = 0;
  for (let round = 0; round < options.rounds && problems.length === 0; round += 1) {
    const result = await cutRound(run, round, options.seconds * 1000);
    heals.push(result.healMs);
    during += result.during;
    problems.push(...result.problems);
  }
  const told = newsOf(run)();
  problems.push(...(await missingOnNodes(run, told)));
  for (const problem of problems.slice(0, 10)) say(`PROBLEM ${problem}`);
  const longest = Math.max(...heals);
  return [
    { name: "rounds", value: heals.length, limit: String(options.rounds), ok: heals.length === options.rounds },
    { name: "final blocks while cut in halves", value: during, limit: "0", ok: during === 0 },
    { name: "healed after, median ms", value: Math.round(quantile(heals, 0.5)), limit: "", ok: true },
    {
      name: "healed after, longest ms",
      value: Math.round(longest),
      limit: `at most ${HEAL_LIMIT_MS}`,
      ok: longest <= HEAL_LIMIT_MS,
    },
    { name: "final blocks asked for on every node", value: told.blocks.length, limit: "", ok: told.blocks.length > 0 },
    { name: "final transactions asked for on every node", value: told.transactions.length, limit: "", ok: true },
    { name: "lost or not healed", value: problems.length, limit: "0", ok: problems.length === 0 },
  ];
}
