// The UTXO set in memory: 32-byte output ids to encoded entries, in typed arrays outside the JavaScript heap, so that tens of
// millions of outputs cost the garbage collector nothing. Open addressing with linear probing and backward-shift deletion.
// * Slots hold 32 bits of a salted hash and an entry number; keys lie in a slab by entry number, values in a ValueArena.
// * The salt keeps somebody who grinds output ids from piling them onto one place of the table.
// * Growth never stops the world: the old slots move into the new ones a few per change, whole clusters at a time, so a probe
//   in the old half never crosses a moved place.
// The log is the truth (architecture.md section 4); this table is rebuilt from snapshot and log.

import type { Rng } from "@bystack/utils/ports";
import { ARENA_VALUE_BYTES_MAX, ValueArena } from "./value-arena.ts";

export { ARENA_VALUE_BYTES_MAX } from "./value-arena.ts";

/** Most entries: what 32-bit entry numbers and typed arrays of 2^32 bytes allow with room to spare. */
export const UTXO_ENTRIES_MAX = 400_000_000;
const KEY_BYTES = 32;
const SLAB_ENTRIES = 1 << 16;
const SLAB_MASK = SLAB_ENTRIES - 1;
const SLAB_SHIFT = 16;
const FREE = 0xffff_ffff;
const SLOTS_AT_START = 1024;
/** Old slots moved with each change: with growth at 70 % a doubling is done long before the next one. */
const MOVE_SLOTS = 16;

/** `exists`: the key is there and nothing changed. `full`: the limit of memory or of entries is reached; nothing changed. */
export type InsertVerdict = "inserted" | "exists" | "full";

export type UtxoTableOptions = {
  /** Source of the salt. */
  readonly rng: Rng;
  /** Limit of keys, slots and values together. */
  readonly bytesMax: number;
};

export type UtxoTableFigures = {
  readonly entries: number;
  readonly slots: number;
  readonly reservedBytes: number;
  readonly valueBytes: number;
};

type Slots = { readonly words: Uint32Array; readonly mask: number };

const createSlots = (count: number): Slots => ({ words: new Uint32Array(count * 2), mask: count - 1 });

/** Entries of 40 bytes: the key, where the value lies, and how long it is (`FREE` for an unused number). */
type Slab = { readonly bytes: Uint8Array; readonly words: Uint32Array };

const ENTRY_BYTES = KEY_BYTES + 8;
const ENTRY_WORDS = ENTRY_BYTES / 4;
const PLACE_WORD = 8;
const LENGTH_WORD = 9;
const SLAB_BYTES = SLAB_ENTRIES * ENTRY_BYTES;

function createSlab(): Slab {
  const bytes = new Uint8Array(SLAB_BYTES);
  const words = new Uint32Array(bytes.buffer);
  for (let at = LENGTH_WORD; at < words.length; at += ENTRY_WORDS) words[at] = FREE;
  return { bytes, words };
}

export class UtxoTable {
  readonly #bytesMax: number;
  readonly #values: ValueArena;
  readonly #saltLow: number;
  readonly #saltHigh: number;
  readonly #slabs: Slab[] = [];
  #slots = createSlots(SLOTS_AT_START);
  /** The slots before the growth under way, and how far they have been moved. */
  #old: Slots | undefined;
  #oldNext = 0;
  #oldVisited = 0;
  #size = 0;
  #nextEntry = 0;
  #freeEntry = FREE;

  constructor(options: UtxoTableOptions) {
    const salt = new DataView(Uint8Array.from(options.rng.bytes(8)).buffer);
    this.#saltLow = salt.getUint32(0, true) | 0;
    this.#saltHigh = salt.getUint32(4, true) | 0;
    this.#bytesMax = options.bytesMax;
    this.#values = new ValueArena((bytes) => this.#mayReserve(bytes));
  }

  get size(): number {
    return this.#size;
  }

  figures(): UtxoTableFigures {
    return {
      entries: this.#size,
      slots: this.#slots.mask + 1,
      reservedBytes: this.#reservedBytes(),
      valueBytes: this.#values.usedBytes,
    };
  }

  has(key: Uint8Array): boolean {
    return this.#find(key) !== FREE;
  }

  /** The value where it lies: copy it if it must outlive the next change of the table. */
  get(key: Uint8Array): Uint8Array | undefined {
    const entry = this.#find(key);
    if (entry === FREE) return undefined;
    const { words } = this.#slabs[entry >>> SLAB_SHIFT] as Slab;
    const at = (entry & SLAB_MASK) * ENTRY_WORDS;
    return this.#values.view(words[at + PLACE_WORD] as number, words[at + LENGTH_WORD] as number);
  }

  /** Stores copies of key and value. @throws RangeError for a key not of 32 bytes or a value beyond ARENA_VALUE_BYTES_MAX */
  insert(key: Uint8Array, value: Uint8Array): InsertVerdict {
    if (key.length !== KEY_BYTES || value.length > ARENA_VALUE_BYTES_MAX)
      throw new RangeError(`key of ${key.length} bytes, value of ${value.length}`);
    this.#move();
    const hash = this.#hash(key);
    if (this.#findHashed(key, hash) !== FREE) return "exists";
    if (!this.#hasRoom()) return "full";
    const place = this.#values.store(value);
    if (place < 0) return "full";
    const entry = this.#takeEntry();
    const { bytes, words } = this.#slabs[entry >>> SLAB_SHIFT] as Slab;
    const at = (entry & SLAB_MASK) * ENTRY_WORDS;
    bytes.set(key, at * 4);
    words[at + PLACE_WORD] = place;
    words[at + LENGTH_WORD] = value.length;
    link(this.#slots, hash, entry);
    this.#size += 1;
    return "inserted";
  }

  /** False when the key is not there. */
  delete(key: Uint8Array): boolean {
    this.#move();
    const hash = this.#hash(key);
    let slots = this.#slots;
    let slot = this.#slotOf(slots, key, hash);
    if (slot < 0 && this.#old !== undefined) {
      slots = this.#old;
      slot = this.#slotOf(slots, key, hash);
    }
    if (slot < 0) return false;
    const entry = (slots.words[slot * 2 + 1] as number) - 1;
    unlink(slots, slot);
    const { words } = this.#slabs[entry >>> SLAB_SHIFT] as Slab;
    const at = (entry & SLAB_MASK) * ENTRY_WORDS;
    this.#values.release(words[at + PLACE_WORD] as number, words[at + LENGTH_WORD] as number);
    words[at + LENGTH_WORD] = FREE;
    words[at + PLACE_WORD] = this.#freeEntry;
    this.#freeEntry = entry;
    this.#size -= 1;
    return true;
  }

  /**
   * Visits up to `count` entry numbers from `cursor` (0 at first) and returns the next cursor, or undefined at the end. The
   * order is that of the entry numbers. An entry that is there from the first call to the last is visited exactly once,
   * whatever changes between the calls; the table must not change within `visit`, and the bytes given are not to be kept.
   */
  scan(cursor: number, count: number, visit: (key: Uint8Array, value: Uint8Array) => void): number | undefined {
    const end = Math.min(this.#nextEntry, cursor + count);
    for (let entry = cursor; entry < end; entry += 1) {
      const { bytes, words } = this.#slabs[entry >>> SLAB_SHIFT] as Slab;
      const at = (entry & SLAB_MASK) * ENTRY_WORDS;
      const length = words[at + LENGTH_WORD] as number;
      if (length === FREE) continue;
      visit(bytes.subarray(at * 4, at * 4 + KEY_BYTES), this.#values.view(words[at + PLACE_WORD] as number, length));
    }
    return end >= this.#nextEntry ? undefined : end;
  }

  #reservedBytes(): number {
    const slots = this.#slots.words.byteLength + (this.#old?.words.byteLength ?? 0);
    return slots + this.#slabs.length * SLAB_BYTES + this.#values.reservedBytes;
  }

  #mayReserve(bytes: number): boolean {
    return this.#reservedBytes() + bytes <= this.#bytesMax;
  }

  /** Moves some clusters of the old slots into the new ones; ends only where a cluster ends. */
  #move(): void {
    if (this.#old === undefined) return;
    const { words, mask } = this.#old;
    let slot = this.#oldNext;
    for (let steps = 0; this.#oldVisited <= mask; steps += 1) {
      const number = words[slot * 2 + 1] as number;
      if (number === 0) {
        if (steps >= MOVE_SLOTS) break;
      } else {
        link(this.#slots, words[slot * 2] as number, number - 1);
        words[slot * 2 + 1] = 0;
      }
      slot = (slot + 1) & mask;
      this.#oldVisited += 1;
    }
    this.#oldNext = slot;
    if (this.#oldVisited > mask) this.#old = undefined;
  }

  #hash(key: Uint8Array): number {
    const low =
      (key[0] as number) | ((key[1] as number) << 8) | ((key[2] as number) << 16) | ((key[3] as number) << 24);
    const high =
      (key[4] as number) | ((key[5] as number) << 8) | ((key[6] as number) << 16) | ((key[7] as number) << 24);
    // The murmur3 finaliser over both salted words: the ids are hashes already, the salt only has to be stirred in.
    let h = Math.imul(low ^ this.#saltLow, 0x85eb_ca6b) ^ (high + this.#saltHigh);
    h = Math.imul(h ^ (h >>> 16), 0xc2b2_ae35);
    h = Math.imul(h ^ (h >>> 13) ^ this.#saltHigh, 0x27d4_eb2f);
    return (h ^ (h >>> 16)) >>> 0;
  }

  #find(key: Uint8Array): number {
    return key.length === KEY_BYTES ? this.#findHashed(key, this.#hash(key)) : FREE;
  }

  #findHashed(key: Uint8Array, hash: number): number {
    const slot = this.#slotOf(this.#slots, key, hash);
    if (slot >= 0) return (this.#slots.words[slot * 2 + 1] as number) - 1;
    if (this.#old === undefined) return FREE;
    const old = this.#slotOf(this.#old, key, hash);
    return old < 0 ? FREE : (this.#old.words[old * 2 + 1] as number) - 1;
  }

  #slotOf(slots: Slots, key: Uint8Array, hash: number): number {
    const { words, mask } = slots;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = words[slot * 2 + 1] as number;
      if (number === 0) return -1;
      if (words[slot * 2] === hash && this.#isKey(number - 1, key)) return slot;
    }
  }

  #isKey(entry: number, key: Uint8Array): boolean {
    const { bytes } = this.#slabs[entry >>> SLAB_SHIFT] as Slab;
    const start = (entry & SLAB_MASK) * ENTRY_BYTES;
    for (let i = 0; i < KEY_BYTES; i += 1) if (bytes[start + i] !== key[i]) return false;
    return true;
  }

  /** Makes sure that a slot and an entry number can be had, growing where it must. */
  #hasRoom(): boolean {
    if (this.#size >= UTXO_ENTRIES_MAX) return false;
    const count = this.#slots.mask + 1;
    if (this.#size >= count * 0.7) {
      // Every insert moves MOVE_SLOTS or more, so the previous growth has ended long ago; this holds even if it had not.
      while (this.#old !== undefined) this.#move();
      if (!this.#mayReserve(count * 16)) return false;
      this.#old = this.#slots;
      this.#slots = createSlots(count * 2);
      this.#oldNext = firstEmpty(this.#old);
      this.#oldVisited = 0;
    }
    if (this.#freeEntry !== FREE || this.#nextEntry < this.#slabs.length * SLAB_ENTRIES) return true;
    if (!this.#mayReserve(SLAB_BYTES)) return false;
    this.#slabs.push(createSlab());
    return true;
  }

  #takeEntry(): number {
    if (this.#freeEntry === FREE) {
      this.#nextEntry += 1;
      return this.#nextEntry - 1;
    }
    const entry = this.#freeEntry;
    const { words } = this.#slabs[entry >>> SLAB_SHIFT] as Slab;
    this.#freeEntry = words[(entry & SLAB_MASK) * ENTRY_WORDS + PLACE_WORD] as number;
    return entry;
  }
}

function link(slots: Slots, hash: number, entry: number): void {
  const { words, mask } = slots;
  let slot = hash & mask;
  while (words[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
  words[slot * 2] = hash;
  words[slot * 2 + 1] = entry + 1;
}

/** Backward-shift deletion: later members of the cluster move up, so that no probe ever meets a gap. */
function unlink(slots: Slots, slot: number): void {
  const { words, mask } = slots;
  let hole = slot;
  for (let next = (hole + 1) & mask; words[next * 2 + 1] !== 0; next = (next + 1) & mask) {
    const home = (words[next * 2] as number) & mask;
    // May it move? Only if its home is not cyclically after the hole.
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    words[hole * 2] = words[next * 2] as number;
    words[hole * 2 + 1] = words[next * 2 + 1] as number;
    hole = next;
  }
  words[hole * 2 + 1] = 0;
}

function firstEmpty(slots: Slots): number {
  let slot = 0;
  while (slots.words[slot * 2 + 1] !== 0) slot += 1;
  return slot;
}
