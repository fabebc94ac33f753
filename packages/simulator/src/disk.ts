// The disk of one simulated node: the vote record with a durable and a volatile part, and the store of final blocks.
// A crash keeps what was synced; of the rest it loses all, or keeps as much from the start as happened to be on the disk.

import type { StoredTip } from "@bystack/consensus/bbft/events";
import { emptyRecord, encodeRecordEntry, type RecordEntry } from "@bystack/consensus/bbft/record";
import type { Certificate } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { equalBytes, type Hash } from "@bystack/utils/bytes";
import { fakeHash } from "./fake-crypto.ts";
import type { SimRng } from "./rng.ts";
import { applyTransfer, genesisState, type ToyState } from "./toy-ledger.ts";

type Write = { readonly entries: readonly RecordEntry[]; readonly replace: boolean };

export class SimDisk {
  keepsCopies = false;
  #durable: RecordEntry[];
  #volatile: Write[] = [];
  /** Earlier durable states, for the fault "an old copy was put back". */
  readonly #copies: { readonly entries: RecordEntry[]; readonly height: number }[] = [];
  #isMissing = false;

  constructor(chainId: Hash, key: Uint8Array) {
    this.#durable = emptyRecord(chainId, key);
  }

  write(write: Write): void {
    this.#volatile.push(write);
  }

  /** Makes the oldest write durable, when the store is at `height`; writes are synced in order. @returns its entries. */
  sync(height: number): readonly RecordEntry[] {
    const write = this.#volatile.shift();
    if (write === undefined) return [];
    if (this.keepsCopies) this.#copies.push({ entries: [...this.#durable], height });
    this.#isMissing = false;
    if (write.replace) this.#durable = [...write.entries];
    else this.#durable.push(...write.entries);
    return write.entries;
  }

  /** @returns the entries that turned out durable although nobody had waited for them; none unless `torn`. */
  crash(torn: SimRng | undefined, height: number): readonly RecordEntry[] {
    const kept: RecordEntry[] = [];
    let whole = torn === undefined ? 0 : torn.below(this.#volatile.length + 1);
    for (; whole > 0; whole -= 1) kept.push(...this.sync(height));
    const next = this.#volatile[0];
    // The reader drops a torn last entry by its checksum; a replacement counts when it is whole.
    if (torn !== undefined && next !== undefined && !next.replace) {
      const part = next.entries.slice(0, torn.below(next.entries.length));
      this.#durable.push(...part);
      kept.push(...part);
    }
    this.#volatile = [];
    return kept;
  }

  read(): readonly RecordEntry[] | undefined {
    return this.#isMissing ? undefined : [...this.#durable];
  }

  /** All that was given to the disk, durable or not, as it stands after the last replacement. */
  written(): readonly RecordEntry[] {
    const last = this.#volatile.findLastIndex((write) => write.replace);
    const since = this.#volatile.slice(Math.max(0, last)).flatMap((write) => write.entries);
    return last < 0 ? [...this.#durable, ...since] : since;
  }

  /** Durable certificates and own votes, for rules about what a record has to hold. */
  entries(): readonly RecordEntry[] {
    return this.#durable;
  }

  /** One bit of the file flips: whatever it was, the checksum over its entry says so, and the record counts as missing. */
  flip(rng: SimRng): void {
    const entry = this.#durable[rng.below(this.#durable.length)];
    if (entry === undefined) return;
    const bytes = encodeRecordEntry(entry);
    const sum = fakeHash(0, bytes);
    const at = rng.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << rng.below(8));
    if (!equalBytes(sum, fakeHash(0, bytes))) this.lose();
  }

  /** The file is gone. */
  lose(): void {
    this.#durable = [];
    this.#isMissing = true;
  }

  /** An earlier state of the file, `share` of the way back in time. @returns how high the store was then. */
  restoreCopy(share: number): number {
    const copy = this.#copies[Math.floor((1 - share) * this.#copies.length)];
    if (copy !== undefined) this.#durable = [...copy.entries];
    return copy?.height ?? 0;
  }
}

type Final = {
  readonly block: SideBlock;
  readonly certificate: Certificate | undefined;
  /** What this node's own execution of its final blocks came to; undefined when one of them could not be applied. */
  readonly state: ToyState | undefined;
};

/** Final blocks by height from 1; only the part up to `durableHeight` survives a crash. */
export class SimStore {
  #finals: Final[] = [];
  durableHeight = 0;
  readonly #genesis: ToyState;

  constructor(genesis: Hash) {
    this.#genesis = genesisState(genesis);
  }

  get height(): number {
    return this.#finals.length;
  }

  append(blocks: readonly SideBlock[], certificate: Certificate): void {
    blocks.forEach((block, i) => {
      if (block.header.height !== this.height + 1) throw new Error("the store was given a gap");
      const before = this.height === 0 ? this.#genesis : this.at(this.height)?.state;
      const state = before && applyTransfer(before, block.batches[0] ?? new Uint8Array(0));
      this.#finals.push({ block, certificate: i === blocks.length - 1 ? certificate : undefined, state });
    });
  }

  at(height: number): Final | undefined {
    return this.#finals[height - 1];
  }

  crash(): void {
    this.#finals.length = this.durableHeight;
  }

  /** An earlier state of the store comes back. */
  rollBack(height: number): void {
    this.durableHeight = Math.min(this.durableHeight, height);
    this.crash();
  }

  tip(epochBlocks: number, committees: StoredTip["committees"]): StoredTip {
    const final = this.at(this.height);
    const opening = final === undefined ? undefined : this.at((final.block.header.epoch - 1) * epochBlocks);
    return {
      height: this.height,
      block: final?.block,
      certificate: final?.certificate,
      opening:
        opening?.certificate === undefined ? undefined : { block: opening.block, certificate: opening.certificate },
      committees,
    };
  }
}
