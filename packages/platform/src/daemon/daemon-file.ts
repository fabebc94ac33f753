// Where the platform of a home folder listens: platform/daemon.json, written when it answers and removed when it ends. Who may
// read it may operate the platform.

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { saveJson } from "../network/layout.ts";
import { processEntry } from "../provider/process-table.ts";

export type DaemonFile = {
  readonly pid: number;
  /** Kernel's start time of the pid, so that a reused pid is not taken for the daemon. */
  readonly processStart: string;
  readonly startedAtMs: number;
  readonly url: string;
  readonly token: string;
};

export type PlatformPaths = {
  readonly root: string;
  readonly daemon: string;
  readonly log: string;
  /** The data folder of the store, held by one process at a time. */
  readonly data: string;
};

export function platformPaths(home: string): PlatformPaths {
  const root = join(home, "platform");
  return { root, daemon: join(root, "daemon.json"), log: join(root, "daemon.log"), data: join(root, "data") };
}

/** The living daemon; undefined when there is none or its process is gone. */
export function readDaemon(home: string): DaemonFile | undefined {
  const path = platformPaths(home).daemon;
  if (!existsSync(path)) return undefined;
  try {
    const file = JSON.parse(readFileSync(path, "utf8")) as DaemonFile;
    return processEntry(file.pid)?.start === file.processStart ? file : undefined;
  } catch {
    // Being written, or not by us: the next look will tell.
    return undefined;
  }
}

export function writeDaemon(home: string, file: Omit<DaemonFile, "pid" | "processStart">): void {
  const { root, daemon } = platformPaths(home);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  saveJson(daemon, { pid: process.pid, processStart: processEntry(process.pid)?.start ?? "", ...file });
}

export function removeDaemon(home: string): void {
  rmSync(platformPaths(home).daemon, { force: true });
}
