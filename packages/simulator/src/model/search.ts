// Goes through every state of the model that the rules allow, breadth first, and looks at the invariants and the healing in
// each: an explicit-state search (promise P7). What it finds broken comes with a shortest way there.
//
// Two searches. "every order" lets anything happen in any order. "by view" lets things happen in a view only until somebody
// enters the next one, and forgets of views behind what nothing can see any more (keys.ts). It leaves nothing out: what may
// happen in a view depends on other views by the certificates of earlier ones alone, and those never go away again, so any
// course of events can be put in the order of its views, each validator's own order in a view kept, and every step is still
// allowed and leads to the same votes. A test compares both searches, state by state, where the first can be finished.
//
// Not in the model: bodies and validity of blocks, the clock, records and restarts (a restart with its record forgets at
// most views that were entered without a vote: a state that is searched too), the passage to the next epoch (it begins with
// a final block that all who vote in it hold: view 0 here). The simulator's schedules test these on the engine itself.

import { type Action, actionsOf, apply } from "./actions.ts";
import { brokenAfterHealing } from "./healing.ts";
import { type Broken, brokenIn } from "./invariants.ts";
import { keyByView, keyOfAll } from "./keys.ts";
import { type Model, ModelState } from "./state.ts";

/** Most states of one search, about half a kilobyte each: five views take 5.1 million and 2.7 GB. */
export const STATES_MAX = 6_000_000;

export type SearchOptions = {
  readonly order: "by view" | "every order";
  /** Invariants that count; all when left out. */
  readonly only?: readonly string[];
  readonly statesMax?: number;
  /** Called for each level, with the states so far. */
  readonly onLevel?: (states: number, depth: number) => void;
  /** Called for each new state. */
  readonly onState?: (state: ModelState) => void;
};

export type SearchResult = {
  readonly states: number;
  /** Steps from one state to another, those to known states included. */
  readonly steps: number;
  /** Length of the longest shortest way. */
  readonly depth: number;
  /** Every state within the bound was looked at. */
  readonly isComplete: boolean;
  readonly broken: Broken | undefined;
  /** The way to what is broken; empty when nothing is. */
  readonly trace: readonly Action[];
};

type Node = { readonly before: Node | undefined; readonly action: Action | undefined };
type Reached = { readonly state: ModelState; readonly node: Node };

function traceOf(node: Node): Action[] {
  const actions: Action[] = [];
  for (let at: Node | undefined = node; at !== undefined; at = at.before)
    if (at.action !== undefined) actions.push(at.action);
  return actions.reverse();
}

/** The first thing that is broken in a state, of those that count. */
function firstBroken(model: Model, state: ModelState, only: readonly string[] | undefined): Broken | undefined {
  const counts = (one: Broken | undefined): boolean => one !== undefined && (only?.includes(one.invariant) ?? true);
  const found = brokenIn(model, state).find(counts);
  if (found !== undefined) return found;
  const after = brokenAfterHealing(model, state);
  return counts(after) ? after : undefined;
}

export function search(model: Model, options: SearchOptions): SearchResult {
  const byView = options.order === "by view";
  const keyOf = byView ? keyByView : keyOfAll;
  const statesMax = options.statesMax ?? STATES_MAX;
  const initial = ModelState.initial(model.n - model.hostile);
  const seen = new Set([keyOf(model, initial)]);
  let level: Reached[] = [{ state: initial, node: { before: undefined, action: undefined } }];
  let steps = 0;
  const result = (broken: Broken | undefined, node: Node | undefined, depth: number): SearchResult => {
    const isComplete = broken === undefined && node === undefined;
    return {
      states: seen.size,
      steps,
      depth,
      isComplete,
      broken,
      trace: broken === undefined || node === undefined ? [] : traceOf(node),
    };
  };
  for (let depth = 0; ; depth += 1) {
    const next: Reached[] = [];
    for (const { state, node } of level) {
      options.onState?.(state);
      const broken = firstBroken(model, state, options.only);
      if (broken !== undefined) return result(broken, node, depth);
      for (const action of actionsOf(model, state, byView)) {
        steps += 1;
        const after = apply(model, state, action);
        const key = keyOf(model, after);
        if (seen.has(key)) continue;
        if (seen.size >= statesMax) return result(undefined, node, depth);
        seen.add(key);
        next.push({ state: after, node: { before: node, action } });
      }
    }
    options.onLevel?.(seen.size, depth);
    if (next.length === 0) return result(undefined, undefined, depth);
    level = next;
  }
}
