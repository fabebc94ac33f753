// The platform's process: joins the store, the service, the wallet and the proof, and serves them until it is asked to end.
// Nodes outlive it.

import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { type ApiServer, createApiServer } from "@bystack/api/server";
import { fastestTensority } from "@bystack/crypto/tensority";
import { platformPaths, removeDaemon, writeDaemon } from "@bystack/platform/daemon/daemon-file";
import { createPlatformHandlers } from "@bystack/platform/daemon/handlers";
import { Platform, type PlatformPorts } from "@bystack/platform/daemon/platform";
import type { NetworkDefinition } from "@bystack/platform/definition";
import type { NetworkLayout } from "@bystack/platform/network/layout";
import { PlatformStore } from "@bystack/platform/store";
import { openDataFolder } from "@bystack/storage/data-folder";
import { openLmdbStore } from "@bystack/storage/lmdb";
import { hexToBytes } from "@bystack/utils/bytes";
import type { LogFields, Logger } from "@bystack/utils/ports";
import { type Context, providerOf } from "../context.ts";
import { runProof } from "../network/proof.ts";
import { systemClock } from "../system.ts";
import { VERSION } from "../version.ts";
import { withWallet } from "../wallet-access.ts";

const STORE_FOLDER_FORMAT = 1;
const STORE_FILE = "store.mdb";
/** Where people expect it; when it is taken the system chooses. */
const PORT = 7070;
const TOKEN_BYTES = 32;
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

function portsOfPlatform(): PlatformPorts {
  return {
    mainTargetSeconds: fastestTensority() === "ts" ? SLOW_TARGET_SECONDS : TARGET_SECONDS,
    createProvider: providerOf,
    wallet: (layout) => (definition) => ensureInWallet(layout, definition),
    prove: (layout) => async (state, chain, onProgress) => {
      const side = state.sides.find((candidate) => candidate.chain === chain);
      if (side === undefined) return false;
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
      return report.ok;
    },
  };
}

type Serving = Parameters<typeof createApiServer<typeof PLATFORM_ROUTES>>[0];

async function serve(options: Omit<Serving, "port">): Promise<ApiServer> {
  try {
    return await createApiServer({ ...options, port: PORT });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return createApiServer({ ...options, port: 0 });
  }
}

/** Runs until SIGTERM, SIGINT or `/admin/stop`. @throws BystackError FOLDER_IN_USE when another daemon has this home */
export async function runDaemon({ home }: Context): Promise<void> {
  const paths = platformPaths(home);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const folder = await openDataFolder({ path: paths.data, kind: "platform", version: STORE_FOLDER_FORMAT });
  const logger = lineLogger((line) => process.stdout.write(`${line}\n`));
  const { promise: asked, resolve: askToEnd, reject: breakDown } = Promise.withResolvers<void>();
  const ended = new AbortController();
  const store = await PlatformStore.open(await openLmdbStore({ path: join(paths.data, STORE_FILE) }), systemClock);
  const ports = portsOfPlatform();
  const platform = new Platform({
    home,
    store,
    ports,
    clock: systemClock,
    logger,
    random: Math.random,
    onBroken: breakDown,
  });
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  const server = await serve({
    title: "Bystack platform",
    version: VERSION,
    routes: PLATFORM_ROUTES,
    handlers: createPlatformHandlers({ platform, store, onStopAsked: askToEnd, ended: ended.signal }),
    host: "127.0.0.1",
    hostsAllowed: [],
    adminToken: token,
    logger,
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => askToEnd());
  try {
    await platform.start();
    writeDaemon(home, { startedAtMs: systemClock.nowMs(), url: server.url, token });
    logger.info("the platform answers", { url: server.url });
    await asked;
    logger.info("ending; nodes go on");
  } finally {
    removeDaemon(home);
    ended.abort();
    await platform.end();
    await server.close();
    await store.close();
    folder.release();
  }
}
