// A layered map with the hash of its content (bbft.md section 3, "State root"): LtHash over one element per entry, so the
// digest follows each change, is the same in whatever order changes came, and can be recomputed from a snapshot.

import { createLtHash, type LtHash } from "@bystack/crypto/lthash";
import { LayeredMap, type MapBase } from "./layered.ts";

export type EncodeElement<V> = (key: string, value: V) => Uint8Array;

export class HashedMap<V> {
  readonly map: LayeredMap<V>;
  readonly #encode: EncodeElement<V>;
  #parent: HashedMap<V> | undefined;
  /** Digest of everything below this layer; fixed once it is settled. */
  #below: LtHash | undefined;
  #digest: LtHash | undefined;

  constructor(options: { encode: EncodeElement<V>; map: LayeredMap<V>; parent?: HashedMap<V>; digest?: LtHash }) {
    this.map = options.map;
    this.#encode = options.encode;
    this.#parent = options.parent;
    this.#below = options.digest;
  }

  fork(): HashedMap<V> {
    return new HashedMap({ encode: this.#encode, map: this.map.fork(), parent: this });
  }

  get(key: string): V | undefined {
    return this.map.get(key);
  }

  has(key: string): boolean {
    return this.map.has(key);
  }

  set(key: string, value: V): void {
    this.map.set(key, value);
    this.#digest = undefined;
  }

  delete(key: string): void {
    this.map.delete(key);
    this.#digest = undefined;
  }

  /** The multiset hash of all entries; treat it as read-only. */
  digest(): LtHash {
    if (this.#digest !== undefined) return this.#digest;
    this.#below ??= this.#parent?.digest() ?? createLtHash();
    const changes = this.map.changes();
    if (changes.size === 0) {
      this.#digest = this.#below;
      return this.#digest;
    }
    const digest = this.#below.clone();
    for (const [key, value] of changes) {
      const before = this.map.below(key);
      if (before === value) continue;
      if (before !== undefined) digest.remove(this.#encode(key, before));
      if (value !== undefined) digest.add(this.#encode(key, value));
    }
    this.#digest = digest;
    return digest;
  }

  /** See `LayeredMap.settle`; the digest is taken first, while the values below are still to be seen. */
  settle(): void {
    const digest = this.digest();
    this.#parent?.settle();
    this.#parent = undefined;
    this.map.settle();
    this.#below = digest;
    this.#digest = digest;
  }

  /** The digest from scratch: what a snapshot or an audit compares with. */
  recompute(): LtHash {
    const digest = createLtHash();
    for (const [key, value] of this.map.entries()) digest.add(this.#encode(key, value));
    return digest;
  }
}

/** An empty map with a digest, over a base of the caller's. */
export function createHashedMap<V>(encode: EncodeElement<V>, base?: MapBase<V>): HashedMap<V> {
  return new HashedMap({ encode, map: new LayeredMap(base) });
}
