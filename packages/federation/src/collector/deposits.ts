// The collector's list of deposits: what was found on the main chain and what became of it. Bounded, kept in the store so
// that a restart need not scan again; losing it loses nothing, because a scan from the anchor finds the same deposits.

import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bucketKey, bucketRange, type KvStore } from "@bystack/storage/kv";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { DEPOSITS_MAX } from "../limits.ts";
import type { CreditedClaim } from "../ports.ts";

/** What keeps a deposit from ever being claimed as it is, found in its block. */
export type DepositFlaw = "first-transaction" | "gas-only" | "unreadable";

const FLAWS: readonly DepositFlaw[] = ["first-transaction", "gas-only", "unreadable"];

export type Deposit = {
  /** N: id of the main-chain output. */
  readonly nullifier: Hash;
  readonly transactionId: Hash;
  readonly transactionIndex: number;
  readonly position: number;
  readonly mainHeight: number;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
  /** Undefined when nobody can read whom it is for. */
  readonly recipient: Uint8Array | undefined;
  readonly flaw: DepositFlaw | undefined;
  readonly credited: boolean;
  /** The claim that credited it, where the side node could tell. */
  readonly claim: CreditedClaim | undefined;
};

const BUCKET = 2;

export function encodeDeposit(deposit: Deposit): Uint8Array {
  const writer = new ByteWriter(256).raw(deposit.nullifier).raw(deposit.transactionId);
  writer.varint31(deposit.transactionIndex).varint31(deposit.position).varint63(BigInt(deposit.mainHeight));
  writer.raw(deposit.assetId).varint63(deposit.amount).varstr(deposit.program);
  writer.varstr(deposit.recipient ?? new Uint8Array(0));
  writer.byte(deposit.flaw === undefined ? 0 : FLAWS.indexOf(deposit.flaw) + 1).byte(deposit.credited ? 1 : 0);
  if (deposit.claim === undefined) return writer.byte(0).finish();
  return writer.byte(1).raw(deposit.claim.transactionId).varint63(BigInt(deposit.claim.height)).finish();
}

/** Undefined for anything that was not written by {@link encodeDeposit}. */
export function decodeDeposit(bytes: Uint8Array): Deposit | undefined {
  const reader = new ByteReader(bytes);
  const nullifier = reader.hash();
  const transactionId = reader.hash();
  const transactionIndex = reader.varint31();
  const position = reader.varint31();
  const mainHeight = reader.varint53();
  const assetId = reader.hash();
  const amount = reader.varint63();
  const program = reader.varstr();
  const recipient = reader.varstr();
  const flawCode = reader.byte();
  const credited = reader.byte() === 1;
  const claim = reader.byte() === 1 ? { transactionId: reader.hash(), height: reader.varint53() } : undefined;
  reader.finish();
  if (reader.error !== undefined || flawCode > FLAWS.length) return undefined;
  return {
    nullifier,
    transactionId,
    transactionIndex,
    position,
    mainHeight,
    assetId,
    amount,
    program,
    recipient: recipient.length === 0 ? undefined : recipient,
    flaw: FLAWS[flawCode - 1],
    credited,
    claim,
  };
}

export class DepositList {
  readonly #store: KvStore;
  readonly #items = new Map<string, Deposit>();

  constructor(store: KvStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    for await (const { value } of this.#store.iterate(bucketRange(BUCKET))) {
      const deposit = decodeDeposit(value);
      if (deposit !== undefined) this.#items.set(bytesToHex(deposit.nullifier), deposit);
    }
  }

  get(nullifierHex: string): Deposit | undefined {
    return this.#items.get(nullifierHex);
  }

  all(): readonly Deposit[] {
    return [...this.#items.values()];
  }

  /** Newest main-chain height first. */
  newest(limit: number): Deposit[] {
    return this.all()
      .toSorted((a, b) => b.mainHeight - a.mainHeight)
      .slice(0, limit);
  }

  /** Adds or replaces; what was credited stays credited, wherever its block is now. */
  async put(deposit: Deposit): Promise<void> {
    const key = bytesToHex(deposit.nullifier);
    const before = this.#items.get(key);
    const credited = deposit.credited || before?.credited === true;
    const value = encodeDeposit({ ...deposit, credited, claim: deposit.claim ?? before?.claim });
    // Read back from its own bytes: the fields that came in are views of a whole main-chain block, which would stay with them.
    this.#items.set(key, decodeDeposit(value) ?? deposit);
    const dropped = this.#items.size > DEPOSITS_MAX ? this.#leastWanted() : undefined;
    if (dropped !== undefined) this.#items.delete(bytesToHex(dropped));
    await this.#store.batch({
      puts: [{ key: bucketKey(BUCKET, deposit.nullifier), value }],
      deletes: dropped === undefined ? [] : [bucketKey(BUCKET, dropped)],
    });
  }

  async remove(nullifier: Hash): Promise<void> {
    this.#items.delete(bytesToHex(nullifier));
    await this.#store.batch({ deletes: [bucketKey(BUCKET, nullifier)] });
  }

  #leastWanted(): Hash | undefined {
    let oldest: Deposit | undefined;
    for (const deposit of this.#items.values()) {
      const better = oldest === undefined || (deposit.credited && !oldest.credited);
      const sameSort = oldest !== undefined && deposit.credited === oldest.credited;
      if (better || (sameSort && deposit.mainHeight < (oldest?.mainHeight ?? 0))) oldest = deposit;
    }
    return oldest?.nullifier;
  }
}
