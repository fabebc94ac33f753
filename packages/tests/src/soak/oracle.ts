// The oracle of every soak run: what the outside client was told is final must be found, the same, on every node for ever
// after.

import { setTimeout as delay } from "node:timers/promises";
import { BystackError } from "@bystack/utils/errors";
import { nowMs, type Run } from "./run.ts";

/** Questions that are under way at one node. */
const QUESTIONS_AT_ONCE = 8;
const POLL_MS = 100;
/** A node that does not answer for so long is lost itself. */
const SILENCE_MS_MAX = 30_000;

export type Told = { readonly blocks: readonly number[]; readonly transactions: readonly string[] };

/** What the client was told since the last call: heights and ids, each handed out once. */
export function newsOf(run: Run): () => Told {
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
  // On a busy machine an answer may be late; that is no loss.
  const until = nowMs() + SILENCE_MS_MAX;
  const ask = async <T>(question: () => Promise<T>): Promise<T | ReturnType<typeof reason>> => {
    for (;;) {
      try {
        return await question();
      } catch (error) {
        const isSilent = error instanceof BystackError && error.kind === "unavailable" && nowMs() < until;
        if (!isSilent) return reason(error instanceof Error ? error : new Error(String(error)));
        await delay(POLL_MS);
      }
    }
  };
  const questions = [
    ...told.blocks.map((height) => async () => {
      const found = await ask(() => client.call("block", { params: { ref: String(height) } }));
      const told = run.observer.blocks.get(height)?.hash;
      if (found.hash !== told) problems.push(`${id}: block ${height} is ${found.hash}, was ${told}`);
    }),
    ...told.transactions.map((transaction) => async () => {
      const found = await ask(() => client.call("transaction", { params: { id: transaction } }));
      if (found.status !== "final") problems.push(`${id}: final transaction ${transaction} is ${found.status}`);
    }),
  ];
  const work = async (): Promise<void> => {
    for (let next = questions.pop(); next !== undefined; next = questions.pop()) await next();
  };
  await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, work));
  return problems;
}

/** What of this is not found, the same, on each node; as sentences. */
export async function missingOnNodes(run: Run, told: Told): Promise<string[]> {
  // What one node told a moment ago another may learn in the next: that is no loss, but it must come.
  const highest = Math.max(0, ...told.blocks);
  if (!(await untilHeight(run, highest, SILENCE_MS_MAX)))
    return [
      `heights ${(await heightsOf(run)).join(", ")}: block ${highest} was told final and does not come everywhere`,
    ];
  return (await Promise.all(run.network.sides.map((id) => missingOn(run, id, told)))).flat();
}

/** Newest final height of each side node; 0 for one that does not answer. */
export async function heightsOf(run: Run): Promise<number[]> {
  const ask = async (id: string): Promise<number> => (await run.network.client(id).call("info")).finalHeight;
  return Promise.all(run.network.sides.map((id) => ask(id).catch(() => 0)));
}

/** Waits until every node has final blocks up to a height. @returns whether that came in time */
export async function untilHeight(run: Run, height: number, deadlineMs: number): Promise<boolean> {
  const until = nowMs() + deadlineMs;
  while (nowMs() < until) {
    if (Math.min(...(await heightsOf(run))) >= height) return true;
    await delay(POLL_MS);
  }
  return false;
}
