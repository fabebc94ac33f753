// A validator that has lost its data folder comes back on a long chain while the others go on under load: it begins with
// their state, and is at the tip as soon as a person would notice.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Check, nowMs, type Run, say } from "./run.ts";

/** From the start of the process to the tip of the others. */
const REJOIN_MS_MAX = 20_000;
const REJOIN_DEADLINE_MS = 300_000;
const REPORT_MS = 30_000;
/** The chain is made as fast as asked for; what comes back then is measured beside a load that leaves the machine room. */
const MEASURED_LOAD = 50;
/** By then what waited in the mempools is final. */
const SETTLE_MS = 5_000;
const POLL_MS = 50;

async function untilTransactions({ observer }: Run, count: number): Promise<void> {
  let reportedMs = nowMs();
  while (observer.transactions.size < count) {
    await delay(POLL_MS);
    if (nowMs() - reportedMs < REPORT_MS) continue;
    reportedMs = nowMs();
    say(`${observer.transactions.size} of ${count} transactions final in ${observer.blocks.size} blocks`);
  }
}

/** Waits until a node has a block that another one, asked at the same time, had as its newest. */
async function untilAtTip({ network }: Run, id: string, other: string): Promise<number | undefined> {
  const until = nowMs() + REJOIN_DEADLINE_MS;
  while (nowMs() < until) {
    const [tip, own] = await Promise.all(
      [other, id].map((node) =>
        network
          .client(node)
          .call("info")
          .catch(() => undefined),
      ),
    );
    if (tip !== undefined && own !== undefined && own.finalHeight >= tip.finalHeight) return own.finalHeight;
    await delay(POLL_MS);
  }
  return undefined;
}

export async function rejoin(run: Run, transactions: number): Promise<Check[]> {
  const { network, observer } = run;
  const [victim = "", other = ""] = network.sides.toReversed();
  await untilTransactions(run, transactions);
  run.load.setRate(MEASURED_LOAD);
  await delay(SETTLE_MS);
  const count = observer.transactions.size;
  say(`${count} transactions in ${observer.blocks.size} blocks: ${victim} loses its data folder`);
  await network.provider.stop(victim);
  rmSync(join(network.layout.nodes, victim, "data"), { recursive: true });
  const from = nowMs();
  await network.start([victim]);
  const height = await untilAtTip(run, victim, other);
  const tookMs = nowMs() - from;
  const { items } = await network.client(victim).call("incidents");
  const fetched = items.filter(({ code }) => code === "state-fetched").at(-1);
  for (const { what, done } of items) say(`${victim}: ${what}; ${done}`);
  const first =
    height === undefined ? undefined : await network.client(victim).call("block", { params: { ref: String(height) } });
  return [
    { name: "transactions on the chain", value: count, limit: `at least ${transactions}`, ok: count >= transactions },
    {
      name: "began with a state of its peers",
      value: fetched === undefined ? 0 : 1,
      limit: "1",
      ok: fetched !== undefined,
    },
    {
      name: "wiped to the tip, ms",
      value: Math.round(tookMs),
      limit: `at most ${REJOIN_MS_MAX}`,
      ok: tookMs <= REJOIN_MS_MAX,
    },
    {
      name: "its newest block is the others'",
      value: first?.hash.slice(0, 8) ?? "none",
      limit: "",
      ok: height !== undefined && first?.hash === observer.blocks.get(height)?.hash,
    },
  ];
}
