// Variable-size values in large chunks of memory outside the JavaScript heap. A value lives in a block of a size class
// (steps of 8 bytes up to 256, then eighths of a power of two); freed blocks of a class are linked through their own first
// bytes and used again. A place is counted in units of 8 bytes, so 32 bits reach 32 GiB.

/** Largest value: an entry of the UTXO set with the longest program the ledger accepts, with room to spare. */
export const ARENA_VALUE_BYTES_MAX = 65_536;
const UNIT_BYTES = 8;
const CHUNK_SHIFT = 19;
const CHUNK_UNITS = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_UNITS - 1;
const CHUNK_BYTES = CHUNK_UNITS * UNIT_BYTES;
const NONE = 0xffff_ffff;
const CLASSES = 96 + 1;

/** Class of a value of `bytes`; the block that it gets has `classBytes` of this. */
function classOf(bytes: number): number {
  if (bytes <= 256) return bytes === 0 ? 0 : (bytes - 1) >> 3;
  const power = 31 - Math.clz32(bytes - 1);
  return 32 + (power - 8) * 8 + (((bytes - 1) >> (power - 3)) & 7);
}

function classBytes(index: number): number {
  if (index < 32) return (index + 1) << 3;
  const power = 8 + ((index - 32) >> 3);
  return (8 + ((index - 32) & 7) + 1) << (power - 3);
}

export class ValueArena {
  readonly #chunks: Uint8Array[] = [];
  readonly #views: DataView[] = [];
  readonly #free = new Uint32Array(CLASSES).fill(NONE);
  readonly #mayReserve: (bytes: number) => boolean;
  #nextUnit = 0;
  /** Bytes of the blocks that hold values now. */
  usedBytes = 0;

  /** @param mayReserve asked before memory is taken from the system */
  constructor(mayReserve: (bytes: number) => boolean) {
    this.#mayReserve = mayReserve;
  }

  /** Bytes taken from the system. */
  get reservedBytes(): number {
    return this.#chunks.length * CHUNK_BYTES;
  }

  /** The value's bytes where they lie; valid until the value is released. */
  view(place: number, length: number): Uint8Array {
    const chunk = this.#chunks[place >>> CHUNK_SHIFT];
    const offset = (place & CHUNK_MASK) * UNIT_BYTES;
    return (chunk as Uint8Array).subarray(offset, offset + length);
  }

  /** Stores a copy and returns its place, or -1 when the limit is reached. */
  store(value: Uint8Array): number {
    const index = classOf(value.length);
    let place = this.#free[index] ?? NONE;
    if (place === NONE) place = this.#carve(classBytes(index) / UNIT_BYTES);
    else this.#free[index] = this.#viewOf(place).getUint32((place & CHUNK_MASK) * UNIT_BYTES, true);
    if (place === NONE) return -1;
    (this.#chunks[place >>> CHUNK_SHIFT] as Uint8Array).set(value, (place & CHUNK_MASK) * UNIT_BYTES);
    this.usedBytes += classBytes(index);
    return place;
  }

  release(place: number, length: number): void {
    const index = classOf(length);
    this.#viewOf(place).setUint32((place & CHUNK_MASK) * UNIT_BYTES, this.#free[index] ?? NONE, true);
    this.#free[index] = place;
    this.usedBytes -= classBytes(index);
  }

  #viewOf(place: number): DataView {
    return this.#views[place >>> CHUNK_SHIFT] as DataView;
  }

  #carve(units: number): number {
    const room = this.#nextUnit % CHUNK_UNITS;
    // A block never crosses chunks; the rest of a chunk (under 64 KiB of 4 MiB) stays unused.
    if (room + units > CHUNK_UNITS) this.#nextUnit += CHUNK_UNITS - room;
    if (this.#nextUnit >= this.#chunks.length * CHUNK_UNITS) {
      if (!this.#mayReserve(CHUNK_BYTES)) return NONE;
      const chunk = new Uint8Array(CHUNK_BYTES);
      this.#chunks.push(chunk);
      this.#views.push(new DataView(chunk.buffer));
    }
    const place = this.#nextUnit;
    this.#nextUnit += units;
    return place;
  }
}
