// A steady load of real transactions: coins of accounts of the run's own are spent to themselves again and again, each as
// soon as its last spend is final. Remembers when each was submitted and when it was final.

import { setTimeout as delay } from "node:timers/promises";
import { publicKeyFromSeed, signEd25519 } from "@bystack/crypto/ed25519";
import { sha3_256 } from "@bystack/crypto/hash";
import { unspentOf } from "@bystack/federation/prove/clients";
import type { SideClient } from "@bystack/platform/network/run";
import { formatAddress } from "@bystack/protocol/address";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { publicKeyProgram } from "@bystack/protocol/program";
import { mapSideTransaction, sideSignatureHash } from "@bystack/protocol/side/entries";
import { createSideTransaction, type SideTransaction } from "@bystack/protocol/side/transaction";
import { bytesToHex, utf8ToBytes } from "@bystack/utils/bytes";

export type Coin = { readonly sourceId: Uint8Array; readonly sourcePosition: bigint; readonly amount: bigint };

/** Bytes + VM + margin of a spend with one input and two outputs, at 200 neu a gas. */
export const FEE_NEU = 540_000n;
/** What a spend leaves behind for nobody in particular, where the run wants the state to grow. */
export const LEFT_NEU = 1_000n;
const LEFT_PROGRAM = Uint8Array.of(0x51);

export type Load = {
  /** Ids in the order of submission, with the time. */
  readonly submittedMs: ReadonlyMap<string, number>;
  readonly refused: () => number;
  /** Told by the observer when a transaction is final. */
  onFinal(id: string): void;
  /** Submits at the rate until stopped. */
  run(): Promise<void>;
  /** Goes on at another rate, in transactions a second. */
  setRate(perSecond: number): void;
  /** Submits nothing until the next `renew`. */
  hold(): void;
  /** Takes stock of the account's coins at a node, forgets what was under way, and goes on. */
  renew(): Promise<void>;
  stop(): void;
};

export type LoadAccount = {
  readonly seed: Uint8Array;
  readonly program: Uint8Array;
  readonly address: (prefix: string) => string;
};

export function loadAccount(name: string): LoadAccount {
  const seed = sha3_256(utf8ToBytes(name));
  const program = publicKeyProgram(publicKeyFromSeed(seed));
  return { seed, program, address: (prefix) => formatAddress(program.subarray(2), prefix) };
}

/** Spends a coin to the account again in these amounts; `left` adds one output that nobody spends. */
export function spend(
  account: LoadAccount,
  coin: Coin,
  { amounts, left }: { readonly amounts: readonly bigint[]; readonly left?: boolean },
): SideTransaction {
  const publicKey = publicKeyFromSeed(account.seed);
  const data = {
    version: 1n,
    timeRange: 0n,
    outputs: [
      ...amounts.map((amount) => ({ amount, program: account.program })),
      ...(left === true ? [{ amount: LEFT_NEU, program: LEFT_PROGRAM }] : []),
    ].map((output) => ({ kind: "intra" as const, assetId: BTM_ASSET_ID, ...output })),
  };
  const input = {
    kind: "spend" as const,
    ...coin,
    assetId: BTM_ASSET_ID,
    program: account.program,
    arguments: [] as Uint8Array[],
  };
  const unsigned = createSideTransaction({ ...data, inputs: [input] });
  const hash = sideSignatureHash(mapSideTransaction(unsigned), 0);
  return createSideTransaction({
    ...data,
    inputs: [{ ...input, arguments: [signEd25519(account.seed, hash), publicKey] }],
  });
}

/** Splits the account's largest coin into so many equal ones and waits until they are final. */
export async function splitCoins(account: LoadAccount, node: SideClient, count: number): Promise<Coin[]> {
  const [largest] = (await unspentOf(node, [account.program])).toSorted((a, b) => (a.amount > b.amount ? -1 : 1));
  if (largest === undefined) throw new Error("the load account has no coin");
  const fee = BigInt(count) * 30_000n + FEE_NEU;
  const each = (largest.amount - fee) / BigInt(count);
  const transaction = spend(account, largest, { amounts: Array.from({ length: count }, () => each) });
  const { id } = await node.call("submit", { body: { raw: bytesToHex(transaction.raw) } });
  for (;;) {
    const found = await node.call("transaction", { params: { id } }).catch(() => undefined);
    if (found?.status === "final") break;
    await delay(100);
  }
  const { muxId } = mapSideTransaction(transaction);
  return Array.from({ length: count }, (_, index) => ({
    sourceId: muxId,
    sourcePosition: BigInt(index),
    amount: each,
  }));
}

export function createLoad(options: {
  account: LoadAccount;
  coins: readonly Coin[];
  perSecond: number;
  /** Each spend leaves one output for good: the state grows with the chain. */
  leaves: boolean;
  nodes: () => readonly SideClient[];
  nowMs: () => number;
}): Load {
  let free = [...options.coins];
  const flying = new Map<string, Coin>();
  const submittedMs = new Map<string, number>();
  let { perSecond } = options;
  let stopped = false;
  let held = false;
  let refused = 0;
  let turn = 0;

  async function submitOne(coin: Coin): Promise<void> {
    const amount = coin.amount - FEE_NEU - (options.leaves ? LEFT_NEU : 0n);
    const transaction = spend(options.account, coin, { amounts: [amount], left: options.leaves });
    const mapped = mapSideTransaction(transaction);
    const id = bytesToHex(mapped.id);
    const nodes = options.nodes();
    const node = nodes[turn % Math.max(1, nodes.length)];
    turn += 1;
    if (node === undefined) {
      free.push(coin);
      return;
    }
    flying.set(id, { sourceId: mapped.muxId, sourcePosition: 0n, amount });
    submittedMs.set(id, options.nowMs());
    try {
      await node.call("submit", { body: { raw: bytesToHex(transaction.raw) } });
    } catch {
      // A node that was just killed: whether it passed the transaction on is not known, so the coin is not used again.
      refused += 1;
      submittedMs.delete(id);
    }
  }

  return {
    submittedMs,
    refused: () => refused,
    onFinal: (id) => {
      const coin = flying.get(id);
      if (coin === undefined) return;
      flying.delete(id);
      if (coin.amount > 2n * FEE_NEU) free.push(coin);
    },
    run: async () => {
      let dueMs = options.nowMs();
      while (!stopped) {
        dueMs += 1000 / perSecond;
        const coin = held ? undefined : free.shift();
        if (coin !== undefined) void submitOne(coin);
        const waitMs = dueMs - options.nowMs();
        if (waitMs > 0) await delay(waitMs);
        // After a stall the load goes on at its rate instead of catching up in a burst.
        else dueMs = options.nowMs();
      }
    },
    setRate: (rate) => {
      perSecond = rate;
    },
    hold: () => {
      held = true;
    },
    renew: async () => {
      const [node] = options.nodes();
      if (node === undefined) throw new Error("no node is running that could say which coins the load has");
      const coins = await unspentOf(node, [options.account.program]);
      free = coins.filter((coin) => coin.amount > 2n * FEE_NEU);
      flying.clear();
      held = false;
    },
    stop: () => {
      stopped = true;
    },
  };
}
