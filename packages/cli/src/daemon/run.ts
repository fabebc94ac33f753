// The platform's process: joins the store, the service, the wallet and the proof, and serves them until it is asked to end.
// Nodes outlive it.

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { type ApiServer, type ApiServerOptions, createApiServer } from "@bystack/api/server";
import { loadSite } from "@bystack/api/site";
import { fastestTensority } from "@bystack/crypto/tensority";
import type { ProveReport } from "@bystack/federation/prove";
import { isRestored, placeBackup } from "@bystack/node/backup/restore";
import type { Alerts } from "@bystack/platform/alert";
import { createAlerts } from "@bystack/platform/alert/world";
import type { BackupPorts } from "@bystack/platform/daemon/backups";
import { platformPaths, removeDaemon, writeDaemon } from "@bystack/platform/daemon/daemon-file";
import { type PlatformCaller, platformDoor } from "@bystack/platform/daemon/door";
import { createPlatformHandlers } from "@bystack/platform/daemon/handlers";
import { type HostFile, readHostFile } from "@bystack/platform/daemon/host-file";
import { Once } from "@bystack/platform/daemon/once";
import { Platform, type PlatformPorts, type Purse, type PurseOrder, TENANT } from "@bystack/platform/daemon/platform";
import type { NetworkDefinition } from "@bystack/platform/definition";
import { platformError } from "@bystack/platform/errors";
import { createPlatformMetrics } from "@bystack/platform/metrics";
import { loadNetworkState, type NetworkLayout } from "@bystack/platform/network/layout";
import { createPeople, type People } from "@bystack/platform/people";
import type { PasskeyVerifier } from "@bystack/platform/people/passkeys";
import { deriveByScrypt } from "@bystack/platform/people/passwords";
import { createWebauthnVerifier } from "@bystack/platform/people/webauthn";
import { PlatformStore } from "@bystack/platform/store";
import { type DataFolder, openDataFolder } from "@bystack/storage/data-folder";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { LogFields, Logger } from "@bystack/utils/ports";
import { drillInProcess } from "../backup/drill-process.ts";
import { type Context, providerOf } from "../context.ts";
import { runProof } from "../network/proof.ts";
import { systemClock, systemRng } from "../system.ts";
import { VERSION } from "../version.ts";
import { withWallet } from "../wallet/access.ts";
import { pay, pegIn, pegOut } from "../wallet/payments.ts";

const STORE_FOLDER_FORMAT = 1;
const STORE_FILE = "store.mdb";
/** Where people expect it; when it is taken the system chooses. */
const PORT = 7070;
const TOKEN_BYTES = 32;
const SWEEP_MS = 60_000;
/** The console, as the set-up has built it. */
const CONSOLE_FOLDER = fileURLToPath(new URL("../../../console/dist", import.meta.url));
/** TypeScript alone makes a hash in a second: 15 s between blocks of the main chain instead of 2. */
const SLOW_TARGET_SECONDS = 15;
const TARGET_SECONDS = 2;

/** Lines for people in the daemon's log. */
function lineLogger(write: (line: string) => void): Logger {
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      const details = Object.entries(fields).filter(([, value]) => value !== undefined);
      const text = details.map(([key, value]) => `  ${key}=${String(value)}`).join("");
      write(`${new Date().toISOString()}  ${level}  ${message}${text}`);
    };
  return { debug: () => {}, info: line("info"), warn: line("warn"), error: line("error") };
}

/** Makes what is missing in the wallet of a network. */
function ensureInWallet(layout: NetworkLayout, definition: NetworkDefinition) {
  return withWallet(layout, async (wallet) => {
    for (const { account } of definition.accounts) wallet.ensureAccount(account);
    return {
      accounts: definition.accounts.map(({ account }) => ({
        name: account,
        program: wallet.receiveProgram(account).program,
      })),
      assets: definition.assets.map(({ asset, issuer, decimals }) => ({
        name: asset,
        id: hexToBytes(wallet.ensureAsset(asset, { issuer, decimals }).id),
      })),
    };
  });
}

/** The wallet as the platform uses it; it is open, and locked, for as long as one call needs it. */
function purseOf(layout: NetworkLayout): Purse {
  const order =
    (send: typeof pay) =>
    async ({ to, ...rest }: PurseOrder) => {
      const state = loadNetworkState(layout);
      if (state === undefined) throw platformError("NETWORK_NOT_FOUND", { why: layout.root });
      const { chain } = rest;
      const sent = await withWallet(layout, (wallet) =>
        send({ layout, state }, wallet, { ...rest, to: { account: to } }),
      );
      const isIn = send === pegIn;
      return {
        transaction: bytesToHex(sent.id),
        chain: isIn ? state.mainChain : chain,
        feeNeu: sent.feeNeu.toString(),
      };
    };
  return {
    accounts: () =>
      withWallet(layout, async (wallet) =>
        wallet.data.accounts.map(({ name }) => ({
          account: name,
          programs: wallet.programs(name).map(({ program }) => bytesToHex(program)),
          receive: bytesToHex(wallet.receiveProgram(name).program),
        })),
      ),
    pay: order(pay),
    pegIn: order(pegIn),
    pegOut: order(pegOut),
  };
}

/** What did not hold in a proof, in words. */
function wrongIn({ ok, refusals, supply }: ProveReport): string | undefined {
  if (ok) return undefined;
  const accepted = refusals.filter((refusal) => !refusal.ok).map(({ name, code }) => `not refused: ${name} (${code})`);
  return [...accepted, ...supply.problems].join("; ") || "a step of it";
}

function backupPorts(): BackupPorts {
  return {
    drill: drillInProcess,
    isPlaced: isRestored,
    place: async (from, into) => void (await placeBackup({ from, into, clock: systemClock })),
    openStore: (path) => openLmdbStore({ path }),
    release: VERSION,
  };
}

function portsOfPlatform(): PlatformPorts {
  return {
    purse: purseOf,
    backups: backupPorts(),
    mainTargetSeconds: fastestTensority() === "ts" ? SLOW_TARGET_SECONDS : TARGET_SECONDS,
    createProvider: providerOf,
    wallet: (layout) => (definition) => ensureInWallet(layout, definition),
    prove: (layout) => async (state, chain, onProgress) => {
      const side = state.sides.find((candidate) => candidate.chain === chain);
      if (side === undefined) return `there is no side chain ${chain}`;
      let done = "";
      const report = await runProof({
        layout,
        state,
        side,
        onStep: ({ step }) => {
          done = `${step} proven`;
          onProgress(done);
        },
        onWait: (text) => onProgress(done === "" ? `waiting for ${text}` : `${done}, waiting for ${text}`),
      });
      return wrongIn(report);
    },
  };
}

type Serving = ApiServerOptions<typeof PLATFORM_ROUTES, PlatformCaller>;

async function serve(options: Omit<Serving, "port">, port: number | undefined): Promise<ApiServer> {
  try {
    return await createApiServer({ ...options, port: port ?? PORT });
  } catch (error) {
    // A port that its operator chose is not exchanged for another one.
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || port !== undefined) throw error;
    return createApiServer({ ...options, port: 0 });
  }
}

/** What somebody may sign in to with a passkey: the names of the platform's own address, never an IP address. */
function passkeysFor(host: HostFile): PasskeyVerifier {
  const [name = "localhost"] = host.hosts;
  const scheme = host.tls === undefined ? "http" : "https";
  const port = host.port ?? PORT;
  return createWebauthnVerifier({ rpId: name, origins: [`${scheme}://${name}:${port}`, `${scheme}://${name}`] });
}

type Parts = {
  readonly home: string;
  readonly host: HostFile;
  readonly store: PlatformStore;
  readonly platform: Platform;
  readonly people: People;
  readonly alerts: Alerts;
  readonly token: string;
  readonly logger: Logger;
  readonly onStopAsked: () => void;
};

function servingOf({
  host,
  store,
  platform,
  people,
  alerts,
  token,
  logger,
  onStopAsked,
}: Parts): Omit<Serving, "port"> {
  const once = new Once({ store, clock: systemClock });
  const now = (): number => systemClock.nowMs();
  const isDev = host.tls === undefined;
  const metrics = createPlatformMetrics({ platform, store, alerts });
  return {
    title: "Bystack platform",
    version: VERSION,
    routes: PLATFORM_ROUTES,
    handlers: createPlatformHandlers({
      platform,
      store,
      people,
      alerts,
      isDev,
      isTls: host.tls !== undefined,
      version: VERSION,
      now,
      onStopAsked,
    }),
    host: host.address,
    hostsAllowed: host.hosts,
    door: platformDoor({
      access: people.access,
      tenant: TENANT,
      token,
      nowMs: now,
      isPublic: (network) => platform.isPublic(network),
    }),
    once: (call, run) => once.answer(call, run),
    logger,
    metrics: metrics.render,
    onAnswered: metrics.answered,
    site: loadSite(CONSOLE_FOLDER),
    tls: host.tls && { key: readFileSync(host.tls.key, "utf8"), cert: readFileSync(host.tls.cert, "utf8") },
  };
}

/** Sweeps what is kept for a time, and writes refusals down that were only counted. */
function housekeep({ store, people, logger }: Pick<Parts, "store" | "people" | "logger">): NodeJS.Timeout {
  const once = new Once({ store, clock: systemClock });
  const sweep = async (): Promise<void> => {
    await people.denials.flush();
    await store.sweepEvents(TENANT);
    await once.sweep(TENANT);
  };
  return setInterval(() => {
    sweep().catch((error: unknown) => logger.warn("old rows could not be removed", { why: String(error) }));
  }, SWEEP_MS);
}

/** How often a platform that stands by looks whether the other one is gone. */
const STANDBY_LOOK_MS = 500;

/**
 * The folder of the store: one process at a time has it. A second one stands by, and goes on where the first one ended.
 * @throws BystackError FOLDER_IN_USE when it shall not wait
 */
async function takeFolder(
  path: string,
  options: { readonly wait: boolean; readonly logger: Logger },
): Promise<DataFolder> {
  for (let looks = 0; ; looks += 1) {
    try {
      return await openDataFolder({ path, kind: "platform", version: STORE_FOLDER_FORMAT });
    } catch (error) {
      if (!options.wait || !(error instanceof BystackError) || error.code !== "FOLDER_IN_USE") throw error;
      if (looks === 0) options.logger.info("standing by: another platform has this folder", { why: error.why });
      await delay(STANDBY_LOOK_MS);
    }
  }
}

export type DaemonOptions = {
  /** False: refuses instead of standing by while another platform has this home. */
  readonly wait: boolean;
};

/** Runs until SIGTERM, SIGINT or `/admin/stop`. @throws BystackError FOLDER_IN_USE */
export async function runDaemon({ home }: Context, { wait }: DaemonOptions): Promise<void> {
  const paths = platformPaths(home);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const host = readHostFile(home);
  const logger = lineLogger((line) => process.stdout.write(`${line}\n`));
  const folder = await takeFolder(paths.data, { wait, logger });
  const { promise: asked, resolve: askToEnd, reject: breakDown } = Promise.withResolvers<void>();
  const store = await PlatformStore.open(await openLmdbStore({ path: join(paths.data, STORE_FILE) }), systemClock);
  const platform = new Platform({
    home,
    store,
    ports: portsOfPlatform(),
    clock: systemClock,
    logger,
    random: Math.random,
    onBroken: breakDown,
  });
  const people = createPeople({
    store,
    clock: systemClock,
    rng: systemRng,
    logger,
    tenant: TENANT,
    isTenant: (name) => name === TENANT,
    isDev: host.tls === undefined,
    deriveKey: deriveByScrypt,
    passkeys: passkeysFor(host),
  });
  const alerts = createAlerts({
    home,
    platform,
    store,
    clock: systemClock,
    rng: systemRng,
    logger,
    certificate: host.tls?.cert,
  });
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  const parts = { home, host, store, platform, people, alerts, token, logger, onStopAsked: askToEnd };
  const server = await serve(servingOf(parts), host.port);
  const sweeping = housekeep(parts);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => askToEnd());
  try {
    await platform.start();
    await alerts.start();
    writeDaemon(home, { startedAtMs: systemClock.nowMs(), url: server.url, token });
    logger.info("the platform answers", { url: server.url });
    await asked;
    logger.info("ending; nodes go on");
  } finally {
    removeDaemon(home);
    clearInterval(sweeping);
    await server.close();
    await alerts.end();
    await platform.end();
    await people.denials.flush();
    await store.close();
    folder.release();
  }
}
