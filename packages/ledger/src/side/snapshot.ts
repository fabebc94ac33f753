// A whole state as a stream of entries and back (promises.md P19): outputs and the peg's records, small values first. The
// importer believes nothing: it computes the root again, and the caller compares it with a certified header's.

import { ByteReader, ByteWriter } from "@bystack/protocol/wire";
import { bytesToHex, tryBytesToUtf8, tryHexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { decodeFeeState, encodeFeeState, type FeeState } from "./fees.ts";
import type { MapBase } from "./layered.ts";
import type { HashedMap } from "./multiset.ts";
import { ASSET_CODEC, CLAIM_CODEC, COIN_CODEC, HEADER_CODEC, PAYOUT_CODEC, REQUEST_CODEC } from "./peg/records.ts";
import { decodeControl, encodeControl, type PegControl, PegState } from "./peg/state.ts";
import type { RecordCodec } from "./record-codec.ts";
import type { SideRules } from "./rules.ts";
import { SideState, type StatePosition } from "./state.ts";
import { createUtxoSet, decodeUtxo, encodeUtxo, type UtxoBase, type UtxoSet } from "./utxo.ts";
import {
  BARRED_CODEC,
  CANDIDATE_CODEC,
  COMMITTEE_CODEC,
  type EpochCommittee,
  MISSED_CODEC,
  POSITION_CODEC,
} from "./votes/records.ts";
import { KNOWN_COMMITTEES, VotesState } from "./votes/state.ts";

/** What an entry is. */
export const SNAPSHOT_ENTRY = {
  position: 0,
  fees: 1,
  control: 2,
  asset: 3,
  header: 4,
  claim: 5,
  coin: 6,
  request: 7,
  payout: 8,
  utxo: 9,
  committee: 10,
  missed: 11,
  candidate: 12,
  barred: 13,
  voters: 14,
  votePosition: 15,
} as const;

/** No entry is longer: a payout with 50 requests and 21 inputs is below 10 kB, a program of an output below 200 kB. */
export const SNAPSHOT_ENTRY_BYTES_MAX = 400_000;

export type SnapshotEntry = { readonly type: number; readonly key: Uint8Array; readonly value: Uint8Array };

const NO_KEY = new Uint8Array(0);

function* recordsOf<T>(type: number, map: HashedMap<T>, codec: RecordCodec<T>): Generator<SnapshotEntry> {
  for (const [key, record] of map.map.entries()) yield { type, key: utf8ToBytes(key), value: codec.encode(record) };
}

function* exportVotes(votes: VotesState): Generator<SnapshotEntry> {
  for (const committee of votes.control.committees) {
    yield { type: SNAPSHOT_ENTRY.committee, key: NO_KEY, value: COMMITTEE_CODEC.encode(committee) };
  }
  yield { type: SNAPSHOT_ENTRY.missed, key: NO_KEY, value: MISSED_CODEC.encode(votes.control.missed) };
  const voters = new ByteWriter(10).varint63(votes.control.votersNeu).finish();
  yield { type: SNAPSHOT_ENTRY.voters, key: NO_KEY, value: voters };
  yield* recordsOf(SNAPSHOT_ENTRY.votePosition, votes.positions, POSITION_CODEC);
  for (const record of votes.candidateRecords()) {
    yield {
      type: SNAPSHOT_ENTRY.candidate,
      key: utf8ToBytes(bytesToHex(record.key)),
      value: CANDIDATE_CODEC.encode(record),
    };
  }
  for (const record of votes.barredRecords()) {
    yield {
      type: SNAPSHOT_ENTRY.barred,
      key: utf8ToBytes(bytesToHex(record.voteKey)),
      value: BARRED_CODEC.encode(record),
    };
  }
}

/** All entries of a state; outputs come last. The state must not change meanwhile. */
export function* exportState(state: SideState): Generator<SnapshotEntry> {
  const { position, peg } = state;
  const place = new ByteWriter(32).varint63(BigInt(position.height)).varint63(BigInt(position.epoch));
  const value = place.varint63(BigInt(position.timestampMs)).finish();
  yield { type: SNAPSHOT_ENTRY.position, key: NO_KEY, value };
  yield { type: SNAPSHOT_ENTRY.fees, key: NO_KEY, value: encodeFeeState(state.fees) };
  if (peg !== undefined) {
    yield { type: SNAPSHOT_ENTRY.control, key: NO_KEY, value: encodeControl(peg.control) };
    for (const asset of peg.assetRecords()) {
      yield { type: SNAPSHOT_ENTRY.asset, key: asset.assetId, value: ASSET_CODEC.encode(asset) };
    }
    const { headers, claimed, coins, requests, payouts } = peg.sections;
    yield* recordsOf(SNAPSHOT_ENTRY.header, headers, HEADER_CODEC);
    yield* recordsOf(SNAPSHOT_ENTRY.claim, claimed, CLAIM_CODEC);
    yield* recordsOf(SNAPSHOT_ENTRY.coin, coins, COIN_CODEC);
    yield* recordsOf(SNAPSHOT_ENTRY.request, requests, REQUEST_CODEC);
    yield* recordsOf(SNAPSHOT_ENTRY.payout, payouts, PAYOUT_CODEC);
  }
  if (state.votes !== undefined) yield* exportVotes(state.votes);
  for (const [key, utxo] of state.utxos.map.entries()) {
    yield { type: SNAPSHOT_ENTRY.utxo, key: utf8ToBytes(key), value: encodeUtxo(utxo) };
  }
}

export type ImportError = "SNAPSHOT_ENTRY" | "SNAPSHOT_INCOMPLETE";
export type ImportResult =
  | { readonly ok: true; readonly state: SideState }
  | { readonly ok: false; readonly code: ImportError };

type Parts = {
  position?: StatePosition;
  fees?: FeeState;
  control?: PegControl;
  committees: EpochCommittee[];
  missed?: readonly number[];
  votersNeu?: bigint;
};

function decodePosition(bytes: Uint8Array): StatePosition | undefined {
  const reader = new ByteReader(bytes);
  const position = { height: reader.varint53(), epoch: reader.varint53(), timestampMs: reader.varint53() };
  reader.finish();
  return reader.error === undefined ? position : undefined;
}

/** Puts one record where it belongs; false when its bytes are not a record. */
function put<T>(
  target: MapBase<T> | { set(key: string, value: T): void },
  key: string,
  record: T | undefined,
): boolean {
  if (record === undefined) return false;
  target.set(key, record);
  return true;
}

/** Derived values that no entry carries: the best chain and the small indexes. False when the tip is missing. */
function deriveIndexes(peg: PegState): boolean {
  const { headers, best, coins, unspent, requests, pending, payouts, unproven } = peg.sections;
  let at = headers.get(bytesToHex(peg.control.tip));
  if (at === undefined) return false;
  for (; at !== undefined; at = headers.get(bytesToHex(at.previousHash))) {
    best.set(at.height.toString(), bytesToHex(at.hash));
  }
  for (const [key, coin] of coins.map.entries()) if (coin.spentBy === undefined) unspent.set(key, true);
  for (const [key, request] of requests.map.entries()) if (request.completedBy === undefined) pending.set(key, true);
  for (const [key, payout] of payouts.map.entries()) if (payout.proof === undefined) unproven.set(key, true);
  return true;
}

type Target = { parts: Parts; utxos: UtxoSet; peg: PegState; votes: VotesState | undefined };

/** Puts a record of elections where it belongs; false when the entry is none. */
function importVotes(
  { type, value }: SnapshotEntry,
  key: string,
  { parts, votes }: { parts: Parts; votes: VotesState },
): boolean {
  switch (type) {
    case SNAPSHOT_ENTRY.committee: {
      const committee = COMMITTEE_CODEC.decode(value);
      if (committee !== undefined) parts.committees.push(committee);
      return committee !== undefined && parts.committees.length <= KNOWN_COMMITTEES;
    }
    case SNAPSHOT_ENTRY.missed: {
      const missed = MISSED_CODEC.decode(value);
      if (missed !== undefined) parts.missed = missed;
      return missed !== undefined;
    }
    case SNAPSHOT_ENTRY.voters: {
      const reader = new ByteReader(value);
      parts.votersNeu = reader.varint63();
      reader.finish();
      return reader.error === undefined;
    }
    case SNAPSHOT_ENTRY.votePosition:
      // The digest takes the key for the id of an output.
      return tryHexToBytes(key)?.length === 32 && put(votes.positions, key, POSITION_CODEC.decode(value));
    case SNAPSHOT_ENTRY.candidate: {
      const record = CANDIDATE_CODEC.decode(value);
      return record !== undefined && bytesToHex(record.key) === key && put(votes.candidates, key, record);
    }
    case SNAPSHOT_ENTRY.barred: {
      const record = BARRED_CODEC.decode(value);
      return record !== undefined && bytesToHex(record.voteKey) === key && put(votes.barred, key, record);
    }
    default:
      return false;
  }
}

function importEntry(entry: SnapshotEntry, target: Target): boolean {
  const { type, value } = entry;
  const { parts, utxos, peg } = target;
  // Asset entries have binary keys; all others are text.
  const key = type === SNAPSHOT_ENTRY.asset ? bytesToHex(entry.key) : (tryBytesToUtf8(entry.key) ?? "");
  switch (type) {
    case SNAPSHOT_ENTRY.position: {
      const position = decodePosition(value);
      if (position !== undefined) parts.position = position;
      return position !== undefined;
    }
    case SNAPSHOT_ENTRY.fees: {
      const fees = decodeFeeState(value);
      if (fees !== undefined) parts.fees = fees;
      return fees !== undefined;
    }
    case SNAPSHOT_ENTRY.control: {
      const control = decodeControl(value);
      if (control !== undefined) parts.control = control;
      return control !== undefined;
    }
    case SNAPSHOT_ENTRY.asset:
      return put(peg.sections.assets, key, ASSET_CODEC.decode(value));
    case SNAPSHOT_ENTRY.header:
      return put(peg.sections.headers, key, HEADER_CODEC.decode(value));
    case SNAPSHOT_ENTRY.claim:
      return put(peg.sections.claimed, key, CLAIM_CODEC.decode(value));
    case SNAPSHOT_ENTRY.coin:
      return put(peg.sections.coins, key, COIN_CODEC.decode(value));
    case SNAPSHOT_ENTRY.request:
      return put(peg.sections.requests, key, REQUEST_CODEC.decode(value));
    case SNAPSHOT_ENTRY.payout:
      return put(peg.sections.payouts, key, PAYOUT_CODEC.decode(value));
    case SNAPSHOT_ENTRY.utxo:
      return put(utxos, key, decodeUtxo(value));
    default:
      return target.votes !== undefined && importVotes(entry, key, { parts, votes: target.votes });
  }
}

/** Puts the small values in their place; false when there are not as many as a state has. */
function completeVotes(votes: VotesState, { committees, missed, votersNeu }: Parts): boolean {
  if (committees.length !== KNOWN_COMMITTEES || missed === undefined || votersNeu === undefined) return false;
  votes.control = { committees, missed, votersNeu };
  votes.settle();
  return true;
}

/** Takes a state in, entry by entry. Compare the root of what comes out with a certified one before using it. */
export type StateImporter = {
  /** False when the entry is none: the import has failed. */
  add(entry: SnapshotEntry): boolean;
  /**
   * Moves the outputs so far to where final ones live and their hashes into the digest, 28 us each. Called between the
   * chunks of a long import it bounds memory, and how long one call keeps the thread.
   */
  settleOutputs(): void;
  finish(): ImportResult;
};

export function createStateImporter(rules: SideRules, utxoBase?: UtxoBase): StateImporter {
  const utxos = createUtxoSet(utxoBase);
  const paused = { reorg: false, deficit: false, in: false, out: false };
  const none = { tip: new Uint8Array(32), nextPayout: 0n, governanceSeq: 0n, paused, waitsForFloat: false };
  const votes =
    rules.spec.votes === undefined ? undefined : new VotesState({ committees: [], missed: [], votersNeu: 0n });
  const target: Target = { parts: { committees: [] }, utxos, peg: new PegState(none), votes };
  let failed = false;
  return {
    add: (entry) => {
      if (entry.value.length > SNAPSHOT_ENTRY_BYTES_MAX || !importEntry(entry, target)) failed = true;
      return !failed;
    },
    settleOutputs: () => utxos.settle(),
    finish: () => (failed ? { ok: false, code: "SNAPSHOT_ENTRY" } : complete(rules, target)),
  };
}

/** Puts a whole state together from what was taken in. */
function complete(rules: SideRules, { parts, peg, utxos, votes }: Target): ImportResult {
  const { position, fees } = parts;
  if (position === undefined || fees === undefined) return { ok: false, code: "SNAPSHOT_INCOMPLETE" };
  if (rules.peg !== undefined) {
    if (parts.control === undefined) return { ok: false, code: "SNAPSHOT_INCOMPLETE" };
    peg.control = parts.control;
    if (!deriveIndexes(peg)) return { ok: false, code: "SNAPSHOT_INCOMPLETE" };
    peg.settle();
  }
  if (votes !== undefined && !completeVotes(votes, parts)) return { ok: false, code: "SNAPSHOT_INCOMPLETE" };
  utxos.settle();
  return { ok: true, state: new SideState({ rules, position, utxos, peg: rules.peg && peg, fees, votes }) };
}

/** Rebuilds a state from all of its entries at once. */
export function importState(rules: SideRules, entries: Iterable<SnapshotEntry>, utxoBase?: UtxoBase): ImportResult {
  const importer = createStateImporter(rules, utxoBase);
  for (const entry of entries) if (!importer.add(entry)) break;
  return importer.finish();
}
