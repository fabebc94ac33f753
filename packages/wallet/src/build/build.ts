// Building a transaction: choose coins for each asset, pay the fee from BTM, give the change back. Pure; the chain's own
// format and gas come in as an adapter (`build/main`, `build/side`).

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { bytesToHex, type Hash, hexToBytes } from "@bystack/utils/bytes";
import { ASSET_INPUTS_MAX, BTM_INPUTS_MAX, type Coin, selectCoins, sumByAsset } from "../coins.ts";
import { walletError } from "../errors.ts";

/**
 * `pay`: an output, or a retirement when the program starts with 0x6a. `burn`: towards the main chain, `vote`: locked for a
 * candidate's key; both on a side chain only.
 */
export type Payment = {
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly program: Uint8Array;
} & ({ readonly kind: "pay" | "burn" } | { readonly kind: "vote"; readonly vote: Uint8Array });

/** New units of an asset, signed by its key (main chain only). */
export type Issue = {
  readonly assetId: Hash;
  readonly amount: bigint;
  readonly nonce: Uint8Array;
  readonly definition: Uint8Array;
  readonly program: Uint8Array;
};

export type BuildRequest = {
  readonly coins: readonly Coin[];
  readonly payments: readonly Payment[];
  readonly issues: readonly Issue[];
  /** BTM that the adapter's own inputs bring beside the coins. */
  readonly creditNeu?: bigint;
  readonly changeProgram: Uint8Array;
};

/** What must be signed by whom: `program` names the key of a spend, `issue` that of an issuance. */
export type InputToSign = { readonly index: number; readonly signatureHash: Hash } & (
  | { readonly kind: "spend"; readonly program: Uint8Array }
  | { readonly kind: "issue"; readonly assetId: Hash }
);

export type ChainAdapter<Draft> = {
  assemble(parts: { coins: readonly Coin[]; issues: readonly Issue[]; payments: readonly Payment[] }): Draft;
  /** Fee in neu of the draft once its witnesses are in place, with a margin. */
  feeNeu(draft: Draft): bigint;
  inputsToSign(draft: Draft): InputToSign[];
  /** The draft with its witnesses in place. The id is the draft's: no id covers a witness. */
  finish(draft: Draft, witnesses: ReadonlyMap<number, Uint8Array[]>): { raw: Uint8Array; id: Hash };
};

export type Built<Draft> = { readonly draft: Draft; readonly spent: readonly Coin[]; readonly feeNeu: bigint };

const BTM_KEY = bytesToHex(BTM_ASSET_ID);
/** The fee depends on the inputs and the inputs on the fee; it settles at once or after one more coin. */
const FEE_ROUNDS_MAX = 8;

function assetChoice(request: BuildRequest): { coins: Coin[]; change: Payment[] } {
  const wanted = sumByAsset(request.payments);
  const issued = sumByAsset(request.issues);
  const coins: Coin[] = [];
  const change: Payment[] = [];
  for (const key of new Set([...wanted.keys(), ...issued.keys()])) {
    if (key === BTM_KEY) continue;
    const assetId = hexToBytes(key);
    const missing = (wanted.get(key) ?? 0n) - (issued.get(key) ?? 0n);
    if (missing < 0n) change.push({ kind: "pay", assetId, amount: -missing, program: request.changeProgram });
    if (missing <= 0n) continue;
    const own = request.coins.filter((coin) => bytesToHex(coin.assetId) === key);
    const chosen = selectCoins(own, missing, { inputsMax: ASSET_INPUTS_MAX, what: `asset ${key.slice(0, 8)}…` });
    coins.push(...chosen);
    const rest = chosen.reduce((sum, coin) => sum + coin.amount, 0n) - missing;
    if (rest > 0n) change.push({ kind: "pay", assetId, amount: rest, program: request.changeProgram });
  }
  return { coins, change };
}

/**
 * Chooses coins and assembles the transaction; outputs are the payments in their order, then the change.
 * @throws BystackError COINS_INSUFFICIENT, COINS_FRAGMENTED, AMOUNT_INVALID
 */
export function buildTransaction<Draft>(request: BuildRequest, adapter: ChainAdapter<Draft>): Built<Draft> {
  if (request.payments.some((payment) => payment.amount <= 0n))
    throw walletError("AMOUNT_INVALID", { why: "an amount is not positive" });
  const assets = assetChoice(request);
  const btm = request.coins.filter((coin) => bytesToHex(coin.assetId) === BTM_KEY);
  const wantedBtm = sumByAsset(request.payments).get(BTM_KEY) ?? 0n;
  const creditNeu = request.creditNeu ?? 0n;
  let feeNeu = 0n;
  for (let round = 0; round < FEE_ROUNDS_MAX; round += 1) {
    const paying = selectCoins(btm, wantedBtm + feeNeu + 1n - creditNeu, {
      inputsMax: BTM_INPUTS_MAX,
      what: "BTM (fee included)",
    });
    const rest = paying.reduce((sum, coin) => sum + coin.amount, creditNeu) - wantedBtm - feeNeu;
    const change: Payment = { kind: "pay", assetId: BTM_ASSET_ID, amount: rest, program: request.changeProgram };
    const spent = [...paying, ...assets.coins];
    const draft = adapter.assemble({
      coins: spent,
      issues: request.issues,
      payments: [...request.payments, ...assets.change, change],
    });
    const needed = adapter.feeNeu(draft);
    if (needed <= feeNeu) return { draft, spent, feeNeu };
    feeNeu = needed;
  }
  throw walletError("COINS_FRAGMENTED", { why: "the fee does not settle" });
}
