// The platform as commands call it: the daemon that runs, or one that is started for them.

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiClient, createClient } from "@bystack/api/client";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { platformPaths, readDaemon } from "@bystack/platform/daemon/daemon-file";
import { platformError } from "@bystack/platform/errors";
import { PROGRAM } from "../context.ts";

export type PlatformClient = ApiClient<typeof PLATFORM_ROUTES>;

/** Longer than a plan needs that asks every node of a large network. */
const CALL_TIMEOUT_MS = 60_000;
/** The slowest start adopts every node of every network. */
const START_DEADLINE_MS = 120_000;
const POLL_MS = 50;
/** Young generation of V8, as for nodes: saves about 40 MB. */
const V8_FLAGS = ["--max-semi-space-size=2"];

/** The platform that runs; undefined when none does. */
export function runningPlatform(home: string): PlatformClient | undefined {
  const daemon = readDaemon(home);
  if (daemon === undefined) return undefined;
  const { url, token } = daemon;
  return createClient({ baseUrl: url, routes: PLATFORM_ROUTES, token, timeoutMs: CALL_TIMEOUT_MS });
}

/** The platform that runs, for what only asks. @throws BystackError PLATFORM_NOT_RUNNING */
export function requirePlatform(home: string): PlatformClient {
  const running = runningPlatform(home);
  if (running === undefined) throw platformError("PLATFORM_NOT_RUNNING");
  return running;
}

/** The platform that runs, started if need be. @throws BystackError DAEMON_FAILED, WAIT_TIMEOUT */
export async function ensurePlatform(home: string): Promise<PlatformClient> {
  const running = runningPlatform(home);
  if (running !== undefined) return running;
  const { root, log: path } = platformPaths(home);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const log = openSync(path, "a", 0o600);
  const args = [...V8_FLAGS, PROGRAM, "daemon", "run", "--no-wait"];
  const env = { ...process.env, BYSTACK_HOME: home };
  const child = spawn(process.execPath, args, { detached: true, stdio: ["ignore", log, log], env });
  closeSync(log);
  child.unref();
  const until = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const started = runningPlatform(home);
    if (started !== undefined) return started;
    const why = (): string => readFileSync(path, "utf8").trim().split("\n").slice(-3).join(" | ");
    const isOver = child.exitCode !== null || child.signalCode !== null;
    // Two commands may start one at the same time: the other one's holds the store and answers soon.
    if (isOver && !why().includes("FOLDER_IN_USE")) throw platformError("DAEMON_FAILED", { why: why() });
    if (performance.now() > until) throw platformError("WAIT_TIMEOUT", { why: `the daemon does not answer: ${why()}` });
    await delay(POLL_MS);
  }
}
