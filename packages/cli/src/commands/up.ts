// `bystack up`: raises a network and keeps it. In the foreground it stays until Ctrl-C; with --detach a daemon does the
// same work and this command returns once the network is proven.

import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fastestTensority } from "@bystack/crypto/tensority";
import { DEV_DEFINITION, DEV_ELECTIONS_DEFINITION } from "@bystack/platform/definition/dev";
import { parseDefinition } from "@bystack/platform/definition/parse";
import { platformError } from "@bystack/platform/errors";
import { layoutOf, loadNetworkState, makeFolders } from "@bystack/platform/network/layout";
import { stopNodes, superviseNodes } from "@bystack/platform/network/run";
import { rssBytes } from "@bystack/platform/provider/process-table";
import { BystackError } from "@bystack/utils/errors";
import type { LogFields, Logger } from "@bystack/utils/ports";
import { type Context, PROGRAM, providerOf, requireState } from "../context.ts";
import { type DaemonState, readDaemon, removeDaemon, writeDaemon } from "../network/daemon-file.ts";
import { startNetwork } from "../network/start.ts";
import { formatStatus, type NetworkStatus, networkStatus } from "../network/table.ts";
import { createTaskRunner } from "../tasks.ts";

export type UpOptions = { readonly file?: string; readonly detach?: boolean; readonly elections?: boolean };

/** A start that takes longer than this has hung; the slowest honest one (TypeScript Tensority) takes about 4 minutes. */
const DETACH_DEADLINE_MS = 600_000;
const POLL_MS = 200;

/**
 * What is to be raised. Without a file: the dev network as it was made, when it is there; somebody who has raised it with
 * elections need not say so at each start, and a release with another default starts what an older one has made.
 * @throws BystackError DEFINITION_UNREADABLE, DEFINITION_INVALID
 */
export function definitionOf({ file, elections }: UpOptions, home: string): { text: string; file: string } {
  if (file === undefined && elections !== true) {
    const dev = layoutOf(home, "dev");
    const isMade = existsSync(dev.state) && existsSync(dev.definition);
    return { text: isMade ? readFileSync(dev.definition, "utf8") : DEV_DEFINITION, file: "the dev network" };
  }
  if (file === undefined) return { text: DEV_ELECTIONS_DEFINITION, file: "the dev network with elections" };
  if (elections === true)
    throw platformError("DEFINITION_INVALID", {
      why: `--elections is for the dev network; in ${file} write \`elections: {}\` under the side chain`,
    });
  if (!existsSync(file)) throw platformError("DEFINITION_UNREADABLE", { why: `${file} does not exist` });
  return { text: readFileSync(file, "utf8"), file };
}

/** The context of the network that the definition names. */
function contextOf(context: Context, text: string, file: string): Context {
  const { network } = parseDefinition(text, file);
  return { ...context, network, layout: layoutOf(context.home, network) };
}

async function statusOf(context: Context): Promise<NetworkStatus> {
  const state = requireState(context);
  const daemon = readDaemon(context.layout);
  return networkStatus({
    layout: context.layout,
    state,
    provider: providerOf(context.layout),
    accounts: state.accounts,
    extraRssBytes: daemon === undefined ? 0 : (rssBytes(daemon.pid) ?? 0),
  });
}

function closingLines(context: Context): string {
  const { nodes, accounts } = requireState(context);
  const node = nodes.find(({ kind }) => kind === "side")?.id ?? nodes[0]?.id ?? "";
  return [
    "",
    `  bystack status     how it is      bystack prove   another round trip`,
    `  bystack wallet balance ${accounts[0] ?? ""}      bystack logs ${node}`,
    `  bystack down       stop it        data stays in ${context.layout.root}`,
  ].join("\n");
}

function progressLogger(context: Context): Logger {
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      const details = Object.entries(fields).filter(([, value]) => value !== undefined);
      context.output.progress(
        `${level}  ${message}${details.map(([key, value]) => `  ${key}=${String(value)}`).join("")}`,
      );
    };
  return { debug: () => {}, info: line("info"), warn: line("warn"), error: line("error") };
}

function errorShape(error: unknown): NonNullable<DaemonState["error"]> {
  if (error instanceof BystackError)
    return { code: error.code, message: error.message, why: error.why, next: error.next };
  return {
    code: "INTERNAL",
    message: error instanceof Error ? error.message : String(error),
    why: "",
    next: "Read the daemon's log.",
  };
}

/** Signal handlers alone do not keep a process alive, and the nodes are not waited for: a timer does. */
const KEEP_ALIVE_MS = 60_000;

type StopRequest = { readonly asked: Promise<void>; dispose(): void };

function listenForStop(): StopRequest {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const alive = setInterval(() => {}, KEEP_ALIVE_MS);
  const stop = (): void => resolve();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    asked,
    dispose: () => {
      clearInterval(alive);
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}

type Raised = Awaited<ReturnType<typeof startNetwork>>;

async function reportProven(context: Context, raised: Raised, startedAtMs: number): Promise<void> {
  const { proofs } = raised;
  const status = await statusOf(context);
  const seconds = (Date.now() - startedAtMs) / 1000;
  const lines = proofs.map(({ chain, ok, seconds: took }) => {
    const outcome = ok
      ? `proven in ${took.toFixed(1)} s, reserves cover what is owed`
      : `FAILED after ${took.toFixed(1)} s`;
    return `\npeg   ${chain}: round trip ${outcome}`;
  });
  const started = proofs.length === 0 ? "started" : "started and proven";
  const text = `${formatStatus(status)}${lines.join("")}\n${started} in ${seconds.toFixed(1)} s\n${closingLines(context)}`;
  const data = { ...status, secondsToProven: seconds, proofs };
  writeDaemon(context.layout, { startedAtMs, phase: "proven", text, data, error: null });
  context.output.result(data, `\n${text}`);
}

/** Raises the network, shows it, keeps it until it is asked to stop; a stop during the start is obeyed too. */
async function keepNetwork(
  context: Context,
  definition: { text: string; file: string },
  stop: StopRequest,
): Promise<void> {
  const startedAtMs = Date.now();
  const provider = providerOf(context.layout);
  const raising = startNetwork({
    definitionText: definition.text,
    definitionFile: definition.file,
    layout: context.layout,
    provider,
    tasks: createTaskRunner(context.output),
    mainTargetSeconds: fastestTensority() === "ts" ? 15 : 2,
  });
  raising.catch(() => {});
  let supervisor: { stop(): void } | undefined;
  try {
    const raised = await Promise.race([raising, stop.asked]);
    if (raised !== undefined) {
      supervisor = superviseNodes({
        state: raised.state,
        provider,
        logger: progressLogger(context),
        random: Math.random,
      });
      await reportProven(context, raised, startedAtMs);
      await stop.asked;
    }
  } catch (error) {
    writeDaemon(context.layout, { startedAtMs, phase: "failed", text: "", data: null, error: errorShape(error) });
    throw error;
  } finally {
    supervisor?.stop();
    context.output.progress("stopping …");
    const state = loadNetworkState(context.layout);
    if (state !== undefined) await stopNodes(state, provider);
    context.output.progress("stopped");
  }
}

/** `bystack up`. Twice is harmless: the second one shows what runs. */
export async function runUp(base: Context, options: UpOptions): Promise<void> {
  const definition = definitionOf(options, base.home);
  const context = contextOf(base, definition.text, definition.file);
  const running = readDaemon(context.layout);
  if (running !== undefined) {
    const status = await statusOf(context);
    context.output.result(
      status,
      `${formatStatus(status)}\n\nIt runs already (pid ${running.pid}).${closingLines(context)}`,
    );
    return;
  }
  if (options.detach === true) return followDaemon(context, options);
  makeFolders(context.layout);
  writeDaemon(context.layout, { startedAtMs: Date.now(), phase: "starting", text: "", data: null, error: null });
  const stop = listenForStop();
  try {
    await keepNetwork(context, definition, stop);
  } finally {
    stop.dispose();
    removeDaemonUnlessFailed(context);
  }
}

/** A failed start leaves its reason behind for whoever follows it; the next start overwrites it. */
function removeDaemonUnlessFailed(context: Context): void {
  if (readDaemon(context.layout)?.phase !== "failed") removeDaemon(context.layout);
}

async function followDaemon(context: Context, options: UpOptions): Promise<void> {
  makeFolders(context.layout);
  removeDaemon(context.layout);
  const log = openSync(context.layout.daemonLog, "w", 0o600);
  const what = options.elections === true ? ["--elections"] : options.file === undefined ? [] : [options.file];
  const args = [PROGRAM, "up", "--foreground-of-daemon", ...what];
  const child = spawn(process.execPath, ["--max-semi-space-size=2", ...args], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.unref();
  let shown = 0;
  const until = Date.now() + DETACH_DEADLINE_MS;
  for (;;) {
    const lines = readFileSync(context.layout.daemonLog, "utf8").split("\n").slice(0, -1);
    const state = lastDaemonState(context);
    if (state?.phase === "proven") {
      context.output.result(state.data, `\n${state.text}`);
      return;
    }
    for (const line of lines.slice(shown)) context.output.progress(line);
    shown = lines.length;
    if (state?.phase === "failed" && state.error !== null) {
      throw new BystackError(
        state.error.code,
        { kind: "internal", fault: "local", message: state.error.message, next: state.error.next },
        { why: state.error.why },
      );
    }
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
      throw platformError("WAIT_TIMEOUT", { why: `the daemon ended; its last lines: ${lines.slice(-3).join(" | ")}` });
    }
    await delay(POLL_MS);
  }
}

/** Also of a daemon that has just ended: its failure is what we want to print. */
function lastDaemonState(context: Context): DaemonState | undefined {
  try {
    return JSON.parse(readFileSync(context.layout.daemon, "utf8")) as DaemonState;
  } catch {
    return undefined;
  }
}

/** `bystack status`. */
export async function runStatus(context: Context): Promise<void> {
  const status = await statusOf(context);
  context.output.result(status, formatStatus(status));
  if (!status.healthy) process.exitCode = 10;
}
