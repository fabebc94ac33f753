// Derives the payouts that a ledger state allows (federation.md section 5, steps 1 to 6). Not a proposal: a pure function
// of recorded state, so every member and every validator finds the same bytes or none (P30). At most one BTM draft and
// one asset draft a boundary; a merge draft takes the place of a payout that needs more inputs than fit.
//
// The conflict rule: a draft for requests that were drafted before spends a coin that kills each earlier draft (`conflicts`
// of a past draft), as long as such a coin exists; these coins are kept for it. So one reorganisation cannot pay twice.

import { bytesToHex, compareBytes, equalBytes, type Hash } from "@bystack/utils/bytes";
import { BTM_ASSET_ID } from "../entry.ts";
import {
  createDraft,
  type DraftContext,
  type DraftKind,
  PAYOUT_GAS_MAX,
  type PayoutDraft,
  type PayoutRequest,
  type VaultCoin,
} from "./draft.ts";
import { type VaultEpoch, type VaultKeys, vaultBtmInputsMax, vaultInputGas } from "./vault.ts";

/** Requests that one payout pays: keeps its size and the loss of one gas-only failure small. */
export const PAYOUT_REQUESTS_MAX = 50;
/** Payouts that are open at once: bounds the coins that are reserved and what members have to watch and resend. */
export const PAYOUT_OPEN_MAX = 16;
/** Assets in one payout: each takes inputs and a change output of its own. */
export const PAYOUT_ASSETS_MAX = 4;
/** Inputs of assets other than BTM in one payout: with four members they use half of a transaction's gas. */
export const PAYOUT_ASSET_INPUTS_MAX = 20;
/** Small coins swept along with a payout. */
const SWEEP_COINS = 2;

/** An earlier draft of pending requests that is failed or dead: spending any of `conflicts` keeps it from paying. */
export type PastDraft = { readonly failed: boolean; readonly conflicts: readonly Hash[] };

/** Requests that are paid together or not: one burn, or all that an earlier draft left behind. In paying order. */
export type PayoutUnit = { readonly requests: readonly PayoutRequest[]; readonly past: readonly PastDraft[] };

export type PayoutView = {
  readonly chainId: Hash;
  /** Number of the next payout. */
  readonly nextPayout: bigint;
  readonly openPayouts: number;
  /** BTM that may be used for fees. */
  readonly floatNeu: bigint;
  /** Open vault epochs, ascending; change goes to the last. */
  readonly epochs: readonly VaultEpoch[];
  /** Proven coins that are unspent and in no open draft; in any order. */
  readonly coins: readonly VaultCoin[];
  /** Units whose release height is reached, groups first, then by (release, burn height, transaction, output). */
  readonly units: readonly PayoutUnit[];
  /** Coins kept for requests that cannot be drafted now (paused, backing off). */
  readonly keptCoins: readonly Hash[];
};

/** What one boundary gives, and whether a payout waits for the fee float (an alarm, not an error). */
export type PayoutDerivation = { readonly drafts: readonly PayoutDraft[]; readonly waitsForFloat: boolean };

function isBtm(assetId: Hash): boolean {
  return equalBytes(assetId, BTM_ASSET_ID);
}

function key(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}

/** Largest amount first, then by output id. */
function compareCoins(a: VaultCoin, b: VaultCoin): number {
  return a.amount === b.amount ? compareBytes(a.id, b.id) : a.amount > b.amount ? -1 : 1;
}

/** The coins that a draft of one slot may use. */
class Purse {
  readonly #byAsset = new Map<string, VaultCoin[]>();
  readonly #kept: ReadonlySet<string>;
  readonly #isUsable: (coin: VaultCoin) => boolean;

  constructor(options: {
    coins: readonly VaultCoin[];
    kept: ReadonlySet<string>;
    isUsable: (coin: VaultCoin) => boolean;
  }) {
    this.#kept = options.kept;
    this.#isUsable = options.isUsable;
    for (const coin of [...options.coins].sort(compareCoins)) {
      const list = this.#byAsset.get(key(coin.assetId));
      if (list === undefined) this.#byAsset.set(key(coin.assetId), [coin]);
      else list.push(coin);
    }
  }

  /** Coins of an asset, largest first, that nobody else has a right to. `own`: coins kept for this very draft. */
  free(assetId: Hash, own: ReadonlySet<string>): VaultCoin[] {
    const coins = this.#byAsset.get(key(assetId)) ?? [];
    return coins.filter((coin) => {
      const id = key(coin.id);
      return this.#isUsable(coin) && (!this.#kept.has(id) || own.has(id));
    });
  }

  find(ids: readonly Hash[]): VaultCoin[] {
    const wanted = new Set(ids.map(key));
    return [...this.#byAsset.values()].flat().filter((coin) => wanted.has(key(coin.id)) && this.#isUsable(coin));
  }
}

type Attempt =
  | {
      readonly kind: "draft";
      readonly draft: PayoutDraft;
      readonly inputs: readonly VaultCoin[];
      readonly inputsMax: number;
    }
  /** Coverable, but only with more inputs than fit: merge this asset first. */
  | { readonly kind: "merge"; readonly assetId: Hash }
  | { readonly kind: "float" }
  | { readonly kind: "uncovered" };

type Slot = {
  readonly view: PayoutView;
  readonly context: DraftContext;
  readonly purse: Purse;
  readonly kind: DraftKind;
  readonly payout: bigint;
  readonly floatNeu: bigint;
  /** Keys of the epoch whose coins this slot spends. */
  readonly keyCount: number;
};

function assetInputsMax(slot: Slot): number {
  // 15 % of the gas stays for bytes and margin; only federations of 8 and more are below 20 by this.
  const byGas = Math.floor((PAYOUT_GAS_MAX * 0.85) / vaultInputGas(slot.keyCount)) - 1;
  return Math.min(PAYOUT_ASSET_INPUTS_MAX, byGas);
}

/** One coin for each earlier draft, so that only one of them and this one can ever be mined whole. */
function conflictCoins(slot: Slot, units: readonly PayoutUnit[]): VaultCoin[] {
  const chosen: VaultCoin[] = [];
  for (const past of units.flatMap((unit) => unit.past)) {
    const candidates = slot.purse.find(past.conflicts);
    if (candidates.some((coin) => chosen.includes(coin))) continue;
    const coin = candidates.find((candidate) => !isBtm(candidate.assetId)) ?? candidates[0];
    if (coin !== undefined) chosen.push(coin);
  }
  return chosen;
}

function totalOf(coins: readonly VaultCoin[], assetId: Hash): bigint {
  return coins.reduce((sum, coin) => (equalBytes(coin.assetId, assetId) ? sum + coin.amount : sum), 0n);
}

/** Adds the largest free coins of an asset until `needed` is covered; false when all together do not. */
function cover(chosen: VaultCoin[], free: readonly VaultCoin[], target: { assetId: Hash; needed: bigint }): boolean {
  let sum = totalOf(chosen, target.assetId);
  for (const coin of free) {
    if (sum >= target.needed) return true;
    if (chosen.includes(coin)) continue;
    chosen.push(coin);
    sum += coin.amount;
  }
  return sum >= target.needed;
}

function neededByAsset(requests: readonly PayoutRequest[]): { assetId: Hash; needed: bigint }[] {
  const totals = new Map<string, { assetId: Hash; needed: bigint }>();
  for (const { assetId, amount } of requests) {
    totals.set(key(assetId), { assetId, needed: (totals.get(key(assetId))?.needed ?? 0n) + amount });
  }
  return [...totals.values()].sort((a, b) => compareBytes(a.assetId, b.assetId));
}

/** Coins that stand between earlier drafts of these units and a second payment: only their re-draft may take them. */
function ownCoins(units: readonly PayoutUnit[]): Set<string> {
  return new Set(units.flatMap((unit) => unit.past.flatMap((past) => past.conflicts.map(key))));
}

function draftOf(
  slot: Slot,
  units: readonly PayoutUnit[],
  inputs: readonly VaultCoin[],
): PayoutDraft | "short" | "gas" {
  const failures = Math.max(0, ...units.map((unit) => unit.past.filter((past) => past.failed).length));
  const btmInputs = inputs.filter((coin) => isBtm(coin.assetId));
  const freeBtmCoins = slot.purse.free(BTM_ASSET_ID, new Set()).filter((coin) => !btmInputs.includes(coin)).length;
  const requests = units.flatMap((unit) => unit.requests);
  return createDraft({ payout: slot.payout, kind: slot.kind, inputs, requests, failures, freeBtmCoins }, slot.context);
}

/** Sweeps up to two of the smallest coins of each asset along, when inputs, gas and float allow (step 4). */
function sweep(slot: Slot, units: readonly PayoutUnit[], attempt: Attempt & { readonly kind: "draft" }): PayoutDraft {
  const own = ownCoins(units);
  let { inputs, draft } = attempt;
  for (const { assetId } of neededByAsset(units.flatMap((unit) => unit.requests))) {
    for (const coin of slot.purse.free(assetId, own).reverse().slice(0, SWEEP_COINS)) {
      const counted = inputs.filter((input) => slot.kind === "btm" || !isBtm(input.assetId)).length;
      if (inputs.includes(coin) || counted >= attempt.inputsMax) continue;
      // The fee coin stays last.
      const wider = slot.kind === "btm" ? [...inputs, coin] : inputs.toSpliced(counted, 0, coin);
      const swept = draftOf(slot, units, wider);
      if (typeof swept === "string" || swept.feeNeu > slot.floatNeu) continue;
      inputs = wider;
      draft = swept;
    }
  }
  return draft;
}

function finish(slot: Slot, units: readonly PayoutUnit[], inputs: readonly VaultCoin[], inputsMax: number): Attempt {
  const draft = draftOf(slot, units, inputs);
  if (draft === "gas") return { kind: "merge", assetId: inputs[0]?.assetId ?? BTM_ASSET_ID };
  if (draft === "short") return { kind: "uncovered" };
  if (draft.feeNeu > slot.floatNeu) return { kind: "float" };
  return { kind: "draft", draft, inputs, inputsMax };
}

function attemptBtm(slot: Slot, units: readonly PayoutUnit[]): Attempt {
  const inputs = conflictCoins(slot, units);
  // The gas credit is a hard limit (F4): a coin that had to be kept counts like any other.
  const inputsMax = vaultBtmInputsMax(slot.keyCount);
  const free = slot.purse.free(BTM_ASSET_ID, ownCoins(units));
  const needed = units.flatMap((unit) => unit.requests).reduce((sum, request) => sum + request.amount, 0n);
  if (!cover(inputs, free, { assetId: BTM_ASSET_ID, needed })) return { kind: "uncovered" };
  for (;;) {
    if (inputs.length > inputsMax) return { kind: "merge", assetId: BTM_ASSET_ID };
    const attempt = finish(slot, units, inputs, inputsMax);
    if (attempt.kind !== "uncovered") return attempt;
    const next = free.find((coin) => !inputs.includes(coin));
    if (next === undefined) return attempt;
    inputs.push(next);
  }
}

function attemptAsset(slot: Slot, units: readonly PayoutUnit[]): Attempt {
  const own = ownCoins(units);
  const forced = conflictCoins(slot, units);
  const inputs = forced.filter((coin) => !isBtm(coin.assetId));
  // One extra input is allowed where a coin had to be kept.
  const inputsMax = assetInputsMax(slot) + (inputs.length > 0 ? 1 : 0);
  for (const target of neededByAsset(units.flatMap((unit) => unit.requests))) {
    if (!cover(inputs, slot.purse.free(target.assetId, own), target)) return { kind: "uncovered" };
    if (inputs.length > inputsMax) return { kind: "merge", assetId: target.assetId };
  }
  const kept = forced.filter((coin) => isBtm(coin.assetId));
  const [largest] = slot.purse.free(BTM_ASSET_ID, own).filter((coin) => !kept.includes(coin));
  const fees = kept.length > 0 ? [kept] : [];
  if (largest !== undefined) fees.push([...kept, largest]);
  for (const fee of fees) {
    const attempt = finish(slot, units, [...inputs, ...fee], inputsMax);
    if (attempt.kind !== "uncovered") return attempt;
  }
  // No single free coin covers the fee: BTM has to be merged first.
  return { kind: "merge", assetId: BTM_ASSET_ID };
}

/** Joins the largest coins of an asset to one; undefined when there are not two, or no coin or float for the fee. */
function mergeDraft(slot: Slot, assetId: Hash): PayoutDraft | undefined {
  const none = new Set<string>();
  const coins = slot.purse.free(assetId, none);
  const isBtmMerge = isBtm(assetId);
  const inputs = coins.slice(0, isBtmMerge ? vaultBtmInputsMax(slot.keyCount) : assetInputsMax(slot));
  if (inputs.length < 2) return undefined;
  if (!isBtmMerge) {
    const [fee] = slot.purse.free(BTM_ASSET_ID, none);
    if (fee === undefined) return undefined;
    inputs.push(fee);
  }
  const draft = draftOf({ ...slot, kind: isBtmMerge ? "btm" : "asset" }, [], inputs);
  return typeof draft === "string" || draft.feeNeu > slot.floatNeu ? undefined : draft;
}

type SlotResult = { readonly draft?: PayoutDraft; readonly merge?: Hash; readonly waitsForFloat: boolean };

/** Fills one slot: as many units, in their order, as one draft can pay. A unit that cannot be paid blocks its assets. */
function fillSlot(slot: Slot, units: readonly PayoutUnit[]): SlotResult {
  const blocked = new Set<string>();
  const chosen: PayoutUnit[] = [];
  let last: (Attempt & { readonly kind: "draft" }) | undefined;
  let merge: Hash | undefined;
  let waitsForFloat = false;
  let requests = 0;
  for (const unit of units) {
    const assets = unit.requests.map((request) => key(request.assetId));
    // A re-draft is never blocked: the unit before it may be waiting for the very coins that are kept for this one.
    const isRedraft = unit.past.length > 0;
    const isBlocked = !isRedraft && assets.some((asset) => blocked.has(asset));
    const tooMany = requests + unit.requests.length > PAYOUT_REQUESTS_MAX;
    const kinds = new Set([...chosen, unit].flatMap((entry) => entry.requests.map((request) => key(request.assetId))));
    if (kinds.size > PAYOUT_ASSETS_MAX) continue;
    const attempt: Attempt = isBlocked || tooMany ? { kind: "uncovered" } : tryUnits(slot, [...chosen, unit]);
    if (attempt.kind === "draft") {
      last = attempt;
      chosen.push(unit);
      requests += unit.requests.length;
      if (requests === PAYOUT_REQUESTS_MAX) break;
      continue;
    }
    for (const asset of assets) blocked.add(asset);
    if (attempt.kind === "merge") merge ??= attempt.assetId;
    if (attempt.kind === "float") waitsForFloat = true;
  }
  return {
    ...(last === undefined ? {} : { draft: sweep(slot, chosen, last) }),
    ...(merge === undefined ? {} : { merge }),
    waitsForFloat,
  };
}

function tryUnits(slot: Slot, units: readonly PayoutUnit[]): Attempt {
  return slot.kind === "btm" ? attemptBtm(slot, units) : attemptAsset(slot, units);
}

function isBtmUnit(unit: PayoutUnit): boolean {
  return unit.requests.every((request) => isBtm(request.assetId));
}

/** Derives the drafts of one boundary. Deterministic in the view, whatever order its coins come in. */
export function derivePayout(view: PayoutView): PayoutDerivation {
  const newest = view.epochs[view.epochs.length - 1];
  if (newest === undefined) return { drafts: [], waitsForFloat: false };
  const keysOf = new Map(view.epochs.map((epoch) => [epoch.epoch, epoch.keys]));
  const vaultKeys = (epoch: number): VaultKeys => keysOf.get(epoch) ?? newest.keys;
  const context = { chainId: view.chainId, vaultKeys, newest };
  const kept = new Set([...ownCoins(view.units), ...view.keptCoins.map(key)]);
  const drafts: PayoutDraft[] = [];
  const used = new Set<string>();
  let floatNeu = view.floatNeu;
  let waitsForFloat = false;
  let btmMerged = false;
  for (const kind of ["btm", "asset"] as const) {
    const units = view.units.filter((unit) => isBtmUnit(unit) === (kind === "btm"));
    // Oldest epoch first: its coins drain before newer ones are touched.
    for (const epoch of view.epochs) {
      if (view.openPayouts + drafts.length >= PAYOUT_OPEN_MAX) break;
      const isUsable = (coin: VaultCoin): boolean =>
        !used.has(key(coin.id)) &&
        (coin.epoch === epoch.epoch || (kind === "asset" && isBtm(coin.assetId) && coin.epoch === newest.epoch));
      const purse = new Purse({ coins: view.coins, kept, isUsable });
      const payout = view.nextPayout + BigInt(drafts.length);
      const keyCount = epoch.keys.publicKeys.length;
      const slot: Slot = { view, context, purse, kind, payout, floatNeu, keyCount };
      const result = fillSlot(slot, units);
      if (result.waitsForFloat) waitsForFloat = true;
      const mayMerge = result.merge !== undefined && !(btmMerged && isBtm(result.merge));
      const merged =
        result.draft === undefined && mayMerge ? mergeDraft(slot, result.merge ?? BTM_ASSET_ID) : undefined;
      const draft = result.draft ?? merged;
      if (draft === undefined) continue;
      if (merged?.kind === "btm") btmMerged = true;
      drafts.push(draft);
      for (const coin of draft.inputs) used.add(key(coin.id));
      floatNeu -= draft.feeNeu;
      break;
    }
  }
  return { drafts, waitsForFloat };
}
