// What is final, or can only become so: one block at each height, on top of its parent, executed alike everywhere
// (invariants I1, I2, I9 and I10, and I5 and I7 of what a node reports).

import type { BbftConfig } from "@bystack/consensus/bbft/config";
import type { BbftEffect } from "@bystack/consensus/bbft/events";
import { VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex } from "@bystack/utils/bytes";
import type { SimNode } from "./node.ts";
import type { SeatMap } from "./seats.ts";
import { SUPPLY, type ToyLedger } from "./toy-ledger.ts";

export class Finality {
  readonly #config: BbftConfig;
  readonly #ledger: ToyLedger;
  readonly #seats: SeatMap;
  readonly #blocks: ReadonlyMap<string, SideBlock>;
  readonly #fail: (invariant: string, detail: string) => void;
  readonly #finalByHeight = new Map<number, string>();
  readonly #finalHeightOf = new Map<number, number>();
  readonly #rootByHeight = new Map<number, string>();

  constructor(input: {
    config: BbftConfig;
    ledger: ToyLedger;
    /** Gets the committee of e + 2 when the last block of e can only be final. */
    seats: SeatMap;
    blocks: ReadonlyMap<string, SideBlock>;
    fail: (invariant: string, detail: string) => void;
  }) {
    this.#config = input.config;
    this.#ledger = input.ledger;
    this.#seats = input.seats;
    this.#blocks = input.blocks;
    this.#fail = input.fail;
    this.#finalByHeight.set(0, bytesToHex(input.config.genesis.hash));
  }

  /** How far a node has reported final blocks. */
  heightOf(place: number): number {
    return this.#finalHeightOf.get(place) ?? 0;
  }

  /** A block may now be final somewhere: it and its ancestors must be the only ones at their heights. */
  possible(hash: string, what: string): void {
    for (let key = hash; ; ) {
      const block = this.#blocks.get(key);
      if (block === undefined) return;
      const known = this.#finalByHeight.get(block.header.height);
      if (known === key) return;
      if (known !== undefined) {
        this.#fail("I1", `${what}: two final blocks at height ${block.header.height}`);
        return;
      }
      this.#becomesFinal(block, key);
      key = bytesToHex(block.header.parentHash);
      if (block.header.height === 1) {
        if (key !== this.#finalByHeight.get(0)) this.#fail("I2", `${what}: a final chain does not reach genesis`);
        return;
      }
    }
  }

  #becomesFinal(block: SideBlock, key: string): void {
    const { height, epoch } = block.header;
    this.#finalByHeight.set(height, key);
    const elected = this.#ledger.elected(block);
    if (elected !== undefined) this.#seats.set(epoch + 2, elected);
  }

  /** An honest node has executed its new final blocks: I9 and I10 of the last of them. */
  appended(node: SimNode): void {
    const { height } = node.store;
    const state = node.store.at(height)?.state;
    const what = `n${node.place} at height ${height}`;
    if (state === undefined) {
      this.#fail("I9", `${what}: a final block cannot be applied`);
      return;
    }
    const root = bytesToHex(state.root);
    const known = this.#rootByHeight.get(height) ?? root;
    this.#rootByHeight.set(height, known);
    if (known !== root) this.#fail("I9", `${what}: another state than elsewhere`);
    const supply = state.balances.reduce((sum, balance) => sum + balance, 0n);
    if (supply !== SUPPLY) this.#fail("I10", `${what}: ${supply} units of ${SUPPLY}`);
  }

  /** An honest node reports final blocks. */
  reported(node: SimNode, effect: BbftEffect & { type: "finalised" }): void {
    const what = `n${node.place}`;
    const { certificate, blocks } = effect;
    const last = blocks[blocks.length - 1];
    if (certificate.kind !== VOTE_KINDS.FINALIZE) this.#fail("I5", `${what} finalised without a FINALIZE certificate`);
    if (last === undefined || bytesToHex(last.hash) !== bytesToHex(certificate.blockHash)) {
      this.#fail("I7", `${what}: a certificate of another block`);
    }
    const before = node.store.at(node.store.height)?.block;
    let height = before?.header.height ?? 0;
    let key = before === undefined ? bytesToHex(this.#config.genesis.hash) : bytesToHex(before.hash);
    for (const block of blocks) {
      if (block.header.height !== height + 1 || bytesToHex(block.header.parentHash) !== key) {
        this.#fail("I2", `${what}: height ${block.header.height} is not on top of its final chain`);
      }
      height = block.header.height;
      key = bytesToHex(block.hash);
      const known = this.#finalByHeight.get(height);
      if (known !== undefined && known !== key) this.#fail("I1", `${what}: another block is final at height ${height}`);
      if (!this.#ledger.judge(block)) this.#fail("I9", `${what}: an invalid block is final at height ${height}`);
      this.#becomesFinal(block, key);
    }
    this.#finalHeightOf.set(node.place, Math.max(height, this.#finalHeightOf.get(node.place) ?? 0));
  }
}
