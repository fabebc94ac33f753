// A payout draft: the one main-chain transaction that a ledger state allows for some requests, and everything that
// follows from it: fee, ids, signature hashes, change coins, and the signed transaction (federation.md section 5, steps
// 5 and 6). Every member computes the same bytes; no id covers a witness, so any k signers give the same txid (F7).

import { bytesToHex, compareBytes, equalBytes, type Hash } from "@bystack/utils/bytes";
import { BTM_ASSET_ID } from "../entry.ts";
import { mainOutputId, mainSignatureHash, mapMainTransaction } from "../main/entries.ts";
import {
  createMainTransaction,
  encodeMainTransaction,
  type MainOutput,
  type MainTransaction,
  type MainTransactionData,
} from "../main/transaction.ts";
import { ByteWriter } from "../wire.ts";
import {
  assembleVaultWitness,
  payoutCommitment,
  placeholderWitness,
  type VaultEpoch,
  type VaultKeys,
  type VaultSignature,
  vaultInputGas,
  vaultProgram,
} from "./vault.ts";

/** An output of the main chain that the vault can spend. */
export type VaultCoin = {
  readonly id: Hash;
  readonly muxId: Hash;
  readonly position: bigint;
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly epoch: number;
  /** c of its script. */
  readonly commitment: Hash;
};

/** A burn that waits for its payout. */
export type PayoutRequest = {
  readonly id: Hash;
  readonly assetId: Hash;
  readonly amount: bigint;
  /** Payee on the main chain. */
  readonly program: Uint8Array;
};

/** `btm`: BTM only, never gas-only. `asset`: other assets and one BTM input for the fee. */
export type DraftKind = "btm" | "asset";

/** What a draft is made from, before its fee is known. */
export type DraftPlan = {
  readonly payout: bigint;
  readonly kind: DraftKind;
  /** In the order of the transaction. */
  readonly inputs: readonly VaultCoin[];
  /** In the order of the transaction; empty for a merge. */
  readonly requests: readonly PayoutRequest[];
  /** Payouts that failed gas-only before, among the requests' earlier drafts: raises the margin. */
  readonly failures: number;
  /** How many free BTM coins are left beside this draft's inputs. */
  readonly freeBtmCoins: number;
};

export type PayoutDraft = {
  readonly payout: bigint;
  readonly kind: DraftKind;
  readonly inputs: readonly VaultCoin[];
  readonly requestIds: readonly Hash[];
  readonly feeNeu: bigint;
  /** Unsigned: every input without arguments. */
  readonly transaction: MainTransactionData;
  readonly transactionId: Hash;
  /** The coins that its change becomes once it is proven. */
  readonly changes: readonly VaultCoin[];
};

export type DraftContext = {
  readonly chainId: Hash;
  readonly vaultKeys: (epoch: number) => VaultKeys;
  /** Where change goes. */
  readonly newest: VaultEpoch;
};

const GAS_PRICE_NEU = 200n;
/** Gas of one main-chain transaction. */
export const PAYOUT_GAS_MAX = 200_000;
/** Above what a payout is computed to use: the VM needs its peak (F5), and room for inflated witnesses (F2). */
export const PAYOUT_MARGIN_GAS = 2_000;
/** From this many failures on a payout gets all the gas there is. */
export const PAYOUT_FULL_GAS_FAILURES = 3;
/** Least BTM change: 0.01 BTM. */
export const PAYOUT_CHANGE_MIN_NEU = 1_000_000n;
/** Change above this (40 BTM) is split in four while the vault has fewer than 8 free BTM coins. */
export const PAYOUT_SPLIT_ABOVE_NEU = 4_000_000_000n;
export const PAYOUT_SPLIT_BELOW_COINS = 8;
const SPLIT_PARTS = 4n;

function isBtmAsset(assetId: Hash): boolean {
  return equalBytes(assetId, BTM_ASSET_ID);
}

type Change = { readonly assetId: Hash; readonly amount: bigint };

/** What inputs leave over, fee not yet taken: other assets by id, BTM last (always there, whatever it is). */
function surplus(plan: DraftPlan): { assets: Change[]; btm: bigint } {
  const totals = new Map<string, { assetId: Hash; amount: bigint }>();
  const add = (assetId: Hash, amount: bigint): void => {
    const key = bytesToHex(assetId);
    totals.set(key, { assetId, amount: (totals.get(key)?.amount ?? 0n) + amount });
  };
  for (const coin of plan.inputs) add(coin.assetId, coin.amount);
  for (const request of plan.requests) add(request.assetId, -request.amount);
  const all = [...totals.values()].sort((a, b) => compareBytes(a.assetId, b.assetId));
  const btm = all.find((change) => isBtmAsset(change.assetId))?.amount ?? 0n;
  return { assets: all.filter((change) => !isBtmAsset(change.assetId) && change.amount !== 0n), btm };
}

function splitBtm(amount: bigint, parts: bigint): Change[] {
  const share = amount / parts;
  return Array.from({ length: Number(parts) }, (_, i) => ({
    assetId: BTM_ASSET_ID,
    amount: BigInt(i) + 1n === parts ? amount - share * (parts - 1n) : share,
  }));
}

type Shape = { readonly plan: DraftPlan; readonly context: DraftContext; readonly commitment: Hash };

function buildTransaction(
  shape: Shape,
  changes: readonly Change[],
  witness: "none" | "placeholder",
): MainTransactionData {
  const { plan, context, commitment } = shape;
  const changeProgram = vaultProgram(context.newest.keys, commitment);
  const outputs: MainOutput[] = plan.requests.map(({ assetId, amount, program }) => ({
    kind: "output",
    assetId,
    amount,
    program,
  }));
  for (const { assetId, amount } of changes) outputs.push({ kind: "output", assetId, amount, program: changeProgram });
  return {
    version: 1n,
    timeRange: 0n,
    inputs: plan.inputs.map((coin) => {
      const keys = context.vaultKeys(coin.epoch);
      return {
        kind: "spend",
        sourceId: coin.muxId,
        assetId: coin.assetId,
        amount: coin.amount,
        sourcePosition: coin.position,
        program: vaultProgram(keys, coin.commitment),
        arguments: witness === "none" ? [] : placeholderWitness(keys, coin.commitment),
      };
    }),
    outputs,
  };
}

/** Gas that the draft pays for; undefined when even the plain margin does not fit a transaction. */
function gasOf(shape: Shape, sizeBytes: number): number | undefined {
  const { plan, context } = shape;
  let base = sizeBytes;
  for (const coin of plan.inputs) base += vaultInputGas(context.vaultKeys(coin.epoch).publicKeys.length);
  if (base + PAYOUT_MARGIN_GAS > PAYOUT_GAS_MAX) return undefined;
  if (plan.failures >= PAYOUT_FULL_GAS_FAILURES) return PAYOUT_GAS_MAX;
  return Math.min(PAYOUT_GAS_MAX, base + PAYOUT_MARGIN_GAS * 4 ** plan.failures);
}

type Priced = { readonly feeNeu: bigint; readonly changes: readonly Change[] };

function feeOf(shape: Shape, sizeBytes: number): bigint | undefined {
  const gas = gasOf(shape, sizeBytes);
  return gas === undefined ? undefined : BigInt(gas) * GAS_PRICE_NEU;
}

/**
 * Fee and change of a shape whose BTM change has `parts` outputs. The fee follows from the size, the size from the
 * change, the change from the fee: where a smaller fee would make the change a byte longer again, the larger fee stands.
 */
function price(shape: Shape, parts: bigint): Priced | "gas" | "short" {
  const { assets, btm } = surplus(shape.plan);
  const feeAfter = (fee: bigint): bigint | undefined => {
    const changes = [...assets, ...splitBtm(btm - fee, parts)];
    return feeOf(shape, encodeMainTransaction(buildTransaction(shape, changes, "placeholder")).length);
  };
  if (btm < PAYOUT_CHANGE_MIN_NEU) return "short";
  const upper = feeAfter(0n);
  if (upper === undefined) return "gas";
  if (btm - upper < PAYOUT_CHANGE_MIN_NEU) return "short";
  const lower = feeAfter(upper) ?? upper;
  const feeNeu = lower === upper || feeAfter(lower) === lower ? lower : upper;
  return { feeNeu, changes: [...assets, ...splitBtm(btm - feeNeu, parts)] };
}

/**
 * The draft of a plan. `short`: the BTM inputs leave less than {@link PAYOUT_CHANGE_MIN_NEU} after the fee. `gas`: too
 * many inputs for one transaction.
 */
export function createDraft(plan: DraftPlan, context: DraftContext): PayoutDraft | "short" | "gas" {
  const requestIds = plan.requests.map((request) => request.id);
  const commitment = payoutCommitment(context.chainId, plan.payout, requestIds);
  const shape = { plan, context, commitment };
  let priced = price(shape, 1n);
  if (typeof priced === "string") return priced;
  const change = priced.changes[priced.changes.length - 1]?.amount ?? 0n;
  const maySplit = plan.requests.length > 0 && plan.freeBtmCoins < PAYOUT_SPLIT_BELOW_COINS;
  if (maySplit && change > PAYOUT_SPLIT_ABOVE_NEU) priced = price(shape, SPLIT_PARTS);
  if (typeof priced === "string") return priced;
  const transaction = buildTransaction(shape, priced.changes, "none");
  const mapped = mapMainTransaction(transaction);
  const changeProgram = vaultProgram(context.newest.keys, commitment);
  const changes = priced.changes.map(({ assetId, amount }, i): VaultCoin => {
    const position = BigInt(plan.requests.length + i);
    const source = { ref: mapped.muxId, value: { assetId, amount }, position };
    const id = mainOutputId(source, { vmVersion: 1n, code: changeProgram });
    return { id, muxId: mapped.muxId, position, assetId, amount, epoch: context.newest.epoch, commitment };
  });
  const { payout, kind, inputs } = plan;
  const { feeNeu } = priced;
  return { payout, kind, inputs, requestIds, feeNeu, transaction, transactionId: mapped.id, changes };
}

/** What members sign: one hash for each input, in order. */
export function draftSignatureHashes(draft: Pick<PayoutDraft, "transaction">): Hash[] {
  const mapped = mapMainTransaction(draft.transaction);
  return draft.transaction.inputs.map((_, i) => mainSignatureHash(mapped, i));
}

/** The canonical bytes of a draft: what state commits to and what members compare. */
export function encodeDraft(draft: PayoutDraft): Uint8Array {
  const writer = new ByteWriter(1024).varint63(draft.payout).byte(draft.kind === "btm" ? 0 : 1);
  writer.varint31(draft.inputs.length);
  for (const coin of draft.inputs) writer.raw(coin.id).varint31(coin.epoch).raw(coin.commitment);
  writer.varint31(draft.requestIds.length);
  for (const id of draft.requestIds) writer.raw(id);
  return writer.varint63(draft.feeNeu).varstr(encodeMainTransaction(draft.transaction)).finish();
}

/**
 * The signed transaction; undefined while an input has fewer than k signatures. `signatures[i]` are those of input i,
 * verified by the caller.
 */
export function assemblePayout(
  draft: PayoutDraft,
  signatures: readonly (readonly VaultSignature[])[],
  vaultKeys: (epoch: number) => VaultKeys,
): MainTransaction | undefined {
  const inputs: MainTransactionData["inputs"][number][] = [];
  for (const [i, input] of draft.transaction.inputs.entries()) {
    const coin = draft.inputs[i];
    if (coin === undefined || input.kind !== "spend") return undefined;
    const witness = assembleVaultWitness(vaultKeys(coin.epoch), coin.commitment, signatures[i] ?? []);
    if (witness === undefined) return undefined;
    inputs.push({ ...input, arguments: witness });
  }
  return createMainTransaction({ ...draft.transaction, inputs });
}
