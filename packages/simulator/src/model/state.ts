// A state of the model: the blocks that somebody honest has voted for, what each honest validator has signed in each view
// and which view it is in, and which certificates honest validators hold. Hostile validators have no state: they have
// signed everything, for everybody, all the time. Packed into one array, so that millions of states can be gone through.

import type { Certificates, RuleName } from "./rules.ts";

/** Honest validators of a model: all but one of five. */
export const HONEST_MAX = 4;
/** Views that can be searched; the healing takes {@link FRESH_VIEWS} more. */
export const VIEWS_MAX = 5;
export const FRESH_VIEWS = 2;
const VIEWS = VIEWS_MAX + FRESH_VIEWS + 1;
/** The block that counts as view 0, one for each honest vote, and those of the healing. */
const BLOCKS_MAX = 1 + HONEST_MAX * VIEWS_MAX + FRESH_VIEWS;

const CURRENT = BLOCKS_MAX + 1;
const NULLIFY = CURRENT + HONEST_MAX;
const NOTARIZE = NULLIFY + HONEST_MAX;
const FINALIZE = NOTARIZE + HONEST_MAX * VIEWS;
const HELD = FINALIZE + HONEST_MAX * VIEWS;
const HELD_NULLIFIED = HELD + VIEWS;
const WORDS = HELD_NULLIFIED + 1;

/** What is searched. */
export type Model = {
  /** Validators, and how many of them are hostile. */
  readonly n: number;
  readonly hostile: number;
  readonly views: number;
  /** Height of the last block of the epoch; above `views` there is none in sight. */
  readonly lastHeight: number;
  readonly removed: ReadonlySet<RuleName>;
};

/** Signers of a certificate. */
export function quorumOf(model: Model): number {
  return model.n - Math.floor((model.n - 1) / 3) - (model.removed.has("quorum") ? 1 : 0);
}

/** Honest votes that make a certificate together with those of the hostile. */
export function enoughOf(model: Model): number {
  return Math.max(1, quorumOf(model) - model.hostile);
}

export type ModelBlock = {
  readonly made: number;
  readonly parent: number;
  readonly parentView: number;
  readonly height: number;
};

export class ModelState {
  readonly words: Uint32Array;

  constructor(words: Uint32Array = new Uint32Array(WORDS)) {
    this.words = words;
  }

  static initial(honest: number): ModelState {
    const state = new ModelState();
    state.words[0] = 1;
    for (let h = 0; h < honest; h += 1) state.setCurrent(h, 1);
    return state;
  }

  copy(): ModelState {
    return new ModelState(this.words.slice());
  }

  #at(index: number): number {
    return this.words[index] ?? 0;
  }

  /** Blocks are numbered from 1; 0 is the one that counts as view 0. */
  get blockCount(): number {
    return this.#at(0);
  }

  addBlock(made: number, parent: number, parentView: number): number {
    const id = this.blockCount;
    if (id >= BLOCKS_MAX) throw new RangeError("more blocks than votes for them");
    const height = parent === 0 ? 1 : this.heightOf(parent) + 1;
    this.words[1 + id] = made | (parent << 4) | (parentView << 9) | (height << 13);
    this.words[0] = id + 1;
    return id;
  }

  madeOf(id: number): number {
    return this.#at(1 + id) & 15;
  }

  parentOf(id: number): number {
    return (this.#at(1 + id) >>> 4) & 31;
  }

  parentViewOf(id: number): number {
    return (this.#at(1 + id) >>> 9) & 15;
  }

  heightOf(id: number): number {
    return this.#at(1 + id) >>> 13;
  }

  current(h: number): number {
    return this.#at(CURRENT + h);
  }

  setCurrent(h: number, view: number): void {
    this.words[CURRENT + h] = view;
  }

  /** One bit for each block that a validator has voted NOTARIZE for in a view. */
  notarize(h: number, view: number): number {
    return this.#at(NOTARIZE + h * VIEWS + view);
  }

  finalize(h: number, view: number): number {
    return this.#at(FINALIZE + h * VIEWS + view);
  }

  isNullify(h: number, view: number): boolean {
    return ((this.#at(NULLIFY + h) >>> view) & 1) === 1;
  }

  voteNotarize(h: number, view: number, block: number): void {
    this.words[NOTARIZE + h * VIEWS + view] = this.notarize(h, view) | (1 << block);
  }

  voteFinalize(h: number, view: number, block: number): void {
    this.words[FINALIZE + h * VIEWS + view] = this.finalize(h, view) | (1 << block);
  }

  voteNullify(h: number, view: number): void {
    this.words[NULLIFY + h] = this.#at(NULLIFY + h) | (1 << view);
  }

  /** Blocks of whose NOTARIZE certificate in a view somebody honest holds a copy. */
  heldNotarized(view: number): number {
    return this.#at(HELD + view);
  }

  isHeldNullified(view: number): boolean {
    return ((this.#at(HELD_NULLIFIED) >>> view) & 1) === 1;
  }

  holdNotarized(view: number, block: number): void {
    this.words[HELD + view] = this.heldNotarized(view) | (1 << block);
  }

  holdNullified(view: number): void {
    this.words[HELD_NULLIFIED] = this.#at(HELD_NULLIFIED) | (1 << view);
  }
}

/** A block by the view that it was made for: 1a, 1b, 2a. */
export function blockName(state: ModelState, block: number): string {
  if (block === 0) return "the base";
  let before = 0;
  for (let id = 1; id < block; id += 1) if (state.madeOf(id) === state.madeOf(block)) before += 1;
  return `${state.madeOf(block)}${String.fromCharCode(97 + before)}`;
}

/** Honest NOTARIZE or FINALIZE votes for a block in a view. */
export function countVotes(state: ModelState, honest: number, kind: "notarize" | "finalize", view: number, id: number) {
  let count = 0;
  for (let h = 0; h < honest; h += 1) count += (state[kind](h, view) >>> id) & 1;
  return count;
}

export function countNullify(state: ModelState, honest: number, view: number): number {
  let count = 0;
  for (let h = 0; h < honest; h += 1) if (state.isNullify(h, view)) count += 1;
  return count;
}

/** All certificates that the honest votes allow for when the hostile add theirs: the most that anybody can be shown. */
export function possibleCertificates(model: Model, state: ModelState): Certificates<number> {
  const honest = model.n - model.hostile;
  const enough = enoughOf(model);
  const notarized = (view: number, id: number): boolean => countVotes(state, honest, "notarize", view, id) >= enough;
  const nullified = (view: number): boolean => countNullify(state, honest, view) >= enough;
  const certified = (view: number): boolean => {
    if (nullified(view)) return true;
    for (let id = 1; id < state.blockCount; id += 1) if (notarized(view, id)) return true;
    return false;
  };
  return { notarized, nullified, certified };
}

/** Only those that somebody honest holds: the least that everybody comes to know when the network heals. */
export function heldCertificates(state: ModelState): Certificates<number> {
  return {
    notarized: (view, id) => ((state.heldNotarized(view) >>> id) & 1) === 1,
    nullified: (view) => state.isHeldNullified(view),
    certified: (view) => state.heldNotarized(view) !== 0 || state.isHeldNullified(view),
  };
}
