// The rhythm under a steady load: gaps between final blocks, and how long a transaction takes from its submission to finality.

import { setTimeout as delay } from "node:timers/promises";
import { gapsIn, quantile } from "./observer.ts";
import { type Check, nowMs, type Run, say } from "./run.ts";

/** A transaction that is not final this long after it was submitted is a finding. */
const FINAL_DEADLINE_MS = 5_000;

function latencies(run: Run): number[] {
  const times: number[] = [];
  for (const [id, submitted] of run.load.submittedMs) {
    const final = run.observer.transactions.get(id);
    if (final !== undefined) times.push(final - submitted);
  }
  return times;
}

/** Accepted by a node, but not final in time. */
function neverFinal(run: Run): number {
  const overdue = nowMs() - FINAL_DEADLINE_MS;
  return [...run.load.submittedMs].filter(([id, at]) => at < overdue && !run.observer.transactions.has(id)).length;
}

export async function interval(run: Run, minutes: number): Promise<Check[]> {
  say(`measuring for ${minutes} minutes at ${run.perSecond} transactions a second`);
  const from = nowMs();
  await delay(minutes * 60_000);
  const gaps = gapsIn(run.observer.blocks, from, nowMs());
  const times = latencies(run);
  const median = quantile(gaps, 0.5);
  const p99 = quantile(gaps, 0.99);
  const latency = quantile(times, 0.99);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  return [
    { name: "blocks", value: gaps.length, limit: "", ok: gaps.length > 0 },
    { name: "block interval, mean ms", value: Math.round(mean), limit: "450 to 550", ok: mean >= 450 && mean <= 550 },
    {
      name: "block interval, median ms",
      value: Math.round(median),
      limit: "450 to 550",
      ok: median >= 450 && median <= 550,
    },
    { name: "block interval, p99 ms", value: Math.round(p99), limit: "at most 750", ok: p99 <= 750 },
    { name: "transactions final", value: times.length, limit: "", ok: times.length > 0 },
    { name: "not final within 5 s", value: neverFinal(run), limit: "0", ok: neverFinal(run) === 0 },
    { name: "submissions refused", value: run.load.refused(), limit: "0", ok: run.load.refused() === 0 },
    { name: "submitted to final, median ms", value: Math.round(quantile(times, 0.5)), limit: "", ok: true },
    { name: "submitted to final, p99 ms", value: Math.round(latency), limit: "at most 1200", ok: latency <= 1200 },
  ];
}
