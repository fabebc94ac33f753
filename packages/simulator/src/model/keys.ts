// When two states of the model are the same: everything that the rules, the invariants and the healing can still see of
// them is, up to which honest validator is which and how blocks are numbered. Of a view that is behind everybody only this
// is left: the blocks with a NOTARIZE certificate and what they stand on, how far NULLIFY has come, and what may be final.

import { countNullify, countVotes, enoughOf, type Model, type ModelState, quorumOf } from "./state.ts";

/** Highest view that an honest validator is in. */
export function topView(model: Model, state: ModelState): number {
  let top = 1;
  for (let h = 0; h < model.n - model.hostile; h += 1) top = Math.max(top, state.current(h));
  return top;
}

/** Numbers of the blocks in the key, in the order in which it comes upon them; 0 is the block that counts as view 0. */
class Names {
  readonly #names: number[] = [0];
  #next = 1;

  of(block: number): number | undefined {
    return this.#names[block];
  }

  give(block: number): void {
    if (this.#names[block] !== undefined) return;
    this.#names[block] = this.#next;
    this.#next += 1;
  }

  /** What a block is, seen from a view: itself if it has a name, else what it stands on. */
  describe(state: ModelState, block: number): number {
    const name = this.#names[block];
    if (name !== undefined) return 1024 + name;
    return 1 + (this.#names[state.parentOf(block)] ?? 31) * 8 + state.parentViewOf(block);
  }
}

/** 0 nobody, 1 too few, 2 enough with the hostile ones' but held by nobody, 3 known to all once the network heals. */
function nullifyClass(model: Model, state: ModelState, view: number): number {
  const count = countNullify(state, model.n - model.hostile, view);
  if (state.isHeldNullified(view) || count >= quorumOf(model)) return 3;
  return count >= enoughOf(model) ? 2 : Math.min(count, 1);
}

function closedView(model: Model, state: ModelState, view: number, names: Names, out: number[]): void {
  const honest = model.n - model.hostile;
  const enough = enoughOf(model);
  const kept: { block: number; code: number }[] = [];
  for (let block = 1; block < state.blockCount; block += 1) {
    const count = countVotes(state, honest, "notarize", view, block);
    const final = countVotes(state, honest, "finalize", view, block) >= enough;
    // Without the rule about the parent's certificate a block with one vote matters as well.
    const counts = count >= enough || (count > 0 && model.removed.has("parent"));
    if (!counts && !final) continue;
    const held = ((state.heldNotarized(view) >>> block) & 1) === 1 || count >= quorumOf(model);
    const code = (count >= enough ? 1 : 0) + (held ? 2 : 0) + (final ? 4 : 0);
    kept.push({ block, code: names.describe(state, block) * 8 + code });
  }
  kept.sort((a, b) => a.code - b.code);
  out.push(kept.length * 4 + nullifyClass(model, state, view));
  for (const { block, code } of kept) {
    out.push(code);
    names.give(block);
  }
}

function single(bits: number): number {
  return bits === 0 ? 0 : 31 - Math.clz32(bits);
}

/** What one validator has done in a view, but for which of several like blocks it voted for. */
function localCode(model: Model, state: ModelState, h: number, view: number, names: Names): number {
  const bits = state.notarize(h, view);
  const block = single(bits);
  const voters = block === 0 ? 0 : countVotes(state, model.n - model.hostile, "notarize", view, block);
  const flags =
    (state.current(h) === view ? 1 : 0) +
    (state.isNullify(h, view) ? 2 : 0) +
    (state.finalize(h, view) !== 0 ? 4 : 0) +
    (bits !== 0 ? 8 : 0);
  return ((block === 0 ? 0 : names.describe(state, block)) * 8 + voters) * 16 + flags;
}

function openView(model: Model, state: ModelState, view: number, names: Names, out: number[]): void {
  const order: { h: number; code: number }[] = [];
  for (let h = 0; h < model.n - model.hostile; h += 1) order.push({ h, code: localCode(model, state, h, view, names) });
  order.sort((a, b) => a.code - b.code);
  const push = (bits: number): void => {
    for (let block = 1; block < state.blockCount; block += 1) {
      if (((bits >>> block) & 1) === 0) continue;
      out.push(names.describe(state, block));
      names.give(block);
      out.push(names.of(block) ?? 0);
    }
    out.push(0);
  };
  for (const { h, code } of order) {
    out.push(code & 7);
    push(state.notarize(h, view));
    push(state.finalize(h, view));
  }
}

/** The key of the search by views: every view below the highest one is behind everybody. */
export function keyByView(model: Model, state: ModelState): string {
  const out: number[] = [];
  const names = new Names();
  const top = topView(model, state);
  for (let view = 1; view < top; view += 1) closedView(model, state, view, names, out);
  openView(model, state, top, names, out);
  out.push(top);
  return String.fromCharCode(...out);
}

function permutations(items: readonly number[]): number[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((first, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [first, ...rest]),
  );
}

const ORDERS = new Map<number, number[][]>();

function ordersOf(honest: number): number[][] {
  const known = ORDERS.get(honest) ?? permutations(Array.from({ length: honest }, (_, h) => h));
  ORDERS.set(honest, known);
  return known;
}

/** The key that forgets nothing but the names of validators and blocks: for the search that follows every order. */
export function keyOfAll(model: Model, state: ModelState): string {
  let least: string | undefined;
  for (const order of ordersOf(model.n - model.hostile)) {
    const out: number[] = [];
    const names = new Names();
    for (let view = 1; view <= model.views; view += 1) {
      const push = (bits: number): void => {
        for (let block = 1; block < state.blockCount; block += 1) {
          if (((bits >>> block) & 1) === 0) continue;
          out.push(names.describe(state, block));
          names.give(block);
        }
        out.push(0);
      };
      for (const h of order) {
        out.push((state.current(h) === view ? 1 : 0) + (state.isNullify(h, view) ? 2 : 0));
        push(state.notarize(h, view));
        push(state.finalize(h, view));
      }
      push(state.heldNotarized(view));
      out.push(state.isHeldNullified(view) ? 1 : 0);
    }
    const key = String.fromCharCode(...out);
    if (least === undefined || key < least) least = key;
  }
  return least ?? "";
}
