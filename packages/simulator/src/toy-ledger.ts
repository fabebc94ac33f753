// A ledger that is just enough for consensus: the state after a block is a hash of the state before and the body, and a
// body may be marked invalid. Pure and shared by all nodes of a simulation, as a real ledger's function would be.

import type { BlockContent } from "@bystack/consensus/bbft/events";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, concatBytes, equalBytes, type Hash } from "@bystack/utils/bytes";
import { fakeHash } from "./fake-crypto.ts";

const INVALID_MARK = 0xbd;
const STATE_SEED = 0x57a7e;
const ROOT_SEED = 0x7007;

type Judged = { readonly valid: boolean; readonly state: Hash };

export class ToyLedger {
  readonly #states = new Map<string, Judged>();

  constructor(genesis: Hash) {
    this.#states.set(bytesToHex(genesis), { valid: true, state: fakeHash(STATE_SEED, genesis) });
  }

  /** State after a block that was judged before; undefined for one that was not. */
  stateAfter(hash: Hash): Hash | undefined {
    return this.#states.get(bytesToHex(hash))?.state;
  }

  /** A body with one transaction; two calls with the same salt give the same block content. */
  build(parentHash: Hash, salt: number, invalid: boolean): BlockContent | undefined {
    const parentStateRoot = this.stateAfter(parentHash);
    if (parentStateRoot === undefined) return undefined;
    const transaction = Uint8Array.of(invalid ? INVALID_MARK : 1, salt & 0xff, (salt >> 8) & 0xff, (salt >> 16) & 0xff);
    const batches = [encodeSideBatch([transaction])];
    return { batches, transactionCount: 1, transactionRoot: fakeHash(ROOT_SEED, transaction), parentStateRoot };
  }

  /** Executes a block whose parent was judged; a block on an unknown parent is invalid here. */
  judge(block: SideBlock): boolean {
    const key = bytesToHex(block.hash);
    const known = this.#states.get(key);
    if (known !== undefined) return known.valid;
    const parent = this.stateAfter(block.header.parentHash);
    if (parent === undefined) return false;
    const batch = block.batches[0] ?? new Uint8Array(0);
    const valid = batch[2] !== INVALID_MARK && equalBytes(parent, block.header.parentStateRoot);
    const state = fakeHash(STATE_SEED, concatBytes(parent, batch));
    this.#states.set(key, { valid, state });
    return valid;
  }
}
