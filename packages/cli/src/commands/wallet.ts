// `bystack wallet` and `bystack peg`: balances, addresses, payments, deposits and burns. Keys stay in the network's wallet
// folder, which is locked while a command uses it.

import { httpNodeClient } from "@bystack/federation/prove/clients";
import { platformError } from "@bystack/platform/errors";
import type { SideClient } from "@bystack/platform/network/run";
import { formatAddress, parseAddress } from "@bystack/protocol/address";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { depositHintProgram } from "@bystack/protocol/peg/hint";
import { createVaultKeys, depositProgram } from "@bystack/protocol/peg/vault";
import { chainIdOf } from "@bystack/protocol/spec";
import { bytesToHex, type Hash, hexToBytes, tryHexToBytes } from "@bystack/utils/bytes";
import type { Payment } from "@bystack/wallet/build";
import { MAIN_ADAPTER } from "@bystack/wallet/build/main";
import { createSideAdapter } from "@bystack/wallet/build/side";
import { walletError } from "@bystack/wallet/errors";
import { BTM_DECIMALS, formatAmount, parseAmount, type Sent, type Wallet } from "@bystack/wallet/wallet";
import { type Context, requireState } from "../context.ts";
import { type ChainKind, chainsOf, kindOf, loadSideSpec, nodeOf, nodeOfChain, sideSpecOf } from "../network/chains.ts";
import { votesOfPrograms } from "../network/elections.ts";
import { withWallet } from "../wallet-access.ts";

type Asset = { readonly id: Hash; readonly name: string; readonly decimals: number };

/** BTM, an asset of this wallet by name, or any asset by its id. */
function assetOf(wallet: Wallet, text: string): Asset {
  if (text.toUpperCase() === "BTM") return { id: BTM_ASSET_ID, name: "BTM", decimals: BTM_DECIMALS };
  const own = wallet.data.assets.find((asset) => asset.name === text || asset.id === text);
  if (own !== undefined) return { id: hexToBytes(own.id), name: own.name, decimals: own.decimals };
  const id = tryHexToBytes(text);
  if (id?.length === 32) return { id, name: text, decimals: 0 };
  throw walletError("ASSET_NOT_FOUND", { why: text });
}

async function prefixOf(node: SideClient): Promise<string> {
  return (await node.call("info")).addressPrefix;
}

function programOf(address: string, prefix: string): Uint8Array {
  const parsed = parseAddress(address, prefix);
  if (!parsed.ok)
    throw walletError("DESTINATION_INVALID", { why: `${address}: ${parsed.error}; this chain's prefix is ${prefix}` });
  return parsed.value.program;
}

function addressText(program: Uint8Array, prefix: string): string {
  return formatAddress(program.subarray(2), prefix);
}

const isBtm = (assetId: Uint8Array): boolean => assetId.every((byte) => byte === 0xff);

async function balancesOn(context: Context, wallet: Wallet, { account, chain }: { account: string; chain: string }) {
  const balances = await wallet.balance(account, httpNodeClient(nodeOfChain(context, chain)));
  return balances.map(({ assetId, spendable, waiting }) => {
    const asset = assetOf(wallet, isBtm(assetId) ? "BTM" : bytesToHex(assetId));
    return {
      account,
      chain,
      asset: asset.name,
      assetId: bytesToHex(asset.id),
      spendable: formatAmount(spendable, asset.decimals),
      waiting: formatAmount(waiting, asset.decimals),
    };
  });
}

/** BTM of an account that is locked in votes on a side chain; nothing on one without elections. */
async function lockedOn(context: Context, wallet: Wallet, { account, chain }: { account: string; chain: string }) {
  if (!loadSideSpec(context.layout, chain).features.votes) return [];
  const programs = wallet.programs(account).map(({ program }) => program);
  const votes = await votesOfPrograms(nodeOfChain(context, chain), programs);
  const sum = votes.reduce((total, { amountNeu }) => total + BigInt(amountNeu), 0n);
  return sum === 0n ? [] : [{ account, chain, amount: formatAmount(sum, BTM_DECIMALS) }];
}

export async function runBalance(context: Context, account: string | undefined): Promise<void> {
  // Before the wallet: opening one makes a folder and keys for a network that may not be there.
  const chains = chainsOf(requireState(context)).filter(
    ({ chain }) => context.chain === undefined || chain === context.chain,
  );
  const { rows, locked } = await withWallet(context.layout, async (wallet) => {
    const names = account === undefined ? wallet.data.accounts.map((entry) => entry.name) : [account];
    const places = names.flatMap((name) => chains.map(({ chain, kind }) => ({ account: name, chain, kind })));
    const rows = [];
    const locked = [];
    for (const place of places) {
      rows.push(...(await balancesOn(context, wallet, place)));
      if (place.kind === "side") locked.push(...(await lockedOn(context, wallet, place)));
    }
    return { rows, locked };
  });
  const width = Math.max(...chains.map(({ chain }) => chain.length));
  const line = (place: { account: string; chain: string }, amount: string): string =>
    `${place.account.padEnd(10)} ${place.chain.padEnd(width)} ${amount.padStart(22)}`;
  const lines = [
    ...rows.map((row) => {
      const waiting = /[1-9]/.test(row.waiting) ? `  (+ ${row.waiting} waiting)` : "";
      return `${line(row, row.spendable)} ${row.asset.slice(0, 16)}${waiting}`;
    }),
    ...locked.map((row) => `${line(row, row.amount)} BTM in votes (bystack votes list)`),
  ];
  context.output.result(
    { balances: rows, votes: locked },
    lines.length === 0 ? "The wallet holds nothing." : lines.join("\n"),
  );
}

export async function runReceive(context: Context, account: string, options: { fresh?: boolean }): Promise<void> {
  const chains = chainsOf(requireState(context));
  const prefixes = await Promise.all(chains.map(({ chain }) => prefixOf(nodeOfChain(context, chain))));
  const { program } = await withWallet(context.layout, async (wallet) =>
    options.fresh === true ? wallet.nextReceiveProgram(account) : wallet.receiveProgram(account),
  );
  const addresses = chains.map(({ chain }, i) => ({ chain, address: addressText(program, prefixes[i] ?? "") }));
  const width = Math.max(...chains.map(({ chain }) => chain.length));
  context.output.result(
    { account, addresses, program: bytesToHex(program) },
    addresses.map(({ chain, address }) => `${chain.padEnd(width)}  ${address}`).join("\n"),
  );
}

type Payer = { readonly from: string; readonly chain: ChainKind };

async function sendFrom(context: Context, wallet: Wallet, payer: Payer, payments: readonly Payment[]): Promise<Sent> {
  const client = httpNodeClient(nodeOf(context, payer.chain));
  const request = { account: payer.from, client, payments };
  if (payer.chain === "main") return wallet.send({ ...request, adapter: MAIN_ADAPTER });
  return wallet.send({ ...request, adapter: createSideAdapter(sideSpecOf(context).gas.priceNeu) });
}

function reportSent(context: Context, sent: Sent, what: string): void {
  const data = { transaction: bytesToHex(sent.id), feeNeu: sent.feeNeu.toString() };
  context.output.result(
    data,
    `${what}\ntransaction ${data.transaction}\nfee ${formatAmount(sent.feeNeu, BTM_DECIMALS)} BTM`,
  );
}

export type SendOptions = {
  readonly from: string;
  readonly to: string;
  readonly amount: string;
  readonly asset: string;
};

/** Pays on the named chain, or on the only side chain. */
export async function runSend(context: Context, options: SendOptions): Promise<void> {
  const chain = kindOf(context, requireState(context));
  const node = nodeOf(context, chain);
  const program = programOf(options.to, await prefixOf(node));
  const sent = await withWallet(context.layout, async (wallet) => {
    const asset = assetOf(wallet, options.asset);
    const amount = parseAmount(options.amount, asset.decimals);
    return sendFrom(context, wallet, { from: options.from, chain }, [
      { kind: "pay", assetId: asset.id, amount, program },
    ]);
  });
  reportSent(context, sent, `sent ${options.amount} ${options.asset} on ${(await node.call("info")).chain}`);
}

export type PegInOptions = {
  readonly from: string;
  readonly to?: string;
  readonly amount: string;
  readonly asset: string;
};

/** Pays to the deposit address of a recipient on the side chain (the account itself by default). */
export async function runPegIn(context: Context, options: PegInOptions): Promise<void> {
  requireState(context);
  const spec = sideSpecOf(context);
  const { federation } = spec;
  if (federation === null) throw platformError("FEDERATION_ABSENT", { why: spec.name });
  const chainId = chainIdOf(spec);
  const keys = createVaultKeys(
    federation.members.map((member) => member.vault),
    federation.t,
  );
  const sent = await withWallet(context.layout, async (wallet) => {
    const asset = assetOf(wallet, options.asset);
    const recipient =
      options.to === undefined
        ? wallet.receiveProgram(options.from).program
        : programOf(options.to, spec.addressPrefix);
    return sendFrom(context, wallet, { from: options.from, chain: "main" }, [
      {
        kind: "pay",
        assetId: asset.id,
        amount: parseAmount(options.amount, asset.decimals),
        program: depositProgram({ keys, chainId, recipient }),
      },
      { kind: "pay", assetId: BTM_ASSET_ID, amount: 1n, program: depositHintProgram(chainId, recipient) },
    ]);
  });
  reportSent(
    context,
    sent,
    `deposited ${options.amount} ${options.asset}; credited after ${federation.confirmations.base} confirmations (bystack peg list)`,
  );
}

/** Burns on the side chain; the federation pays the main-chain address (the account itself by default). */
export async function runPegOut(context: Context, options: PegInOptions): Promise<void> {
  requireState(context);
  const spec = sideSpecOf(context);
  const { federation } = spec;
  if (federation === null) throw platformError("FEDERATION_ABSENT", { why: spec.name });
  const mainPrefix = await prefixOf(nodeOf(context, "main"));
  const sent = await withWallet(context.layout, async (wallet) => {
    const asset = assetOf(wallet, options.asset);
    const program =
      options.to === undefined ? wallet.receiveProgram(options.from).program : programOf(options.to, mainPrefix);
    return sendFrom(context, wallet, { from: options.from, chain: "side" }, [
      { kind: "burn", assetId: asset.id, amount: parseAmount(options.amount, asset.decimals), program },
      { kind: "pay", assetId: BTM_ASSET_ID, amount: federation.pegOutFeeNeu, program: Uint8Array.of(0x6a) },
    ]);
  });
  reportSent(
    context,
    sent,
    `burned ${options.amount} ${options.asset}; the payout is drafted at the next boundary (bystack peg list)`,
  );
}

export async function runPegList(context: Context): Promise<void> {
  const node = nodeOf(context, "side");
  const [deposits, requests, payouts] = await Promise.all([
    node.call("deposits", { query: { limit: 50 } }),
    node.call("requests", { query: { limit: 50 } }),
    node.call("payouts", { query: { limit: 50 } }),
  ]);
  const lines = [
    ...deposits.items.map(
      (deposit) =>
        `in   ${deposit.nullifier.slice(0, 16)}…  ${deposit.amount.padStart(16)} of ${deposit.asset.slice(0, 8)}…  ${deposit.state}${deposit.state === "seen" ? `, ${deposit.confirmations} of ${deposit.confirmationsNeeded} confirmations` : ""}${deposit.reason === null ? "" : `: ${deposit.reason}`}`,
    ),
    ...requests.items.map(
      (request) =>
        `out  ${request.id.slice(0, 16)}…  ${request.amount.padStart(16)} of ${request.asset.slice(0, 8)}…  ${request.state}${request.payout === null ? "" : `, payout ${request.payout}`}`,
    ),
    ...payouts.items.map(
      (payout) =>
        `pay  #${String(payout.number).padEnd(15)} ${payout.kind} ${payout.state}, signed by ${payout.signedBy.length}${payout.waitsFor === null ? "" : `, waits for ${payout.waitsFor}`}`,
    ),
  ];
  context.output.result(
    { deposits: deposits.items, requests: requests.items, payouts: payouts.items },
    lines.length === 0 ? "Nothing has crossed yet." : lines.join("\n"),
  );
}
