// The disk of one simulated node: the vote record with a durable and a volatile part, and the store of final blocks.
// A crash keeps what was synced and loses the rest.

import type { StoredTip } from "@bystack/consensus/bbft/events";
import { emptyRecord, type RecordEntry } from "@bystack/consensus/bbft/record";
import type { Certificate } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import type { Hash } from "@bystack/utils/bytes";

type Write = { readonly entries: readonly RecordEntry[]; readonly replace: boolean };

export class SimDisk {
  keepsCopies = false;
  #durable: RecordEntry[];
  #volatile: Write[] = [];
  /** Earlier durable states, for the fault "an old copy was put back". */
  readonly #copies: RecordEntry[][] = [];
  #isMissing = false;

  constructor(chainId: Hash, key: Uint8Array) {
    this.#durable = emptyRecord(chainId, key);
  }

  write(write: Write): void {
    this.#volatile.push(write);
  }

  /** Makes the oldest write durable; writes are synced in order. @returns its entries. */
  sync(): readonly RecordEntry[] {
    const write = this.#volatile.shift();
    if (write === undefined) return [];
    if (this.keepsCopies) this.#copies.push([...this.#durable]);
    this.#isMissing = false;
    if (write.replace) this.#durable = [...write.entries];
    else this.#durable.push(...write.entries);
    return write.entries;
  }

  crash(): void {
    this.#volatile = [];
  }

  read(): readonly RecordEntry[] | undefined {
    return this.#isMissing ? undefined : [...this.#durable];
  }

  /** The file is gone. */
  lose(): void {
    this.#durable = [];
    this.#isMissing = true;
  }

  /** An earlier state of the file, `share` of the way back in time. */
  restoreCopy(share: number): void {
    const copy = this.#copies[Math.floor((1 - share) * this.#copies.length)];
    if (copy !== undefined) this.#durable = [...copy];
  }
}

type Final = { readonly block: SideBlock; readonly certificate: Certificate | undefined };

/** Final blocks by height from 1; only the part up to `durableHeight` survives a crash. */
export class SimStore {
  #finals: Final[] = [];
  durableHeight = 0;

  get height(): number {
    return this.#finals.length;
  }

  append(blocks: readonly SideBlock[], certificate: Certificate): void {
    blocks.forEach((block, i) => {
      if (block.header.height !== this.height + 1) throw new Error("the store was given a gap");
      this.#finals.push({ block, certificate: i === blocks.length - 1 ? certificate : undefined });
    });
  }

  at(height: number): Final | undefined {
    return this.#finals[height - 1];
  }

  crash(): void {
    this.#finals.length = this.durableHeight;
  }

  tip(epochBlocks: number): StoredTip {
    const final = this.at(this.height);
    const opening = final === undefined ? undefined : this.at((final.block.header.epoch - 1) * epochBlocks);
    return {
      height: this.height,
      block: final?.block,
      certificate: final?.certificate,
      opening:
        opening?.certificate === undefined ? undefined : { block: opening.block, certificate: opening.certificate },
      committees: undefined,
    };
  }
}
