// How far the collector has read the main chain, and the hashes of the last heights, by which a fork is found. Kept in the
// store; a lost or wrong position only means reading blocks again.

import { bucketKey, bucketRange, type KvStore } from "@bystack/storage/kv";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { SCAN_MEMORY_BLOCKS_MAX } from "../limits.ts";
import type { MainBlockInfo, MainChainPort } from "../ports.ts";

const BUCKET = 3;

function keyOf(height: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(height));
  return bucketKey(BUCKET, bytes);
}

export class ScanPosition {
  readonly #store: KvStore;
  readonly #anchorHeight: number;
  readonly #hashes = new Map<number, Hash>();
  #height: number;

  /** @param anchorHeight the main-chain height at which the side chain's knowledge starts */
  constructor(store: KvStore, anchorHeight: number) {
    this.#store = store;
    this.#anchorHeight = anchorHeight;
    this.#height = anchorHeight;
  }

  /** The last height that was read; deposits at or below the anchor cannot be claimed. */
  get height(): number {
    return this.#height;
  }

  async load(): Promise<void> {
    for await (const { key, value } of this.#store.iterate(bucketRange(BUCKET))) {
      const height = Number(new DataView(key.buffer, key.byteOffset + 1, 8).getBigUint64(0));
      this.#hashes.set(height, value);
      this.#height = Math.max(this.#height, height);
    }
  }

  /** Goes back to the last height whose block is still on the best chain. True when it had to. */
  async rewind(main: MainChainPort): Promise<boolean> {
    const from = this.#height;
    while (this.#height > this.#anchorHeight) {
      const known = this.#hashes.get(this.#height);
      const block = known === undefined ? undefined : await main.blockAt(this.#height);
      if (known !== undefined && block !== undefined && equalBytes(block.hash, known)) break;
      this.#hashes.delete(this.#height);
      await this.#store.batch({ deletes: [keyOf(this.#height)] });
      this.#height -= 1;
    }
    return this.#height < from;
  }

  async advance(block: MainBlockInfo): Promise<void> {
    this.#height = block.height;
    this.#hashes.set(block.height, block.hash);
    const old = block.height - SCAN_MEMORY_BLOCKS_MAX;
    this.#hashes.delete(old);
    const deletes = old > this.#anchorHeight ? [keyOf(old)] : [];
    await this.#store.batch({ puts: [{ key: keyOf(block.height), value: block.hash }], deletes });
  }
}
