// The platform killed at random moments while it changes a network of real processes: the change comes to the same end, nothing
// is done twice, and the chains do not notice.

import { setTimeout as delay } from "node:timers/promises";
import { readDaemon } from "@bystack/platform/daemon/daemon-file";
import { loadNetworkState } from "@bystack/platform/network/layout";
import { gapsIn } from "./observer.ts";
import { type Check, nowMs, type Run, say } from "./run.ts";

/** An addition takes about 10 s here, a removal 1 s: a kill may come at any moment of either, or after it. */
const KILL_WITHIN_MS = 9_000;
const GAP_MS = 2_000;

type Operations = { readonly items: readonly { readonly state: string; readonly title: string }[] };

/** Begins a change, kills the platform meanwhile, and lets the next one finish it. @returns whether it came to its end */
async function killedChange({ network }: Run, change: readonly string[], killAfterMs: number): Promise<boolean> {
  // Its command ends with the platform; what it began goes on with the next one.
  const command = network.cli(...change).catch(() => {});
  await delay(killAfterMs);
  const daemon = readDaemon(network.home);
  if (daemon !== undefined) process.kill(daemon.pid, "SIGKILL");
  await command;
  await network.cli("up", "--detach");
  const { items } = (await network.cli("operation", "list")) as Operations;
  return items.every(({ state }) => state === "succeeded");
}

export async function platformKills(run: Run, rounds: number): Promise<Check[]> {
  const { network, observer } = run;
  const nodesThere = (): string => (loadNetworkState(network.layout)?.nodes ?? []).map(({ id }) => id).join(" ");
  const before = nodesThere();
  const pids = network.sides.map((id) => network.pid(id)).join();
  const from = nowMs();
  const problems: string[] = [];
  const [chain = ""] = (loadNetworkState(network.layout)?.sides ?? []).map((side) => side.chain);
  const added = `${chain}-${network.sides.length + 1}`;
  for (let n = 1; n <= rounds; n += 1) {
    for (const change of [
      ["node", "add"],
      ["node", "rm", added],
    ]) {
      const isThere = change[1] === "add";
      // A change that was cut off before it was written down is asked for again.
      let tries = 0;
      while (nodesThere().includes(added) !== isThere && tries < 3) {
        tries += 1;
        const killAfterMs = Math.random() * KILL_WITHIN_MS;
        const isOver = await killedChange(run, change, killAfterMs);
        say(
          `round ${n} of ${rounds}: ${change.join(" ")}, killed after ${Math.round(killAfterMs)} ms: ${nodesThere()}`,
        );
        if (!isOver) problems.push(`round ${n}: ${change.join(" ")} did not come to its end`);
      }
      if (nodesThere().includes(added) !== isThere) problems.push(`round ${n}: ${change.join(" ")} is not done`);
    }
  }
  const longest = Math.max(...gapsIn(observer.blocks, from, nowMs()));
  for (const problem of problems.slice(0, 10)) say(`PROBLEM ${problem}`);
  const after = nodesThere();
  const same = network.sides.map((id) => network.pid(id)).join() === pids;
  return [
    { name: "changes that did not come to their end", value: problems.length, limit: "0", ok: problems.length === 0 },
    { name: "nodes afterwards", value: after, limit: before, ok: after === before },
    { name: "validators that were restarted", value: same ? "none" : "some", limit: "none", ok: same },
    {
      name: "longest gap between final blocks, ms",
      value: Math.round(longest),
      limit: `at most ${GAP_MS}`,
      ok: longest <= GAP_MS,
    },
  ];
}
