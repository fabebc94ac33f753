// A ledger that is just enough for consensus: eight accounts, one transfer a block, and at the end of an epoch an election
// by the state. Pure and shared by all nodes of a simulation, as a real ledger's function would be; what each node has
// applied itself is compared with it (invariants I9 and I10).

import type { BlockContent } from "@bystack/consensus/bbft/events";
import { encodeSideBatch } from "@bystack/protocol/side/header";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, concatBytes, equalBytes, type Hash } from "@bystack/utils/bytes";
import { type Elector, elect } from "./election.ts";
import { fakeHash } from "./fake-crypto.ts";
import type { Seats } from "./seats.ts";

const INVALID_MARK = 0xbd;
const STATE_SEED = 0x57a7e;
const ROOT_SEED = 0x7007;
const ACCOUNTS = 8;
/** Of one account at genesis, in units. */
const OPENING_BALANCE = 40n;
/** What must always be there in all, in units. */
export const SUPPLY = BigInt(ACCOUNTS) * OPENING_BALANCE;

export type ToyState = { readonly balances: readonly bigint[]; readonly root: Hash };

/** The committees around the epoch of the next block. */
export type SeatsAround = { readonly previous: Seats | undefined; readonly present: Seats; readonly next: Seats };

type Judged = { readonly valid: boolean; readonly state: ToyState; readonly seats: SeatsAround };

export function genesisState(genesis: Hash): ToyState {
  return { balances: Array.from({ length: ACCOUNTS }, () => OPENING_BALANCE), root: fakeHash(STATE_SEED, genesis) };
}

/** Applies a block's only transfer: mark, from, to, amount, salt. @returns undefined when it is not allowed. */
export function applyTransfer(state: ToyState, batch: Uint8Array): ToyState | undefined {
  // One transaction shorter than 128 bytes: a byte for the count and one for the length come first.
  const [, , mark, from = 0, to = 0, amount = 0] = batch;
  const balances = [...state.balances];
  const held = balances[from];
  const other = balances[to];
  const units = BigInt(amount);
  if (mark === INVALID_MARK || held === undefined || other === undefined || held < units || from === to)
    return undefined;
  balances[from] = held - units;
  balances[to] = other + units;
  return { balances, root: fakeHash(STATE_SEED, concatBytes(state.root, batch)) };
}

export class ToyLedger {
  readonly #judged = new Map<string, Judged>();
  readonly #epochBlocks: number;
  readonly #elector: Elector | undefined;

  /** Without an elector the committee never changes. */
  constructor(input: { genesis: Hash; first: Seats; epochBlocks: number; elector: Elector | undefined }) {
    const { genesis, first } = input;
    this.#epochBlocks = input.epochBlocks;
    this.#elector = input.elector;
    const seats = { previous: undefined, present: first, next: first };
    this.#judged.set(bytesToHex(genesis), { valid: true, state: genesisState(genesis), seats });
  }

  get rotates(): boolean {
    return this.#elector !== undefined;
  }

  /** State after a block that was judged before; undefined for one that was not. */
  stateAfter(hash: Hash): ToyState | undefined {
    return this.#judged.get(bytesToHex(hash))?.state;
  }

  seatsAfter(hash: Hash): SeatsAround | undefined {
    return this.#judged.get(bytesToHex(hash))?.seats;
  }

  /** Whom the state behind the last block of epoch e chose for e + 2; undefined for every other block. */
  elected(block: SideBlock): Seats | undefined {
    if (this.#elector === undefined || block.header.height % this.#epochBlocks !== 0) return undefined;
    return this.seatsAfter(block.hash)?.next;
  }

  /** A body with one transfer; two calls with the same salt give the same block content. */
  build(parentHash: Hash, salt: number, invalid: boolean): BlockContent | undefined {
    const parent = this.stateAfter(parentHash);
    if (parent === undefined) return undefined;
    const from = salt % ACCOUNTS;
    const to = (from + 1 + (Math.floor(salt / ACCOUNTS) % (ACCOUNTS - 1))) % ACCOUNTS;
    const amount = Math.min(Number(parent.balances[from] ?? 0n), salt % 11);
    const saltBytes = [salt & 0xff, (salt >> 8) & 0xff, (salt >> 16) & 0xff];
    const transaction = Uint8Array.of(invalid ? INVALID_MARK : 1, from, to, amount, ...saltBytes);
    return {
      batches: [encodeSideBatch([transaction])],
      transactionCount: 1,
      transactionRoot: fakeHash(ROOT_SEED, transaction),
      parentStateRoot: parent.root,
    };
  }

  #seatsAfter(block: SideBlock, parent: Judged, state: ToyState): SeatsAround {
    if (this.#elector === undefined || block.header.height % this.#epochBlocks !== 0) return parent.seats;
    const { present, next } = parent.seats;
    return { previous: present, present: next, next: elect(state.root, next, this.#elector) };
  }

  /** Executes a block whose parent was judged; a block on an unknown parent is invalid here. */
  judge(block: SideBlock): boolean {
    const key = bytesToHex(block.hash);
    const known = this.#judged.get(key);
    if (known !== undefined) return known.valid;
    const parent = this.#judged.get(bytesToHex(block.header.parentHash));
    if (parent === undefined || !parent.valid) return false;
    const after = applyTransfer(parent.state, block.batches[0] ?? new Uint8Array(0));
    const valid = after !== undefined && equalBytes(parent.state.root, block.header.parentStateRoot);
    const state = after ?? parent.state;
    this.#judged.set(key, { valid, state, seats: this.#seatsAfter(block, parent, state) });
    return valid;
  }
}
