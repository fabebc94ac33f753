// What can happen next in the model: an honest validator enters a view or signs one vote. Whatever the rules allow can
// happen, at any time and in any order: every leader may be hostile and show different blocks to different validators, and
// the network delivers or holds back every vote for as long as it likes. So an honest leader, a clock, a loss, a delay, a
// repetition or a restart with its record only does less than what is gone through here.

import {
  type Certificates,
  forbidsEntering,
  forbidsFinalize,
  forbidsNotarize,
  forbidsNullify,
  type Own,
  type Proposed,
} from "./rules.ts";
import { type Model, type ModelState, possibleCertificates } from "./state.ts";

export type Action =
  /** `block`: entered on its NOTARIZE certificate; 0: on a NULLIFY certificate; undefined: on none, with the rule removed. */
  | { readonly kind: "enter"; readonly h: number; readonly view: number; readonly block: number | undefined }
  /** `made`: the block is new, and this vote the first for it. */
  | {
      readonly kind: "notarize";
      readonly h: number;
      readonly view: number;
      readonly block: number;
      readonly made: { readonly parent: number; readonly parentView: number } | undefined;
    }
  | { readonly kind: "nullify"; readonly h: number; readonly view: number }
  | { readonly kind: "finalize"; readonly h: number; readonly view: number; readonly block: number };

export function ownOf(state: ModelState, h: number, view: number): Own {
  const finalized = state.finalize(h, view) !== 0;
  return {
    isPresent: state.current(h) === view && !finalized,
    notarized: state.notarize(h, view) !== 0,
    nullified: state.isNullify(h, view),
    finalized,
  };
}

export function proposedOf(model: Model, state: ModelState, block: number, view: number): Proposed<number> {
  const parent = state.parentOf(block);
  return {
    view,
    block,
    made: state.madeOf(block),
    parent,
    parentView: state.parentViewOf(block),
    opens: parent === 0,
    parentEnds: parent !== 0 && state.heightOf(parent) === model.lastHeight,
    ends: state.heightOf(block) === model.lastHeight,
  };
}

/** A block that nobody has voted for yet. */
function newBlock(model: Model, state: ModelState, view: number, parent: number, parentView: number): Proposed<number> {
  const height = parent === 0 ? 0 : state.heightOf(parent);
  return {
    view,
    block: state.blockCount,
    made: view,
    parent,
    parentView,
    opens: parent === 0,
    parentEnds: parent !== 0 && height === model.lastHeight,
    ends: height + 1 === model.lastHeight,
  };
}

type Context = {
  readonly model: Model;
  readonly state: ModelState;
  readonly certificates: Certificates<number>;
  readonly add: (action: Action) => void;
};

function addEntering({ model, state, certificates, add }: Context, h: number, view: number): void {
  if (view > model.views || forbidsEntering(model.removed, certificates, view) !== undefined) return;
  for (let block = 1; block < state.blockCount; block += 1)
    if (certificates.notarized(view - 1, block)) add({ kind: "enter", h, view, block });
  if (certificates.nullified(view - 1)) add({ kind: "enter", h, view, block: 0 });
  if (model.removed.has("enter")) add({ kind: "enter", h, view, block: undefined });
}

function addNotarize({ model, state, certificates, add }: Context, h: number, view: number): void {
  const { removed } = model;
  const own = ownOf(state, h, view);
  for (let block = 1; block < state.blockCount; block += 1) {
    if (((state.notarize(h, view) >>> block) & 1) === 1) continue;
    const proposed = proposedOf(model, state, block, view);
    if (forbidsNotarize(removed, certificates, own, proposed) === undefined)
      add({ kind: "notarize", h, view, block, made: undefined });
  }
  // With S1 removed two blocks a view are enough to break everything.
  if (own.notarized && state.notarize(h, view) !== (state.notarize(h, view) & -state.notarize(h, view))) return;
  for (let parent = 0; parent < state.blockCount; parent += 1) {
    for (let parentView = state.madeOf(parent); parentView < view; parentView += 1) {
      const proposed = newBlock(model, state, view, parent, parentView);
      if (forbidsNotarize(removed, certificates, own, proposed) === undefined)
        add({ kind: "notarize", h, view, block: proposed.block, made: { parent, parentView } });
      if (parent === 0) break;
    }
  }
}

function addFinalize({ model, state, certificates, add }: Context, h: number, view: number): void {
  const own = ownOf(state, h, view);
  if (own.finalized) return;
  for (let block = 1; block < state.blockCount; block += 1) {
    if (state.madeOf(block) > view) continue;
    if (forbidsFinalize(model.removed, certificates, own, { view, block }) === undefined)
      add({ kind: "finalize", h, view, block });
  }
}

/**
 * All that can happen in a state. `byView`: only in the highest view that anybody is in, or the entering of the next one;
 * search.ts says why that leaves nothing out.
 */
export function actionsOf(model: Model, state: ModelState, byView: boolean): Action[] {
  const actions: Action[] = [];
  const context = {
    model,
    state,
    certificates: possibleCertificates(model, state),
    add: (a: Action) => actions.push(a),
  };
  const honest = model.n - model.hostile;
  let top = 1;
  for (let h = 0; h < honest; h += 1) top = Math.max(top, state.current(h));
  for (let h = 0; h < honest; h += 1) {
    const current = state.current(h);
    const last = byView ? top + 1 : model.views;
    for (let view = byView ? Math.max(top, current + 1) : current + 1; view <= last; view += 1)
      addEntering(context, h, view);
    for (let view = byView ? top : 1; view <= (byView ? top : model.views); view += 1) {
      if (current === view || model.removed.has("view")) {
        addNotarize(context, h, view);
        if (!state.isNullify(h, view) && forbidsNullify(model.removed, ownOf(state, h, view)) === undefined)
          context.add({ kind: "nullify", h, view });
      }
      addFinalize(context, h, view);
    }
  }
  return actions;
}

/** The state after an action; the state before is left as it was. */
export function apply(model: Model, before: ModelState, action: Action): ModelState {
  const state = before.copy();
  const { h, view } = action;
  const holds = !model.removed.has("hold");
  switch (action.kind) {
    case "enter":
      state.setCurrent(h, view);
      if (holds && action.block === 0) state.holdNullified(view - 1);
      else if (holds && action.block !== undefined) state.holdNotarized(view - 1, action.block);
      break;
    case "notarize":
      if (action.made !== undefined) state.addBlock(view, action.made.parent, action.made.parentView);
      state.voteNotarize(h, view, action.block);
      break;
    case "nullify":
      state.voteNullify(h, view);
      break;
    case "finalize":
      state.voteFinalize(h, view, action.block);
      if (holds) state.holdNotarized(view, action.block);
      break;
  }
  return state;
}
