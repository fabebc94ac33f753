// `npm run simulate -- --model`: the whole search, once for each height that the epoch's last block may have within the
// bound and once without one in sight. Exit code 0 when everything was looked at and nothing is broken.

import { RULES, type RuleName } from "./rules.ts";
import { type SearchResult, search } from "./search.ts";
import { type Model, VIEWS_MAX } from "./state.ts";
import { chartOf } from "./text.ts";

/** A line of progress for each so many states. */
const PROGRESS_STATES = 250_000;
const MEGABYTE_KILOBYTES = 1024;

export type ModelCommand = {
  readonly nodes: number;
  readonly byzantine: number;
  readonly views: number;
  readonly json: boolean;
  /** A rule of the model to take out. */
  readonly rule: string | undefined;
};

/** Epoch lengths that differ within the bound; the last is beyond it and beyond the views of the healing. */
export function lastHeights(views: number): number[] {
  return [...Array.from({ length: views }, (_, i) => i + 1), 100];
}

function removedOf(rule: string | undefined): ReadonlySet<RuleName> {
  if (rule === undefined) return new Set();
  const name = RULES.find((known) => known === rule);
  if (name === undefined) throw new RangeError(`unknown rule ${rule}: one of ${RULES.join(", ")}`);
  return new Set([name]);
}

type Part = {
  readonly lastHeight: number | undefined;
  readonly seconds: number;
  readonly result: SearchResult;
  readonly chart: readonly string[];
};

function runPart(model: Model, quiet: boolean): Part {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  let said = 0;
  const result = search(model, {
    order: "by view",
    onLevel: (states, depth) => {
      if (quiet || states < said + PROGRESS_STATES) return;
      said = states;
      console.error(`${states} states, ${depth} steps deep, ${seconds().toFixed(0)} s`);
    },
  });
  const { broken, trace } = result;
  const chart = broken === undefined ? [] : chartOf(model, trace, broken);
  const lastHeight = model.lastHeight > model.views ? undefined : model.lastHeight;
  return { lastHeight, seconds: seconds(), result, chart };
}

function describe({ lastHeight, seconds, result, chart }: Part): string[] {
  const epoch = lastHeight === undefined ? "no last block in sight" : `last block at height ${lastHeight}`;
  const { states, steps, depth, broken, isComplete } = result;
  const verdict = broken !== undefined ? "BROKEN" : isComplete ? "nothing broken" : "STOPPED at the limit of states";
  const line = `${epoch}: ${states} states, ${steps} steps, ${depth} deep, ${seconds.toFixed(1)} s: ${verdict}`;
  return [line, ...chart.map((one) => `    ${one}`)];
}

/** @returns the exit code. */
export function runModel({ nodes, byzantine, views, json, rule }: ModelCommand): number {
  if (views < 1 || views > VIEWS_MAX) throw new RangeError(`1 to ${VIEWS_MAX} views`);
  if (nodes > 5 || nodes - byzantine > 4) throw new RangeError("the model is for at most 5 nodes, 4 of them honest");
  const removed = removedOf(rule);
  const parts: Part[] = [];
  for (const lastHeight of lastHeights(views)) {
    const part = runPart({ n: nodes, hostile: byzantine, views, lastHeight, removed }, json);
    parts.push(part);
    if (!json) console.log(describe(part).join("\n"));
  }
  const isSound = parts.every(({ result }) => result.isComplete && result.broken === undefined);
  const states = parts.reduce((sum, { result }) => sum + result.states, 0);
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const megabytes = Math.round(process.resourceUsage().maxRSS / MEGABYTE_KILOBYTES);
  if (json) {
    const searches = parts.map(({ result: { trace: _, ...rest }, ...part }) => ({ ...part, ...rest }));
    console.log(JSON.stringify({ nodes, byzantine, views, rule, isSound, states, seconds, megabytes, searches }));
  } else {
    const verdict = isSound
      ? "agreement and absence of deadlock hold in all of them"
      : "NOT all of them are as they must be";
    console.log(`${nodes} validators, ${byzantine} hostile, ${views} views: ${states} states, ${verdict}`);
    console.log(`${seconds.toFixed(1)} s, ${megabytes} MB at most`);
  }
  return isSound ? 0 : 1;
}
