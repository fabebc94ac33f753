// Blocks whose parent is not known yet (spec/bytom.md section 11, step 2). They are not validated, so the pool is small and
// forgets: anybody can fill it with blocks that cost nothing to make. Time comes in as an argument.

import type { MainBlock } from "@bystack/protocol/main/block";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";

/** As in the reference. */
export const ORPHAN_BLOCKS_MAX = 256;
export const ORPHAN_BLOCK_LIFETIME_MS = 3_600_000;
/** All orphans together: a block may have 22 MB, and 256 of those would not fit a small node. */
export const ORPHAN_BLOCKS_BYTES_MAX = 67_108_864;

const HEADER_BYTES = 256;

type Orphan = { readonly key: string; readonly block: MainBlock; readonly expiresMs: number; readonly bytes: number };

function sizeOf(block: MainBlock): number {
  return block.transactions.reduce((sum, { size }) => sum + size, HEADER_BYTES);
}

export class OrphanBlocks {
  readonly #orphans = new Map<string, Orphan>();
  readonly #byParent = new Map<string, Set<string>>();
  #bytes = 0;

  get size(): number {
    return this.#orphans.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(key: string): boolean {
    return this.#orphans.has(key);
  }

  /** Keeps a block; when there is no room, those that expire first go. A block too big for the pool is not kept. */
  add(key: string, block: MainBlock, nowMs: number): void {
    const bytes = sizeOf(block);
    if (bytes > ORPHAN_BLOCKS_BYTES_MAX || this.#orphans.has(key)) return;
    while (this.#orphans.size >= ORPHAN_BLOCKS_MAX || this.#bytes + bytes > ORPHAN_BLOCKS_BYTES_MAX) this.#evict();
    this.#orphans.set(key, { key, block, expiresMs: nowMs + ORPHAN_BLOCK_LIFETIME_MS, bytes });
    this.#bytes += bytes;
    const parent = bytesToHex(block.header.previousHash);
    const siblings = this.#byParent.get(parent) ?? new Set();
    this.#byParent.set(parent, siblings.add(key));
  }

  #evict(): void {
    let first: Orphan | undefined;
    for (const orphan of this.#orphans.values()) {
      if (first === undefined || orphan.expiresMs < first.expiresMs) first = orphan;
    }
    if (first !== undefined) this.delete(first.key);
  }

  delete(key: string): void {
    const orphan = this.#orphans.get(key);
    if (orphan === undefined) return;
    this.#orphans.delete(key);
    this.#bytes -= orphan.bytes;
    const parent = bytesToHex(orphan.block.header.previousHash);
    const siblings = this.#byParent.get(parent);
    siblings?.delete(key);
    if (siblings?.size === 0) this.#byParent.delete(parent);
  }

  /** The orphans that wait for this block, in the order in which they came. */
  childrenOf(parent: Hash): { readonly key: string; readonly block: MainBlock }[] {
    const keys = this.#byParent.get(bytesToHex(parent)) ?? [];
    return Array.from(keys, (key) => this.#orphans.get(key)).filter((orphan) => orphan !== undefined);
  }

  /** Forgets what is too old. */
  sweep(nowMs: number): void {
    for (const orphan of [...this.#orphans.values()]) if (orphan.expiresMs <= nowMs) this.delete(orphan.key);
  }
}
