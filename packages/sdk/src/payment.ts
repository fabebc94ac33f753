// A payment as a pure step: from unspent outputs as the API tells them to the bytes of a signed transaction. Keys and signing
// stay here; only the bytes leave.

import type { output } from "@bystack/api/schemas";
import { parseAddress } from "@bystack/protocol/address";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { buildTransaction, type ChainAdapter } from "@bystack/wallet/build";
import { MAIN_ADAPTER } from "@bystack/wallet/build/main";
import { createSideAdapter } from "@bystack/wallet/build/side";
import type { Coin } from "@bystack/wallet/coins";
import { walletError } from "@bystack/wallet/errors";
import { signInputs } from "@bystack/wallet/sign";
import type { z } from "zod";
import { type Account, keysOf } from "./account.ts";
import { assetIdOf } from "./assets.ts";

/** An unspent output as the API tells it. */
export type Output = z.output<typeof output>;

export type PaymentOrder = {
  readonly from: Account;
  /** Outputs of the account that may be spent. */
  readonly outputs: readonly Output[];
  /** An address of the chain. */
  readonly to: string;
  /** In the asset's smallest unit. */
  readonly amount: bigint;
  /** `BTM`, or the id of an asset. */
  readonly asset?: string;
  /** What the chain says of itself: its kind, its prefix, and on a side chain the price of its gas. */
  readonly chain: { readonly addressPrefix: string } & (
    | { readonly kind: "main" }
    | { readonly kind: "side"; readonly gasPriceNeu: bigint }
  );
};

export type SignedPayment = {
  readonly id: string;
  /** Hexadecimal, as `submit` wants it. */
  readonly raw: string;
  readonly feeNeu: bigint;
  /** Ids of the outputs that it spends. */
  readonly spends: readonly string[];
};

function coinOf(reported: Output): Coin {
  return {
    id: hexToBytes(reported.id),
    assetId: hexToBytes(reported.asset),
    amount: BigInt(reported.amount),
    program: hexToBytes(reported.program),
    sourceId: hexToBytes(reported.sourceId),
    sourcePosition: BigInt(reported.sourcePosition),
  };
}

function signWith<Draft>(order: PaymentOrder, adapter: ChainAdapter<Draft>): SignedPayment {
  const { from, to, amount, chain } = order;
  const { root, receive, change } = keysOf(from);
  const parsed = parseAddress(to, chain.addressPrefix);
  if (!parsed.ok)
    throw walletError("DESTINATION_INVALID", {
      why: `${to}: ${parsed.error}; this chain's prefix is ${chain.addressPrefix}`,
    });
  const assetId = assetIdOf(order.asset ?? "BTM");
  const { draft, spent, feeNeu } = buildTransaction(
    {
      coins: order.outputs.filter(({ kind }) => kind !== "vote").map(coinOf),
      payments: [{ kind: "pay", assetId, amount, program: parsed.value.program }],
      issues: [],
      changeProgram: change.program,
    },
    adapter,
  );
  const keys = { root, programs: [receive, change], assets: [] };
  const { id, raw } = adapter.finish(draft, signInputs(adapter.inputsToSign(draft), keys));
  return { id: bytesToHex(id), raw: bytesToHex(raw), feeNeu, spends: spent.map((coin) => bytesToHex(coin.id)) };
}

/**
 * Chooses coins, builds and signs; sends nothing. The same order gives the same bytes.
 * @throws BystackError COINS_INSUFFICIENT, COINS_FRAGMENTED, AMOUNT_INVALID, ASSET_NOT_FOUND, DESTINATION_INVALID
 */
export function signPayment(order: PaymentOrder): SignedPayment {
  const { chain } = order;
  return chain.kind === "main" ? signWith(order, MAIN_ADAPTER) : signWith(order, createSideAdapter(chain.gasPriceNeu));
}
