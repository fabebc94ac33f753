// `bystack wallet` and `bystack peg`: balances, addresses, payments, deposits and burns. Keys stay in the network's wallet
// folder, which is locked while a command uses it.

import { httpNodeClient } from "@bystack/federation/prove/clients";
import { formatAddress } from "@bystack/protocol/address";
import { bytesToHex } from "@bystack/utils/bytes";
import { BTM_DECIMALS, formatAmount } from "@bystack/wallet/amounts";
import type { Sent, Wallet } from "@bystack/wallet/wallet";
import { type Context, requireState } from "../context.ts";
import { chainsOf, kindOf, loadSideSpec, nodeOf, nodeOfChain, sideOf } from "../network/chains.ts";
import { votesOfPrograms } from "../network/elections.ts";
import { untilPaid } from "../network/final.ts";
import { withWallet } from "../wallet/access.ts";
import { assetOf, confirmationsOf, type Order, type Place, pay, pegIn, pegOut, prefixOf } from "../wallet/payments.ts";

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
  /** Until it is final, or on a main chain in a block. */
  readonly wait?: boolean;
};

/** Where a command pays, and the chain that it means. */
function placeOf(context: Context): Place {
  return { layout: context.layout, state: requireState(context) };
}

/** Pays on the named chain, or on the only side chain. */
export async function runSend(context: Context, options: SendOptions): Promise<void> {
  const place = placeOf(context);
  const { state } = place;
  const chain = kindOf(context, state) === "main" ? state.mainChain : sideOf(context, state).chain;
  const { from, to, amount, asset } = options;
  const sent = await withWallet(context.layout, (wallet) => {
    const isOwn = wallet.data.accounts.some(({ name }) => name === to);
    return pay(place, wallet, { chain, from, amount, asset, to: isOwn ? { account: to } : { address: to } });
  });
  const what = `sent ${amount} ${asset} on ${chain}`;
  if (options.wait !== true) return reportSent(context, sent, what);
  const { blockHeight, status } = await untilPaid(
    nodeOfChain(context, chain),
    bytesToHex(sent.id),
    kindOf(context, state),
  );
  reportSent(context, sent, `${what}: ${status} in block ${blockHeight}`);
}

export type PegOptions = {
  readonly from: string;
  readonly to?: string;
  readonly amount: string;
  readonly asset: string;
};

function pegOrder(context: Context, { from, to, amount, asset }: PegOptions): { place: Place; order: Order } {
  const place = placeOf(context);
  const { chain } = sideOf(context, place.state);
  return { place, order: { chain, from, amount, asset, to: to === undefined ? { account: from } : { address: to } } };
}

/** Pays to the deposit address of a recipient on the side chain (the account itself by default). */
export async function runPegIn(context: Context, options: PegOptions): Promise<void> {
  const { place, order } = pegOrder(context, options);
  const confirmations = confirmationsOf(place, order.chain);
  const sent = await withWallet(context.layout, (wallet) => pegIn(place, wallet, order));
  const what = `deposited ${options.amount} ${options.asset}; credited after ${confirmations} confirmations (bystack peg list)`;
  reportSent(context, sent, what);
}

/** Burns on the side chain; the federation pays the main-chain address (the account itself by default). */
export async function runPegOut(context: Context, options: PegOptions): Promise<void> {
  const { place, order } = pegOrder(context, options);
  const sent = await withWallet(context.layout, (wallet) => pegOut(place, wallet, order));
  const what = `burned ${options.amount} ${options.asset}; the payout is drafted at the next boundary (bystack peg list)`;
  reportSent(context, sent, what);
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
