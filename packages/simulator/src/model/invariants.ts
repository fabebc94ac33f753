// What must hold in every state of the model, by the names of promises.md section 10. A certificate counts as soon as the
// honest votes allow for it, whether or not anybody has put it together.

import { blockName, countNullify, countVotes, enoughOf, type Model, type ModelState } from "./state.ts";

export type Broken = { readonly invariant: string; readonly detail: string };

/** Whether a block is the other one or one of those below it. */
export function isAncestor(state: ModelState, below: number, above: number): boolean {
  let block = above;
  while (block !== below && block !== 0) block = state.parentOf(block);
  return block === below;
}

/** Views of which FINALIZE certificates are possible, with their blocks. */
export function finalBlocks(model: Model, state: ModelState, least: number): { view: number; block: number }[] {
  const found: { view: number; block: number }[] = [];
  for (let view = 1; view <= model.views; view += 1) {
    let voted = 0;
    for (let h = 0; h < model.n - model.hostile; h += 1) voted |= state.finalize(h, view);
    for (let block = 1; voted >>> block !== 0; block += 1) {
      if (countVotes(state, model.n - model.hostile, "finalize", view, block) >= least) found.push({ view, block });
    }
  }
  return found;
}

/** I1: of two blocks that may be final, one is below the other. */
export function disagreement(state: ModelState, finals: readonly { block: number }[]): Broken | undefined {
  for (const [i, one] of finals.entries()) {
    for (const other of finals.slice(i + 1)) {
      if (isAncestor(state, one.block, other.block) || isAncestor(state, other.block, one.block)) continue;
      return {
        invariant: "I1",
        detail: `${blockName(state, one.block)} and ${blockName(state, other.block)} can both be final`,
      };
    }
  }
  return undefined;
}

/** @returns every invariant that does not hold. */
export function brokenIn(model: Model, state: ModelState): Broken[] {
  const honest = model.n - model.hostile;
  const enough = enoughOf(model);
  const broken: Broken[] = [];
  const finals = finalBlocks(model, state, enough);
  const fork = disagreement(state, finals);
  if (fork !== undefined) broken.push(fork);
  const beyond = finals.find((final) => state.heightOf(final.block) > model.lastHeight);
  if (beyond !== undefined)
    broken.push({ invariant: "EPOCH", detail: `${blockName(state, beyond.block)} is above the epoch's last block` });
  for (let view = 1; view <= model.views; view += 1) {
    const nullified = countNullify(state, honest, view) >= enough;
    if (nullified && finals.some((final) => final.view === view))
      broken.push({ invariant: "I3", detail: `view ${view} can be final and nullified` });
    let notarized = 0;
    for (let block = 1; block < state.blockCount; block += 1) {
      const count = countVotes(state, honest, "notarize", view, block);
      if (count >= enough) notarized += 1;
      else if (countVotes(state, honest, "finalize", view, block) > 0)
        broken.push({
          invariant: "I5",
          detail: `FINALIZE of ${blockName(state, block)} in view ${view}, which cannot be notarized`,
        });
    }
    if (notarized > 1) broken.push({ invariant: "I4", detail: `two blocks can be notarized in view ${view}` });
    for (let h = 0; h < honest; h += 1)
      if (state.isNullify(h, view) && state.finalize(h, view) !== 0)
        broken.push({ invariant: "I6", detail: `n${h} signed NULLIFY and FINALIZE in view ${view}` });
  }
  return broken;
}
