// Absence of deadlock: from a state of the model the network heals and the hostile ones fall silent. What honest validators
// have signed and the certificates that they hold come to everybody; what only the hostile have sent and nobody honest
// holds is lost, the worst case. Nobody signs but as the rules allow. From then on everything is determined: timeouts end
// the view that all have come to, and an honest leader proposes in the next. Asked for is a new final block: one made in
// a view that no honest validator had voted in before, or the last block of the epoch, that extends all that may be final.

import { ownOf, proposedOf } from "./actions.ts";
import { type Broken, disagreement, finalBlocks, isAncestor } from "./invariants.ts";
import { forbidsFinalize, forbidsNotarize, forbidsNullify } from "./rules.ts";
import {
  blockName,
  countNullify,
  countVotes,
  enoughOf,
  FRESH_VIEWS,
  heldCertificates,
  type Model,
  type ModelState,
  quorumOf,
} from "./state.ts";

type Healing = { readonly model: Model; readonly state: ModelState; readonly honest: number };

function stuck(detail: string): Broken {
  return { invariant: "DEADLOCK", detail };
}

/** Votes that honest validators alone have cast in sufficient number become certificates that all hold. */
function assemble({ model, state, honest }: Healing): void {
  const q = quorumOf(model);
  for (let view = 1; view <= model.views; view += 1) {
    if (countNullify(state, honest, view) >= q) state.holdNullified(view);
    for (let block = 1; block < state.blockCount; block += 1)
      if (countVotes(state, honest, "notarize", view, block) >= q) state.holdNotarized(view, block);
  }
}

/** Everybody goes above the highest certificate, and answers each NOTARIZE certificate. @returns the view reached. */
function catchUp({ model, state, honest }: Healing): number {
  const held = heldCertificates(state);
  let top = 1;
  for (let view = 1; view <= model.views; view += 1) {
    if (held.certified(view)) top = Math.max(top, view + 1);
    for (let block = 1; block < state.blockCount; block += 1) {
      if (!held.notarized(view, block)) continue;
      for (let h = 0; h < honest; h += 1) {
        const own = ownOf(state, h, view);
        if (own.finalized || forbidsFinalize(model.removed, held, own, { view, block }) !== undefined) continue;
        state.voteFinalize(h, view, block);
      }
    }
  }
  for (let h = 0; h < honest; h += 1) state.setCurrent(h, Math.max(state.current(h), top));
  for (let h = 0; h < honest; h += 1) top = Math.max(top, state.current(h));
  return top;
}

function isFresh({ state, honest }: Healing, view: number): boolean {
  for (let h = 0; h < honest; h += 1) {
    if (state.current(h) !== view) return false;
    if (state.notarize(h, view) !== 0 || state.finalize(h, view) !== 0 || state.isNullify(h, view)) return false;
  }
  return true;
}

function timeOut({ model, state, honest }: Healing, view: number): void {
  if (model.removed.has("timeout")) return;
  for (let h = 0; h < honest; h += 1) {
    const at = Math.min(view, state.current(h));
    if (!state.isNullify(h, at) && forbidsNullify(model.removed, ownOf(state, h, at)) === undefined)
      state.voteNullify(h, at);
  }
}

/** The leader's rule: the highest notarized block with NULLIFY certificates for every view above it. */
function parentFor(state: ModelState, view: number): { block: number; view: number } | undefined {
  for (let below = view - 1; below > 0; below -= 1) {
    const blocks = state.heldNotarized(below);
    if (blocks !== 0) return { block: 31 - Math.clz32(blocks), view: below };
    if (!state.isHeldNullified(below)) return undefined;
  }
  return { block: 0, view: 0 };
}

/** An honest leader proposes in a fresh view and everybody votes. @returns the block, or why there is none. */
function propose({ model, state, honest }: Healing, view: number): number | string {
  const parent = parentFor(state, view);
  if (parent === undefined) return `the leader of view ${view} lacks a certificate`;
  const isLast = parent.block !== 0 && state.heightOf(parent.block) === model.lastHeight;
  if (isLast && model.removed.has("repropose")) return "the last block is not final and cannot be extended";
  const block = isLast ? parent.block : state.addBlock(view, parent.block, parent.view);
  const proposed = proposedOf(model, state, block, view);
  for (let h = 0; h < honest; h += 1) {
    const forbidden = forbidsNotarize(model.removed, heldCertificates(state), ownOf(state, h, view), proposed);
    if (forbidden !== undefined) return `n${h} may not vote for the proposal of view ${view}: ${forbidden}`;
    state.voteNotarize(h, view, block);
  }
  return block;
}

function lastIsFinal({ model, state }: Healing): boolean {
  return finalBlocks(model, state, quorumOf(model)).some(({ block }) => state.heightOf(block) === model.lastHeight);
}

/** @returns why the chain stands still from this state on, or how it forks; undefined when it goes on. */
export function brokenAfterHealing(model: Model, before: ModelState): Broken | undefined {
  const healed = { ...model, views: model.views + FRESH_VIEWS };
  const healing: Healing = { model: healed, state: before.copy(), honest: model.n - model.hostile };
  const { state } = healing;
  const possible = finalBlocks(model, before, enoughOf(model));
  for (let round = 0; round <= FRESH_VIEWS; round += 1) {
    assemble(healing);
    const view = catchUp(healing);
    const fork = disagreement(state, [...possible, ...finalBlocks(healed, state, quorumOf(model))]);
    if (fork !== undefined)
      return { ...fork, detail: `after the healing, with all votes that are due: ${fork.detail}` };
    if (lastIsFinal(healing)) return undefined;
    if (!isFresh(healing, view)) {
      timeOut(healing, view);
      continue;
    }
    const block = propose(healing, view);
    if (typeof block === "string") return stuck(block);
    assemble(healing);
    catchUp(healing);
    const isFinal = countVotes(state, healing.honest, "finalize", view, block) >= quorumOf(model);
    if (!isFinal) return stuck(`the proposal of an honest leader in view ${view} does not become final`);
    const other = possible.find((one) => !isAncestor(state, one.block, block));
    if (other === undefined) return undefined;
    return {
      invariant: "I1",
      detail: `after the healing ${blockName(state, other.block)}, which may be final, is left`,
    };
  }
  return stuck("the validators do not come together in a new view");
}
