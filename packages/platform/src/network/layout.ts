// Where a network lives on disk: <home>/<network>/ with the definition, the specs, the nodes, the wallet and what the
// daemon keeps. `home` is BYSTACK_HOME or ~/.bystack.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { platformError } from "../errors.ts";

/** Version of the folder's layout. A newer or unknown one is refused with `bystack clean` as the remedy. */
export const FOLDER_FORMAT = 2;

export type NetworkLayout = {
  readonly root: string;
  readonly definition: string;
  readonly state: string;
  readonly specs: string;
  readonly nodes: string;
  readonly wallet: string;
  /** Folders of what was removed, until they are cleaned. */
  readonly trash: string;
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
    specs: join(root, "specs"),
    nodes: join(root, "nodes"),
    wallet: join(root, "wallet"),
    trash: join(root, "trash"),
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
  /** Place in the first committee of its side chain. */
  readonly index: number | null;
  /** When its options changed in a way that it learns at a start. */
  readonly configuredAtMs?: number;
};

/** How long an archived chain can be taken back before it may be deleted (platform.md section 2). */
export const RECYCLE_MS = 7 * 24 * 3_600_000;

/** What a side chain shall be. Archived: stopped for good, and to be deleted after a while. */
export type SideDesired = "running" | "stopped" | "archived";

/** A side chain of a network. */
export type SideState = {
  readonly chain: string;
  readonly chainId: string;
  readonly createdAtMs: number;
  /** Whom and what a round trip uses; null where the definition asks for no proof. */
  readonly roundTrip: RoundTripParts | null;
  /** A round trip was proven on it. */
  readonly proven: boolean;
  /** Absent: running. */
  readonly desired?: SideDesired;
  readonly desiredSinceMs?: number;
  /** What its vault owed when it was archived, in words. */
  readonly owedWhenArchived?: string;
};

/** An asset that the network has a name for. */
export type NamedAsset = {
  readonly asset: string;
  readonly id: string;
  readonly decimals: number;
  /** The account that issues it; null for BTM. */
  readonly issuer: string | null;
};

/** What the platform knows of a network that it has applied; nothing secret. */
export type NetworkState = {
  readonly format: typeof FOLDER_FORMAT;
  readonly network: string;
  readonly createdAtMs: number;
  readonly mainChain: string;
  readonly mainSpecHash: string;
  readonly sides: readonly SideState[];
  readonly nodes: readonly NetworkNode[];
  readonly accounts: readonly string[];
  readonly assets: readonly NamedAsset[];
};

/** Whether the nodes of a chain shall run, as far as it is up to the chain. */
export function isChainWanted({ sides }: Pick<NetworkState, "sides">, chain: string): boolean {
  return (sides.find((side) => side.chain === chain)?.desired ?? "running") === "running";
}

export type RoundTripParts = { readonly payer: string; readonly payee: string; readonly asset: string };

/** The file of a chain's spec; chains of a network have different names. */
export function specFileOf(layout: NetworkLayout, chain: string): string {
  return join(layout.specs, `${chain}.json`);
}

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
  // Networks that were made before assets were written down have none here.
  const state = value as Omit<NetworkState, "assets"> & Partial<Pick<NetworkState, "assets">>;
  return { ...state, assets: state.assets ?? [] };
}

/** The ports that a node's options keep for it; 0 is none. */
export function portsOf(config: unknown): { readonly http?: number; readonly mesh?: number } {
  const { http, mesh } = (config ?? {}) as { http?: { port?: number }; mesh?: { port?: number } };
  return {
    ...(http?.port !== undefined && http.port > 0 && { http: http.port }),
    ...(mesh?.port !== undefined && mesh.port > 0 && { mesh: mesh.port }),
  };
}

export function saveJson(path: string, value: unknown): void {
  writeFileSync(`${path}.tmp`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

export function makeFolders(layout: NetworkLayout): void {
  for (const path of [layout.root, layout.specs, layout.nodes, layout.wallet])
    mkdirSync(path, { recursive: true, mode: 0o700 });
}
