// The main chain as the side chain's state knows it: a tree of headers from an anchor, and the best tip by the main chain's
// own rule, higher and work at least equal (federation.md section 4; spec/bytom.md sections 6 and 11). Verdicts on proof
// of work are arguments: Tensority is computed by workers, never here. When D or more headers leave the best chain,
// everything that was proven in them is unproven again and the pegs pause (P33).

import { type MainHeader, mainBlockHash } from "@bystack/protocol/main/block";
import { isRetargetParent, MEDIAN_WINDOW, medianTime, nextBits, nextSeed, workOfBits } from "@bystack/protocol/pow";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import type { SideTransactionErrorCode } from "../errors.ts";
import { MAIN_REORG_MAX, type PegRules } from "../rules.ts";
import type { HeaderRecord } from "./records.ts";
import type { PegState } from "./state.ts";

/**
 * Verdicts by header hash (hexadecimal): whether Tensority of (hash, seed) meets the target of its bits. `assumed`: the
 * block stands under a certificate, so somebody has checked. A hash that is missing is an error of the caller's.
 */
export type PowVerdicts = ReadonlyMap<string, boolean> | "assumed";

/** What a worker needs to compute one verdict. */
export type PowJob = { readonly hash: Hash; readonly seed: Hash; readonly bits: bigint };

const MAIN_VERSION = 1n;

/** The record of the anchor: it stands for the chain below it and proves nothing itself. */
export function anchorRecord(peg: PegRules): HeaderRecord {
  const anchor = peg.federation.mainAnchor;
  const times = anchor.timesSeconds;
  return {
    hash: anchor.hash,
    previousHash: new Uint8Array(32),
    height: BigInt(anchor.height),
    timestamp: BigInt(times[times.length - 1] ?? 0),
    bits: anchor.bits,
    transactionsRoot: new Uint8Array(32),
    statusRoot: new Uint8Array(32),
    totalWork: anchor.work,
    seed: anchor.seed,
    periodStart: BigInt(anchor.periodStartSeconds),
  };
}

/** Timestamps of the last blocks ending with `header`, at most as many as the median looks at. */
function lastTimes(state: PegState, peg: PegRules, header: HeaderRecord): bigint[] {
  const { mainAnchor } = peg.federation;
  const times: bigint[] = [];
  let at: HeaderRecord | undefined = header;
  while (at !== undefined && times.length < MEDIAN_WINDOW) {
    if (at.height === BigInt(mainAnchor.height)) {
      // The spec lists the anchor's own last times, oldest first.
      const older = mainAnchor.timesSeconds.slice(-(MEDIAN_WINDOW - times.length));
      return [...times, ...older.map(BigInt)];
    }
    times.push(at.timestamp);
    at = state.sections.headers.get(bytesToHex(at.previousHash));
  }
  return times;
}

/** The record of `header` as a child of `parent`. */
function childRecord(header: MainHeader, hash: Hash, context: { parent: HeaderRecord; peg: PegRules }): HeaderRecord {
  const { parent, peg } = context;
  const begins = parent.height === 0n || isRetargetParent(parent.height, peg.retarget);
  // Copies: the fields of a decoded header are views of the whole block's bytes, and a record is kept for thousands of blocks.
  return {
    hash,
    previousHash: header.previousHash.slice(),
    height: header.height,
    timestamp: header.timestamp,
    bits: header.bits,
    transactionsRoot: header.transactionsRoot.slice(),
    statusRoot: header.statusRoot.slice(),
    totalWork: parent.totalWork + workOfBits(header.bits),
    seed: nextSeed(parent, parent.seed),
    periodStart: begins ? parent.timestamp : parent.periodStart,
  };
}

function areFieldsValid(state: PegState, peg: PegRules, pair: { parent: HeaderRecord; header: MainHeader }): boolean {
  const { parent, header } = pair;
  if (header.version !== MAIN_VERSION || header.height !== parent.height + 1n) return false;
  if (header.bits !== nextBits(parent, parent.periodStart, peg.retarget)) return false;
  return header.timestamp > medianTime(lastTimes(state, peg, parent));
}

/**
 * The proof-of-work checks that a headers transaction needs, in order; headers that do not connect are left out, since
 * applying them fails before their proof of work matters. Ask the state that they will be applied to.
 */
export function powJobs(state: PegState, peg: PegRules, headers: readonly MainHeader[]): PowJob[] {
  const scratch = new Map<string, HeaderRecord>();
  const jobs: PowJob[] = [];
  for (const header of headers) {
    const previous = bytesToHex(header.previousHash);
    const parent = scratch.get(previous) ?? state.sections.headers.get(previous);
    if (parent === undefined) continue;
    const record = childRecord(header, mainBlockHash(header), { parent, peg });
    scratch.set(bytesToHex(record.hash), record);
    jobs.push({ hash: record.hash, seed: record.seed, bits: record.bits });
  }
  return jobs;
}

/** What a headers transaction did. */
export type HeadersEffect = {
  readonly added: readonly HeaderRecord[];
  /** Headers that left the best chain, tip first. */
  readonly removed: readonly HeaderRecord[];
  readonly pausedByReorg: boolean;
};

export type HeadersResult =
  | { readonly ok: true; readonly effect: HeadersEffect }
  | { readonly ok: false; readonly code: SideTransactionErrorCode };

/** Records headers (kind 1) and moves the best tip. The state is not usable after a failure. */
export function applyHeaders(
  state: PegState,
  peg: PegRules,
  input: { readonly headers: readonly MainHeader[]; readonly verdicts: PowVerdicts },
): HeadersResult {
  const oldTip = state.tip();
  const added: HeaderRecord[] = [];
  let tip = oldTip;
  for (const header of input.headers) {
    const hash = mainBlockHash(header);
    const key = bytesToHex(hash);
    if (state.sections.headers.has(key)) return { ok: false, code: "HEADER_KNOWN" };
    const parent = state.sections.headers.get(bytesToHex(header.previousHash));
    if (parent === undefined || parent.height + MAIN_REORG_MAX < tip.height)
      return { ok: false, code: "HEADER_PARENT" };
    if (!areFieldsValid(state, peg, { parent, header })) return { ok: false, code: "HEADER_FIELDS" };
    const verdict = input.verdicts === "assumed" ? true : input.verdicts.get(key);
    if (verdict === undefined) return { ok: false, code: "HEADER_POW_UNKNOWN" };
    if (!verdict) return { ok: false, code: "HEADER_POW" };
    const record = childRecord(header, hash, { parent, peg });
    state.sections.headers.set(key, record);
    added.push(record);
    if (record.height > tip.height && record.totalWork >= tip.totalWork) tip = record;
  }
  const removed = moveTip(state, oldTip, tip);
  const pausedByReorg = BigInt(removed.length) >= BigInt(peg.federation.confirmations.base);
  if (pausedByReorg) {
    state.control = { ...state.control, paused: { ...state.control.paused, reorg: true } };
    unprove(state);
  }
  return { ok: true, effect: { added, removed, pausedByReorg } };
}

/** Rewrites the best chain from the fork upwards. @returns the headers that left it, tip first. */
function moveTip(state: PegState, oldTip: HeaderRecord, newTip: HeaderRecord): HeaderRecord[] {
  if (equalBytes(oldTip.hash, newTip.hash)) return [];
  const { best, headers } = state.sections;
  const removed: HeaderRecord[] = [];
  // Down from the new tip until the two chains meet; the anchor is on both. The new tip is higher than the old one.
  for (let at: HeaderRecord | undefined = newTip; at !== undefined; at = headers.get(bytesToHex(at.previousHash))) {
    const height = at.height.toString();
    const key = bytesToHex(at.hash);
    if (best.get(height) === key) break;
    const left = state.headerAt(at.height);
    if (left !== undefined) removed.push(left);
    best.set(height, key);
  }
  state.control = { ...state.control, tip: newTip.hash };
  return removed;
}

/** Takes back every proof in a header that is not on the best chain any more. Rare, so it looks at all records. */
function unprove(state: PegState): void {
  for (const [, payout] of [...state.sections.payouts.map.entries()].sort(byKey)) {
    if (payout.proof === undefined || state.isBest(payout.proof)) continue;
    state.setPayout({ ...payout, proof: undefined });
    for (const input of payout.draft.inputs) {
      const coin = state.coin(input.id);
      if (coin?.spentBy === payout.draft.payout) state.setCoin({ ...coin, spentBy: undefined });
    }
    for (const id of payout.draft.requestIds) {
      const request = state.request(id);
      if (request?.completedBy === payout.draft.payout) state.setRequest({ ...request, completedBy: undefined });
    }
  }
  for (const [, coin] of [...state.sections.coins.map.entries()].sort(byKey)) {
    if (coin.provenIn !== undefined && !state.isBest(coin.provenIn)) state.setCoin({ ...coin, provenIn: undefined });
  }
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
