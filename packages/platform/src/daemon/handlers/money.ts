// Handlers of accounts, assets, payments and crossings.

import type { MONEY_ROUTES } from "@bystack/api/platform/money-routes";
import type { CallHandlers, RouteCall, RouteReply } from "@bystack/api/route";
import { formatAddress } from "@bystack/protocol/address";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { platformError } from "../../errors.ts";
import { loadNetworkState, type NamedAsset } from "../../network/layout.ts";
import type { SideClient } from "../../network/run.ts";
import { type Crossing, incoming, inOrder, outgoing, type Transfer } from "../../transfer/transfer.ts";
import { askChain, type ChainPlace, pictureOf } from "../chain-reads.ts";
import type { PlatformCaller } from "../door.ts";
import type { Platform, PurseAccount, PurseOrder } from "../platform.ts";
import { type HandlerParts, lineOf } from "./parts.ts";

type Handlers = CallHandlers<typeof MONEY_ROUTES, PlatformCaller>;
type Accounts = RouteReply<(typeof MONEY_ROUTES)["accounts"]>["items"];
type Balance = NonNullable<Accounts[number]["chains"][number]["balances"]>[number];

const BTM: NamedAsset = { asset: "BTM", id: bytesToHex(BTM_ASSET_ID), decimals: 8, issuer: null };
/** Pages of 200 outputs that one account's balance is summed over; more are left out of it. */
const OUTPUT_PAGES_MAX = 25;

function assetsOf(platform: Platform, network: string): NamedAsset[] {
  const state = loadNetworkState(platform.layout(network));
  if (state === undefined) throw platformError("NETWORK_NOT_FOUND", { why: network });
  return [BTM, ...state.assets];
}

async function balancesOn(
  client: SideClient,
  { programs }: PurseAccount,
  assets: readonly NamedAsset[],
): Promise<Balance[]> {
  const { height } = await client.call("info");
  const sums = new Map<string, { amount: bigint; spendable: bigint }>();
  let cursor: string | undefined;
  for (let page = 0; page < OUTPUT_PAGES_MAX; page += 1) {
    const body = { programs: [...programs], ...(cursor !== undefined && { cursor }) };
    const { items, next } = await client.call("outputs", { body });
    for (const { asset, amount, spendableFrom } of items) {
      const sum = sums.get(asset) ?? { amount: 0n, spendable: 0n };
      sums.set(asset, sum);
      sum.amount += BigInt(amount);
      if (spendableFrom <= height + 1) sum.spendable += BigInt(amount);
    }
    if (next === null) break;
    cursor = next;
  }
  return [...sums].map(([assetId, { amount, spendable }]) => {
    const named = assets.find(({ id }) => id === assetId);
    return {
      asset: named?.asset ?? assetId,
      assetId,
      decimals: named?.decimals ?? 0,
      amount: amount.toString(),
      spendable: spendable.toString(),
    };
  });
}

async function accountOn(platform: Platform, place: ChainPlace, account: PurseAccount, assets: readonly NamedAsset[]) {
  const found = await askChain(platform, place, async (client) => {
    const { addressPrefix } = await client.call("info");
    return { addressPrefix, balances: await balancesOn(client, account, assets) };
  }).catch((error: unknown) => {
    if (error instanceof BystackError) return undefined;
    throw error;
  });
  const hash = hexToBytes(account.receive).subarray(2);
  const address = found === undefined ? "" : formatAddress(hash, found.addressPrefix);
  return { chain: place.chain, address, balances: found?.balances ?? null };
}

async function accountsOf(platform: Platform, network: string): Promise<Accounts> {
  const { main, sides } = await pictureOf(platform, network);
  const assets = assetsOf(platform, network);
  const accounts = await platform.purse(network).accounts();
  const chains = [main.chain, ...sides.map(({ chain }) => chain)];
  return Promise.all(
    accounts.map(async (account) => ({
      account: account.account,
      chains: await Promise.all(chains.map((chain) => accountOn(platform, { network, chain }, account, assets))),
    })),
  );
}

async function crossingOf(platform: Platform, { network, chain }: ChainPlace, client: SideClient): Promise<Crossing> {
  const [status, { main, sides }] = await Promise.all([client.call("federationStatus"), pictureOf(platform, network)]);
  return {
    chain,
    threshold: status.threshold,
    confirmations: status.confirmations,
    batchBlocks: status.batchBlocks,
    height: status.height,
    paused: status.paused,
    mainIntervalMs: main.intervalMs,
    sideIntervalMs: sides.find((side) => side.chain === chain)?.intervalMs ?? null,
  };
}

function transfersOf(platform: Platform, place: ChainPlace, limit: number): Promise<Transfer[]> {
  return askChain(
    platform,
    place,
    async (client) => {
      const query = { limit };
      const [crossing, deposits, requests, payouts] = await Promise.all([
        crossingOf(platform, place, client),
        client.call("deposits", { query }),
        client.call("requests", { query }),
        client.call("payouts", { query: { limit: 200 } }),
      ]);
      const payoutOf = new Map(payouts.items.map((payout) => [payout.number, payout]));
      const all = [
        ...deposits.items.map((deposit) => incoming(deposit, crossing)),
        ...requests.items.map((request) => outgoing(request, payoutOf.get(request.payout ?? -1), crossing)),
      ];
      return inOrder(all).slice(0, limit);
    },
    "federation",
  );
}

async function orUndefined<T>(work: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BystackError && error.code === code) return undefined;
    throw error;
  }
}

function transferOf(platform: Platform, place: ChainPlace, id: string): Promise<Transfer> {
  return askChain(
    platform,
    place,
    async (client) => {
      const crossing = await crossingOf(platform, place, client);
      const deposit = await orUndefined(client.call("deposit", { params: { nullifier: id } }), "DEPOSIT_NOT_FOUND");
      if (deposit !== undefined) return incoming(deposit, crossing);
      const request = await orUndefined(client.call("request", { params: { id } }), "REQUEST_NOT_FOUND");
      if (request === undefined) throw platformError("TRANSFER_NOT_FOUND", { why: id });
      const payout =
        request.payout === null ? undefined : await client.call("payout", { params: { number: request.payout } });
      return outgoing(request, payout, crossing);
    },
    "federation",
  );
}

type PayInput = { readonly params: ChainPlace; readonly body: Omit<PurseOrder, "chain"> };

export function moneyHandlers({ platform }: HandlerParts): Handlers {
  const pay =
    (route: "pay" | "pegIn" | "pegOut") =>
    async ({ params, body }: PayInput, { caller }: RouteCall<PlatformCaller>) => {
      const { network, chain } = params;
      const { main, sides } = await pictureOf(platform, network);
      const chains = route === "pay" ? [main, ...sides] : sides;
      if (!chains.some((known) => known.chain === chain)) throw platformError("CHAIN_NOT_FOUND", { why: chain });
      const { from, to, amount, asset } = body;
      const line = lineOf(caller, route, `${network}/${chain} ${amount} ${asset} from ${from} to ${to}`);
      const sent = await platform.purse(network)[route]({ ...body, chain });
      await platform.note(line);
      return sent;
    };
  return {
    accounts: async ({ params }) => ({ items: await accountsOf(platform, params.network) }),
    assets: ({ params }) => ({ items: assetsOf(platform, params.network) }),
    pay: pay("pay"),
    pegIn: pay("pegIn"),
    pegOut: pay("pegOut"),
    transfers: async ({ params, query }) => ({ items: await transfersOf(platform, params, query.limit) }),
    transfer: ({ params }) => transferOf(platform, params, params.id),
  };
}
