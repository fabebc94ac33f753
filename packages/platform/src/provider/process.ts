// Provider `process`: each node is an operating-system process of its own with a folder of its own. Children are
// detached, so they outlive the daemon; a later daemon adopts them by pid, start time and instance token.
//
// nodes/<id>/: node.json (options), identity.json (public keys), instance.json (written by the node when it listens),
// exit.json (written here when it ends), data/, keys/, log/node.log (the node's own), log/console.log (what it printed).
// Owner only.

import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { platformError } from "../errors.ts";
import { explainExit } from "./exit-codes.ts";
import { processEntry, rssBytes } from "./process-table.ts";
import type { DeployProvider, NodeExit, NodeIdentity, NodeInstance, NodeSpec, NodeStatus } from "./provider.ts";

/** How often a starting node's folder, or an adopted process, is looked at. */
const POLL_MS = 50;
const ADOPTED_POLL_MS = 500;
const STOP_GRACE_MS = 20_000;
/** Lines kept in the record of an exit. */
export const EXIT_TAIL_LINES_MAX = 200;
/** Young generation of V8: 2 MB instead of 16 saves about 40 MB a process and costs nothing measurable at our rates. */
const V8_FLAGS = ["--max-semi-space-size=2"];

export type ProcessProviderOptions = {
  /** Folder of the network; nodes live in `nodes/` below it. */
  readonly folder: string;
  /** The program that runs a node: `<node> <program> node run <folder>`, `node init <folder>`. */
  readonly program: string;
  readonly env?: Readonly<Record<string, string>>;
};

function writeJson(path: string, value: unknown): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

export function tailOf(path: string, lines: number): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines);
}

export function createProcessProvider(options: ProcessProviderOptions): DeployProvider {
  const children = new Map<string, ChildProcess>();
  const watched = new Set<string>();
  const listeners: ((id: string, exit: NodeExit) => void)[] = [];
  const env = { ...process.env, ...options.env };

  const folderOf = (id: string): string => join(options.folder, "nodes", id);
  const logOf = (id: string): string => join(folderOf(id), "log", "node.log");
  const consoleOf = (id: string): string => join(folderOf(id), "log", "console.log");
  /** The last words: the node's own log, then what it printed outside it, such as a crash of the runtime. */
  const lastLines = (id: string, lines: number): string[] =>
    [...tailOf(logOf(id), lines), ...tailOf(consoleOf(id), lines)].slice(-lines);

  function assertKnown(id: string): void {
    if (!existsSync(join(folderOf(id), "node.json"))) throw platformError("PROVIDER_NOT_FOUND", { why: id });
  }

  const recordedInstance = (id: string): NodeInstance | undefined => readJson(join(folderOf(id), "instance.json"));

  /** Whether the process of an instance is there; its pid may belong to somebody else by now. */
  const isThere = (instance: NodeInstance): boolean => processEntry(instance.pid)?.start === instance.processStart;

  /** The running instance, or undefined when the recorded process is gone or has been killed. */
  function liveInstance(id: string): NodeInstance | undefined {
    const instance = recordedInstance(id);
    if (instance === undefined || !isThere(instance) || processEntry(instance.pid)?.isEnding === true) return undefined;
    return instance;
  }

  /**
   * {@link liveInstance}, looked at twice: between taking its death signal and beginning to exit a process looks alive, for
   * some microseconds of its own time.
   */
  async function surelyLive(id: string): Promise<NodeInstance | undefined> {
    if (liveInstance(id) === undefined) return undefined;
    await delay(POLL_MS);
    return liveInstance(id);
  }

  /** A process that was killed keeps its ports and locks until it is gone. */
  async function untilGone(id: string, deadlineMs: number): Promise<void> {
    const instance = recordedInstance(id);
    const until = Date.now() + deadlineMs;
    while (instance !== undefined && isThere(instance)) {
      if (Date.now() > until) throw platformError("PROVIDER_STOP_TIMEOUT", { why: `${id} was killed and is not gone` });
      await delay(POLL_MS);
    }
  }

  function recordExit(id: string, code: number | null, signal: string | null): void {
    children.delete(id);
    watched.delete(id);
    const exit: NodeExit = {
      code,
      signal,
      atMs: Date.now(),
      meaning: explainExit(code, signal).meaning,
      tail: lastLines(id, EXIT_TAIL_LINES_MAX),
    };
    if (existsSync(folderOf(id))) writeJson(join(folderOf(id), "exit.json"), exit);
    for (const listener of listeners) listener(id, exit);
  }

  /** A process that an earlier daemon started has no exit event here: look at it now and then. */
  async function watchAdopted(id: string, instance: NodeInstance): Promise<void> {
    if (watched.has(id) || children.has(id)) return;
    watched.add(id);
    while (isThere(instance)) await delay(ADOPTED_POLL_MS, undefined, { ref: false });
    if (watched.has(id)) recordExit(id, null, null);
  }

  async function runInit(id: string): Promise<NodeIdentity> {
    const child = spawn(process.execPath, [options.program, "node", "init", folderOf(id)], {
      stdio: ["ignore", "pipe", "pipe"],
      env,
    });
    let out = "";
    let problems = "";
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
    });
    child.stderr.on("data", (chunk) => {
      problems += String(chunk);
    });
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    if (code !== 0)
      throw platformError("PROVIDER_INIT_FAILED", { why: `${id}: ${problems.trim().split("\n").slice(-3).join(" ")}` });
    return JSON.parse(out) as NodeIdentity;
  }

  async function waitForInstance(id: string, child: ChildProcess, deadlineMs: number): Promise<NodeInstance> {
    const until = Date.now() + deadlineMs;
    while (Date.now() < until) {
      if (child.exitCode !== null || child.signalCode !== null) {
        const { meaning } = explainExit(child.exitCode, child.signalCode);
        throw platformError(child.exitCode === 73 ? "PROVIDER_PORT_IN_USE" : "PROVIDER_NODE_DIED", {
          why: `${id}: ${meaning}. ${lastLines(id, 3).join(" | ")}`,
        });
      }
      const instance = liveInstance(id);
      if (instance !== undefined && instance.pid === child.pid) return instance;
      await delay(POLL_MS);
    }
    child.kill("SIGKILL");
    throw platformError("PROVIDER_START_TIMEOUT", {
      why: `${id}: ${deadlineMs} ms. ${lastLines(id, 3).join(" | ")}`,
    });
  }

  return {
    apply: async (spec: NodeSpec) => {
      const folder = folderOf(spec.id);
      for (const part of ["data", "keys", "log"]) mkdirSync(join(folder, part), { recursive: true, mode: 0o700 });
      writeJson(join(folder, "node.json"), { ...spec.config, memoryMiB: spec.memoryMiB });
      const known = readJson<NodeIdentity>(join(folder, "identity.json"));
      if (known !== undefined) return known;
      const identity = await runInit(spec.id);
      writeJson(join(folder, "identity.json"), identity);
      return identity;
    },

    applied: async (id) => {
      const config = readJson<Record<string, unknown>>(join(folderOf(id), "node.json"));
      const identity = readJson<NodeIdentity>(join(folderOf(id), "identity.json"));
      return config === undefined || identity === undefined ? undefined : { config, identity };
    },

    start: async (id, deadlineMs) => {
      assertKnown(id);
      const running = await surelyLive(id);
      if (running !== undefined) {
        void watchAdopted(id, running);
        return running;
      }
      await untilGone(id, deadlineMs);
      const spec = readJson<{ memoryMiB: number }>(join(folderOf(id), "node.json"));
      rmSync(join(folderOf(id), "instance.json"), { force: true });
      const log = openSync(consoleOf(id), "w", 0o600);
      const flags = [...V8_FLAGS, `--max-old-space-size=${spec?.memoryMiB ?? 512}`];
      const child = spawn(process.execPath, [...flags, options.program, "node", "run", folderOf(id)], {
        detached: true,
        stdio: ["ignore", log, log],
        env,
      });
      closeSync(log);
      child.unref();
      children.set(id, child);
      child.on("exit", (code, signal) => recordExit(id, code, signal));
      return waitForInstance(id, child, deadlineMs);
    },

    stop: async (id, graceMs = STOP_GRACE_MS) => {
      assertKnown(id);
      const instance = recordedInstance(id);
      const child = children.get(id);
      const isListening = instance !== undefined && isThere(instance);
      // A node that was started a moment ago has not written yet which process it is.
      const pid = isListening ? instance.pid : child?.pid;
      if (pid === undefined) return;
      const isLeft = (): boolean => (isListening ? isThere(instance) : children.get(id) === child);
      process.kill(pid, "SIGTERM");
      const until = Date.now() + graceMs;
      while (isLeft() && Date.now() < until) await delay(POLL_MS);
      if (!isLeft()) return;
      process.kill(-pid, "SIGKILL");
      throw platformError("PROVIDER_STOP_TIMEOUT", { why: `${id} after ${graceMs} ms` });
    },

    remove: async (id) => {
      if (liveInstance(id) !== undefined) throw platformError("PROVIDER_LOCKED", { why: `${id} is running` });
      rmSync(folderOf(id), { recursive: true, force: true });
    },

    status: async (ids) => {
      const nodes = join(options.folder, "nodes");
      const all = ids ?? (existsSync(nodes) ? readdirSync(nodes).sort() : []);
      return all.map((id): NodeStatus => {
        const instance = liveInstance(id);
        const exit = readJson<NodeExit>(join(folderOf(id), "exit.json"));
        const isCreated = existsSync(join(folderOf(id), "node.json"));
        const phase =
          instance !== undefined ? "running" : !isCreated ? "absent" : exit !== undefined ? "stopped" : "created";
        return {
          id,
          phase,
          instance,
          exit: instance === undefined ? exit : undefined,
          rssBytes: instance && rssBytes(instance.pid),
        };
      });
    },

    logs: async (id, tail) => {
      assertKnown(id);
      return lastLines(id, tail);
    },

    onExit: (listener) => {
      listeners.push(listener);
    },

    perturb: async (id, how) => {
      const instance = liveInstance(id);
      if (instance === undefined) throw platformError("PROVIDER_NOT_FOUND", { why: `${id} is not running` });
      process.kill(instance.pid, how === "kill" ? "SIGKILL" : how === "pause" ? "SIGSTOP" : "SIGCONT");
    },
  };
}
