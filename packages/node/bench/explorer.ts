// How fast a node's explorer answers and how fast its index is made: a side chain of many payments on a disk, one node that
// serves it over HTTP. Every route is asked at random places and at its worst: the program that took part in everything, the
// largest pages. `node packages/node/bench/explorer.ts [blocks] [payments a block] [questions a route]`.

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiClient, createClient } from "@bystack/api/client";
import { SIDE_ROUTES } from "@bystack/api/side-routes";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { p2wpkhProgram } from "@bystack/protocol/program";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { createSideTransaction } from "@bystack/protocol/side/transaction";
import { formatChainSpec, type SideChainSpec } from "@bystack/protocol/spec";
import { createDevSideSpec } from "@bystack/protocol/spec/presets";
import { openDataFolder } from "@bystack/storage/data-folder";
import { createSeededRng } from "@bystack/testing/rng";
import { bytesToHex, type Hash } from "@bystack/utils/bytes";
import { nullLogger } from "@bystack/utils/ports";
import { parseNodeOptions } from "../src/options.ts";
import { initNode, openNodeKeys } from "../src/process/keys.ts";
import { startSideNode } from "../src/side/side-node.ts";
import { openSideStore } from "../src/side/side-store.ts";
import { incidentsIn } from "../test/incidents.ts";
import { blockOf, certificateOf, VOTE_KEY } from "../test/side/blocks-kit.ts";

const blocks = Number(process.argv[2] ?? 100);
const perBlock = Number(process.argv[3] ?? 1000);
const questions = Number(process.argv[4] ?? 40);

/** Anybody may spend: the one program that takes part in every payment, and no signature to make or check. */
const TRUE = Uint8Array.of(0x51);
const PAYEES = 5_000;
const COIN_NEU = 100_000_000_000n;
const FEE_NEU = 1_000_000n;
const PAID_NEU = 1_000n;
/** Longer than the chain: no epoch ends. */
const EPOCH_BLOCKS = 1_000_000;

const rng = createSeededRng(1);
const payees = Array.from({ length: PAYEES }, () => p2wpkhProgram(rng.bytes(20)));
const spec: SideChainSpec = createDevSideSpec({
  name: "payments",
  genesisTimeMs: 1_700_000_000_000,
  committee: [{ id: "v1", voteKey: VOTE_KEY, rewardProgram: TRUE }],
  federation: null,
  genesisOutputs: Array.from({ length: perBlock }, () => ({ program: TRUE, amountNeu: COIN_NEU })),
  consensus: { epochBlocks: EPOCH_BLOCKS, run: 1 },
});

type Coin = { readonly sourceId: Hash; readonly sourcePosition: bigint; readonly amount: bigint };

/** Pays somebody a little and keeps the rest. */
function pay(coin: Coin): { readonly raw: Uint8Array; readonly change: Coin } {
  const amount = coin.amount - PAID_NEU - FEE_NEU;
  const output = (value: bigint, program: Uint8Array) =>
    ({ kind: "intra", assetId: BTM_ASSET_ID, amount: value, program }) as const;
  const transaction = createSideTransaction({
    version: 1n,
    timeRange: 0n,
    inputs: [{ kind: "spend", ...coin, assetId: BTM_ASSET_ID, program: TRUE, arguments: [] }],
    outputs: [output(PAID_NEU, rng.pick(payees)), output(amount, TRUE)],
  });
  const { muxId } = mapSideTransaction(transaction);
  return { raw: transaction.raw, change: { sourceId: muxId, sourcePosition: 1n, amount } };
}

async function grow(folder: string): Promise<void> {
  const data = await openDataFolder({ path: join(folder, "data", "side"), kind: "side-node", version: 1 });
  const store = await openSideStore({
    data,
    spec,
    mainSpec: undefined,
    driver: "lmdb",
    snapshotBlocks: blocks,
    history: "archive",
    rng: createSeededRng(2),
    logger: nullLogger,
    incidents: incidentsIn(folder),
  });
  const { chain } = store;
  const [genesis] = sideGenesis(spec).transactions;
  if (genesis === undefined) throw new Error("the chain has coins");
  const { muxId } = mapSideTransaction(genesis);
  let coins = genesis.outputs.map((_, i): Coin => ({ sourceId: muxId, sourcePosition: BigInt(i), amount: COIN_NEU }));
  for (let made = 0; made < blocks; made += 1) {
    const paid = coins.map(pay);
    for (const { raw } of paid) if (!chain.submit(raw).ok) throw new Error("a payment is refused");
    const parent = chain.tip?.block;
    const parentHash = parent?.hash ?? chain.genesisHash;
    const view = chain.height + 1;
    const content = chain.build({
      parentHash,
      view,
      gasMax: undefined,
      halvings: 0,
      headers: undefined,
      verdicts: new Map(),
    });
    if (content === undefined || content.transactionCount < coins.length) throw new Error("a block took too little");
    const place = { chainId: chain.rules.chainId, genesisMs: spec.genesis.timeMs };
    const block = blockOf(place, parent, content, { parentHash });
    const final = await chain.finalise([block], certificateOf(block), (entry) => store.indexes.follow(entry));
    await store.follow(final);
    coins = paid.map(({ change }) => change);
  }
  await store.close();
  data.release();
}

type Client = ApiClient<typeof SIDE_ROUTES>;

/** Processor time of this thread between two turns of a timer: what the loop itself was busy, other programs aside. */
function watchBusy(): () => { readonly p99: number; readonly max: number } {
  let last = process.threadCpuUsage();
  const turns: number[] = [];
  const timer = setInterval(() => {
    const now = process.threadCpuUsage();
    turns.push((now.user + now.system - last.user - last.system) / 1000);
    last = now;
  }, 2);
  return () => {
    clearInterval(timer);
    turns.sort((a, b) => a - b);
    return { p99: rounded(turns[Math.floor(turns.length * 0.99)] ?? 0), max: rounded(turns.at(-1) ?? 0) };
  };
}

/** Seconds until the index is at the tip, processor seconds, and how long the event loop was busy without a turn meanwhile. */
async function untilIndexed(client: Client) {
  const busy = watchBusy();
  const cpu = process.threadCpuUsage();
  const from = performance.now();
  for (;;) {
    const { state } = await client.call("explorer");
    if (state === "following") break;
    if (state === "failed" || state === "incomplete") throw new Error(state);
    await delay(20);
  }
  const { user, system } = process.threadCpuUsage(cpu);
  const seconds = (performance.now() - from) / 1000;
  return { seconds, cpuSeconds: (user + system) / 1e6, busyMs: busy() };
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;

async function measure(ask: (i: number) => Promise<unknown>): Promise<{ medianMs: number; worstMs: number }> {
  const times: number[] = [];
  for (let i = 0; i < questions; i += 1) {
    const from = performance.now();
    await ask(i);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return { medianMs: rounded(times[times.length >> 1] ?? 0), worstMs: rounded(times.at(-1) ?? 0) };
}

async function measureRoutes(client: Client) {
  const asset = bytesToHex(BTM_ASSET_ID);
  const everywhere = { address: bytesToHex(TRUE) };
  const anywhere = () => ({ address: bytesToHex(rng.pick(payees)) });
  const limit = 200;
  const height = (): string => String(1 + rng.below(blocks));
  const page = (cursor: string) => ({ limit, cursor });
  const place = () => page(`${height()}:${rng.below(perBlock)}`);
  const hashes = (await client.call("blocks", { query: { limit } })).items.map(({ hash }) => hash);
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1)
    ids.push(...(await client.call("transactions", { query: place() })).items.map(({ id }) => id));
  const questionsOf: Record<string, () => Promise<unknown>> = {
    explorer: () => client.call("explorer"),
    blocks: () => client.call("blocks", { query: page(height()) }),
    "block by height": () => client.call("block", { params: { ref: height() } }),
    "block by hash": () => client.call("block", { params: { ref: rng.pick(hashes) } }),
    blockTransactions: () =>
      client.call("blockTransactions", { params: { ref: height() }, query: page(String(rng.below(perBlock))) }),
    transactions: () => client.call("transactions", { query: place() }),
    transactionDetails: () => client.call("transactionDetails", { params: { id: rng.pick(ids) } }),
    addressSummary: () => client.call("addressSummary", { params: anywhere() }),
    "addressSummary of everything": () => client.call("addressSummary", { params: everywhere }),
    addressTransactions: () => client.call("addressTransactions", { params: anywhere(), query: { limit } }),
    "addressTransactions of everything": () =>
      client.call("addressTransactions", { params: everywhere, query: place() }),
    "address (outputs)": () => client.call("address", { params: everywhere, query: { limit } }),
    assets: () => client.call("assets", { query: { limit } }),
    asset: () => client.call("asset", { params: { asset } }),
    assetHolders: () => client.call("assetHolders", { params: { asset }, query: { limit } }),
    mempoolTransactions: () => client.call("mempoolTransactions", { query: { limit } }),
    "search by id": () => client.call("search", { query: { text: rng.pick(ids) } }),
    "search by 6 digits": () => client.call("search", { query: { text: rng.pick(ids).slice(0, 6) } }),
  };
  const routes: Record<string, { medianMs: number; worstMs: number }> = {};
  for (const [name, question] of Object.entries(questionsOf)) routes[name] = await measure(question);
  return routes;
}

const root = mkdtempSync(join(tmpdir(), "bystack-explorer-"));
try {
  for (const part of ["data", "keys", "log"]) mkdirSync(join(root, part), { recursive: true });
  initNode(root);
  writeFileSync(join(root, "spec.json"), formatChainSpec(spec));
  const made = performance.now();
  await grow(root);
  process.stderr.write(`${blocks * perBlock} payments made in ${Math.round((performance.now() - made) / 1000)} s\n`);
  const options = parseNodeOptions({
    format: 1,
    id: "o1",
    network: "bench",
    chain: "payments",
    kind: "side",
    specFile: "spec.json",
    history: "archive",
    snapshotBlocks: 1_000_000,
    explorer: true,
  });
  if (options.kind !== "side") throw new Error("these are the options of a side node");
  const node = await startSideNode({
    folder: root,
    options,
    keys: openNodeKeys(root),
    version: "bench",
    logger: nullLogger,
    onStopAsked: () => {},
  });
  const baseUrl = `http://127.0.0.1:${node.instance.ports.http}`;
  const client = createClient({ baseUrl, routes: SIDE_ROUTES, token: node.instance.adminToken });
  const before = process.memoryUsage.rss();
  const first = await untilIndexed(client);
  const routes = await measureRoutes(client);
  await client.call("rebuildExplorer");
  const again = await untilIndexed(client);
  const { transactions } = await client.call("explorer");
  const { rssBytes } = await client.call("info");
  const worst = Math.max(...Object.values(routes).map(({ worstMs }) => worstMs));
  console.log(
    JSON.stringify(
      {
        transactions,
        index: {
          seconds: rounded(first.seconds),
          perSecond: Math.round(transactions / first.seconds),
          cpuPerSecond: Math.round(transactions / first.cpuSeconds),
          busyMs: first.busyMs,
        },
        rebuild: { seconds: rounded(again.seconds), busyMs: again.busyMs },
        indexMiB: Math.round(statSync(join(root, "data", "explorer", "index.mdb")).size / 1_048_576),
        // Of the whole process, which made the chain before.
        rssMiB: { before: Math.round(before / 1_048_576), after: Math.round(rssBytes / 1_048_576) },
        worstMs: worst,
        routes,
      },
      undefined,
      1,
    ),
  );
  await node.stop();
} finally {
  rmSync(root, { recursive: true, force: true });
}
