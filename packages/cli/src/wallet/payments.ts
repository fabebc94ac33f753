// What the wallet of a network pays: on one chain, into a side chain, out of it. For commands, and for the platform, which lets
// people pay between accounts of the wallet alone.

import { httpNodeClient } from "@bystack/federation/prove/clients";
import { platformError } from "@bystack/platform/errors";
import type { NetworkLayout, NetworkState } from "@bystack/platform/network/layout";
import type { SideClient } from "@bystack/platform/network/run";
import { parseAddress } from "@bystack/protocol/address";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { depositHintProgram } from "@bystack/protocol/peg/hint";
import { createVaultKeys, depositProgram } from "@bystack/protocol/peg/vault";
import { chainIdOf } from "@bystack/protocol/spec";
import { type Hash, hexToBytes, tryHexToBytes } from "@bystack/utils/bytes";
import { BTM_DECIMALS, parseAmount } from "@bystack/wallet/amounts";
import type { Payment } from "@bystack/wallet/build";
import { MAIN_ADAPTER } from "@bystack/wallet/build/main";
import { createSideAdapter } from "@bystack/wallet/build/side";
import { walletError } from "@bystack/wallet/errors";
import type { Sent, Wallet } from "@bystack/wallet/wallet";
import { loadSideSpec, runningNodes } from "../network/chains.ts";

export type Asset = { readonly id: Hash; readonly name: string; readonly decimals: number };

/** BTM, an asset of this wallet by name, or any asset by its id. */
export function assetOf(wallet: Wallet, text: string): Asset {
  if (text.toUpperCase() === "BTM") return { id: BTM_ASSET_ID, name: "BTM", decimals: BTM_DECIMALS };
  const own = wallet.data.assets.find((asset) => asset.name === text || asset.id === text);
  if (own !== undefined) return { id: hexToBytes(own.id), name: own.name, decimals: own.decimals };
  const id = tryHexToBytes(text);
  if (id?.length === 32) return { id, name: text, decimals: 0 };
  throw walletError("ASSET_NOT_FOUND", { why: text });
}

export async function prefixOf(node: SideClient): Promise<string> {
  return (await node.call("info")).addressPrefix;
}

export function programOf(address: string, prefix: string): Uint8Array {
  const parsed = parseAddress(address, prefix);
  if (!parsed.ok)
    throw walletError("DESTINATION_INVALID", { why: `${address}: ${parsed.error}; this chain's prefix is ${prefix}` });
  return parsed.value.program;
}

/** The network that is paid on. */
export type Place = { readonly layout: NetworkLayout; readonly state: NetworkState };

/** Who gets it: an address, or an account of the same wallet. */
export type Payee = { readonly address: string } | { readonly account: string };

export type Order = {
  /** The chain that is paid on; of a deposit or a burn, the side chain. */
  readonly chain: string;
  readonly from: string;
  readonly to: Payee;
  readonly asset: string;
  /** As people write it. */
  readonly amount: string;
};

/** @throws BystackError NETWORK_NOT_RUNNING */
export function nodeAt({ layout, state }: Place, chain: string): SideClient {
  const [node] = runningNodes(layout, state, chain);
  if (node === undefined) throw platformError("NETWORK_NOT_RUNNING", { why: chain });
  return node;
}

function recipientOf(wallet: Wallet, to: Payee, prefix: string): Uint8Array {
  return "account" in to ? wallet.receiveProgram(to.account).program : programOf(to.address, prefix);
}

type Draft = { readonly chain: string; readonly from: string; readonly payments: readonly Payment[] };

async function sendFrom(place: Place, wallet: Wallet, { chain, from, payments }: Draft): Promise<Sent> {
  const request = { account: from, client: httpNodeClient(nodeAt(place, chain)), payments };
  if (chain === place.state.mainChain) return wallet.send({ ...request, adapter: MAIN_ADAPTER });
  const { gas } = loadSideSpec(place.layout, chain);
  return wallet.send({ ...request, adapter: createSideAdapter(gas.priceNeu) });
}

/** Pays on one chain. */
export async function pay(place: Place, wallet: Wallet, order: Order): Promise<Sent> {
  const { chain, from, to } = order;
  const asset = assetOf(wallet, order.asset);
  const amount = parseAmount(order.amount, asset.decimals);
  const program = recipientOf(wallet, to, "account" in to ? "" : await prefixOf(nodeAt(place, chain)));
  return sendFrom(place, wallet, { chain, from, payments: [{ kind: "pay", assetId: asset.id, amount, program }] });
}

function federationOf({ layout }: Place, chain: string) {
  const spec = loadSideSpec(layout, chain);
  const { federation } = spec;
  if (federation === null) throw platformError("FEDERATION_ABSENT", { why: spec.name });
  return { spec, federation };
}

/** Blocks of the main chain after which a deposit is credited. */
export function confirmationsOf(place: Place, chain: string): number {
  return federationOf(place, chain).federation.confirmations.base;
}

/** Pays to the deposit address of a recipient on the side chain. */
export async function pegIn(
  place: Place,
  wallet: Wallet,
  { chain, from, to, asset: name, amount }: Order,
): Promise<Sent> {
  const { spec, federation } = federationOf(place, chain);
  const chainId = chainIdOf(spec);
  const vaultKeys = federation.members.map((member) => member.vault);
  const keys = createVaultKeys(vaultKeys, federation.t);
  const asset = assetOf(wallet, name);
  const recipient = recipientOf(wallet, to, spec.addressPrefix);
  const program = depositProgram({ keys, chainId, recipient });
  return sendFrom(place, wallet, {
    chain: place.state.mainChain,
    from,
    payments: [
      { kind: "pay", assetId: asset.id, amount: parseAmount(amount, asset.decimals), program },
      { kind: "pay", assetId: BTM_ASSET_ID, amount: 1n, program: depositHintProgram(chainId, recipient) },
    ],
  });
}

/** Burns on the side chain; the federation pays on the main chain. */
export async function pegOut(
  place: Place,
  wallet: Wallet,
  { chain, from, to, asset: name, amount }: Order,
): Promise<Sent> {
  const { federation } = federationOf(place, chain);
  const asset = assetOf(wallet, name);
  const prefix = "account" in to ? "" : await prefixOf(nodeAt(place, place.state.mainChain));
  const program = recipientOf(wallet, to, prefix);
  return sendFrom(place, wallet, {
    chain,
    from,
    payments: [
      { kind: "burn", assetId: asset.id, amount: parseAmount(amount, asset.decimals), program },
      { kind: "pay", assetId: BTM_ASSET_ID, amount: federation.pegOutFeeNeu, program: Uint8Array.of(0x6a) },
    ],
  });
}
