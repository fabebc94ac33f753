// One chain of a network, through the platform: addresses, balances, payments, waiting until one is final. Outputs that a
// payment of this object spends are not chosen again until the payment was refused or a while has passed.

import type { ApiClient } from "@bystack/api/client";
import type { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { parseSideChainSpec } from "@bystack/protocol/spec";
import { bytesToHex } from "@bystack/utils/bytes";
import { assertInvariant, BystackError } from "@bystack/utils/errors";
import type { z } from "zod";
import { type Account, keysOf } from "./account.ts";
import { delay } from "./delay.ts";
import { sdkError } from "./errors.ts";
import { type Output, type PaymentOrder, type SignedPayment, signPayment } from "./payment.ts";

type Platform = ApiClient<typeof PLATFORM_ROUTES>;
type Transaction = z.output<(typeof PLATFORM_ROUTES)["chain.transaction"]["reply"]>;

/** What does not change while a chain lives. */
export type ChainFacts = PaymentOrder["chain"] & { readonly chainId: string };

/** In the asset's smallest unit. `waiting`: not yet mature, or spent by a payment of this program that is on its way. */
export type AssetBalance = { readonly asset: string; readonly spendable: bigint; readonly waiting: bigint };

export type PayOptions = Pick<PaymentOrder, "from" | "to" | "amount" | "asset">;

export type WaitOptions = {
  readonly timeoutMs?: number;
  /** On a main chain nothing is final for ever: how many blocks deep is deep enough. Default 6. */
  readonly confirmations?: number;
  readonly signal?: AbortSignal;
};

/** One chain as a program uses it. Every method throws `BystackError` with code, why and next. */
export type Chain = {
  readonly network: string;
  readonly name: string;
  facts(): Promise<ChainFacts>;
  /** Where others pay this account on this chain. */
  address(account: Account): Promise<string>;
  balance(account: Account): Promise<AssetBalance[]>;
  /** Chooses coins, signs here, submits. In the mempool when it resolves; `waitFinal` waits for the chain. */
  pay(options: PayOptions): Promise<SignedPayment>;
  /** @throws BystackError FINAL_TIMEOUT, PAYMENT_GONE */
  waitFinal(id: string, options?: WaitOptions): Promise<Transaction>;
};

/** As long as the wallet of a network keeps coins promised. */
const RESERVATION_MS = 10 * 60_000;
/** Outputs that one object keeps promised at a time. */
export const RESERVED_OUTPUTS_MAX = 10_000;
const FINAL_TIMEOUT_MS = 60_000;
const CONFIRMATIONS = 6;
const POLL_MS = 200;
/** Answers in a row that do not know the transaction: between pool and block there may be one. */
const GONE_ANSWERS = 5;

class PlatformChain implements Chain {
  readonly network: string;
  readonly name: string;
  readonly #platform: Platform;
  readonly #reserved = new Map<string, number>(); // output id → until when, in order of time
  #facts: Promise<ChainFacts> | undefined;

  constructor(platform: Platform, network: string, name: string) {
    this.#platform = platform;
    this.network = network;
    this.name = name;
  }

  get #params(): { network: string; chain: string } {
    return { network: this.network, chain: this.name };
  }

  facts(): Promise<ChainFacts> {
    // A question that failed is asked again.
    this.#facts ??= this.#askFacts().catch((error) => {
      this.#facts = undefined;
      throw error;
    });
    return this.#facts;
  }

  async #askFacts(): Promise<ChainFacts> {
    const { kind, addressPrefix, chainId } = await this.#platform.call("chain.info", { params: this.#params });
    if (kind === "main") return { kind, addressPrefix, chainId };
    const { canonical } = await this.#platform.call("chain.spec", { params: this.#params });
    const spec = parseSideChainSpec(JSON.parse(canonical));
    assertInvariant(spec.ok, "a node serves the spec that it runs with");
    return { kind, addressPrefix, chainId, gasPriceNeu: spec.value.gas.priceNeu };
  }

  async address(account: Account): Promise<string> {
    return account.address((await this.facts()).addressPrefix);
  }

  async #outputs(account: Account): Promise<{ free: Output[]; waiting: Output[] }> {
    const { receive, change } = keysOf(account);
    const programs = [receive, change].map(({ program }) => bytesToHex(program));
    const params = this.#params;
    const { height } = await this.#platform.call("chain.info", { params });
    const found: Output[] = [];
    let cursor: string | undefined;
    do {
      const body = { programs, ...(cursor !== undefined && { cursor }) };
      const page = await this.#platform.call("chain.outputs", { params, body });
      found.push(...page.items.filter(({ kind }) => kind !== "vote"));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    this.#forget();
    const isFree = ({ id, spendableFrom }: Output): boolean => spendableFrom <= height + 1 && !this.#reserved.has(id);
    return { free: found.filter(isFree), waiting: found.filter((entry) => !isFree(entry)) };
  }

  #forget(): void {
    const now = Date.now();
    for (const [id, until] of this.#reserved) if (until <= now) this.#reserved.delete(id);
  }

  async balance(account: Account): Promise<AssetBalance[]> {
    const { free, waiting } = await this.#outputs(account);
    const sums = new Map<string, { spendable: bigint; waiting: bigint }>();
    const add = (outputs: readonly Output[], to: "spendable" | "waiting"): void => {
      for (const { asset, amount } of outputs) {
        const sum = sums.get(asset) ?? { spendable: 0n, waiting: 0n };
        sum[to] += BigInt(amount);
        sums.set(asset, sum);
      }
    };
    add(free, "spendable");
    add(waiting, "waiting");
    return [...sums].map(([asset, sum]) => ({ asset, ...sum }));
  }

  async pay({ from, to, amount, asset }: PayOptions): Promise<SignedPayment> {
    const chain = await this.facts();
    const { free } = await this.#outputs(from);
    // From here to the reservation nothing waits: of two payments at once the second sees what the first has taken.
    const outputs = free.filter(({ id }) => !this.#reserved.has(id));
    const signed = signPayment({ from, to, amount, outputs, chain, ...(asset !== undefined && { asset }) });
    if (this.#reserved.size + signed.spends.length > RESERVED_OUTPUTS_MAX) throw sdkError("COINS_RESERVED");
    for (const id of signed.spends) this.#reserved.set(id, Date.now() + RESERVATION_MS);
    try {
      await this.#platform.call("chain.submit", { params: this.#params, body: { raw: signed.raw } });
    } catch (error) {
      // Only a refusal says that it is nowhere. After silence it may be on its way: the outputs stay promised.
      if (error instanceof BystackError && error.kind !== "unavailable" && error.kind !== "internal")
        for (const id of signed.spends) this.#reserved.delete(id);
      throw error;
    }
    return signed;
  }

  async waitFinal(id: string, options: WaitOptions = {}): Promise<Transaction> {
    const { timeoutMs = FINAL_TIMEOUT_MS, confirmations = CONFIRMATIONS, signal } = options;
    const { kind } = await this.facts();
    const until = performance.now() + timeoutMs;
    let unknown = 0;
    for (;;) {
      const found = await this.#transaction(id, signal);
      if (found !== undefined) {
        const deep = kind === "main" && found.status !== "pending" && found.confirmations >= confirmations;
        if (found.status === "final" || deep) return found;
      }
      unknown = found === undefined ? unknown + 1 : 0;
      if (unknown >= GONE_ANSWERS) throw sdkError("PAYMENT_GONE", { why: id });
      if (performance.now() > until) throw sdkError("FINAL_TIMEOUT", { why: `${id} after ${timeoutMs / 1000} s` });
      await delay(POLL_MS, signal);
    }
  }

  async #transaction(id: string, signal: AbortSignal | undefined): Promise<Transaction | undefined> {
    const params = { ...this.#params, id };
    try {
      return await this.#platform.call("chain.transaction", { params }, signal === undefined ? {} : { signal });
    } catch (error) {
      if (error instanceof BystackError && error.code === "TRANSACTION_NOT_FOUND") return undefined;
      throw error;
    }
  }
}

export function createChain(platform: Platform, network: string, name: string): Chain {
  return new PlatformChain(platform, network, name);
}
