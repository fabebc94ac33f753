// Maps in layers: a base that holds the final state, and above it one thin layer for each block that is not final yet.
// A layer sees its parent's values and overwrites them; siblings do not see each other. `settle` moves a layer (with its
// ancestors) into the base; from then on its siblings are void, which is what finality means.

/** Where settled values live. A driver may back it by anything; keys are the hexadecimal text of ids, or small words. */
export type MapBase<V> = {
  get(key: string): V | undefined;
  set(key: string, value: V): unknown;
  delete(key: string): unknown;
  entries(): Iterable<[string, V]>;
};

export class LayeredMap<V> {
  readonly #base: MapBase<V>;
  #parent: LayeredMap<V> | undefined;
  /** Own changes; undefined = deleted here. */
  #own = new Map<string, V | undefined>();

  constructor(base: MapBase<V> = new Map<string, V>(), parent?: LayeredMap<V>) {
    this.#base = base;
    this.#parent = parent;
  }

  fork(): LayeredMap<V> {
    return new LayeredMap(this.#base, this);
  }

  get(key: string): V | undefined {
    let layer: LayeredMap<V> | undefined = this;
    while (layer !== undefined) {
      const value = layer.#own.get(key);
      if (value !== undefined || layer.#own.has(key)) return value;
      layer = layer.#parent;
    }
    return this.#base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  set(key: string, value: V): void {
    this.#own.set(key, value);
  }

  delete(key: string): void {
    this.#own.set(key, undefined);
  }

  /** The value below this layer: what its changes are changes of. */
  below(key: string): V | undefined {
    return this.#parent === undefined ? this.#base.get(key) : this.#parent.get(key);
  }

  /** Own changes; undefined = deleted. */
  changes(): ReadonlyMap<string, V | undefined> {
    return this.#own;
  }

  /** All entries, in no particular order. */
  *entries(): Generator<[string, V]> {
    const seen = new Set<string>();
    let layer: LayeredMap<V> | undefined = this;
    while (layer !== undefined) {
      for (const [key, value] of layer.#own) {
        if (seen.has(key)) continue;
        seen.add(key);
        if (value !== undefined) yield [key, value];
      }
      layer = layer.#parent;
    }
    for (const entry of this.#base.entries()) if (!seen.has(entry[0])) yield entry;
  }

  /** Moves this layer and all below it into the base. Layers on top of it stay good; its siblings are void. */
  settle(): void {
    this.#parent?.settle();
    this.#parent = undefined;
    const own = this.#own;
    this.#own = new Map();
    for (const [key, value] of own) {
      if (value === undefined) this.#base.delete(key);
      else this.#base.set(key, value);
    }
  }
}
