// The answers of a main-chain node to every route of the table. Reads come from the store's indexes and the chain's own
// index in memory; the only writes are a submitted transaction and the wish to stop.

import type { MAIN_ROUTES } from "@bystack/api/main-routes";
import type { RouteHandlers } from "@bystack/api/route";
import type { MainBlockNode } from "@bystack/chain/main/block-index";
import { MEMPOOL_TRANSACTIONS_MAX } from "@bystack/chain/main/mempool";
import type { StoredMainBlock } from "@bystack/chain/main/store";
import { mapMainTransaction } from "@bystack/protocol/main/entries";
import { decodeMainTransaction, MAIN_RELAY_BYTES_MAX } from "@bystack/protocol/main/transaction";
import { workOfBits } from "@bystack/protocol/pow";
import type { MainChainSpec } from "@bystack/protocol/spec";
import { chainSpecHash, formatChainSpec } from "@bystack/protocol/spec";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { assertInvariant, BystackError } from "@bystack/utils/errors";
import type { BackupJobs } from "../backup/jobs.ts";
import { nodeError } from "../errors.ts";
import { type ExplorerPart, indexedIds } from "../explorer/explorer.ts";
import { createExplorerHandlers, programOf } from "../explorer/handlers.ts";
import { createMainView } from "../explorer/main-view.ts";
import type { MainNodeOptions } from "../options.ts";
import type { RefusedTransactions } from "../process/refused-transactions.ts";
import { transactionWhy } from "../process/transaction-why.ts";
import type { Vitals } from "../process/vitals.ts";
import type { ChainHost } from "./chain-host.ts";
import type { Miner } from "./miner.ts";
import { queryOutputs } from "./output-query.ts";
import { readiness } from "./readiness.ts";
import { rememberedRefusal } from "./submit-errors.ts";
import { viewBlock, viewOutput, viewProof } from "./views.ts";

/** Blocks over which the interval is taken. */
const INTERVAL_BLOCKS = 20n;

export type HandlerParts = {
  readonly options: MainNodeOptions;
  readonly spec: MainChainSpec;
  readonly host: ChainHost;
  readonly version: string;
  readonly instance: string;
  readonly startedAtMs: number;
  readonly backends: Readonly<Record<string, string>>;
  readonly nowMs: () => number;
  readonly backups: BackupJobs;
  /** Undefined on a node that does not mine. */
  readonly miner: () => Miner | undefined;
  readonly requestStop: () => void;
  readonly vitals: Vitals;
  readonly refused: RefusedTransactions;
  readonly explorer: ExplorerPart;
};

export type MainHandlers = RouteHandlers<typeof MAIN_ROUTES>;

function notOnThisChain(): never {
  throw nodeError("NOT_ON_THIS_CHAIN", { why: "this is a main chain" });
}

/** Mean time between the last blocks by their own timestamps; null before the first block. */
function blockIntervalMs(host: ChainHost): number | null {
  const { tip, index } = host.service.chain;
  const span = tip.header.height < INTERVAL_BLOCKS ? tip.header.height : INTERVAL_BLOCKS;
  const from = index.at(tip.header.height - span);
  if (span === 0n || from === undefined) return null;
  return (Number(tip.header.timestamp - from.header.timestamp) * 1000) / Number(span);
}

function infoHandlers(parts: HandlerParts): Pick<MainHandlers, "info" | "spec" | "main" | "vitals"> {
  const { options, spec, host, miner } = parts;
  const chainId = bytesToHex(chainSpecHash(spec));
  const canonical = formatChainSpec(spec);
  return {
    info: () => {
      const nowMs = parts.nowMs();
      const { tip } = host.service.chain;
      const height = Number(tip.header.height);
      const notReadyBecause = readiness({
        height,
        tipAgeMs: nowMs - Number(tip.header.timestamp) * 1000,
        runningMs: nowMs - parts.startedAtMs,
        targetMs: Math.max(spec.pow.targetSeconds * 1000, options.mine?.everyMs ?? 0),
      });
      return {
        kind: "main",
        chain: options.chain,
        chainId,
        node: options.id,
        version: parts.version,
        instance: parts.instance,
        startedAtMs: parts.startedAtMs,
        height,
        tip: tip.key,
        finalHeight: height,
        finalHash: tip.key,
        finalAgeMs: Math.max(0, nowMs - Number(tip.header.timestamp) * 1000),
        blockIntervalMs: blockIntervalMs(host),
        ready: notReadyBecause === undefined,
        notReadyBecause: notReadyBecause ?? null,
        peers: 0,
        mempool: host.service.mempool.size,
        rssBytes: process.memoryUsage.rss(),
        addressPrefix: spec.addressPrefix,
        backends: { ...parts.backends },
      };
    },
    spec: () => ({ canonical, hash: chainId }),
    vitals: async () => {
      const { tip } = host.service.chain;
      const { targetSeconds, blocksPerRetarget } = spec.pow;
      return {
        ...(await parts.vitals.process()),
        main: {
          targetMs: targetSeconds * 1000,
          mineEveryMs: miner() === undefined ? null : (options.mine?.everyMs ?? null),
          hashesPerBlock: workOfBits(tip.header.bits).toString(),
          blocksToRetarget: blocksPerRetarget - (Number(tip.header.height) % blocksPerRetarget),
        },
        side: null,
      };
    },
    main: () => {
      const { tip } = host.service.chain;
      return {
        difficultyBits: tip.header.bits.toString(),
        work: tip.totalWork.toString(),
        mining: miner() !== undefined,
        hashesPerSecond: miner()?.hashesPerSecond() ?? 0,
        reorganisations: host.reorganisations,
      };
    },
  };
}

/** A known block: by height on the main chain, by hash on any branch, or the tip. */
function nodeOfRef(host: ChainHost, ref: string): MainBlockNode {
  const { index, tip } = host.service.chain;
  let node: MainBlockNode | undefined;
  if (ref === "tip") node = tip;
  else if (/^[0-9a-f]{64}$/.test(ref)) node = index.get(hexToBytes(ref));
  else if (/^(?:0|[1-9][0-9]{0,15})$/.test(ref)) node = index.at(BigInt(ref));
  if (node === undefined) throw nodeError("BLOCK_NOT_FOUND", { why: ref });
  return node;
}

async function storedBlock(host: ChainHost, hash: Uint8Array): Promise<StoredMainBlock> {
  const stored = await host.store.block(hash);
  assertInvariant(stored !== undefined, "a block of the index is in the store");
  return stored;
}

function chainHandlers(parts: HandlerParts): Pick<MainHandlers, "block" | "transaction" | "proof"> {
  const { host } = parts;
  const { chain, mempool } = host.service;
  return {
    block: async ({ params }) => {
      const node = nodeOfRef(host, params.ref);
      const stored = await storedBlock(host, node.hash);
      const known = await indexedIds(parts.explorer, { height: Number(node.header.height), hash: node.hash });
      return viewBlock(stored, chain.index.isOnMainChain(node), known);
    },
    transaction: async ({ params }) => {
      const id = hexToBytes(params.id);
      const record = await host.store.index.transaction(id);
      if (record === undefined) {
        const waiting = mempool.get(id);
        if (waiting === undefined) throw nodeError("TRANSACTION_NOT_FOUND", { why: params.id });
        const nowhere = { blockHeight: null, blockHash: null, position: null, confirmations: 0 };
        const raw = bytesToHex(waiting.transaction.raw);
        return { id: params.id, raw, status: "pending", gasOnly: waiting.statusFail, ...nowhere };
      }
      const { block } = await storedBlock(host, record.blockHash);
      return {
        id: params.id,
        raw: bytesToHex(block.transactions[record.position]?.raw ?? new Uint8Array(0)),
        status: "confirmed",
        gasOnly: record.statusFail,
        blockHeight: record.height,
        blockHash: bytesToHex(record.blockHash),
        position: record.position,
        // The record may be one block ahead of the tip in memory while that block is being written.
        confirmations: Math.max(1, Number(chain.tip.header.height) - record.height + 1),
      };
    },
    proof: async ({ params }) => {
      const record = await host.store.index.transaction(hexToBytes(params.id));
      if (record === undefined) throw nodeError("TRANSACTION_NOT_FOUND", { why: `${params.id} is in no block` });
      return viewProof(await storedBlock(host, record.blockHash), record.position);
    },
  };
}

function outputHandlers(parts: HandlerParts): Pick<MainHandlers, "outputs" | "output" | "address"> {
  const { host, spec } = parts;
  const { index } = host.store;
  const view = { prefix: spec.addressPrefix, rules: host.service.chain.rules };
  return {
    outputs: async ({ body }) => {
      const { items, next } = await queryOutputs(index, body);
      return { items: items.map((item) => viewOutput(item, view)), next };
    },
    output: async ({ params }) => {
      const found = await index.output(hexToBytes(params.id));
      if (found === undefined) throw nodeError("OUTPUT_NOT_FOUND", { why: params.id });
      return viewOutput(found, view);
    },
    address: async ({ params, query }) => {
      const programs = [bytesToHex(programOf(params.address, spec.addressPrefix))];
      const { items, next } = await queryOutputs(index, { programs, ...query });
      return { items: items.map((item) => viewOutput(item, view)), next };
    },
  };
}

/** Bytes that are no transaction have no id under which anybody could ask. */
function noteRefused(parts: HandlerParts, raw: Uint8Array, error: unknown): void {
  const decoded = decodeMainTransaction(raw, { bytesMax: MAIN_RELAY_BYTES_MAX });
  if (!decoded.ok || !(error instanceof BystackError)) return;
  parts.refused.note(mapMainTransaction(decoded.value).id, { how: "refused", code: error.code, atMs: parts.nowMs() });
}

function whyHandlers(parts: HandlerParts, find: MainHandlers["transaction"]): Pick<MainHandlers, "transactionWhy"> {
  return {
    transactionWhy: (input) =>
      transactionWhy({
        id: input.params.id,
        find: async () => find({ params: input.params, query: {}, body: {} }),
        refused: parts.refused.get(input.params.id),
        errorOf: rememberedRefusal,
        mempool: { transactions: parts.host.service.mempool.size, transactionsMax: MEMPOOL_TRANSACTIONS_MAX },
      }),
  };
}

/** All handlers of a main-chain node. */
export function createMainHandlers(parts: HandlerParts): MainHandlers {
  const { host, spec, explorer } = parts;
  const chain = chainHandlers(parts);
  const { service, store } = host;
  return {
    ...createExplorerHandlers({
      part: explorer,
      chain: createMainView({ addressPrefix: spec.addressPrefix, service, store }),
    }),
    ...infoHandlers(parts),
    ...chain,
    ...whyHandlers(parts, chain.transaction),
    ...outputHandlers(parts),
    consensus: notOnThisChain,
    finality: notOnThisChain,
    peers: notOnThisChain,
    incidents: notOnThisChain,
    setPeers: notOnThisChain,
    submit: async ({ body }) => {
      const raw = hexToBytes(body.raw);
      try {
        const { id, known } = await host.submit(raw);
        parts.refused.forget(id);
        return { id: bytesToHex(id), known };
      } catch (error) {
        noteRefused(parts, raw, error);
        throw error;
      }
    },
    mempool: ({ query }) => {
      const entries = host.service.mempool.entries();
      return { count: entries.length, items: entries.slice(0, query.limit).map(({ id }) => bytesToHex(id)) };
    },
    backup: ({ body }) => ({ ...parts.backups.begin(body.id) }),
    stop: () => {
      parts.requestStop();
      return { stopping: true };
    },
  };
}
