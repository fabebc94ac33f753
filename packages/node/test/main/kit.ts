// A main-chain node for tests: a folder of its own, a dev chain with two hashes a block, an account that holds the genesis
// coins, and a client.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiClient, createClient } from "@bystack/api/client";
import { subscribeToEvents } from "@bystack/api/events";
import { NODE_EVENT, NODE_ROUTES, type NodeEvent } from "@bystack/api/node-routes";
import { rootXprv, type Xprv, xpubOfXprv } from "@bystack/crypto/chainkd";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { formatChainSpec, type MainChainSpec } from "@bystack/protocol/spec";
import { createDevMainSpec } from "@bystack/protocol/spec/presets";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { type AccountProgram, programAt } from "@bystack/wallet/accounts";
import { buildTransaction, type Payment } from "@bystack/wallet/build";
import { MAIN_ADAPTER } from "@bystack/wallet/build/main";
import type { Coin } from "@bystack/wallet/coins";
import { signInputs } from "@bystack/wallet/sign";
import type { MainNodeOptions } from "../../src/options.ts";
import { parseNodeOptions } from "../../src/options.ts";

export type Owner = { readonly root: Xprv; readonly account: AccountProgram };

export const GENESIS_COINS = 3;
export const COIN_NEU = 100_000_000_000n;

export function createOwner(): Owner {
  const root = rootXprv(utf8ToBytes("a seed for tests only"));
  return { root, account: programAt(xpubOfXprv(root), 1, false, 1) };
}

/** Founded now, so that the miner has nothing to make up for. */
export function devSpec(owner: Owner, name = "main"): MainChainSpec {
  return createDevMainSpec({
    name,
    genesisTimeSeconds: Math.floor(Date.now() / 1000),
    outputs: Array.from({ length: GENESIS_COINS }, () => ({ program: owner.account.program, amountNeu: COIN_NEU })),
  });
}

export type TestFolder = { readonly path: string; saveSpec(spec: MainChainSpec): void; remove(): void };

export function createFolder(spec: MainChainSpec): TestFolder {
  const path = mkdtempSync(join(tmpdir(), "bystack-main-node-"));
  mkdirSync(join(path, "log"));
  const saveSpec = (saved: MainChainSpec): void => writeFileSync(join(path, "spec.json"), formatChainSpec(saved));
  saveSpec(spec);
  return { path, saveSpec, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** What a running node says of itself in its folder. */
export function instanceOf(folder: TestFolder): { adminToken: string; ports: { http: number }; instance: string } {
  return JSON.parse(readFileSync(join(folder.path, "instance.json"), "utf8"));
}

/** The JSON of node.json. */
export function nodeJson(part: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { format: 1, id: "main-1", network: "test", chain: "main", kind: "main", specFile: "spec.json", ...part };
}

export function mainOptions(part: Readonly<Record<string, unknown>> = {}): MainNodeOptions {
  const options = parseNodeOptions(nodeJson(part));
  if (options.kind !== "main") throw new Error("these are the options of a main node");
  return options;
}

export function mining(owner: Owner): Readonly<Record<string, unknown>> {
  return { mine: { threads: 1, everyMs: 100, program: bytesToHex(owner.account.program) } };
}

export type Client = ApiClient<typeof NODE_ROUTES>;

export function clientOf(url: string, adminToken?: string): Client {
  return createClient({ baseUrl: url, routes: NODE_ROUTES, token: adminToken });
}

/** Follows the stream and resolves with the first event that satisfies. */
export type Events = {
  until(what: (event: NodeEvent) => boolean): Promise<NodeEvent>;
  seen(): readonly NodeEvent[];
  close(): void;
};

export async function followEvents(url: string): Promise<Events> {
  const seen: NodeEvent[] = [];
  const waiting = new Set<() => void>();
  let closed = false;
  const opened = Promise.withResolvers<void>();
  const stream = subscribeToEvents({
    baseUrl: url,
    onOpen: () => opened.resolve(),
    onEvent: (event) => {
      seen.push(NODE_EVENT.parse(event));
      for (const look of waiting) look();
    },
    onClose: () => {
      closed = true;
      opened.reject(new Error("the stream did not open"));
      for (const look of waiting) look();
    },
  });
  await opened.promise;
  return {
    until: (what) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const event = seen.find(what);
          if (event === undefined && !closed) return;
          waiting.delete(look);
          if (event === undefined) reject(new Error("the stream ended"));
          else resolve(event);
        };
        waiting.add(look);
        look();
      }),
    seen: () => seen,
    close: () => stream.close(),
  };
}

/** Every unspent output of the owner that the next block may spend, over all pages. */
async function spendableCoins(client: Client, owner: Owner): Promise<Coin[]> {
  const { height } = await client.call("info");
  const coins: Coin[] = [];
  let cursor: string | undefined;
  do {
    const programs = [bytesToHex(owner.account.program)];
    const page = await client.call("outputs", { body: { programs, ...(cursor !== undefined && { cursor }) } });
    for (const output of page.items) {
      if (output.spendableFrom > height + 1) continue;
      coins.push({
        id: hexToBytes(output.id),
        assetId: hexToBytes(output.asset),
        amount: BigInt(output.amount),
        program: hexToBytes(output.program),
        sourceId: hexToBytes(output.sourceId),
        sourcePosition: BigInt(output.sourcePosition),
      });
    }
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return coins;
}

function signed(owner: Owner, coins: readonly Coin[], payments: readonly Payment[]): { raw: string; id: string } {
  const built = buildTransaction({ coins, payments, issues: [], changeProgram: owner.account.program }, MAIN_ADAPTER);
  const witnesses = signInputs(MAIN_ADAPTER.inputsToSign(built.draft), {
    root: owner.root,
    programs: [owner.account],
    assets: [],
  });
  const { raw, id } = MAIN_ADAPTER.finish(built.draft, witnesses);
  return { raw: bytesToHex(raw), id: bytesToHex(id) };
}

/** A signed payment of BTM from the owner's coins at the node. */
export async function signedPayment(
  client: Client,
  owner: Owner,
  payment: { readonly amountNeu: bigint; readonly program: Uint8Array },
): Promise<{ raw: string; id: string }> {
  const { amountNeu, program } = payment;
  const coins = await spendableCoins(client, owner);
  return signed(owner, coins, [{ kind: "pay", assetId: BTM_ASSET_ID, amount: amountNeu, program }]);
}

const PART_NEU = 20_000_000n;

/** Splits the owner's coins into many and gives back a signed payment for each of them. */
export async function splitCoins(options: {
  readonly client: Client;
  readonly owner: Owner;
  readonly events: Events;
  readonly parts: number;
}): Promise<string[]> {
  const { client, owner, events, parts } = options;
  const { program } = owner.account;
  const split = signed(
    owner,
    await spendableCoins(client, owner),
    Array.from({ length: parts }, () => ({ kind: "pay", assetId: BTM_ASSET_ID, amount: PART_NEU, program })),
  );
  await client.call("submit", { body: { raw: split.raw } });
  await events.until((event) => event.transactions.includes(split.id));
  const coins = (await spendableCoins(client, owner)).filter(({ amount }) => amount === PART_NEU);
  return coins.map((coin) => {
    const payment: Payment = { kind: "pay", assetId: BTM_ASSET_ID, amount: 1_000n, program };
    return signed(owner, [coin], [payment]).raw;
  });
}
