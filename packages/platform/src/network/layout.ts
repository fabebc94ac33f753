// Where a network lives on disk: <home>/<network>/ with the definition, the specs, the nodes, the wallet and what the
// daemon keeps. `home` is BYSTACK_HOME or ~/.bystack.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { platformError } from "../errors.ts";

/** Version of the folder's layout. A newer or unknown one is refused with `bystack clean` as the remedy. */
export const FOLDER_FORMAT = 1;

export type NetworkLayout = {
  readonly root: string;
  readonly definition: string;
  readonly state: string;
  readonly daemon: string;
  readonly daemonLog: string;
  readonly specs: string;
  readonly nodes: string;
  readonly wallet: string;
};

export function homeFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env.BYSTACK_HOME ?? join(homedir(), ".bystack");
}

export function layoutOf(home: string, network: string): NetworkLayout {
  const root = join(home, network);
  return {
    root,
    definition: join(root, "bystack.yaml"),
    state: join(root, "network.json"),
    daemon: join(root, "daemon.json"),
    daemonLog: join(root, "daemon.log"),
    specs: join(root, "specs"),
    nodes: join(root, "nodes"),
    wallet: join(root, "wallet"),
  };
}

export function listNetworks(home: string): string[] {
  if (!existsSync(home)) return [];
  return readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(home, entry.name, "network.json")))
    .map((entry) => entry.name)
    .sort();
}

export type NetworkNode = {
  readonly id: string;
  readonly chain: string;
  readonly kind: "main" | "side";
  /** Place in the committee of its side chain. */
  readonly index: number | null;
};

/** What the platform knows of a network that it has applied; nothing secret. */
export type NetworkState = {
  readonly format: typeof FOLDER_FORMAT;
  readonly network: string;
  readonly createdAtMs: number;
  readonly mainChain: string;
  readonly sideChain: string;
  readonly mainSpecHash: string;
  readonly sideChainId: string;
  readonly nodes: readonly NetworkNode[];
  readonly accounts: readonly string[];
  /** Whom and what a round trip uses; null where the definition asks for no proof. */
  readonly roundTrip: RoundTripParts | null;
  readonly proven: boolean;
};

export type RoundTripParts = { readonly payer: string; readonly payee: string; readonly asset: string };

export function loadNetworkState(layout: NetworkLayout): NetworkState | undefined {
  if (!existsSync(layout.state)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(layout.state, "utf8"));
  } catch {
    throw platformError("FOLDER_FORMAT", { why: `${layout.state} is not JSON` });
  }
  const format = typeof value === "object" && value !== null && "format" in value ? value.format : undefined;
  if (format !== FOLDER_FORMAT)
    throw platformError("FOLDER_FORMAT", { why: `format ${String(format)}, this release knows ${FOLDER_FORMAT}` });
  return value as NetworkState;
}

/** The ports that a node's options keep for it. */
export function portsOfOptions(path: string): number[] {
  const options = JSON.parse(readFileSync(path, "utf8")) as { http?: { port?: number }; mesh?: { port?: number } };
  return [options.http?.port, options.mesh?.port].filter((port): port is number => port !== undefined && port > 0);
}

export function saveJson(path: string, value: unknown): void {
  writeFileSync(`${path}.tmp`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

export function makeFolders(layout: NetworkLayout): void {
  for (const path of [layout.root, layout.specs, layout.nodes, layout.wallet])
    mkdirSync(path, { recursive: true, mode: 0o700 });
}
