// The peg's part of a side chain's state (federation.md section 6): header tree, claims, vault coins, requests, payouts,
// assets with their counters, and the controls; in layers like the rest of the state. All writes go through the setters
// here, which keep the counters (`locked`, `pending`) and the small indexes in step with the records.

import { sha3_256Parts } from "@bystack/crypto/hash";
import { merkleRoot } from "@bystack/protocol/merkle";
import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bytesToHex, compareBytes, concatBytes, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { LayeredMap } from "../layered.ts";
import { createHashedMap, type HashedMap } from "../multiset.ts";
import type { RecordCodec } from "../record-codec.ts";
import {
  ASSET_CODEC,
  type AssetRecord,
  CLAIM_CODEC,
  type ClaimRecord,
  COIN_CODEC,
  type CoinRecord,
  HEADER_CODEC,
  type HeaderRecord,
  PAYOUT_CODEC,
  type PayoutRecord,
  REQUEST_CODEC,
  type RequestRecord,
} from "./records.ts";

/** What is stopped, and why. `reorg` and `deficit` are set by the ledger, `in` and `out` by members. */
export type PauseFlags = {
  readonly reorg: boolean;
  readonly deficit: boolean;
  readonly in: boolean;
  readonly out: boolean;
};

/** The small values that change with blocks. */
export type PegControl = {
  readonly tip: Hash;
  readonly nextPayout: bigint;
  readonly governanceSeq: bigint;
  readonly paused: PauseFlags;
  /** Payouts wait because the fee float is too small: an alarm for people. */
  readonly waitsForFloat: boolean;
};

type Sections = {
  readonly headers: HashedMap<HeaderRecord>;
  readonly claimed: HashedMap<ClaimRecord>;
  readonly coins: HashedMap<CoinRecord>;
  readonly requests: HashedMap<RequestRecord>;
  readonly payouts: HashedMap<PayoutRecord>;
  readonly assets: LayeredMap<AssetRecord>;
  /** Height of the main chain → hash of its best header there, both as text. Follows from headers and tip. */
  readonly best: LayeredMap<string>;
  /** Coins that are not spent, requests that are not completed, payouts without proof: keys only. */
  readonly unspent: LayeredMap<true>;
  readonly pending: LayeredMap<true>;
  readonly unproven: LayeredMap<true>;
};

function section<T>(name: string, codec: RecordCodec<T>): HashedMap<T> {
  const tag = utf8ToBytes(`bystack/peg/${name}/1`);
  return createHashedMap((key, record) => concatBytes(tag, utf8ToBytes(key), codec.encode(record)));
}

function emptySections(): Sections {
  return {
    headers: section("headers", HEADER_CODEC),
    claimed: section("claimed", CLAIM_CODEC),
    coins: section("coins", COIN_CODEC),
    requests: section("requests", REQUEST_CODEC),
    payouts: section("payouts", PAYOUT_CODEC),
    assets: new LayeredMap(),
    best: new LayeredMap(),
    unspent: new LayeredMap(),
    pending: new LayeredMap(),
    unproven: new LayeredMap(),
  };
}

function forkSections(sections: Sections): Sections {
  return {
    headers: sections.headers.fork(),
    claimed: sections.claimed.fork(),
    coins: sections.coins.fork(),
    requests: sections.requests.fork(),
    payouts: sections.payouts.fork(),
    assets: sections.assets.fork(),
    best: sections.best.fork(),
    unspent: sections.unspent.fork(),
    pending: sections.pending.fork(),
    unproven: sections.unproven.fork(),
  };
}

/** True when the coin counts as locked: its deposit or payout is proven, and nothing proven spends it. */
export function isLocked(coin: CoinRecord | undefined): boolean {
  return coin !== undefined && coin.provenIn !== undefined && coin.spentBy === undefined;
}

export class PegState {
  readonly sections: Sections;
  control: PegControl;
  /** Assets whose counters this layer has touched: what the supply check looks at. */
  readonly touched = new Set<string>();

  constructor(control: PegControl, sections: Sections = emptySections()) {
    this.sections = sections;
    this.control = control;
  }

  fork(): PegState {
    return new PegState(this.control, forkSections(this.sections));
  }

  /** Continues in a layer of its own within the same block: what this one touched counts as touched there. */
  continue(): PegState {
    const next = this.fork();
    for (const key of this.touched) next.touched.add(key);
    return next;
  }

  settle(): void {
    for (const part of Object.values(this.sections)) part.settle();
  }

  asset(assetId: Hash): AssetRecord | undefined {
    return this.sections.assets.get(bytesToHex(assetId));
  }

  setAsset(record: AssetRecord): void {
    const key = bytesToHex(record.assetId);
    this.touched.add(key);
    this.sections.assets.set(key, record);
  }

  /** Adds to counters of an asset that is known. */
  count(assetId: Hash, change: Partial<Record<"minted" | "burned" | "retired" | "locked" | "pending", bigint>>): void {
    const record = this.asset(assetId);
    if (record === undefined) throw new Error("invariant broken: a counter of an asset that is not known");
    this.setAsset({
      ...record,
      minted: record.minted + (change.minted ?? 0n),
      burned: record.burned + (change.burned ?? 0n),
      retired: record.retired + (change.retired ?? 0n),
      locked: record.locked + (change.locked ?? 0n),
      pending: record.pending + (change.pending ?? 0n),
    });
  }

  coin(id: Hash): CoinRecord | undefined {
    return this.sections.coins.get(bytesToHex(id));
  }

  setCoin(coin: CoinRecord): void {
    const key = bytesToHex(coin.id);
    const delta = (isLocked(coin) ? coin.amount : 0n) - (isLocked(this.sections.coins.get(key)) ? coin.amount : 0n);
    if (delta !== 0n) this.count(coin.assetId, { locked: delta });
    if (coin.spentBy === undefined) this.sections.unspent.set(key, true);
    else this.sections.unspent.delete(key);
    this.sections.coins.set(key, coin);
  }

  request(id: Hash): RequestRecord | undefined {
    return this.sections.requests.get(bytesToHex(id));
  }

  setRequest(request: RequestRecord): void {
    const key = bytesToHex(request.id);
    const before = this.sections.requests.get(key);
    const wasPending = before !== undefined && before.completedBy === undefined;
    const isPending = request.completedBy === undefined;
    if (wasPending !== isPending) {
      this.count(request.assetId, { pending: isPending ? request.amount : -request.amount });
    }
    if (isPending) this.sections.pending.set(key, true);
    else this.sections.pending.delete(key);
    this.sections.requests.set(key, request);
  }

  payout(number: bigint): PayoutRecord | undefined {
    return this.sections.payouts.get(number.toString());
  }

  setPayout(payout: PayoutRecord): void {
    const key = payout.draft.payout.toString();
    if (payout.proof === undefined) this.sections.unproven.set(key, true);
    else this.sections.unproven.delete(key);
    this.sections.payouts.set(key, payout);
  }

  /** The best header at a height of the main chain. */
  headerAt(height: bigint): HeaderRecord | undefined {
    const hash = this.sections.best.get(height.toString());
    return hash === undefined ? undefined : this.sections.headers.get(hash);
  }

  tip(): HeaderRecord {
    const tip = this.sections.headers.get(bytesToHex(this.control.tip));
    if (tip === undefined) throw new Error("invariant broken: the best header is not in the tree");
    return tip;
  }

  isBest(header: { readonly headerHash: Hash; readonly height: bigint }): boolean {
    return this.sections.best.get(header.height.toString()) === bytesToHex(header.headerHash);
  }

  /** Records of an index, in the order of their keys' text (payout numbers: by number). */
  unspentCoins(): CoinRecord[] {
    return this.#indexed(this.sections.unspent, this.sections.coins);
  }

  pendingRequests(): RequestRecord[] {
    return this.#indexed(this.sections.pending, this.sections.requests);
  }

  unprovenPayouts(): PayoutRecord[] {
    const payouts = this.#indexed(this.sections.unproven, this.sections.payouts);
    return payouts.sort((a, b) => (a.draft.payout < b.draft.payout ? -1 : 1));
  }

  #indexed<T>(index: LayeredMap<true>, records: HashedMap<T>): T[] {
    const keys = [...index.entries()].map(([key]) => key).sort();
    return keys.map((key) => records.get(key)).filter((record) => record !== undefined);
  }

  assetRecords(): AssetRecord[] {
    const records = [...this.sections.assets.entries()].map(([, record]) => record);
    return records.sort((a, b) => compareBytes(a.assetId, b.assetId));
  }

  /** Merkle root over named sections; counters stand in it in full, so that they can be proven. */
  root(): Hash {
    return merkleRoot(this.leaves().map((leaf) => leaf.item));
  }

  /** The leaves of {@link root}, in their order: `varstr name | content`. */
  leaves(): { readonly name: string; readonly item: Uint8Array }[] {
    const { headers, claimed, coins, requests, payouts } = this.sections;
    const sets = { headers, claimed, coins, requests, payouts };
    const leaves = [leaf("control", encodeControl(this.control))];
    for (const [name, set] of Object.entries(sets)) leaves.push(leaf(name, sha3_256Parts(set.digest().bytes())));
    for (const record of this.assetRecords()) {
      leaves.push(leaf(`asset/${bytesToHex(record.assetId)}`, ASSET_CODEC.encode(record)));
    }
    return leaves;
  }
}

function leaf(name: string, content: Uint8Array): { name: string; item: Uint8Array } {
  const writer = new ByteWriter(content.length + 80).varstr(utf8ToBytes(name));
  return { name, item: writer.raw(content).finish() };
}

const FLAGS = ["reorg", "deficit", "in", "out"] as const;

export function encodeControl(control: PegControl): Uint8Array {
  const flags = FLAGS.reduce((bits, flag, i) => bits | (control.paused[flag] ? 1 << i : 0), 0);
  const writer = new ByteWriter(64).raw(control.tip).varint63(control.nextPayout).varint63(control.governanceSeq);
  return writer
    .byte(flags)
    .byte(control.waitsForFloat ? 1 : 0)
    .finish();
}

export function decodeControl(bytes: Uint8Array): PegControl | undefined {
  const reader = new ByteReader(bytes);
  const tip = reader.hash();
  const nextPayout = reader.varint63();
  const governanceSeq = reader.varint63();
  const flags = reader.byte();
  const waitsForFloat = reader.byte() === 1;
  reader.finish();
  if (reader.error !== undefined) return undefined;
  const [reorg, deficit, pauseIn, pauseOut] = FLAGS.map((_, i) => (flags & (1 << i)) !== 0);
  const paused = {
    reorg: reorg === true,
    deficit: deficit === true,
    in: pauseIn === true,
    out: pauseOut === true,
  };
  return { tip, nextPayout, governanceSeq, paused, waitsForFloat };
}
