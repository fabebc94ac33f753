// One validator killed for a while, each in turn, under load: the others go on after at most one leader's timeout a turn.

import { setTimeout as delay } from "node:timers/promises";
import { waitUntilReady } from "./network.ts";
import { gapsIn } from "./observer.ts";
import { type Check, nowMs, type Run, say } from "./run.ts";

/** A validator is away for so long: three turns of its own as the leader, four blocks of 0.5 s each, of sixteen. */
const AWAY_MS = 30_000;
/** By then its first turn is over: a whole round of all leaders and what the first one costs. */
const FIRST_TURN_MS = 11_000;
const FIRST_GAP_MS = 2_000;
/** One is away at a time: the one that came back has taken part in some views before the next is killed. */
const BETWEEN_MS = 5_000;
const LATER_GAP_MS = 1_000;

export async function killOne(run: Run, rounds: number): Promise<Check[]> {
  const checks: Check[] = [];
  const { network, observer } = run;
  for (let n = 0; n < rounds; n += 1) {
    const victim = network.sides[n % network.sides.length] ?? "";
    await delay(BETWEEN_MS);
    say(`round ${n + 1} of ${rounds}: killing ${victim}`);
    process.kill(network.pid(victim), "SIGKILL");
    const from = nowMs();
    await delay(AWAY_MS);
    const first = Math.max(...gapsIn(observer.blocks, from, from + FIRST_TURN_MS));
    const later = Math.max(...gapsIn(observer.blocks, from + FIRST_TURN_MS, nowMs()));
    await network.start([victim]);
    observer.connect([victim]);
    await waitUntilReady(network, [victim]);
    const name = `${victim} away for ${AWAY_MS / 1000} s: longest gap`;
    checks.push(
      {
        name: `${name} in its first turn, ms`,
        value: Math.round(first),
        limit: `at most ${FIRST_GAP_MS}`,
        ok: first <= FIRST_GAP_MS,
      },
      {
        name: `${name} later, ms`,
        value: Math.round(later),
        limit: `at most ${LATER_GAP_MS}`,
        ok: later <= LATER_GAP_MS,
      },
    );
  }
  return checks;
}
