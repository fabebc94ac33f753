// What the daemon of a network says about itself in daemon.json: the command line reads it to follow a start, to show the
// table and to stop the network. The chains do not depend on it.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { type NetworkLayout, saveJson } from "@bystack/platform/network/layout";
import { processEntry } from "@bystack/platform/provider/process-table";

export type DaemonPhase = "starting" | "proven" | "failed";

export type DaemonState = {
  readonly pid: number;
  readonly processStart: string;
  readonly startedAtMs: number;
  readonly phase: DaemonPhase;
  /** The table, once the network is proven; the failure as it would be printed, when it is not. */
  readonly text: string;
  readonly data: unknown;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly why: string;
    readonly next: string;
  } | null;
};

/** The living daemon of a network; undefined when there is none or its process is gone. */
export function readDaemon(layout: NetworkLayout): DaemonState | undefined {
  if (!existsSync(layout.daemon)) return undefined;
  try {
    const state = JSON.parse(readFileSync(layout.daemon, "utf8")) as DaemonState;
    return processEntry(state.pid)?.start === state.processStart ? state : undefined;
  } catch {
    return undefined;
  }
}

export function writeDaemon(layout: NetworkLayout, state: Omit<DaemonState, "pid" | "processStart">): void {
  saveJson(layout.daemon, { pid: process.pid, processStart: processEntry(process.pid)?.start ?? "", ...state });
}

export function removeDaemon(layout: NetworkLayout): void {
  rmSync(layout.daemon, { force: true });
}
