// Composition root of a main-chain node: data folder, store, chain, proof of work, API, miner, opened in this order and
// closed in the other one. instance.json is written last: whoever reads it finds a node that answers. A store that fails
// ends the node, and `ended` says why (architecture.md section 8, rule 5).

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tokenDoor } from "@bystack/api/door";
import { MAIN_ROUTES } from "@bystack/api/main-routes";
import type { NodeEvent } from "@bystack/api/node-routes";
import { createMainSource } from "@bystack/chain/explorer/sources";
import { MainChainService } from "@bystack/chain/main/chain-service";
import { KvMainChainStore } from "@bystack/chain/main/kv-store";
import type { Pause } from "@bystack/chain/main/pause";
import { chainSpecHash, type MainChainSpec } from "@bystack/protocol/spec";
import { openDataFolder } from "@bystack/storage/data-folder";
import type { KvStore } from "@bystack/storage/kv";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { createMemoryStore } from "@bystack/storage/memory";
import { bytesToHex } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Clock, Logger } from "@bystack/utils/ports";
import { BackupJobs } from "../backup/jobs.ts";
import { createMainBackup, MAIN_DATA_FORMAT, MAIN_DATA_KIND, MAIN_STORE_FILE } from "../backup/main-backup.ts";
import { nodeError } from "../errors.ts";
import { Explorer } from "../explorer/explorer.ts";
import type { MainNodeOptions } from "../options.ts";
import { createInstance, writeInstance } from "../process/instance.ts";
import type { NodeKeys } from "../process/keys.ts";
import { createFileLogger } from "../process/log.ts";
import { Opened } from "../process/opened.ts";
import { RefusedTransactions } from "../process/refused-transactions.ts";
import { serveApi } from "../process/serve.ts";
import { systemClock } from "../process/timers.ts";
import { Vitals } from "../process/vitals.ts";
import { ChainHost } from "./chain-host.ts";
import { createMainHandlers } from "./handlers.ts";
import { createMainMetrics } from "./main-metrics.ts";
import { loadMainSpec } from "./main-spec.ts";
import { type Miner, startMiner } from "./miner.ts";
import { chooseBackend, openProofOfWork, type ProofOfWork } from "./proof-of-work.ts";
import { createPause } from "./turns.ts";

/** Orphans that waited too long are looked for this often, as in the reference. */
const SWEEP_MS = 180_000;
/** A node that must end does not wait longer for its parts to close. */
const CLOSE_DEADLINE_MS = 5_000;
/** The answer to the stop route leaves before the server closes. */
const STOP_ANSWER_MS = 10;

export type MainNode = {
  readonly url: string;
  /** Ends the node in order. */
  stop(): Promise<void>;
  /** Resolves once the node has ended because it was asked to; rejects with the reason when it had to. */
  readonly ended: Promise<void>;
};

export type MainNodeStart = {
  /** The node's folder: node.json, data/, log/. */
  readonly folder: string;
  readonly options: MainNodeOptions;
  /** A main-chain node signs nothing. */
  readonly keys?: NodeKeys;
  /** By default the log file of the folder. */
  readonly logger?: Logger;
  readonly clock?: Clock;
};

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return (manifest as { version: string }).version;
}

type Ground = {
  readonly spec: MainChainSpec;
  readonly kv: KvStore;
  readonly store: KvMainChainStore;
  readonly pause: Pause;
};

/** Data folder and store, tied to the spec. @throws BystackError FOLDER_IN_USE, SPEC_MISMATCH and what storage refuses */
async function openGround(start: Composing, opened: Opened): Promise<Ground> {
  const { folder, options } = start;
  const spec = loadMainSpec(join(folder, options.specFile));
  mkdirSync(join(folder, "data"), { recursive: true, mode: 0o700 });
  const data = await openDataFolder({
    path: join(folder, "data", "main"),
    kind: MAIN_DATA_KIND,
    version: MAIN_DATA_FORMAT,
  });
  opened.add(() => data.release());
  const kv: KvStore =
    options.store === "memory" ? createMemoryStore() : await openLmdbStore({ path: join(data.path, MAIN_STORE_FILE) });
  opened.add(() => kv.close());
  const pause = createPause(() => start.clock.monotonicMs());
  const store = await KvMainChainStore.open(kv, pause);
  if (!(await store.bindSpec(chainSpecHash(spec)))) throw nodeError("SPEC_MISMATCH", { why: `chain ${options.chain}` });
  return { spec, kv, store, pause };
}

async function openService(ground: Ground, work: ProofOfWork): Promise<MainChainService> {
  try {
    return await MainChainService.open({ ...ground, checkWork: (claim) => work.check(claim) });
  } catch (error) {
    if (error instanceof BystackError && error.code === "FOREIGN_GENESIS")
      throw nodeError("SPEC_MISMATCH", { why: error.why, cause: error });
    throw error;
  }
}

async function openExplorer(
  { folder, options, clock, logger }: Composing,
  { spec, store }: Ground,
  { chain }: MainChainService,
): Promise<Explorer | undefined> {
  if (!options.explorer) return undefined;
  const source = createMainSource({ spec, index: chain.index, store });
  return Explorer.open({ folder, driver: options.store, source, monotonicMs: () => clock.monotonicMs(), logger });
}

function after(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.max(0, delayMs));
  return () => clearTimeout(timer);
}

/** Ends the node once: by request, or for a reason. */
function createEnding(opened: Opened, logger: Logger) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The reason is for whoever waits for `ended`; without anybody it must not take the process down unheard.
  promise.catch(() => {});
  let ending: Promise<void> | undefined;
  async function end(): Promise<void> {
    logger.info("stopping");
    try {
      await opened.close();
      resolve();
    } catch (error) {
      reject(error);
      throw error;
    }
  }
  async function endFor(error: unknown): Promise<void> {
    logger.error("the node must end", { why: error instanceof Error ? error.message : String(error) });
    // What failed may also be unable to close.
    const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
    const cancel = after(CLOSE_DEADLINE_MS, giveUp);
    await Promise.race([opened.close().catch(() => {}), late]);
    cancel();
    reject(error);
  }
  return {
    ended: promise,
    stop: (): Promise<void> => {
      ending ??= end();
      return ending;
    },
    fail: (error: unknown): void => {
      ending ??= endFor(error);
    },
  };
}

/**
 * Starts a main-chain node and resolves once it answers.
 * @throws BystackError SPEC_INVALID, SPEC_MISMATCH, FOLDER_IN_USE, PORT_IN_USE, and those of store and backend
 */
export async function startMainNode(start: MainNodeStart): Promise<MainNode> {
  const opened = new Opened();
  const { folder, options, clock = systemClock } = start;
  let { logger } = start;
  if (logger === undefined) {
    mkdirSync(join(folder, "log"), { recursive: true, mode: 0o700 });
    const file = createFileLogger({
      folder: join(folder, "log"),
      node: options.id,
      level: options.logLevel,
      nowMs: clock.nowMs,
    });
    opened.add(() => file.close());
    logger = file;
  }
  try {
    return await compose({ ...start, clock, logger }, opened);
  } catch (error) {
    logger.error("the node does not start", { why: error instanceof Error ? error.message : String(error) });
    await opened.close().catch(() => {});
    throw error;
  }
}

type Composing = MainNodeStart & { readonly clock: Clock; readonly logger: Logger };

async function compose(start: Composing, opened: Opened): Promise<MainNode> {
  const { folder, options, clock, logger } = start;
  const ground = await openGround(start, opened);
  const backend = chooseBackend(options.backend);
  const work = openProofOfWork(backend);
  opened.add(() => work.close());
  const service = await openService(ground, work);
  const { tip } = service.chain;
  const { store } = options;
  logger.info("chain opened", {
    height: tip.header.height,
    tip: tip.key,
    tensority: backend,
    asked: options.backend,
    store,
  });

  const ending = createEnding(opened, logger);
  const instance = createInstance(clock.nowMs());
  const explorer = await openExplorer(start, ground, service);
  opened.add(async () => explorer?.close());
  let miner: Miner | undefined;
  let publish: (event: NodeEvent) => void = () => {};
  const host = new ChainHost({
    service,
    store: ground.store,
    nowMs: clock.nowMs,
    logger,
    publish: (event) => publish(event),
    onTip: () => {
      miner?.tipChanged();
      explorer?.poke();
    },
    onFailure: ending.fail,
  });
  const height = (): number => Number(service.chain.tip.header.height);
  const source = createMainBackup({ folder, options, spec: ground.spec, kv: ground.kv, version: ownVersion(), height });
  const backups = new BackupJobs({ folder, source, clock, logger });
  opened.add(() => backups.close());
  const vitals = new Vitals({ clock, instance: instance.instance, folder });
  const handlers = createMainHandlers({
    vitals,
    refused: new RefusedTransactions(),
    options,
    backups,
    spec: ground.spec,
    host,
    version: ownVersion(),
    instance: instance.instance,
    startedAtMs: instance.startedAtMs,
    backends: { tensority: backend, store },
    nowMs: clock.nowMs,
    miner: () => miner,
    explorer: { isOn: options.explorer, explorer },
    requestStop: () => void after(STOP_ANSWER_MS, () => void ending.stop().catch(() => {})),
  });
  const metrics = createMainMetrics({
    vitals,
    clock,
    startedAtMs: instance.startedAtMs,
    handlers,
    mempool: () => service.mempool,
  });
  opened.add(metrics.stop);
  const api = await serveApi({
    title: `Bystack main-chain node ${options.id}`,
    version: ownVersion(),
    routes: MAIN_ROUTES,
    handlers,
    ...options.http,
    hostsAllowed: options.hostsAllowed,
    door: tokenDoor(instance.adminToken),
    logger,
    metrics: () => metrics.registry.render(),
  });
  opened.add(() => api.close());
  publish = (event) => api.events.publish(event);
  const sweeping = setInterval(() => service.sweep(clock.nowMs()), SWEEP_MS);
  opened.add(() => clearInterval(sweeping));

  if (options.mine !== undefined) {
    miner = mine({ host, work, clock, logger, everyMs: options.mine.everyMs, program: options.mine.program });
    const { stop, ended } = miner;
    opened.add(stop);
    ended.catch(ending.fail);
  }
  writeInstance(folder, { ...instance, ports: { http: api.port } });
  opened.add(() => rmSync(join(folder, "instance.json"), { force: true }));
  const chainId = bytesToHex(chainSpecHash(ground.spec));
  logger.info("node ready", { url: api.url, chainId, mining: miner !== undefined });
  return { url: api.url, stop: ending.stop, ended: ending.ended };
}

function mine(parts: {
  host: ChainHost;
  work: ProofOfWork;
  clock: Clock;
  logger: Logger;
  everyMs: number;
  program: Uint8Array;
}): Miner {
  const { host, work, clock, logger, everyMs, program } = parts;
  const { chain } = host.service;
  return startMiner(
    { everyMs, futureSecondsMax: chain.rules.futureSecondsMax },
    {
      clock,
      after,
      tip: () => chain.tip.hash,
      template: (nowMs) => host.buildTemplate({ nowMs, program }),
      search: (job, signal) => work.mine(job, signal),
      accept: async (block) => (await host.accept(block))?.code,
      logger,
    },
  );
}
