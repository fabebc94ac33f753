// A way through the model as a message chart in text.

import { type Action, apply } from "./actions.ts";
import { brokenAfterHealing } from "./healing.ts";
import { type Broken, brokenIn } from "./invariants.ts";
import { blockName, type Model, ModelState } from "./state.ts";

function lineOf(state: ModelState, action: Action): string {
  const { h, view } = action;
  switch (action.kind) {
    case "enter": {
      const below = view - 1;
      if (action.block === undefined) return `n${h} enters view ${view} on no certificate`;
      if (action.block === 0) return `n${h} enters view ${view} on the NULLIFY certificate of view ${below}`;
      return `n${h} enters view ${view} on the NOTARIZE certificate of ${blockName(state, action.block)} in view ${below}`;
    }
    case "notarize": {
      const name = blockName(state, action.block);
      const isAgain = state.madeOf(action.block) !== view;
      const parent = blockName(state, state.parentOf(action.block));
      return `n${h} NOTARIZE(view ${view}, ${name} ${isAgain ? "again" : `on ${parent}`})`;
    }
    case "nullify":
      return `n${h} NULLIFY(view ${view})`;
    case "finalize":
      return `n${h} FINALIZE(view ${view}, ${blockName(state, action.block)})`;
  }
}

/** The state that a way leads to. */
export function replay(model: Model, trace: readonly Action[]): ModelState {
  let state = ModelState.initial(model.n - model.hostile);
  for (const action of trace) state = apply(model, state, action);
  return state;
}

/** One line for each step, and what is broken at the end. */
export function chartOf(model: Model, trace: readonly Action[], broken: Broken): string[] {
  const honest = model.n - model.hostile;
  const lines: string[] = [];
  const hostile = Array.from({ length: model.hostile }, (_, i) => `n${honest + i}`).join(", ");
  if (hostile !== "") lines.push(`hostile: ${hostile}, whose votes for everything are with everybody`);
  let state = ModelState.initial(honest);
  for (const action of trace) {
    state = apply(model, state, action);
    lines.push(lineOf(state, action));
  }
  return [...lines, `=> ${broken.invariant}: ${broken.detail}`];
}

/** All that is broken at the end of a way, not only what the search has stopped at. */
export function allBroken(model: Model, trace: readonly Action[]): Broken[] {
  const state = replay(model, trace);
  const after = brokenAfterHealing(model, state);
  return [...brokenIn(model, state), ...(after === undefined ? [] : [after])];
}
